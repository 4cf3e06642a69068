"""Findings, plans and drift as GitLab's Code Quality report, which a merge request shows beside its lines.

Pure.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.render.annotations import (
    find_path,
    fingerprint,
    remark_drift,
    remark_findings,
    remark_plan,
    sort_remarks,
)
from reconciler.render.escape import escape_json, escape_text, shorten
from reconciler.render.phrases import join_sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.annotations import Remark

# GitLab knows info, minor, major, critical and blocker; ours are three, and none says more than it means.
_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "major",
    Severity.WARNING: "minor",
    Severity.NOTE: "info",
}
_LONGEST = 1000


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings; how many files there were has no place in the report."""
    del files
    return _print(sort_remarks(remark_findings(findings)))


def render_plan(plan: Plan) -> str:
    """Render what a plan cannot do and what it breaks."""
    return _print([each for each in remark_plan(plan) if each.finding.severity is not Severity.NOTE])


def render_drift(report: DriftReport) -> str:
    """Render what differs from the files, with who made it and when."""
    return _print(remark_drift(report))


def _print(remarks: Sequence[Remark]) -> str:
    issues = [
        _describe(each.finding, f"{digest}{number:08x}") for each, digest, number in fingerprint(remarks)
    ]
    return escape_json(json.dumps(issues, indent=2, ensure_ascii=False)) + "\n"


def _describe(finding: Finding, identity: str) -> dict[str, Json]:
    place = finding.place
    where = f" [{', '.join(finding.environments)}]" if finding.environments else ""
    told = join_sentences(shorten(finding.message, _LONGEST), shorten(finding.hint, _LONGEST))
    return {
        "description": escape_text(told + where),
        "check_name": escape_text(finding.rule),
        "fingerprint": identity,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": escape_text(find_path(place)),
            "lines": {"begin": place.line or 1},
        },
    }
