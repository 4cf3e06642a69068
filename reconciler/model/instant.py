"""Instants as people read them.

Pure.
"""

from __future__ import annotations

import re

_UTC = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|\+00:00)", re.ASCII)
_SORTED = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|\+00:00)?", re.ASCII)


def describe_minute(at: str) -> str:
    """Show an instant of UTC, ISO 8601, to the minute; any other text is shown as it is."""
    found = _UTC.fullmatch(at)
    return f"{found[1]} {found[2]} UTC" if found else at


def make_sortable(at: str) -> str:
    """Give an instant of UTC, ISO 8601, as a text that sorts by time; empty where it is none.

    An instant without a zone counts as UTC, which the register's own are (System users contract §5).
    """
    found = _SORTED.fullmatch(at)
    return f"{found[1]}T{found[2]}{found[3] or ':00'}.{(found[4] or '')[1:]:0<9}" if found else ""
