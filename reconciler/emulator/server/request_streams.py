"""The body of a request as it arrives, by length or in chunks, with the limits of both.

System Register contract §9.1 and §9.2: a bad body is an exception in the endpoint that reads it, not a
refusal by the server.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.failures import ServiceFailure

if TYPE_CHECKING:
    from reconciler.emulator.server.request_heads import Head

LARGEST = 30_000_000
"""Bytes of a body, with the framing of its chunks."""
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n]*|[ \t]*)\r\n")
_LONGEST_SIZE = 8192


class BodyFailure(ServiceFailure):
    """The body is too large, too slow, or wrongly chunked."""


class RequestStream:
    """Takes the body of one request out of a connection's buffer."""

    def __init__(self, head: Head) -> None:
        self.parts: list[bytes] = []
        """What has arrived and has not been read."""
        self.failure: BodyFailure | None = None
        self.received = 0
        self._is_chunked = head.is_chunked
        self._left = head.length
        """Bytes of the body or chunk that are missing."""
        self._is_inside = False
        """Inside a chunk, or before the line end behind it."""
        self.is_whole = not head.is_chunked and head.length == 0
        if head.length > LARGEST:
            self.failure = BodyFailure("Request body too large.")

    def take(self, buffer: bytearray) -> None:
        """Take what belongs to the body out of the buffer."""
        if self.is_whole:
            return
        if self.failure is not None:
            buffer.clear()
            return
        before = len(buffer)
        try:
            if self._is_chunked:
                self._take_chunks(buffer)
            else:
                self._take_part(buffer)
                self.is_whole = self._left == 0
        except BodyFailure as failure:
            self.failure = failure
        self.received += before - len(buffer)
        if self.received > LARGEST:
            self.failure = BodyFailure("Request body too large.")

    def _take_part(self, buffer: bytearray) -> None:
        part = bytes(buffer[: self._left])
        del buffer[: len(part)]
        self._left -= len(part)
        if part:
            self.parts.append(part)

    def _take_chunks(self, buffer: bytearray) -> None:
        while not self.is_whole:
            if self._is_inside:
                self._take_part(buffer)
                if self._left or len(buffer) < 2:
                    return
                if buffer[:2] != b"\r\n":
                    raise BodyFailure("Bad chunk suffix.")
                del buffer[:2]
                self._is_inside = False
            found = _SIZE.match(buffer)
            if found is None:
                if b"\n" in buffer or len(buffer) > _LONGEST_SIZE or not _may_be_size(buffer):
                    raise BodyFailure("Bad chunk size data.")
                return
            size = int(found[1], 16)
            if size == 0:
                self._take_trailers(buffer, found.end())
                return
            del buffer[: found.end()]
            self._left, self._is_inside = size, True

    def _take_trailers(self, buffer: bytearray, at: int) -> None:
        """Skip the trailers behind the last chunk, up to an empty line."""
        while (end := buffer.find(b"\r\n", at)) > at:
            at = end + 2
        if end == at:
            del buffer[: end + 2]
            self.is_whole = True
        elif len(buffer) - at > _LONGEST_SIZE:
            raise BodyFailure("Request headers too long.")


def _may_be_size(start: bytearray) -> bool:
    """Say whether more bytes could complete the size line of a chunk."""
    return re.match(rb"[0-9A-Fa-f]{0,8}(?:[ \t]*;|[ \t]*\r?$|$)", start) is not None
