"""docs/reference/json.md describes every member that an output has, and no other."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
from typer._click import Context
from typer.core import TyperGroup

from reconciler.cli.main import app
from reconciler.cli.verbs import VERBS
from reconciler.execution.ask_outcome import AskOutcome, AskReport, AskState
from reconciler.execution.journal import Run, RunStart
from reconciler.execution.run_summary import RunSummary
from reconciler.model.catalogue_list import CatalogueList, PackageEntry, Renewal, Renewed, ResourceEntry
from reconciler.model.catalogue_search import Hits
from reconciler.model.customers import Triple
from reconciler.operations.evidence import Problem, Proof
from reconciler.operations.evidence_lookup import Shown
from reconciler.planning.acceptance import Acceptance
from reconciler.planning.acceptance_status import Judged, Status
from reconciler.planning.check_report import CheckReport, CheckStep, StepState
from reconciler.planning.comparison import Compared, Comparison, Contrast
from reconciler.planning.customers import Customers
from reconciler.planning.inventory import Inventory, Registration, Row
from reconciler.planning.key_expiry import find_key_expiry
from reconciler.planning.narrowing import Narrowing
from reconciler.planning.plan import Target
from reconciler.render import json as as_json
from reconciler.render.customers import render_asked_json, render_customers_json
from tests.builders import VENDOR
from tests.customer_rows import a_user
from tests.manual.json_members import (
    BY_SCHEMA,
    SECTIONS,
    find_missing,
    find_undescribed,
    list_paths,
    read_described,
)
from tests.planning.test_ask_plan import ACCESS, a_plan, know
from tests.render.samples import a_quiet_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer._click import Command

    from reconciler.model.canonical_json import Json

_GOLDEN = Path(__file__).parents[1] / "render" / "golden" / "json"
_TARGET = Target("tt02", "https://platform.tt02.altinn.no", VENDOR)
_DAY = date(2026, 11, 22)
_TEXTS = {"nb": "x", "en": "x"}
_LIST = CatalogueList(
    "tt02",
    "https://platform.tt02.altinn.no",
    _DAY,
    (PackageEntry("urn:altinn:accesspackage:x", _TEXTS, _TEXTS, _TEXTS, delegable=True, assignable=True),),
    (
        ResourceEntry(
            "x", _TEXTS, _TEXTS, "x", "GenericAccessResource", "Completed", delegable=True, visible=True
        ),
    ),
)


def _list_systems() -> str:
    row = Row(id="x", state=Registration.MANAGED)
    return as_json.render_inventory(Inventory(_TARGET, (row,), Narrowing(("x*",), 1, 1, 0), "x"))


def _compare(*unread: str) -> str:
    contrast = Contrast(("rights", "x"), desired=({"resource": []}, None), live=(None, {"resource": []}))
    compared = Compared("systems/x.yaml", ("x", ""), (contrast,))
    return as_json.render_comparison(Comparison(("tt02", "prod"), (compared,), 1, (unread[0], unread[1])))


def _check() -> str:
    steps = (CheckStep("token", StepState.OK, "x", "x"),)
    return as_json.render_check(CheckReport("tt02", Triple("x", "310904473", "x"), "standard", steps))


def _list_runs() -> str:
    start = RunStart(
        "x", "https://platform.tt02.altinn.no", "tt02", VENDOR, "0" * 64, "1", "2026-11-22T00:00:00Z"
    )
    return as_json.render_runs([RunSummary(Run(Path("x"), start), {"x": "done"})])


def _list_acceptances() -> str:
    entry = Acceptance("tt02", "x", "isVisible", _DAY, "x", "0" * 64)
    return as_json.render_acceptances("tt02", [Judged(entry, Status.STANDS)])


def _warn_in_drift() -> str:
    return as_json.render_drift(replace(a_quiet_report(), findings=find_key_expiry(_DAY, _DAY)))


def _read_golden(name: str) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(_GOLDEN.glob(f"{name}*.json"))]


OUTPUTS = {
    "Findings": _read_golden("findings"),
    "Drift": [*_read_golden("drift"), _warn_in_drift()],
    "A history": _read_golden("history"),
    "Recovered requests": _read_golden("recovered"),
    "A list of systems": [_list_systems()],
    "A comparison": [_compare("", ""), _compare("x", "")],
    "A check": [_check()],
    "Runs": [_list_runs()],
    "Evidence": [
        as_json.render_evidence(
            Proof((Problem("plan.json", "x"),), digest="x"), [Shown("x", entries=1, stands=True, reason="x")]
        )
    ],
    "Customers": [render_customers_json(Customers("tt02", "x", ACCESS, (know(a_user()),)))],
    "Asked customers": [
        render_asked_json(AskReport(a_plan(), (AskOutcome(a_plan().asks[0], AskState.ASKED),)))
    ],
    "Accepted differences": [_list_acceptances()],
    "Packages and resources": [as_json.render_hits(Hits(_LIST, "x", (*_LIST.packages, *_LIST.resources)))],
    "A new list": [
        as_json.render_renewed(
            Renewed(_LIST, Renewal(0, 1, ("x",), (), ()), Renewal(0, 1, ("x",), (), ())), "x"
        )
    ],
}


@pytest.mark.parametrize("section", OUTPUTS)
def test_every_member_that_occurs_is_described(section: str) -> None:
    """And every one that is described occurs; the tests that run the program check their own outputs likewise."""
    values: list[Json] = [json.loads(text) for text in OUTPUTS[section]]

    assert [find_undescribed(section, value) for value in values] == [[] for _ in values]
    assert find_missing(section, values) == []


def test_every_output_has_its_section() -> None:
    """The sections are those of the verbs, and a plan and a report, which have their schemas."""
    assert set(read_described()) == {*SECTIONS.values(), "A plan", "A report", "A plan of change requests"}


def _list_verbs() -> Iterator[tuple[str, Command]]:
    """List each verb, and each that stands below another, by the words that name it."""
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    for name in VERBS:
        verb = program.get_command(Context(program), name)
        assert verb is not None
        yield name, verb
        yield from ((f"{name} {below}", each) for below, each in getattr(verb, "commands", {}).items())


def test_every_verb_that_prints_json_has_its_section() -> None:
    """A verb with the option `--format` prints JSON."""
    printing = {name for name, verb in _list_verbs() if any("--format" in each.opts for each in verb.params)}

    assert printing == {*SECTIONS, *BY_SCHEMA}


def test_a_member_that_is_not_described_is_found() -> None:
    """At the top, below a described one, and beside a value, in which anything may be."""
    value: Json = {"id": "x", "new": 1, "chapters": [{"fields": [{"after": {"resource": []}, "odd": 1}]}]}

    assert find_undescribed("A history", value) == ["chapters[].fields[].odd", "new"]
    assert list(list_paths({"a": [{"b": 1}]})) == ["a", "a[].b"]
