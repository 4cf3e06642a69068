"""Continuation tokens of paged lists, and the links that hold them.

System Register contract §7.1.
"""

from __future__ import annotations

import binascii
import json
import re
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote

_NUMBER = re.compile(rb"[ \t\r\n]*(-?(?:0|[1-9][0-9]{0,18}))[ \t\r\n]*")
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*={0,2}")
_PLAIN_IN_A_PATH = "-._~!$()*,;@"
"""Characters that are not encoded in the path of a link, besides letters and digits."""


def write_token(value: int | str) -> str:
    """Write a token: base64url without padding of the JSON of an integer or an id."""
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def read_token(text: str) -> int | None:
    """Read the token of a number, padded or not; None if it is not valid. A negative number counts as 0."""
    found = _NUMBER.fullmatch(_decode(text) or b"")
    number = None if found is None else int(found[1])
    return max(number, 0) if number is not None and -(2**63) <= number < 2**63 else None


def read_id_token(text: str) -> str | None:
    """Read the token of an id, padded or not; None if it is not valid."""
    try:
        value = json.loads(_decode(text) or b"")
        return str(uuid.UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def write_link(base: str, path: str, last: str, value: int | str) -> str:
    """Write the link to the next page; `last` is the last segment of the path, not encoded."""
    return f"{base}{path}/{quote(last, safe=_PLAIN_IN_A_PATH)}?token={write_token(value)}"


def _decode(text: str) -> bytes | None:
    bare = text.rstrip("=")
    try:
        return urlsafe_b64decode(bare + "=" * (-len(bare) % 4)) if _ALPHABET.fullmatch(text) else None
    except binascii.Error:
        return None
