"""What evidence shows, as lines for people: what is wrong with the file, and what the register shows today.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.canonical_json import SHORT
from reconciler.render.lines import LONG, Piece, make_line, make_safe, make_sentence
from reconciler.render.phrases import count, describe_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.execution.journal import Run
    from reconciler.operations.evidence import Proof
    from reconciler.operations.evidence_lookup import Shown
    from reconciler.render.lines import Line

_WIDTH = 8


def render_evidence(proof: Proof, shown: Sequence[Shown] | None) -> Iterator[Line]:
    """Render whether a file is sound, and what the register shows; `shown` is None where it was not asked."""
    for each in proof.problems:
        what = f"{each.member or 'the file'}: {each.reason}"
        yield make_line(Piece(f"{'wrong':<{_WIDTH}}", "bad"), f"{make_sentence(what, LONG)}.")
    if not proof.problems and proof.run is not None:
        yield from _render_run(proof.run)
    for found in shown or ():
        word, style = ("ok", "good") if found.stands else ("wrong", "bad")
        entries = (
            "" if not found.stands else f" ({count(found.entries, 'entry', 'entries')} in its change log)"
        )
        yield make_line(
            Piece(f"{word:<{_WIDTH}}", style),
            f"`{make_safe(found.id)}`: {make_sentence(found.reason, LONG)}{entries}.",
        )
    if proof.problems:
        verdict = "The file does not prove anything: it is not as it was written."
    elif shown is None:
        verdict = "The file is sound. The register was not asked."
    elif all(each.stands for each in shown):
        verdict = "The file is sound, and the register shows what it says."
    else:
        verdict = "The register does not show what the file says."
    yield make_line(Piece(verdict, "strong"))


def _render_run(run: Run) -> Iterator[Line]:
    """Render which run a sound file is of."""
    start = run.start
    what = f"run {start.run} of {describe_time(start.at)}: plan {start.digest[:SHORT]}, {start.environment}"
    yield make_line(Piece(f"{'ok':<{_WIDTH}}", "good"), f"{make_safe(what, LONG)}")
    if run.open:
        yield make_line(
            Piece(f"{'open':<{_WIDTH}}", "warn"), f"{count(len(run.open), 'request')} without an outcome"
        )
