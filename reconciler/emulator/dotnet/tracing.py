"""The trace of a request: the caller's, if it sends a valid `traceparent`.

System Register contract §0.2 and §9.2: W3C `traceparent`, as .NET's `Activity` reads it. Each request is
answered in its own task, so traces do not mix.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_trace: ContextVar[tuple[str, str] | None] = ContextVar("trace", default=None)


def begin(parent: str) -> None:
    """Continue the trace of a `traceparent`, or start a new one if it is not valid."""
    found = _PARENT.fullmatch(parent)
    _trace.set((found[1], found[2]) if found else None)


def make_trace_id() -> str:
    """Give the trace id of this answer as `Activity.Current.Id` prints it."""
    trace, flags = _trace.get() or (secrets.token_hex(16), "00")
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"
