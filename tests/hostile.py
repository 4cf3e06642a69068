"""A server on loopback that answers whatever a test wants, byte by byte, also for ever."""

from __future__ import annotations

import socket
import zlib
from contextlib import contextmanager, suppress
from itertools import chain, repeat
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    Answer = Iterable[bytes | float]
    """What is sent, piece by piece; a number is a pause in seconds, and an empty piece closes the connection."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Hostile:
    """A server; `answers` are given to the requests in turn, the last one for ever."""

    def __init__(self, answers: list[Answer], context: ssl.SSLContext | None = None) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self._context = context
        self._end = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.base = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            inner = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            with inner:
                while self._answer(inner):
                    pass

    def _answer(self, connection: socket.socket) -> bool:
        """Hear one request and answer it; False where there is none."""
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(65536)
            if not piece:
                return False
            request += piece
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        for each in answer:
            if isinstance(each, float):
                self._end.wait(each)
            else:
                connection.sendall(each)
            if self._end.is_set() or each == b"":
                return False
        return True

    def close(self) -> None:
        """Stop, whatever is under way."""
        self._end.set()
        self._listener.close()


@contextmanager
def serve(*answers: Answer, context: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """Serve answers as long as a test runs."""
    server = Hostile(list(answers), context)
    try:
        yield server
    finally:
        server.close()


def give(body: bytes, *headers: bytes) -> Answer:
    """Give a whole answer with a body."""
    lines = b"".join(each + b"\r\n" for each in headers)
    return (HEAD + lines + b"Content-Length: %d\r\n\r\n" % len(body), body)


def drip(*, pause: float = 0.02) -> Answer:
    """Give a body a byte at a time, for ever."""
    return chain([HEAD + b"Content-Length: 1000000\r\n\r\n"], *repeat((b" ", pause), 1_000_000))


def drip_head(*, pause: float = 0.02) -> Answer:
    """Give a head a byte at a time, for ever."""
    return chain([b"HTTP/1.1 200 OK\r\nX-Slow: "], *repeat((b"x", pause), 1_000_000))


def hold_up() -> Answer:
    """Answer 102, and nothing else, for ever."""
    return chain.from_iterable(repeat((b"HTTP/1.1 102 Processing\r\n\r\n", 0.02), 1_000_000))


def flood() -> Answer:
    """Answer 102 without a pause, for ever."""
    return repeat(b"HTTP/1.1 102 Processing\r\n\r\n" * 500, 10**9)


def pile_headers() -> Answer:
    """Give headers without end."""
    return chain([HEAD], repeat(b"X-More: " + b"x" * 4000 + b"\r\n", 10**9))


def inflate(size: int = 10_000_000_000, wrap: int = zlib.MAX_WBITS | 16) -> Answer:
    """Give zeros, compressed, chunk by chunk."""
    yield HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, wrap), bytes(10_000_000)
    for _ in range(size // len(zeros)):
        piece = packer.compress(zeros) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    piece = packer.flush()
    yield b"%x\r\n%s\r\n0\r\n\r\n" % (len(piece), piece)


def pour(size: int, piece: bytes) -> Answer:
    """Give a list of so many bytes, out of repeated pieces."""
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n"
    block = b",".join([piece] * max(100_000 // len(piece), 1))
    for _ in range(size // len(block)):
        yield b"%x\r\n%s,\r\n" % (len(block) + 1, block)
    yield b"%x\r\n%s]\r\n0\r\n\r\n" % (len(piece) + 1, piece)
