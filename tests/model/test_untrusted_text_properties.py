"""No hostile text gets a control, format, direction or line-break character into an output."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.execution.outcome import Failed, Report
from reconciler.execution.report_file import print_report
from reconciler.model.findings import Finding, Location, Severity
from reconciler.planning.change import Blocked, Create, Impact, Update, Weight
from reconciler.planning.diff import FieldChange
from reconciler.planning.plan import Plan, Target, Unmanaged
from reconciler.planning.plan_file import print_plan
from reconciler.planning.request_order import Step
from reconciler.render import json as as_json
from reconciler.render.escape import escape_json, escape_text
from reconciler.render.lines import Line, print_lines
from reconciler.render.text.findings import render_findings
from reconciler.render.text.plan import render_plan
from reconciler.render.text.report import render_report
from tests.builders import VENDOR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.canonical_json import Json

STEERING = {"Cc", "Cf", "Zl", "Zp", "Cs"}
hostile = st.text(
    st.sampled_from(
        "\x00\x07\x1b\x7f\x85\x9b\t\r\n\u2028\u2029\u202e\u2066\u00ad\ufeff\ud800\U000e0041[31m]a"
    )
    | st.characters(),
    max_size=30,
)


def _find_steering(text: str) -> set[str]:
    return {character for character in text if unicodedata.category(character) in STEERING}


@given(st.text() | hostile)
def test_an_escaped_text_steers_nothing(text: str) -> None:
    """Every character that is left is one that a reader sees, and a text without others is left alone.

    A few that steer are unknown to an older Python's Unicode.
    """
    shown = escape_text(text)

    assert not _find_steering(shown)
    assert shown == text or _find_steering(text) or any(unicodedata.category(each) == "Cn" for each in text)


@given(st.text() | hostile)
def test_escaped_json_means_the_same(text: str) -> None:
    """A JSON text steers nothing and reads back as it was."""
    shown = escape_json(json.dumps(text, ensure_ascii=False))

    assert not _find_steering(shown)
    assert json.loads(shown) == text


def _print(lines: Iterable[Line]) -> str:
    made = list(lines)
    text = print_lines(made)
    assert text.count("\n") == len(made), "a value breaks a line"
    assert not _find_steering(text.replace("\n", ""))
    return text


def _plan(text: str) -> Plan:
    fields = (
        FieldChange(("name", text), text, None, 1),
        FieldChange(("name", "nb"), text, text[::-1] or "x", 1),
        FieldChange(("clientId", text), None, text),
        FieldChange(("rights", text), None, {"resource": [{"id": text, "value": text}]}),
    )
    impacts = (Impact("text-changed", Weight.BREAKING, text, text),)
    made: Json = {"file": text, "line": 1, "reason": text, "hint": text, "fields": fields, "impacts": impacts}
    changes = (Create(id=f"a{text}", **made), Update(id=text, **made), Blocked(id=f"c{text}", **made))
    step = Step(number=1, id=text, method="PUT", purpose=text, document={}, claims=(text,), after=(2,))
    unmanaged = (Unmanaged(text, text, (text,)),)
    return Plan(Target("tt02", "https://a.example", VENDOR), changes, (step,), impacts, unmanaged)


@given(hostile)
@example("x" * 100_000)
@example("\u202e" * 100_000)
def test_no_text_output_is_steered(text: str) -> None:
    """Ids, names, values, reasons, messages and places are inert in every text output, and cut where long."""
    plan = _plan(text)
    finding = Finding("yaml-syntax", Severity.ERROR, text, Location(text, text, 1, 1), text)
    outcomes = tuple(Failed(change=each, reason=text, hint=text, differs=each.fields) for each in plan.writes)
    shown = [
        _print(render_plan(plan)),
        _print(render_findings([finding], 1)),
        _print(render_report(Report(plan, outcomes))),
    ]

    assert max(len(line) for each in shown for line in each.splitlines()) < 8_000


@given(hostile)
@example("\ud800")
def test_no_json_output_is_steered(text: str) -> None:
    """Findings, reports and saved plans (S5) as JSON steer nothing either, and hold the text as it is."""
    plan = _plan(text)
    finding = Finding("yaml-syntax", Severity.ERROR, text, Location("a.yaml"), text)
    report = Report(plan, tuple(Failed(change=each, reason=text) for each in plan.writes))
    findings = as_json.render_findings([finding], 1)
    saved = print_plan(plan)

    assert not _find_steering((findings + print_report(report) + saved).replace("\n", ""))
    assert json.loads(findings)["findings"][0]["message"] == text
