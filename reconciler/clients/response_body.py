"""The body of an answer: its JSON within bounds, else its text, and the time that it asks to wait.

It is untrusted: no answer costs more memory or depth than the bounds allow.
"""

from __future__ import annotations

import json
import math
import re
import time
from email.utils import parsedate_to_datetime
from itertools import accumulate
from typing import TYPE_CHECKING, NoReturn

from reconciler.errors import Unintelligible

if TYPE_CHECKING:
    from collections.abc import Collection

    import httpx

    from reconciler.model.canonical_json import Json

DEEPEST = 64
"""Levels of nesting; the register reads no more from anybody (.NET's System.Text.Json, `MaxDepth`)."""
MOST_VALUES = 5_000_000
"""Values of a body; 30 MB of nothing but rights are 2 million."""
_LONGEST_TEXT = 64_000
"""Bytes of a body that is no JSON, of which a message quotes the first line."""
_PIECE = 64 * 1024
"""Bytes that are looked at together; a search through all at once would copy every text."""
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class UnreadableJson(Unintelligible):
    """JSON that is damaged, or out of bounds; the text says which, as the end of a sentence."""

    def __init__(self, message: str, *, damaged: bool = False) -> None:
        super().__init__(message)
        self.damaged = damaged
        """Whether it is cut off or no JSON at all, so that another answer may be better."""


def parse_json(content: bytes, *, members: Collection[str] = ()) -> Json:
    """Parse JSON; raises `UnreadableJson`.

    With `members`, objects keep no others, at any depth: a list of 38 MB then takes no more memory than its text.
    """
    if content.count(b",") + content.count(b"[") + content.count(b"{") > MOST_VALUES:
        raise UnreadableJson(f"holds more than {MOST_VALUES:,} values")
    if find_depth(content) > DEEPEST:
        raise UnreadableJson(f"is nested more than {DEEPEST} levels deep")

    def keep(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        return {name: value for name, value in pairs if name in members}

    try:
        text, hook = content.decode("utf-8-sig"), keep if members else None
        return json.loads(text, parse_constant=_refuse, parse_float=_read_float, object_pairs_hook=hook)
    except (ValueError, RecursionError):
        raise UnreadableJson("is cut off or no JSON", damaged=True) from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


def _read_float(text: str) -> float:
    """Read a number; one that is too large for JSON to be written again is refused."""
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def find_depth(content: bytes) -> int:
    """Find how many levels JSON is nested, without building any of it."""
    plain = content.replace(b"\\\\", b"").replace(b'\\"', b"")  # now every quote begins or ends a text
    depth = deepest = 0
    inside = False
    for at in range(0, len(plain), _PIECE):
        parts = plain[at : at + _PIECE].split(b'"')
        brackets = b"".join(parts[inside::2]).translate(None, _OTHERS)
        inside ^= len(parts) % 2 == 0
        levels = list(accumulate(map(_STEP.__getitem__, brackets), initial=depth))
        deepest, depth = max(deepest, *levels), levels[-1]
    return deepest


def read_body(response: httpx.Response) -> Json:
    """Read a body as JSON, or as its text where it is none; None where it is empty."""
    if not response.content:
        return None
    try:
        return parse_json(response.content)
    except UnreadableJson:
        return response.content[:_LONGEST_TEXT].decode("utf-8", "replace")


def list_objects(body: Json) -> list[dict[str, Json]]:
    """List the objects of a list of metadata; raises `Unintelligible` where it is none."""
    if not isinstance(body, list):
        raise Unintelligible("The list of metadata is not a list.")
    return [each for each in body if isinstance(each, dict)]


def read_wait(response: httpx.Response) -> float | None:
    """Read how many seconds an answer asks to wait (RFC 9110 §10.2.3); None where it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    try:  # the server's own clock, where it says what time it is
        now = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        now = time.time()
    return max(until - now, 0.0)
