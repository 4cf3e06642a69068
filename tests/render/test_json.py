"""The JSON documents of findings and reports; the whole texts stand in `tests/render/golden/`."""

from __future__ import annotations

import json

from reconciler.model.findings import Finding, Location, Severity
from reconciler.planning.plan import Plan, Target
from reconciler.planning.plan_file import read_plan
from reconciler.render.json import render_findings, render_plan


def test_a_finding_has_every_member() -> None:
    """Each finding has the same members, and a line that is not known is null."""
    finding = Finding("id-format", Severity.WARNING, "x is wrong", Location("a.yaml", "id"))

    assert json.loads(render_findings([finding], 1)) == {
        "findings": [
            {
                "rule": "id-format",
                "severity": "warning",
                "code": "",
                "message": "x is wrong",
                "hint": "",
                "file": "a.yaml",
                "path": "id",
                "line": None,
                "column": None,
                "environments": [],
            }
        ],
        "summary": {"files": 1, "error": 0, "warning": 1, "note": 0},
    }


def test_a_plan_on_stdout_is_a_saved_plan() -> None:
    """What is printed can be saved and applied: it is the documented form, to the byte."""
    plan = Plan(Target("tt02", "https://a.example", "991825827"), created="2026-08-21T12:00:00Z")

    assert read_plan(render_plan(plan).encode()) == plan
