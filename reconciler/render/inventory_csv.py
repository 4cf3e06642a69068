"""An inventory as CSV for a spreadsheet: a header that stays as it is, and a row a system.

Pure. A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and a name can be anybody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.csv_cells import print_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def render_inventory(found: Inventory) -> str:
    """Render an inventory; what is not known is an empty cell."""
    return print_rows(HEADER, (_list_cells(each) for each in found.rows))


def _list_cells(row: Row) -> Sequence[str | int | bool | None]:
    return (
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
