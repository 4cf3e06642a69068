"""Findings, plans and drift in SARIF 2.1.0, for code scanning.

Pure. Each result has what GitHub asks for beyond the standard: a place with a line, and a fingerprint that
stays when lines move.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler import __version__
from reconciler.model.findings import Severity
from reconciler.render.annotations import (
    annotate_drift,
    annotate_findings,
    annotate_plan,
    describe,
    find_page,
    find_path,
    fingerprint,
    is_shown,
    sort_annotations,
)
from reconciler.render.escape import escape_json, escape_sarif, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.annotations import Annotation

# Levels (SARIF §3.27.10); `none` is for results that are no problem, which are no annotations.
_LEVELS: Mapping[Severity, str] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST = 5000
"""Results of a run that GitHub shows; the worst come first."""
_LONGEST = 1000


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings; how many files there were has no place in SARIF."""
    del files
    return _print(sort_annotations(annotate_findings(findings)), "validate")


def render_plan(plan: Plan) -> str:
    """Render what a plan cannot do and what it breaks."""
    annotations = [each for each in annotate_plan(plan) if is_shown(each)]
    category = "plan-against" if plan.against else "plan"
    return _print(annotations, f"{category}/{plan.target.environment}")


def render_drift(report: DriftReport) -> str:
    """Render what differs from the files, with who made it and when."""
    return _print(annotate_drift(report), f"drift/{report.target.environment}")


def _print(annotations: Sequence[Annotation], category: str) -> str:
    """Print one run; its category keeps the results of one environment from closing another's."""
    shown = annotations[:_MOST]
    rules = sorted({each.finding.rule for each in shown})
    worst: dict[str, Severity] = {}
    for each in shown:
        worst.setdefault(each.finding.rule, each.finding.severity)
    driver = {
        "name": "reconciler",
        "version": __version__,
        "rules": [_describe_rule(rule, worst[rule]) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"reconciler/{escape_sarif(shorten(category))}/"},
        "columnKind": "unicodeCodePoints",
        "results": [
            _describe_result(each.finding, rules.index(each.finding.rule), f"{digest}:{number}")
            for each, digest, number in fingerprint(shown)
        ],
    }
    log: dict[str, Json] = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return escape_json(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _describe_rule(rule: str, severity: Severity) -> dict[str, Json]:
    page = find_page(rule)
    summary = " ".join(page.partition("\n\n")[0].split()) or rule
    return {
        "id": rule,
        "shortDescription": {"text": escape_sarif(shorten(summary, _LONGEST))},
        "fullDescription": {"text": escape_sarif(shorten(summary, _LONGEST))},
        "help": {"text": "\n".join(map(escape_sarif, page.splitlines()))},
        "defaultConfiguration": {"level": _LEVELS[severity]},
    }


def _describe_result(finding: Finding, index: int, identity: str) -> dict[str, Json]:
    place = finding.place
    region = {"startLine": place.line or 1, **({"startColumn": place.column} if place.column else {})}
    location: dict[str, Json] = {
        "physicalLocation": {
            # A relative reference: its first part holds no colon, which would make it a scheme.
            "artifactLocation": {"uri": quote(find_path(place), errors="replace")},
            "region": region,
        }
    }
    if place.path:
        location["logicalLocations"] = [{"fullyQualifiedName": shorten(place.path), "kind": "member"}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": escape_sarif(describe(finding, _LONGEST))},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": identity},
    }
