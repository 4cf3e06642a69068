"""Findings, plans and drift as GitLab's Code Quality report, which a merge request shows beside its lines.

Pure.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.render.annotations import (
    annotate_drift,
    annotate_findings,
    annotate_plan,
    describe,
    find_path,
    fingerprint,
    is_shown,
    sort_annotations,
)
from reconciler.render.escape import escape_json, escape_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.annotations import Annotation

# GitLab knows info, minor, major, critical and blocker; ours are three, and none says more than it means. A warning
# that waits for somebody's word is as much as an error.
_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "major",
    Severity.WARNING: "minor",
    Severity.NOTE: "info",
}
_LONGEST = 1000


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings; how many files there were has no place in the report."""
    del files
    return _print(sort_annotations(annotate_findings(findings)))


def render_plan(plan: Plan) -> str:
    """Render what a plan cannot do and what it breaks."""
    return _print([each for each in annotate_plan(plan) if is_shown(each)])


def render_drift(report: DriftReport) -> str:
    """Render what differs from the files, with who made it and when."""
    return _print(annotate_drift(report))


def _print(annotations: Sequence[Annotation]) -> str:
    issues = [_make_issue(each, f"{digest}{number:08x}") for each, digest, number in fingerprint(annotations)]
    return escape_json(json.dumps(issues, indent=2, ensure_ascii=False)) + "\n"


def _make_issue(annotation: Annotation, identity: str) -> dict[str, Json]:
    finding = annotation.finding
    place = finding.place
    return {
        "description": escape_text(describe(finding, _LONGEST)),
        "check_name": escape_text(finding.rule),
        "fingerprint": identity,
        "severity": _SEVERITIES[Severity.ERROR if annotation.is_breaking else finding.severity],
        "location": {
            "path": escape_text(find_path(place)),
            "lines": {"begin": place.line or 1},
        },
    }
