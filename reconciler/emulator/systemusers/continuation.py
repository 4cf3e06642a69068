"""Continuation tokens of paged lists, and the links that hold them.

System Register contract §7.1.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote

_NUMBER = re.compile(rb"[ \t\r\n]*(-?(?:0|[1-9][0-9]{0,18}))[ \t\r\n]*")
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*={0,2}")
_PLAIN_IN_A_PATH = "-._~!$()*,;@"
"""Characters that are not encoded in the path of a link, besides letters and digits."""


def write_token(number: int) -> str:
    """Write a token: base64url without padding of a JSON integer."""
    return urlsafe_b64encode(str(number).encode()).rstrip(b"=").decode()


def read_token(text: str) -> int | None:
    """Read a token, padded or not; None if it is not valid. A negative number counts as 0."""
    if not _ALPHABET.fullmatch(text):
        return None
    bare = text.rstrip("=")
    try:
        found = _NUMBER.fullmatch(urlsafe_b64decode(bare + "=" * (-len(bare) % 4)))
    except binascii.Error:
        return None
    number = None if found is None else int(found[1])
    return max(number, 0) if number is not None and -(2**63) <= number < 2**63 else None


def write_link(base: str, path: str, last: str, number: int) -> str:
    """Write the link to the next page; `last` is the last segment of the path, not encoded."""
    return f"{base}{path}/{quote(last, safe=_PLAIN_IN_A_PATH)}?token={write_token(number)}"
