"""A system's change log as lines for people: who, when, what, and which revision asked for it.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.escape import escape_line
from reconciler.render.lines import Piece, make_inert
from reconciler.render.phrases import count, describe_write
from reconciler.render.text.fields import render_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.revision import Revision
    from reconciler.planning.timeline import TimelineEntry
    from reconciler.render.lines import Line

_SHORT = 12
"""Digits of a commit that an output for people shows."""


def render_history(system: str, story: Sequence[TimelineEntry]) -> Iterator[Line]:
    """Render a system's writes, oldest first."""
    yield (
        Piece(f"History of {make_inert(system)}", "strong"),
        Piece(f": {count(len(story), 'write')}", "dim"),
    )
    if not story:
        yield (Piece("    The change log is empty: the register has kept one since 2025-07-30 only.", "dim"),)
    for chapter in story:
        yield ()
        yield from _render_chapter(chapter)


def _render_chapter(chapter: TimelineEntry) -> Iterator[Line]:
    entry = chapter.entry
    style = "delete" if entry.kind == "delete" else "strong"
    when = make_inert(entry.created, 100) or "at an unknown time"
    yield (Piece(f"* {when}", style), Piece(f"  {describe_write(entry)} by {make_inert(entry.who, 200)}"))
    for field in chapter.fields:
        for line in render_field(field):
            yield tuple(Piece(escape_line(piece.text), piece.style) for piece in line)
    if not chapter.fields and entry.kind != "delete":
        yield (Piece("    nothing that a definition holds was changed", "dim"),)
    yield (Piece(f"    {_describe_revision(chapter.revision)}", "dim"),)


def _describe_revision(revision: Revision | None) -> str:
    if revision is None:
        return "equals no revision of the definition"
    shown = f"{revision.commit[:_SHORT]} ({revision.date}, {revision.author}: {revision.subject})"
    return f"equals the definition at {make_inert(shown)}"
