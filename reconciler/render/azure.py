"""Findings, plans and drift in the log of Azure Pipelines: text in groups, and issues on the line they are about.

Pure. The agent keeps ten errors and ten warnings of a step and only counts the others, so the worst come first and the
rest are counted in the tenth. It knows nothing milder, so notes stand in the text alone. Everything is one line a
command, whatever the text: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.render.annotations import (
    annotate_drift,
    annotate_findings,
    annotate_plan,
    describe,
    limit,
    sort_annotations,
)
from reconciler.render.escape import escape_azure_data, escape_azure_property, escape_text, shorten
from reconciler.render.folds import fold_drift, fold_findings, fold_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.annotations import Annotation
    from reconciler.render.folds import Fold

_LONGEST_MESSAGE, _LONGEST_CODE, _LONGEST_FILE = 1000, 200, 1000


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings, the worst first."""
    return _print(fold_findings(findings, files), sort_annotations(annotate_findings(findings)))


def render_plan(plan: Plan) -> str:
    """Render what a plan changes, what it cannot do and what it breaks."""
    return _print(fold_plan(plan), annotate_plan(plan))


def render_drift(report: DriftReport) -> str:
    """Render what differs, with who made it and when."""
    return _print(fold_drift(report), annotate_drift(report))


def _print(folds: Iterable[Fold], annotations: Sequence[Annotation]) -> str:
    issues = [each for each in annotations if each.finding.severity is not Severity.NOTE]
    lines = [_print_issue(each.finding, more) + "\n" for each, more in limit(issues)]
    return "".join([*map(_print_fold, folds), *lines])


def _print_fold(fold: Fold) -> str:
    return f"##[group]{fold.title}\n{fold.text}##[endgroup]\n" if fold.title else fold.text


def _print_issue(finding: Finding, more: int) -> str:
    place = finding.place
    properties = {
        "type": "error" if finding.severity is Severity.ERROR else "warning",
        "sourcepath": escape_text(place.file[:_LONGEST_FILE]),
        "linenumber": str(place.line or (1 if place.file else "")),
        "columnnumber": str(place.column or ""),
        "code": shorten(escape_text(finding.rule), _LONGEST_CODE),
    }
    settings = "".join(
        f"{name}={escape_azure_property(value)};" for name, value in properties.items() if value
    )
    rest = f" And {more} more of this kind." if more > 0 else ""
    message = shorten(escape_text(describe(finding, _LONGEST_MESSAGE)), 3 * _LONGEST_MESSAGE) + rest
    return f"##vso[task.logissue {settings}]{escape_azure_data(message)}"
