"""The trace that a request belongs to: the caller's own, where it names one.

System Register contract §0.2 and §9.2: W3C `traceparent`, as .NET's `Activity` reads it. Each request is
answered by a task of its own, so that no trace is another's.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_trace: ContextVar[tuple[str, str] | None] = ContextVar("trace", default=None)


def begin(parent: str) -> None:
    """Go on with the trace of a request's `traceparent`; one that is none begins a trace of its own."""
    found = _PARENT.fullmatch(parent)
    _trace.set((found[1], found[2]) if found else None)


def make_trace_id() -> str:
    """Give the id of this answer as `Activity.Current.Id` prints it."""
    trace, flags = _trace.get() or (secrets.token_hex(16), "00")
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"
