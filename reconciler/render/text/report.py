"""What became of a plan, and of what an interrupted run left open, as lines for people.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.execution.fate import Fate
from reconciler.execution.outcome import Done
from reconciler.render.lines import LONG, Piece, make_line, make_safe, make_sentence
from reconciler.render.text.fields import render_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.execution.outcome import Outcome, Report
    from reconciler.execution.recovery import Recovered, Stranded
    from reconciler.render.lines import Line

_BRIEF = 100
"""Characters of a reason while a run goes on."""
_FATES: Mapping[Fate, tuple[str, str]] = {
    Fate.DONE: ("done", "good"),
    Fate.UNDONE: ("not done", "warn"),
    Fate.UNKNOWN: ("unknown", "bad"),
}
"""The word and the style for what became of a request."""


def render_report(report: Report) -> Iterator[Line]:
    """Render what became of a plan, system by system, and a summary line."""
    for outcome in report.outcomes:
        yield from _render_outcome(outcome)
    words = [outcome.word for outcome in report.outcomes]
    counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(["done", *words]))
    blocked = f"; {len(report.plan.blocked)} blocked and never sent" if report.plan.blocked else ""
    yield make_line(Piece(f"Apply: {counts}{blocked}.", "strong"))
    if report.unrecorded:
        names = ", ".join(dict.fromkeys(report.unrecorded))
        lacking = f"The journal could not be written, and lacks the outcome of {make_safe(names, LONG)}."
        yield make_line(Piece(lacking, "bad"))
        yield make_line("    Make space for it, then run reconciler recover: the next apply waits for that.")


def render_progress(number: int, total: int, outcome: Outcome) -> Line:
    """Render one outcome while the run goes on; its reason is cut short, since the report has all of it."""
    is_good = isinstance(outcome, Done) and not outcome.alarming
    reason = "" if is_good or not outcome.reason else f"  {make_sentence(outcome.reason, _BRIEF)}"
    return make_line(
        f"{number:>{len(str(total))}}/{total} ",
        Piece(f"{outcome.word}: ", _choose_style(outcome)),
        make_safe(outcome.change.id),
        Piece(reason, "dim"),
    )


def _choose_style(outcome: Outcome) -> str:
    if isinstance(outcome, Done):
        return "warn" if outcome.alarming else "good"
    return "bad"


def _render_outcome(outcome: Outcome) -> Iterator[Line]:
    yield make_line(
        Piece(f"{outcome.word:<9} ", _choose_style(outcome)),
        f"{outcome.change.action} {make_safe(outcome.change.id)}",
    )
    for text in filter(None, (outcome.reason, outcome.hint)):
        yield make_line(f"    {make_sentence(text)}")
    for field in outcome.differs:
        yield from render_field(field, field.line, field.origin)


def render_recovered(recovered: Sequence[Recovered], stranded: Sequence[Stranded] = ()) -> Iterator[Line]:
    """Render what became of each intent that had no outcome, what shows it, and what a run did not finish."""
    for each in recovered:
        what = f"{each.intent.purpose} {each.intent.id}"
        word, style = _FATES[each.fate]
        yield make_line(Piece(f"{word:<9} ", style), make_safe(what))
        yield make_line(Piece(f"    {make_sentence(each.evidence)}", "dim"))
        if not each.recorded:
            yield make_line(Piece("    The journal could not be written, so there it stays open.", "bad"))
        if not each.asked:
            yield make_line(
                Piece("    It stays open. Run reconciler recover again when it can be read.", "bad")
            )
    yield from _render_stranded(stranded)
    if not recovered and not stranded:
        yield make_line(Piece("Nothing is open: every request of the journal has its outcome.", "good"))


def _render_stranded(stranded: Sequence[Stranded]) -> Iterator[Line]:
    """Render the client ids that are on no system, and what puts that right."""
    for each in stranded:
        what = f"Run {each.run} released client id {each.client} of {each.released_by} for {each.meant_for}"
        yield make_line(Piece(f"{'on no system':<13}", "bad"), make_safe(each.client))
        yield make_line(f"    {make_safe(what, LONG)}, which never got it.")
    for environment in sorted({each.environment for each in stranded}):
        command = f"`reconciler apply --environment {environment}` gives it to the system that asks for it"
        yield make_line(f"    Fix: {make_sentence(command)}.")
    for run, environment in dict.fromkeys((each.run, each.environment) for each in stranded):
        named = f"--environment {environment}"
        command = f"`reconciler rollback {run} {named} --out FILE`, then `reconciler apply FILE {named}`, puts it back"
        yield make_line(Piece(f"    Or: {make_sentence(command)}.", "dim"))
