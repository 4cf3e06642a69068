"""An inventory as lines for people: a system a line, or two where there is more to say.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.inventory import Registration
from reconciler.render import phrases
from reconciler.render.left_out import describe_narrowed
from reconciler.render.lines import LONG, Piece, make_line, make_safe, wrap_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.planning.inventory import Inventory, Row
    from reconciler.render.lines import Line

_STYLES: Mapping[Registration, str] = {
    Registration.UNMANAGED: "warn",
    Registration.MISSING: "warn",
    Registration.BROKEN: "bad",
    Registration.UNREADABLE: "bad",
    Registration.DELETED: "dim",
    Registration.WITHDRAWN: "dim",
    Registration.EXPECTED: "dim",
}


def render_inventory(found: Inventory) -> Iterator[Line]:
    """Render every system and a summary line."""
    for each in found.rows:
        yield make_line(
            Piece(make_safe(each.id), "strong"),
            f"  {make_safe(each.name, 60)}",
            Piece(f"  {each.state}", _STYLES.get(each.state, "")),
            Piece(f"  {make_safe(each.file, LONG)}" if each.file else "", "dim"),
        )
        if each.rights is not None:
            yield make_line(Piece(f"    {_count(each)}", "dim"))
        if each.reason:
            yield make_line(Piece(f"    cannot be read: {make_safe(each.reason, LONG)}", "bad"))
    if found.narrowed is not None:
        yield from wrap_sentence(describe_narrowed(found.narrowed), style="dim")
    if found.unlisted:
        yield from wrap_sentence(phrases.describe_unlisted(found.unlisted), style="warn")
    yield make_line(Piece(_summarise(found), "strong"))


def _count(row: Row) -> str:
    shown = "" if row.visible else "hidden, "
    users = "system users not known" if row.users is None else phrases.count(row.users, "system user")
    parts = [
        phrases.count(row.rights or 0, "right"),
        phrases.count(row.packages or 0, "access package"),
        phrases.count(row.client_ids or 0, "client id"),
        *([] if row.deleted else [users]),
    ]
    return f"{shown}{', '.join(parts)}"


def _summarise(found: Inventory) -> str:
    states = [each.state for each in found.rows]
    parts = [f"{states.count(state)} {state}" for state in Registration if state in states]
    return f"{phrases.count(len(states), 'system')}{': ' if parts else ''}{', '.join(parts)}."
