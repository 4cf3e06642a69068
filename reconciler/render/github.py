"""Findings, plans and drift as workflow commands of GitHub Actions: annotations on the line they are about.

Pure. The runner shows ten annotations a kind and step, so the worst come first and the rest are counted
in the tenth. Everything is one line a command, whatever the text.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.render.annotations import annotate_drift, annotate_findings, annotate_plan, sort_annotations
from reconciler.render.escape import escape_github_data, escape_github_property, escape_text, shorten
from reconciler.render.phrases import join_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.annotations import Annotation

# The runner's words for our severities; it knows no others.
_COMMANDS: Mapping[Severity, str] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}
_MOST = 10
_LONGEST_MESSAGE, _LONGEST_TITLE, _LONGEST_FILE = 1000, 200, 1000


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings, the worst first; how many files there were is no annotation."""
    del files
    return _print(sort_annotations(annotate_findings(findings)))


def render_plan(plan: Plan) -> str:
    """Render what a plan cannot do, what it breaks, and what it changes for people."""
    return _print(annotate_plan(plan))


def render_drift(report: DriftReport) -> str:
    """Render what differs, with who made it and when."""
    return _print(annotate_drift(report))


def _print(annotations: Sequence[Annotation]) -> str:
    return "".join(line + "\n" for line in _choose(annotations))


def _choose(annotations: Sequence[Annotation]) -> Iterator[str]:
    """Print the first ten of each kind; the tenth says how many more there are."""
    totals = Counter(each.finding.severity for each in annotations)
    shown: Counter[Severity] = Counter()
    for each in annotations:
        severity = each.finding.severity
        shown[severity] += 1
        if shown[severity] <= _MOST:
            more = totals[severity] - _MOST if shown[severity] == _MOST else 0
            yield _print_command(each.finding, more)


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
