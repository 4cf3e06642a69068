"""A plan, findings and drift as text in parts that the log of a runner folds.

Pure. The lines are those of the output `text`, which hold no command; what begins and ends a fold is each runner's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.render.escape import shorten
from reconciler.render.lines import print_lines
from reconciler.render.text.drift import render_drift
from reconciler.render.text.findings import render_findings
from reconciler.render.text.plan import list_passages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.lines import Line


class Fold(NamedTuple):
    """Printed lines below a title; without a title they are shown as they are."""

    title: str
    text: str


def fold_plan(plan: Plan) -> Iterator[Fold]:
    """Fold each change away; the first screen and the summary stay in sight."""
    for passage in list_passages(plan):
        if passage.is_folded:
            yield _fold(passage.lines[0], passage.lines[1:])
        else:
            yield Fold("", print_lines(passage.lines))


def fold_findings(findings: Sequence[Finding], files: int) -> Iterator[Fold]:
    """Fold all findings away, since annotations show the worst; the summary is the title."""
    *lines, summary = render_findings(findings, files)
    yield _fold(summary, lines) if lines else Fold("", print_lines([summary]))


def fold_drift(report: DriftReport) -> Iterator[Fold]:
    """Fold each system away; what is said of all of them stays in sight."""
    lines: list[Line] = []
    for line in render_drift(report):
        if line:
            lines.append(line)
        elif lines:
            yield _fold(lines[0], lines[1:])
            lines.clear()
    yield Fold("", print_lines(lines))


def _fold(title: Line, lines: Sequence[Line]) -> Fold:
    text = print_lines(lines).rstrip("\n")
    return Fold(shorten(print_lines([title]).strip()), f"{text}\n" if text else "")
