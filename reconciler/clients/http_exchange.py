"""One request and its answer under limits: the time of the exchange, and the size of the answer.

The one transport of every client. An answer is read completely here, so that no caller waits for the network.
"""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpcore
import httpx

from reconciler.clients.network import Backend, Deadline

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

CONNECT_SECONDS = 4.0
EXCHANGE_SECONDS = 60.0
"""The limit of an exchange whose request names none (`seconds` among its extensions)."""
LARGEST = 64_000_000
"""Bytes of a body, after decompression. A list of 50,000 systems has 38 MB, and the largest document that can
be written 30 MB, a little more as it is answered (System Register contract §9.1)."""
LEAST_RATE = 500_000
"""Bytes a second of a body that comes steadily; so much of it earns the exchange another second."""
ENCODINGS = "gzip, deflate"
_PIECE = 256 * 1024
"""Bytes that are decompressed at a time, so that a small body cannot become a large one unseen."""
_LEFT_OUT = {"content-encoding", "content-length", "transfer-encoding", "set-cookie"}
"""What no longer holds for a body that was read, and what would be sent back."""


class TooMuch(httpx.DecodingError):
    """An answer that is larger than any that makes sense."""


class Exchange(httpx.BaseTransport):
    """Sends requests over a pool of connections, each exchange under its limits."""

    def __init__(
        self, *, workers: int, context: ssl.SSLContext | None = None, proxy: httpcore.Proxy | None = None
    ) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            proxy=proxy,
            max_connections=workers,
            max_keepalive_connections=workers,
            keepalive_expiry=5.0,
            network_backend=Backend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer; raises `httpx.HTTPError`."""
        seconds = request.extensions.get("seconds", EXCHANGE_SECONDS)
        whole = Deadline(seconds)
        timeouts = {"connect": Deadline(min(seconds, CONNECT_SECONDS)), "read": whole, "write": whole}
        url = request.url
        with _rename_failures():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions={"timeout": {**timeouts, "pool": float(seconds)}},
                )
            )
            try:
                headers = httpx.Headers(answer.headers)
                content = b"".join(_read(answer, headers.get("Content-Encoding", ""), whole))
            finally:
                answer.close()
        kept = [
            (name, value) for name, value in headers.raw if name.decode("latin-1").lower() not in _LEFT_OUT
        ]
        about = {name: answer.extensions[name] for name in ("http_version", "reason_phrase")}
        return httpx.Response(answer.status, headers=kept, content=content, extensions=about)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


@contextmanager
def _rename_failures() -> Iterator[None]:
    """Turn a failure of httpcore into the one of the same name that httpx would raise."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__, httpx.TransportError)
        raise kind(str(error)) from error


def _read(answer: httpcore.Response, encoding: str, whole: Deadline) -> Iterator[bytes]:
    """Read a body, decompressed, up to its limits."""
    size = 0
    for piece in _decode(_receive(answer, whole), encoding.strip().lower()):
        size += len(piece)
        if size > LARGEST:
            raise TooMuch(f"its answer is larger than {LARGEST // 1_000_000} MB")
        yield piece


def _receive(answer: httpcore.Response, whole: Deadline) -> Iterator[bytes]:
    """Receive a body as it was sent; each piece extends the deadline by the time that its size may take."""
    for piece in answer.iter_stream():
        whole.extend(len(piece) / LEAST_RATE)
        if not whole.left():
            raise httpx.ReadTimeout("the exchange took too long")
        yield piece


def _decode(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Decompress a body a little at a time; raises `httpx.DecodingError`."""
    if encoding in {"", "identity"}:
        yield from pieces
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise httpx.DecodingError("its answer is in an encoding that was not asked for")
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)  # finds out by itself whether it is gzip or zlib
    try:
        for piece in pieces:
            left = piece
            while left and not inflater.eof:
                yield inflater.decompress(left, _PIECE)
                left = inflater.unconsumed_tail
            if inflater.unused_data:
                raise httpx.DecodingError("its answer goes on behind its end")
        yield inflater.flush()
    except zlib.error:
        raise httpx.DecodingError("its answer cannot be decompressed") from None
    if not inflater.eof:
        raise httpx.DecodingError("its answer is cut off")
