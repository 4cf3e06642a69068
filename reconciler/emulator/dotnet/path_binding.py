"""The path of a request as Kestrel and ASP.NET's routing read it.

System Register contract §1.7, the five steps of its table: splitting the target, refusals before routing,
escapes, dot segments, and blank ids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from reconciler.emulator.dotnet.characters import WHITE_SPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

_ABSOLUTE = re.compile(rb"(https?)://([^/?#]*)(.*)", re.DOTALL)
_AUTHORITY = re.compile(rb"[A-Za-z0-9:.\[\]@_~%!$&'()*+,;=-]+")
"""An authority, which is a target for CONNECT only."""
_ESCAPES = re.compile(r"(?:%[0-9a-fA-F]{2})+")
LONGEST_LINE = 8192
"""Bytes of a request line, with its line end (contract §9.1)."""
_KEPT = 0x2F
"""The code of a slash, which stays percent-encoded."""


class BadRequest(Exception):
    """The server itself refuses the request: 400 without a body, and the connection is closed."""

    status = 400
    allow: str | None = None


class TooLong(BadRequest):
    """The request line is too long: 414."""

    status = 414


class WrongMethod(BadRequest):
    """The target has a form that only another method may have: 405."""

    status = 405

    def __init__(self, allow: str) -> None:
        super().__init__(allow)
        self.allow = allow


class RequestTarget(NamedTuple):
    """The decoded path and the raw query of a request."""

    path: str
    query: str


def read_target(method: str, target: bytes, host: bytes | None) -> RequestTarget:
    """Parse the target of a request line; raises `BadRequest`."""
    if len(method) + len(target) + len("  HTTP/1.1\r\n") > LONGEST_LINE:
        raise TooLong
    if host is None or re.search(rb"[ \t]", host) or re.search(rb"[\x80-\xff ]", target):
        raise BadRequest
    if target == b"*" and method.upper() != "OPTIONS":
        raise WrongMethod("OPTIONS")
    if _AUTHORITY.fullmatch(target) and target != b"*" and method.upper() != "CONNECT":
        raise WrongMethod("CONNECT")
    raw = b"/" if target == b"*" else target
    if not raw.startswith(b"/"):
        found = _ABSOLUTE.fullmatch(raw)
        if found is None or found[2] != host:
            raise BadRequest
        raw = found[3] if found[3].startswith(b"/") else b"/" + found[3]
    path, _, query = raw.partition(b"?")
    if b"\0" in path:
        raise BadRequest
    return RequestTarget(remove_dots(decode(path.decode("ascii"))), query.decode("ascii"))


def check_headers(values: Iterable[bytes]) -> None:
    """Check that header values are UTF-8; raises `BadRequest`."""
    for value in values:
        try:
            value.decode()
        except UnicodeDecodeError:
            raise BadRequest from None


def decode(text: str, *, is_path: bool = True) -> str:
    """Decode escapes once, whole characters of valid UTF-8 only; others stay as sent.

    In a path an escaped slash stays too, and a zero byte raises `BadRequest`.
    """
    if "%" not in text:
        return text
    return _ESCAPES.sub(lambda run: _decode_run(run[0], is_path=is_path), text)


def _decode_run(run: str, *, is_path: bool) -> str:
    data = bytes.fromhex(run.replace("%", ""))
    shown: list[str] = []
    at = 0
    while at < len(data):
        width = _width(data, at)
        if is_path and data[at] == 0:
            raise BadRequest
        if width == 0 or (is_path and data[at] == _KEPT):
            shown.append(run[3 * at : 3 * at + 3])
            at += 1
        else:
            shown.append(data[at : at + width].decode())
            at += width
    return "".join(shown)


def _width(data: bytes, at: int) -> int:
    """Give the number of bytes of the character at `at`, 0 if there is none."""
    for width in range(1, 5):
        try:
            data[at : at + width].decode()
        except UnicodeDecodeError:
            continue
        return width if at + width <= len(data) else 0
    return 0


def remove_dots(path: str) -> str:
    """Remove `.` and `..` segments as RFC 3986 §5.2.4 does, never above the root."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def is_blank(value: str) -> bool:
    """Say whether a text is empty or white space for .NET, so that it binds as null."""
    return not value.strip(WHITE_SPACE)
