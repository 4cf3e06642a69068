"""A system's change log as lines for people: who, when, what, and which revision asked for it.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.escape import escape_line
from reconciler.render.lines import Piece, make_safe, wrap_sentence
from reconciler.render.phrases import count, describe_write
from reconciler.render.text.fields import render_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.planning.timeline import TimelineEntry
    from reconciler.render.lines import Line

_SHORT = 12
"""Digits of a commit that an output for people shows."""


def render_history(system: str, timeline: Sequence[TimelineEntry]) -> Iterator[Line]:
    """Render a system's writes, oldest first."""
    yield (
        Piece(f"History of {make_safe(system)}", "strong"),
        Piece(f": {count(len(timeline), 'write')}", "dim"),
    )
    if not timeline:
        yield (Piece("    The change log is empty: the register has kept one since 2025-07-30 only.", "dim"),)
    for each in timeline:
        yield ()
        yield from _render_write(each)


def _render_write(written: TimelineEntry) -> Iterator[Line]:
    entry = written.entry
    style = "delete" if entry.kind == "delete" else "strong"
    when = make_safe(entry.created, 100) or "at an unknown time"
    yield (Piece(f"* {when}", style), Piece(f"  {describe_write(entry)}"))
    yield (Piece(f"    by {make_safe(entry.who, 200)}"),)
    for field in written.fields:
        for line in render_field(field):
            yield tuple(Piece(escape_line(piece.text), piece.style) for piece in line)
    if not written.fields and entry.kind != "delete":
        yield (Piece("    no member of the definition was changed", "dim"),)
    for sentence in _describe_sources(written):
        yield from wrap_sentence(sentence, "    ", "dim")


def _describe_sources(written: TimelineEntry) -> Iterator[str]:
    """Name the revision of the definition that a state equals, and the file here that is not committed."""
    revision = written.revision
    if revision is not None:
        shown = f"{revision.commit[:_SHORT]} ({revision.date}, {revision.author}: {revision.subject})"
        yield f"equals the definition at {shown}"
    if written.uncommitted:
        yield f"equals {written.uncommitted} as it is here, not committed"
    if revision is None and not written.uncommitted:
        yield "equals no revision of the definition"
