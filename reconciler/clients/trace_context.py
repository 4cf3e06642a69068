"""The id that connects a request with the traces of the service.

Altinn's services honour W3C Trace Context (System Register contract §9.2): the trace id of their problem
bodies, and of their own logs, is then the one that was sent.
"""

from __future__ import annotations

import re
import secrets

HEADER = "traceparent"
"""https://www.w3.org/TR/trace-context/#traceparent-header."""
_FORM = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def make_traceparent() -> str:
    """Make the value of a new `traceparent`: version 00, a trace id, a parent id, and the flag `sampled`.

    Both ids are random, and never all zeros, which the recommendation calls invalid.
    """
    trace, parent = secrets.randbits(128) or 1, secrets.randbits(64) or 1
    return f"00-{trace:032x}-{parent:016x}-01"


def read_trace_id(traceparent: str) -> str:
    """Read the trace id to give to Altinn's support, 32 hex digits; empty where the text is no traceparent."""
    found = _FORM.fullmatch(traceparent)
    return found[1] if found else ""
