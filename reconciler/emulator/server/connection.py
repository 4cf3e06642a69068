"""A client's connection: it reads requests and sends answers one after another, with Kestrel's timeouts.

System Register contract §0.4, §9.1, §9.2 and §9.3: answers with a body are chunked, and the
request of a client that disconnects or closes its half of the connection is cancelled.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from reconciler.emulator.server.request_heads import Head, HeadReader, HeadRejected
from reconciler.emulator.server.request_streams import BodyFailure, RequestStream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Scope

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER, on, for zero seconds: closing sends a reset."""
_MOST_UNREAD = 1 << 20
"""Bytes of a body that are buffered before the endpoint reads them."""
_SERVER = b"Server: Kestrel\r\n"
_UNFRAMED = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the server waits, in seconds."""

    idle: float = 130.0
    """For the next request on a connection."""
    head: float = 30.0
    """For the rest of a head."""
    body: float = 5.0
    """For a body that comes too slowly, and for the rest of a body that was not read."""
    rate: float = 240.0
    """Minimum bytes a second, counted from the start of a body."""


@dataclass(slots=True)
class Connections:
    """All open connections, and what they share."""

    app: ASGIApp
    timeouts: Timeouts
    every: set[ClientConnection] = field(default_factory=set)


class ClientConnection(asyncio.Protocol):
    """One connection; it answers one request at a time, in their order."""

    def __init__(self, connections: Connections) -> None:
        self._all = connections
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._client: tuple[str, int] | None = None
        self._buffer = bytearray()
        self._reader: HeadReader | None = None
        self._stream: RequestStream | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_ending = False

    @property
    def timeouts(self) -> Timeouts:
        """How long the server waits."""
        return self._all.timeouts

    @property
    def is_busy(self) -> bool:
        """Say whether a request is being answered."""
        return self._task is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
        peer = transport.get_extra_info("peername")
        self._client = None if peer is None else (str(peer[0]), int(peer[1]))
        self._all.every.add(self)
        self._wait(self._all.timeouts.idle)

    def connection_lost(self, _error: Exception | None) -> None:
        """Cancel the request that is being answered, since its client is gone."""
        self._all.every.discard(self)
        self._stop_waiting()
        if self._task is not None:
            self._task.cancel()

    def eof_received(self) -> bool:
        """Treat a client that closes its half as gone (contract §9.3)."""
        return False

    def data_received(self, data: bytes) -> None:
        """Pass received bytes to the body that is being read, or to the next head."""
        if self._is_ending:
            return
        self._buffer += data
        if self._stream is not None:
            self._take_body(self._stream)
        elif self._task is None:
            self._read_head()

    def finish(self) -> None:
        """Close the connection after the current answer."""
        self._is_ending = True
        if self._task is None:
            self._transport.close()

    def _linger(self) -> None:
        """Close the sending half and discard what still arrives, so that the client gets the answer."""
        self._is_ending = True
        if self._transport.is_closing():
            return
        self._transport.resume_reading()
        self._wait(self._all.timeouts.body)
        try:
            self._transport.write_eof()
        except OSError:  # the client has reset the connection already
            self._transport.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def hang_up(self, *, is_reset: bool) -> None:
        """End the connection: with a reset, or once everything has been sent."""
        self._is_ending = True
        if is_reset:
            raw: socket.socket = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._transport.abort()
        else:
            self._transport.close()

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._timer = self._loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """Answer 408 to an unfinished head; close an idle connection, or one with an unfinished body."""
        if self._reader is not None:
            self._reject(408)
        else:
            self._transport.close()

    def _reject(self, status: int) -> None:
        """Refuse a head that could not be read: an empty answer, and the connection is closed."""
        self._reader = None
        self._transport.write(
            b"%sContent-Length: 0\r\nConnection: close\r\n%s\r\n" % (_write_status(status), _SERVER)
        )
        self._linger()

    def _read_head(self) -> None:
        """Read the next head as far as it has arrived; start to answer it once it is complete."""
        if self._reader is None:
            if not self._buffer:
                return
            self._reader = HeadReader()
            self._wait(self._all.timeouts.head)
        try:
            head = self._reader.read(self._buffer)
        except HeadRejected as rejected:
            self._reject(rejected.status)
            return
        if head is None:
            return
        self._reader = None
        self._stop_waiting()
        stream = RequestStream(head)
        self._stream = stream
        self._take_body(stream)
        self._task = self._loop.create_task(self._answer(head, stream))

    def _take_body(self, stream: RequestStream) -> None:
        stream.take(self._buffer)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        elif len(self._buffer) + sum(map(len, stream.parts)) > _MOST_UNREAD:
            self._transport.pause_reading()

    async def _answer(self, head: Head, stream: RequestStream) -> None:
        """Answer one request, discard the rest of its body, and go on to the next."""
        exchange = RequestResponseCycle(self, head, stream)
        scope = _make_scope(head, self._client, self)
        try:
            await self._all.app(scope, exchange.receive, exchange.send)
            if not stream.is_whole and exchange.keeps_alive:
                async with asyncio.timeout(self._all.timeouts.body):
                    while not stream.is_whole:
                        stream.parts.clear()
                        await self.wait_for_body()
        except (TimeoutError, BodyFailure):
            exchange.keeps_alive = False
        except Exception as error:  # noqa: BLE001 - any failure ends this connection only
            self._loop.call_exception_handler({"message": "a request failed", "exception": error})
            exchange.keeps_alive = False
        finally:
            self._task = self._stream = None
        if self._is_ending or not exchange.keeps_alive:
            self._linger()
            return
        self._transport.resume_reading()
        self._wait(self._all.timeouts.idle)
        self._read_head()

    async def wait_for_body(self) -> None:
        """Wait for more of the body; raises `BodyFailure`."""
        stream = self._stream
        if stream is None or self._transport.is_closing():
            raise BodyFailure("Unexpected end of request content.")
        if stream.failure is not None:
            raise stream.failure
        self._waiter = self._loop.create_future()
        try:
            self._transport.resume_reading()
            await self._waiter
        finally:
            self._waiter = None

    def write(self, data: bytes) -> None:
        """Send a part of an answer."""
        self._transport.write(data)


class RequestResponseCycle:
    """One request and its answer, with ASGI's `receive` and `send`."""

    def __init__(self, connection: ClientConnection, head: Head, stream: RequestStream) -> None:
        self._connection = connection
        self._head = head
        self._stream = stream
        self._began: float | None = None
        self._start: Message | None = None
        self._is_chunked = False
        self.keeps_alive = head.keeps_alive

    async def receive(self) -> Message:
        """Give what has arrived of the body; raises `BodyFailure`, also on later calls, if it has failed."""
        stream = self._stream
        loop, timeouts = asyncio.get_running_loop(), self._connection.timeouts
        if self._began is None:
            self._began = loop.time()
            if self._head.expects and not stream.is_whole:
                self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            if stream.failure is not None:
                raise stream.failure
            if not stream.parts and not stream.is_whole:
                late = self._began + max(timeouts.body, stream.received / timeouts.rate)
                async with asyncio.timeout_at(late):
                    while not stream.parts and not stream.is_whole:
                        await self._connection.wait_for_body()
                        if stream.failure is not None:
                            raise stream.failure
        except TimeoutError:
            stream.failure = BodyFailure(
                "Reading the request body timed out due to data arriving too slowly."
            )
            raise stream.failure from None
        finally:
            self.keeps_alive = self.keeps_alive and stream.failure is None
        body = b"".join(stream.parts)
        stream.parts.clear()
        return {"type": "http.request", "body": body, "more_body": not stream.is_whole}

    async def send(self, message: Message) -> None:
        """Send the head together with the first part of the body, and then the rest."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        start, self._start = self._start, None
        parts = []
        if start is not None:
            parts.append(self._write_head(start, has_body=bool(body) or more))
        if self._head.method.upper() != b"HEAD":
            parts.append(b"%x\r\n%s\r\n" % (len(body), body) if self._is_chunked and body else body)
            if self._is_chunked and not more:
                parts.append(b"0\r\n\r\n")
        self._connection.write(b"".join(parts))

    def _write_head(self, start: Message, *, has_body: bool) -> bytes:
        status: int = start["status"]
        lines = [_write_status(status)]
        for name, value in start["headers"]:
            if name == b"connection":
                self.keeps_alive = self.keeps_alive and value.lower() != b"close"
            elif name != b"content-length":
                lines.append(b"%s: %s\r\n" % (name.title(), value))
        if has_body and self._head.method.upper() != b"HEAD" and self._head.is_new:
            self._is_chunked = True
            lines.append(b"Transfer-Encoding: chunked\r\n")
        elif has_body:
            self.keeps_alive = self.keeps_alive and self._head.method.upper() == b"HEAD"
        elif self._head.method.upper() != b"HEAD" and status not in _UNFRAMED:
            lines.append(b"Content-Length: 0\r\n")
        if not self.keeps_alive:
            lines.append(b"Connection: close\r\n")
        elif not self._head.is_new:
            lines.append(b"Connection: keep-alive\r\n")
        return b"".join((*lines, _SERVER, b"\r\n"))


def _make_scope(head: Head, client: tuple[str, int] | None, connection: ClientConnection) -> Scope:
    path, _, query = head.target.partition(b"?")
    return {
        "type": "http",
        "http_version": "1.1" if head.is_new else "1.0",
        "method": head.method.decode("ascii"),
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "headers": head.headers,
        "client": client,
        "connection": connection,
    }


def _write_status(status: int) -> bytes:
    known: Iterable[int] = HTTPStatus.__members__.values()
    phrase = HTTPStatus(status).phrase if status in known else ""
    return b"HTTP/1.1 %d %s\r\n" % (status, phrase.encode("ascii"))
