"""A check of a registration as lines for people, in 80 columns where the words allow it.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Exit
from reconciler.planning.check_report import StepState
from reconciler.render.lines import Piece, make_line, wrap_behind, wrap_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.planning.check_report import CheckReport, CheckStep
    from reconciler.render.lines import Line

_STYLES: Mapping[StepState, str] = {
    StepState.OK: "good",
    StepState.WRONG: "bad",
    StepState.UNKNOWN: "bad",
    StepState.WAITING: "warn",
    StepState.SKIPPED: "dim",
}
_VERDICTS = {
    Exit.DONE: "Proven",
    Exit.DIFFERENT: "Waiting for the customer",
    Exit.UNKNOWN: "Not known",
    Exit.FAILED: "Not proven",
}
_INDENT = " " * 23


def render_step(step: CheckStep) -> Iterator[Line]:
    """Render one step: how it ended, its name, a sentence, and what to do."""
    begin = make_line(Piece(f"{step.state:<8}", _STYLES[step.state]), f" {step.name:<14}")
    yield from wrap_behind(begin, step.message)
    if step.hint:
        yield from wrap_sentence(step.hint, _INDENT)


def render_verdict(report: CheckReport) -> Iterator[Line]:
    """Render what was proven of whom, or not."""
    system, org, _ = report.triple
    verdict = _VERDICTS[report.exit_code]
    if report.proven and report.steps[-1].state is StepState.SKIPPED:
        verdict = "Proven up to the token"
    what = f"`{report.request}` of `{system}` for {org} in {report.environment}"
    yield from wrap_sentence(f"{verdict}: {what}.", style="strong")


def render_check(report: CheckReport) -> Iterator[Line]:
    """Render every step and the verdict."""
    for each in report.steps:
        yield from render_step(each)
    yield from render_verdict(report)
