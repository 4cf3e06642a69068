"""What became of an apply, and how to go on, as Markdown for a run's summary and as lines for its log.

Pure.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.execution.outcome import Done
from reconciler.render.escape import escape_html, escape_markdown, shorten, split_code
from reconciler.render.lines import make_line, make_safe, wrap_sentence
from reconciler.render.phrases import mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.execution.outcome import Outcome, Report
    from reconciler.render.lines import Line
    from reconciler.render.next_steps import Ending, NextSteps

_LISTED = 50
"""Systems that the summary lists; the report has all."""
_LONGEST = 600
"""Characters of a sentence."""


def render_summary(ending: Ending, steps: NextSteps | None, restart: str = "") -> str:
    """Render the end of an apply; `restart` is an address that `links` has checked, or empty."""
    where = f" to {mark(ending.environment)}" if ending.environment else ""
    lines = [f"### {_say(f'Apply{where}')}", ""]
    if ending.report is not None:
        lines += _list_outcomes(ending.report)
    if steps is not None:
        lines += [f"**{_say(steps.title)}**", ""]
        lines += [f"{_say(each)}\n" for each in steps.sentences]
        lines += [f"    {escape_markdown(steps.digest)}", ""] if steps.digest else []
        lines += [f"{_say(steps.otherwise)}", ""] if steps.otherwise else []
        lines += [f'<a href="{escape_html(restart)}">Start it again here</a>', ""] if restart else []
    return "\n".join(lines) + "\n"


def _list_outcomes(report: Report) -> Iterator[str]:
    words = Counter(each.word for each in report.outcomes)
    counts = [f"{words[word]:,} {word}" for word in dict.fromkeys(["done", *words])]
    counts += [f"{len(report.plan.blocked):,} blocked"] if report.plan.blocked else []
    yield f"{', '.join(counts)}. Plan {_say(mark(report.plan.short_digest))}."
    yield ""
    notable = [each for each in report.outcomes if not isinstance(each, Done) or each.alarming]
    yield from (f"* {_describe(each)}" for each in notable[:_LISTED])
    if len(notable) > _LISTED:
        yield f"* and {len(notable) - _LISTED:,} more"
    if notable:
        yield ""


def _describe(outcome: Outcome) -> str:
    said = " ".join(filter(None, (outcome.reason, outcome.hint)))
    return _say(f"{outcome.word}: {outcome.change.action} {mark(outcome.change.id)}. {said}")


def render_next(steps: NextSteps, restart: str = "") -> Iterator[Line]:
    """Render how to go on for a log or a terminal."""
    yield make_line()
    yield from wrap_sentence(f"{steps.title}.", style="strong")
    for each in steps.sentences:
        yield from wrap_sentence(each)
    if steps.digest:
        yield make_line(f"    {make_safe(steps.digest)}")
    if steps.otherwise:
        yield from wrap_sentence(steps.otherwise)
    if restart:
        yield make_line(f"    {make_safe(restart, _LONGEST)}")


def _say(sentence: str) -> str:
    """Show a sentence, and as code what it marks as code."""
    parts = split_code(shorten(sentence, _LONGEST))
    return "".join(
        f"<code>{escape_markdown(part)}</code>" if code else escape_markdown(part) for part, code in parts
    )
