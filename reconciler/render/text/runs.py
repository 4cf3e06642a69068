"""The runs of the journal as lines for people: when, where, which plan, what came of it.

Pure.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from reconciler.execution.journal import NO_COMMIT, NOT_IN_GIT
from reconciler.execution.run_summary import DONE
from reconciler.model.canonical_json import SHORT
from reconciler.render.lines import Piece, make_line, make_safe
from reconciler.render.phrases import count, describe_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.execution.run_summary import RunSummary
    from reconciler.render.lines import Line


def render_runs(runs: Sequence[RunSummary]) -> Iterator[Line]:
    """Render runs in the order in which they are given."""
    for each in runs:
        yield from _render_run(each)
    if not runs:
        yield make_line("No run is recorded here.")


def _render_run(summary: RunSummary) -> Iterator[Line]:
    start = summary.run.start
    yield make_line(
        Piece(make_safe(start.run), "strong"),
        f"  {make_safe(describe_time(start.at))}",
        f"  {make_safe(start.environment)}",
        Piece(f"  {make_safe(start.vendor)}", "dim"),
    )
    counts = ", ".join(f"{number} {word}" for word, number in summary.counts.items()) or "nothing was sent"
    is_good = set(summary.counts) <= {DONE}
    yield make_line(
        f"    plan {make_safe(start.digest[:SHORT])}: ",
        Piece(make_safe(counts), "good" if is_good else "bad"),
    )
    if start.uncommitted:
        is_commit = start.revision not in {NO_COMMIT, NOT_IN_GIT}
        where = (
            f"differ from commit {make_safe(start.revision[:SHORT])}" if is_commit else "were not committed"
        )
        yield make_line(Piece(f"    from files that {where}", "warn"))
    if summary.run.open:
        words = shlex.join(["reconciler", "recover", "--environment", start.environment])
        what = f"{count(len(summary.run.open), 'request')} open"
        yield make_line(Piece(f"    {what}: {make_safe(words)}", "bad"))
    elif not summary.run.ended:
        yield make_line(Piece("    it did not come to its end", "warn"))
