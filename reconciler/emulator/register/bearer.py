"""The token of a request: from the `Authorization` header, else from one of two cookies.

System Register contract §6.1. `token_decoding` and `tokens` check it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COOKIES = (".altinntoken", "altinnstudioruntime")
"""The cookies that may hold a token, in lower case; the first that is not empty counts."""
_SCHEME = "bearer "
_CHUNKS = re.compile(r"chunks-([0-9]{1,9})")


def find_token(authorization: Iterable[str], cookies: Sequence[str]) -> str:
    """Find the token in the lines of both headers; empty if there is none."""
    header = ",".join(line for line in authorization if line)
    if header.lower().startswith(_SCHEME):
        token = header[len(_SCHEME) :].strip(" \t")
        if token:
            return token
    if not cookies:
        return ""
    jar = _read_cookies(cookies)
    return next(filter(None, (_join_chunks(jar, name) for name in COOKIES)), "")


def _read_cookies(lines: Iterable[str]) -> dict[str, str]:
    pairs = (pair.partition("=") for line in lines for pair in line.split(";"))
    return {name.strip().lower(): unquote(value.strip()) for name, equals, value in pairs if equals}


def _join_chunks(jar: dict[str, str], name: str) -> str:
    """Give a cookie's value, joined from its chunks if it has any."""
    value = jar.get(name, "")
    chunks = _CHUNKS.fullmatch(value)
    if chunks is None:
        return value
    count = min(int(chunks[1]), len(jar))
    return "".join(jar.get(f"{name}c{number}", "") for number in range(1, count + 1))
