"""A check of a registration in each of its outputs, with texts of others in it."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from reconciler.errors import Exit
from reconciler.model.customers import Triple
from reconciler.planning.check_report import CheckReport, CheckStep, StepState
from reconciler.render.json import render_check as render_json
from reconciler.render.junit import render_check as render_junit
from reconciler.render.lines import print_lines
from reconciler.render.text.check import render_check, render_step

TRIPLE = Triple("991825827_a", "310904473", "reconciler-check")
OK = CheckStep("registration", StepState.OK, "`991825827_a` is registered as its definition says")
HOSTILE = "\x1b[2J::error::\u202e<b>"


def a_report(*states: StepState) -> CheckReport:
    """Make a report whose last steps ended so."""
    last = [CheckStep("token", state, f"It said {HOSTILE}", "Look at\n::it") for state in states]
    return CheckReport("tt02", TRIPLE, "standard", (OK, *last))


@pytest.mark.parametrize(
    ("states", "code", "verdict"),
    [
        ((), Exit.DONE, "Proven"),
        ((StepState.SKIPPED,), Exit.DONE, "Proven up to the token"),
        ((StepState.WRONG,), Exit.FAILED, "Not proven"),
        ((StepState.WAITING,), Exit.DIFFERENT, "Waiting for the customer"),
        ((StepState.UNKNOWN,), Exit.UNKNOWN, "Not known"),
        ((StepState.WAITING, StepState.WRONG), Exit.FAILED, "Not proven"),
    ],
    ids=["ok", "skipped", "wrong", "waiting", "unknown", "both"],
)
def test_how_it_ends(states: tuple[StepState, ...], code: Exit, verdict: str) -> None:
    """The worst step counts, in the exit code and in the last line."""
    report = a_report(*states)

    assert (report.exit_code, report.proven) == (code, code is Exit.DONE)
    last = print_lines(render_check(report)).splitlines()[-1]
    assert last == f"{verdict}: 'standard' of '991825827_a' for 310904473 in tt02."


def test_text() -> None:
    """A step a line, with what to do below; nothing of others is a command to a terminal or a runner."""
    lines = print_lines(render_check(a_report(StepState.WRONG))).splitlines()

    assert lines[0] == "ok       registration  '991825827_a' is registered as its definition says"
    assert lines[1].startswith("wrong    token         It said ")
    assert not {"\x1b", "\u202e"} & set("".join(lines))
    assert not any(line.startswith("::") for line in lines)


def test_a_log_of_80_columns_holds_it() -> None:
    """Long sentences, hints and names are broken below their own first word."""
    said = "client 32ef65ac-6e62-498d-880f-76c85c2052ae gets a token as the system user"
    step = CheckStep("token", StepState.WRONG, said, "The hint of it has more words than a line has columns.")
    system = "991825827_smartcloud-regnskap-test"
    report = CheckReport("tt02", Triple(system, "310904473", "ref"), "for-kunder-med-lonn", (step,))

    assert print_lines(render_check(report)).splitlines() == [
        "wrong    token         client 32ef65ac-6e62-498d-880f-76c85c2052ae gets a token",
        "                       as the system user",
        "                       The hint of it has more words than a line has columns.",
        "Not proven: 'for-kunder-med-lonn' of '991825827_smartcloud-regnskap-test' for",
        "310904473 in tt02.",
    ]


def test_a_step_without_words_has_its_line() -> None:
    """The state and the name stand there."""
    assert print_lines(render_step(CheckStep("token", StepState.OK, ""))) == "ok       token\n"


def test_json() -> None:
    """Every step with its four members; what was not needed is left out."""
    read = json.loads(render_json(a_report(StepState.WAITING)))

    assert (read["proven"], [each["name"] for each in read["steps"]]) == (False, ["registration", "token"])
    assert read["steps"][1]["state"] == "waiting"


@pytest.mark.parametrize(
    ("state", "failures"),
    [(StepState.WRONG, 1), (StepState.UNKNOWN, 1), (StepState.WAITING, 0), (StepState.SKIPPED, 0)],
    ids=str,
)
def test_junit(state: StepState, failures: int) -> None:
    """A case for each step; a customer who has not answered is no failure."""
    suite = ET.fromstring(render_junit(a_report(state)))[0]  # noqa: S314 - made by us a line above

    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", str(failures))
    assert [each.attrib["name"] for each in suite] == ["991825827_a: registration", "991825827_a: token"]
