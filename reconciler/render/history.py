"""A system's change log as a story, in lines for people and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.render.escape import escape_text, shorten
from reconciler.render.text import Line, Piece, count, render_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.history import Chapter

_SHORT = 10


def render_lines(system: str, story: Sequence[Chapter]) -> Iterator[Line]:
    """Render each write with who, when, what, and the revision of the definition that it equals."""
    yield (Piece(escape_text(system), "strong"), Piece(f"  {count(len(story), 'write')}", "dim"))
    for chapter in story:
        yield ()
        entry = chapter.entry
        yield (
            Piece(f"{escape_text(entry.created)}  {entry.kind}", "strong"),
            Piece(f"  {escape_text(entry.who)}", "dim"),
        )
        if chapter.revision is not None:
            found = chapter.revision
            told = f"as {found.commit[:_SHORT]} asks: {found.subject} ({found.author}, {found.date})"
        else:
            told = "as no revision of the definition asks"
        yield (Piece(f"    {escape_text(shorten(told))}", "good" if chapter.revision else "warn"),)
        for field in chapter.fields:
            yield from render_field(field)


def render_json(system: str, story: Sequence[Chapter]) -> str:
    """Render the story as a JSON document."""
    chapters = [
        {
            "kind": chapter.entry.kind,
            "created": chapter.entry.created,
            "organisation": chapter.entry.organisation,
            "client": chapter.entry.client,
            "fields": [
                {"path": each.path, "before": each.before, "after": each.after} for each in chapter.fields
            ],
            "revision": chapter.revision.commit if chapter.revision else None,
            "subject": chapter.revision.subject if chapter.revision else None,
        }
        for chapter in story
    ]
    return json.dumps({"id": system, "history": chapters}, indent=2, ensure_ascii=False) + "\n"
