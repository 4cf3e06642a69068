"""The request line and the headers of a request, read from a connection as Kestrel reads them.

System Register contract §1.7 step 2, §9.1 and §9.2; `dotnet.path_binding` reads the target.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_LINE = 8192
"""Bytes of a request line, with its line end."""
LONGEST_HEADERS = 32_768
"""Bytes of all headers, with their line ends and the empty line."""
MOST_HEADERS = 100
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_LENGTH = re.compile(rb"\+?[0-9]{1,19}|-0+")
_FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"})


class HeadRejected(Exception):
    """The server refuses the request: this status without a body, and the connection is closed."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Head(NamedTuple):
    """A request without its body; names of headers are in lower case."""

    method: bytes
    target: bytes
    is_new: bool
    """HTTP/1.1, not 1.0."""
    headers: list[tuple[bytes, bytes]]
    length: int = 0
    """Bytes of the body, if it is not chunked."""
    is_chunked: bool = False
    keeps_alive: bool = True
    expects: bool = False
    """The client waits for 100 before it sends the body."""


class HeadReader:
    """Reads one head from a growing buffer."""

    def __init__(self) -> None:
        self._at = 0
        """Offset of the next line."""
        self._line_end = 0
        self._line: tuple[bytes, bytes, bool] | None = None
        self._headers: list[tuple[bytes, bytes]] = []

    def read(self, buffer: bytearray) -> Head | None:
        """Continue reading; removes the head from the buffer once it is complete. Raises `HeadRejected`."""
        if self._line is None:
            end = buffer.find(b"\n", 0, LONGEST_LINE)
            if end < 0:
                if len(buffer) > LONGEST_LINE:
                    raise HeadRejected(414)
                return None
            self._line = _read_line(bytes(buffer[: end + 1]))
            self._at = self._line_end = end + 1
        while True:
            end = buffer.find(b"\n", self._at)
            if (len(buffer) if end < 0 else end + 1) - self._line_end > LONGEST_HEADERS:
                raise HeadRejected(431)
            if end < 0:
                return None
            line = bytes(buffer[self._at : end + 1])
            self._at = end + 1
            if line == b"\r\n":
                del buffer[: self._at]
                method, target, is_new = self._line
                return _make_head(method, target, self._headers, is_new=is_new)
            self._headers.append(_read_header(line))
            if len(self._headers) > MOST_HEADERS:
                raise HeadRejected(431)


def _read_line(line: bytes) -> tuple[bytes, bytes, bool]:
    parts = line[:-2].split(b" ")
    if not line.endswith(b"\r\n") or len(parts) != 3 or b"\r" in line[:-2]:
        raise HeadRejected(400)
    method, target, version = parts
    if not _TOKEN.fullmatch(method) or not target or b"\0" in target:
        raise HeadRejected(400)
    if version not in {b"HTTP/1.1", b"HTTP/1.0"}:
        raise HeadRejected(505 if _VERSION.fullmatch(version) else 400)
    return method, target, version == b"HTTP/1.1"


def _read_header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line[:-2].partition(b":")
    if not line.endswith(b"\r\n") or not colon or not _TOKEN.fullmatch(name):
        raise HeadRejected(400)
    if b"\r" in value or b"\0" in value:
        raise HeadRejected(400)
    if not value.isascii():
        try:
            value.decode()
        except UnicodeDecodeError:
            raise HeadRejected(400) from None
    return name.lower(), value.strip(b" \t")


def _make_head(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], *, is_new: bool) -> Head:
    """Find out how the body is framed, and whether the connection is kept."""
    framing: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        if name in _FRAMING:
            framing.setdefault(name, []).append(value)
    hosts, lengths = framing.get(b"host", []), framing.get(b"content-length", [])
    if len(hosts) > 1 or (is_new and not hosts) or len(lengths) > 1:
        raise HeadRejected(400)
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        raise HeadRejected(400)
    codings = b",".join(framing.get(b"transfer-encoding", [])).lower()
    is_chunked = b"transfer-encoding" in framing
    if is_chunked and codings.rpartition(b",")[2].strip(b" \t") != b"chunked":
        raise HeadRejected(400)
    if not is_new and not is_chunked and not lengths and method.upper() in {b"POST", b"PUT"}:
        raise HeadRejected(400)
    options = {each.strip() for each in b",".join(framing.get(b"connection", [])).lower().split(b",")}
    return Head(
        method,
        target,
        is_new,
        headers,
        0 if is_chunked or not lengths else int(lengths[0]),
        is_chunked,
        keeps_alive=b"close" not in options if is_new else b"keep-alive" in options,
        expects=is_new and any(value.lower() == b"100-continue" for value in framing.get(b"expect", [])),
    )
