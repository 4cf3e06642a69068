"""The body of a request as it comes in: its length or its chunks, and the limits of both.

System Register contract §9.1 and §9.2: what is wrong with a body is met by whoever reads it, so that it is
an exception inside the service and not a refusal of the server's. It holds no connection.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.failures import ServiceFailure

if TYPE_CHECKING:
    from reconciler.emulator.server.request_heads import Head

LARGEST = 30_000_000
"""Bytes of a body, the framing of its chunks counted."""
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n]*|[ \t]*)\r\n")
_LONGEST_SIZE = 8192


class BodyFailure(ServiceFailure):
    """The body is too large, comes too slowly, or is in no proper chunks."""


class RequestStream:
    """Takes a body out of the bytes of a connection; afterwards the buffer begins with the next request."""

    def __init__(self, head: Head) -> None:
        self.parts: list[bytes] = []
        """What has come and has not been read yet."""
        self.failure: BodyFailure | None = None
        self.received = 0
        self._is_chunked = head.is_chunked
        self._left = head.length
        """Bytes of the body, or of the chunk, that are still to come."""
        self._is_inside = False
        """Inside a chunk, or at its end."""
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
        """Pass over what follows the last chunk, up to an empty line."""
        while (end := buffer.find(b"\r\n", at)) > at:
            at = end + 2
        if end == at:
            del buffer[: end + 2]
            self.is_whole = True
        elif len(buffer) - at > _LONGEST_SIZE:
            raise BodyFailure("Request headers too long.")


def _may_be_size(start: bytearray) -> bool:
    """Say whether more bytes could make the beginning of a chunk's size a whole one."""
    return re.match(rb"[0-9A-Fa-f]{0,8}(?:[ \t]*;|[ \t]*\r?$|$)", start) is not None
