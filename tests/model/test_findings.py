"""Findings: their places, their order, their numbers and their JSON."""

from __future__ import annotations

import pytest

from reconciler.model.findings import (
    Finding,
    Location,
    Severity,
    count_findings,
    finding_to_json,
    sort_findings,
)


def a_finding(
    place: Location, severity: Severity = Severity.ERROR, rule: str = "id-format", message: str = "x"
) -> Finding:
    """Make a finding."""
    return Finding(rule, severity, message, place)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Location("a.yaml", "id", 3, 5), "a.yaml:3:5"),
        (Location("a.yaml", "id", 3), "a.yaml:3"),
        (Location("a.yaml"), "a.yaml"),
    ],
)
def test_a_place_prints_as_editors_read_it(place: Location, text: str) -> None:
    """File, line and column, as far as they are known."""
    assert str(place) == text


def test_findings_are_ordered_by_place_then_weight() -> None:
    """File, line and column go first as numbers, then the worst, then rule and message."""
    ordered = [
        a_finding(Location("a.yaml")),
        a_finding(Location("a.yaml", "", 2, 10)),
        a_finding(Location("a.yaml", "", 10, 2)),
        a_finding(Location("a.yaml", "", 10, 10), rule="b"),
        a_finding(Location("a.yaml", "", 10, 10), rule="c", message="1"),
        a_finding(Location("a.yaml", "", 10, 10), rule="c", message="2"),
        a_finding(Location("a.yaml", "", 10, 10), Severity.WARNING, rule="a"),
        a_finding(Location("a.yaml", "", 10, 10), Severity.NOTE, rule="a"),
        a_finding(Location("b.yaml", "", 1, 1)),
    ]

    assert list(sort_findings(reversed(ordered))) == ordered


def test_every_severity_is_counted() -> None:
    """A severity that nothing has is 0, and the worst comes first."""
    findings = [a_finding(Location("a.yaml"), Severity.NOTE)] * 2

    assert list(count_findings(findings).items()) == [
        (Severity.ERROR, 0),
        (Severity.WARNING, 0),
        (Severity.NOTE, 2),
    ]


def test_a_finding_is_told_to_programs_whole() -> None:
    """Every member is there, and words are those of the outputs."""
    finding = Finding(
        "id-format",
        Severity.ERROR,
        "x",
        Location("a.yaml", "id", 1, 5),
        "Fix it.",
        "AUTH.VLD-00001",
        ("prod",),
    )

    assert finding_to_json(finding) == {
        "rule": "id-format",
        "severity": "error",
        "code": "AUTH.VLD-00001",
        "message": "x",
        "hint": "Fix it.",
        "file": "a.yaml",
        "path": "id",
        "line": 1,
        "column": 5,
        "environments": ["prod"],
    }
