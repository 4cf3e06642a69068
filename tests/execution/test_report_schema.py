"""The JSON Schema that the program prints for its reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it has no types
from pydantic import ValidationError

import reconciler
from reconciler.execution.report_v1 import ReportFile, read_report
from tests.schemas import print_schema

SCHEMA = Path(reconciler.__file__).parent / "data" / "report.schema.json"
GOLDEN = Path(__file__).parents[1] / "render" / "golden" / "json"
REPORTS = sorted(path.name for path in GOLDEN.glob("report*.json"))


def test_the_schema_is_made_from_the_types(request: pytest.FixtureRequest) -> None:
    """What other programs are given is what the types say; `--accept` writes it again."""
    made = print_schema(ReportFile, "What became of a plan of system registrations, format 1")
    if request.config.getoption("--accept"):
        SCHEMA.write_text(made, encoding="utf-8")

    assert SCHEMA.read_text(encoding="utf-8") == made


def test_a_report_of_before_is_read() -> None:
    """The first reports had less in them; what they do not say is null."""
    outcome = {
        "id": "991825827_a",
        "action": "update",
        "outcome": "done",
        "reason": "",
        "hint": "",
        "differs": [],
    }
    signoff = {"how": "approval", "until": "2026-12-05", "reason": "-", "author": None, "commit": None}
    first = {
        "environment": "tt02",
        "vendor": "991825827",
        "digest": "0" * 64,
        "accepted": signoff,
        "outcomes": [outcome],
        "summary": {"done": 1, "blocked": 0},
        "unrecorded": [],
    }

    found = read_report(json.dumps(first).encode())

    assert (found.run, found.commit, found.tool, found.started) == (None, None, None, None)
    assert (found.outcomes[0].after, found.outcomes[0].entries) == (None, ())


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_valid(name: str) -> None:
    """By its types and by its schema; with a member more it is not."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    report = json.loads((GOLDEN / name).read_text(encoding="utf-8"))

    assert [each.message for each in Draft7Validator(schema).iter_errors(report)] == []
    ReportFile.model_validate_json(json.dumps(report))
    with pytest.raises(ValidationError):
        ReportFile.model_validate_json(json.dumps({**report, "more": 1}))
