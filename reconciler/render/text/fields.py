"""A field that differs, as lines for people.

Pure. Fits 80 columns where the values do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.escape import escape_line
from reconciler.render.lines import WIDTH, Piece, make_line, make_safe
from reconciler.render.phrases import get_label, get_sign, show_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.planning.diff import FieldChange
    from reconciler.planning.timeline import Edit
    from reconciler.render.lines import Line

_STYLES: Mapping[str, str] = {"+": "create", "-": "delete", "~": "update"}
_MEMBER = 20
"""Columns for a member's name: `allowedRedirectUrls` has 19 letters."""


def render_field(field: FieldChange | Edit, line: int = 0, origin: str = "") -> Iterator[Line]:
    """Render one field: an entry that comes or goes, or a value that becomes another."""
    sign = get_sign(field)
    label = make_safe(get_label(field))
    where = Piece(f"{f'  :{line}' if line else ''}{f'  ({escape_line(origin)})' if origin else ''}", "dim")
    values = [
        escape_line(show_value(value, field)) for value in (field.before, field.after) if value is not None
    ]
    head = Piece(f"    {sign} {label:<{_MEMBER}}", _STYLES[sign])
    if len(values) == 1 or len(head.text) + sum(map(len, values)) + 12 <= WIDTH:
        yield make_line(head, " → ".join(values), where)
        return
    yield make_line(head, where)
    yield make_line(Piece(f"        - {values[0]}", "delete"))
    yield make_line(Piece(f"        + {values[1]}", "create"))
