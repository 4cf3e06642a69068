"""Rows of CSV for a spreadsheet, which takes a cell that begins like a formula for one.

Pure.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from reconciler.render.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, also in full width (https://owasp.org/www-community/attacks/CSV_Injection)."""


def print_rows(header: Sequence[str], rows: Iterable[Iterable[str | int | bool | None]]) -> str:
    """Print a header and rows; what is not known is an empty cell."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_print(each) for each in row] for row in rows)
    return target.getvalue()


def _print(value: str | int | bool | None) -> str:  # noqa: FBT001 - a cell
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = escape_line(str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
