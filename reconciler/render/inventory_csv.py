"""An inventory as CSV for a spreadsheet: a header that stays as it is, and a row a system.

Pure. A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and a name can be anybody's.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from reconciler.render.escape import escape_line

if TYPE_CHECKING:
    from reconciler.planning.inventory import Inventory, Row

HEADER = (
    "id",
    "name",
    "state",
    "visible",
    "rights",
    "access_packages",
    "client_ids",
    "system_users",
    "deleted",
    "file",
    "reason",
)
"""New columns come at the end."""
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, also in full width (https://owasp.org/www-community/attacks/CSV_Injection)."""


def render_inventory(found: Inventory) -> str:
    """Render an inventory; what is not known is an empty cell."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_list_cells(each) for each in found.rows)
    return target.getvalue()


def _list_cells(row: Row) -> list[str]:
    cells = (
        row.id,
        row.name,
        str(row.state),
        row.visible,
        row.rights,
        row.packages,
        row.client_ids,
        row.users,
        row.deleted,
        row.file,
        row.reason,
    )
    return [_print(each) for each in cells]


def _print(value: str | int | bool | None) -> str:  # noqa: FBT001 - a cell
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = escape_line(str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
