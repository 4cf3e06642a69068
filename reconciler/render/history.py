"""A system's change log as lines for people and as JSON: who, when, what, and which revision asked for it.

Pure. A line never begins with somebody else's text, since a runner obeys lines that begin with a command.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.render.escape import escape_json, escape_line, shorten
from reconciler.render.phrases import tell_write
from reconciler.render.text import Line, Piece, count, render_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.revision import Revision
    from reconciler.planning.timeline import Chapter

_SHORT = 12
"""Digits of a commit that an output for people shows."""


def render_lines(system: str, story: Sequence[Chapter]) -> Iterator[Line]:
    """Render a system's story, oldest first."""
    yield (
        Piece(f"History of {escape_line(shorten(system))}", "strong"),
        Piece(f": {count(len(story), 'write')}", "dim"),
    )
    if not story:
        yield (Piece("    The change log is empty: the register has kept one since 2025-07-30 only.", "dim"),)
    for chapter in story:
        yield ()
        yield from _render_chapter(chapter)


def _render_chapter(chapter: Chapter) -> Iterator[Line]:
    entry = chapter.entry
    style = "delete" if entry.kind == "delete" else "strong"
    when = escape_line(shorten(entry.created, 100)) or "at an unknown time"
    yield (
        Piece(f"* {when}", style),
        Piece(f"  {tell_write(entry)} by {escape_line(shorten(entry.who, 200))}"),
    )
    for field in chapter.fields:
        for line in render_field(field):
            yield tuple(Piece(escape_line(piece.text), piece.style) for piece in line)
    if not chapter.fields and entry.kind != "delete":
        yield (Piece("    nothing that a definition holds was changed", "dim"),)
    yield (Piece(f"    {_tell_revision(chapter.revision)}", "dim"),)


def _tell_revision(revision: Revision | None) -> str:
    if revision is None:
        return "equals no revision of the definition"
    told = f"{revision.commit[:_SHORT]} ({revision.date}, {revision.author}: {revision.subject})"
    return f"equals the definition at {escape_line(shorten(told))}"


def render_json(system: str, story: Sequence[Chapter]) -> str:
    """Render a system's story as JSON, oldest first."""
    body: dict[str, Json] = {"id": system, "chapters": [_chapter_to_json(each) for each in story]}
    return escape_json(json.dumps(body, indent=2, ensure_ascii=False)) + "\n"


def _chapter_to_json(chapter: Chapter) -> dict[str, Json]:
    entry, revision = chapter.entry, chapter.revision
    return {
        "at": entry.created,
        "kind": entry.kind,
        "organisation": entry.organisation,
        "client": entry.client,
        "fields": [
            {"path": each.path, "before": each.before, "after": each.after} for each in chapter.fields
        ],
        "revision": revision
        and {
            "commit": revision.commit,
            "date": revision.date,
            "author": revision.author,
            "subject": revision.subject,
        },
    }
