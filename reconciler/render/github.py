"""Findings, plans and drift in the log of GitHub Actions: text in groups, and annotations on the line they are about.

Pure. The runner shows ten annotations a kind and step, so the worst come first and the rest are counted
in the tenth. Everything is one line a command, whatever the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.render.annotations import (
    annotate_drift,
    annotate_findings,
    annotate_plan,
    limit,
    sort_annotations,
)
from reconciler.render.escape import escape_github_data, escape_github_property, escape_text, shorten
from reconciler.render.folds import fold_drift, fold_findings, fold_plan
from reconciler.render.phrases import join_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.annotations import Annotation
    from reconciler.render.folds import Fold

# The runner's words for our severities; it knows no others.
_COMMANDS: Mapping[Severity, str] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}
_LONGEST_MESSAGE, _LONGEST_TITLE, _LONGEST_FILE = 1000, 200, 1000


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings, the worst first."""
    return _print(fold_findings(findings, files), sort_annotations(annotate_findings(findings)))


def render_plan(plan: Plan) -> str:
    """Render what a plan changes, what it cannot do, what it breaks, and what it changes for people."""
    return _print(fold_plan(plan), annotate_plan(plan))


def render_drift(report: DriftReport) -> str:
    """Render what differs, with who made it and when."""
    return _print(fold_drift(report), annotate_drift(report))


def _print(folds: Iterable[Fold], annotations: Sequence[Annotation]) -> str:
    """Print the text, and below it, where a log is opened, the annotations."""
    lines = [_print_command(each.finding, more) + "\n" for each, more in limit(annotations)]
    return "".join([*map(_print_fold, folds), *lines])


def _print_fold(fold: Fold) -> str:
    """https://docs.github.com/actions, workflow commands, grouping log lines."""
    if not fold.title:
        return fold.text
    return f"::group::{escape_github_data(fold.title)}\n{fold.text}::endgroup::\n"


def _print_command(finding: Finding, more: int) -> str:
    place = finding.place
    where = f" [{', '.join(finding.environments)}]" if finding.environments else ""
    properties = {
        "file": place.file[:_LONGEST_FILE],
        # Without a line the runner shows it nowhere near the file.
        "line": str(place.line or (1 if place.file else "")),
        "col": str(place.column or ""),
        "title": shorten(escape_text(finding.rule + where), _LONGEST_TITLE),
    }
    settings = ",".join(
        f"{name}={escape_github_property(value)}" for name, value in properties.items() if value
    )
    sentences = [finding.message, finding.hint, f"And {more} more of this kind." if more > 0 else ""]
    message = "\n".join(
        escape_text(join_sentences(shorten(each, _LONGEST_MESSAGE))) for each in sentences if each
    )
    return f"::{_COMMANDS[finding.severity]} {settings}::{escape_github_data(message)}"
