"""Instants as people read them.

Pure.
"""

from __future__ import annotations

import re

_UTC = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|\+00:00)", re.ASCII)


def describe_minute(at: str) -> str:
    """Show an instant of UTC, ISO 8601, to the minute; any other text is shown as it is."""
    found = _UTC.fullmatch(at)
    return f"{found[1]} {found[2]} UTC" if found else at
