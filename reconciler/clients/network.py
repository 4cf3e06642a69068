"""Sockets with one deadline for all steps: looking up a name, connecting, TLS, each piece that is read or written.

The timeouts of HTTP libraries bound one read at a time, so that a server that sends a byte a second would block a
caller for ever.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Self

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

SLOW_NAME = "looking up its name took too long"
_PIECE = 16 * 1024
"""Bytes that are sent under one timeout; a TLS record holds as many."""


class Deadline(float):
    """A number of seconds that runs down from when it was made.

    httpcore hands the timeouts of a request to its sockets as they are, so one deadline bounds all of them.
    """

    end: float

    def __new__(cls, seconds: float) -> Self:
        """Begin to count."""
        made = super().__new__(cls, seconds)
        made.end = time.monotonic() + seconds
        return made

    def left(self) -> float:
        """Give the seconds that are left; 0 where none are."""
        return max(self.end - time.monotonic(), 0.0)

    def extend(self, seconds: float) -> None:
        """Move the end."""
        self.end += seconds


def _count_down(timeout: float | None, kind: type[httpcore.TimeoutException]) -> float | None:
    """Give what is left of a timeout; raises the kind of failure where nothing is."""
    if not isinstance(timeout, Deadline):
        return timeout
    left = timeout.left()
    if left <= 0:
        raise kind("the exchange took too long")
    return left


class TimedStream(httpcore.NetworkStream):
    """A connection whose readings and writings count down one deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, or wait for it."""
        return self._inner.read(max_bytes, _count_down(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it, in pieces."""
        for at in range(0, len(buffer), _PIECE):
            left = _count_down(timeout, httpcore.WriteTimeout)
            self._inner.write(buffer[at : at + _PIECE], left)

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Continue over TLS."""
        left = _count_down(timeout, httpcore.ConnectTimeout)
        return TimedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> object:
        """Give a property of the connection below."""
        return self._inner.get_extra_info(info)


class Backend(httpcore.SyncBackend):
    """Makes connections under one deadline, the look-up of the name included."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of a host's addresses that answers, each given a fair share of the time."""
        left = _count_down(timeout, httpcore.ConnectTimeout)
        addresses = look_up_host(host, port, left)
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for number, address in enumerate(addresses):
            left = _count_down(timeout, httpcore.ConnectTimeout)
            share = None if left is None else left / (len(addresses) - number)
            try:
                return TimedStream(super().connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host} has no address")


def look_up_host(host: str, port: int, seconds: float | None) -> list[str]:
    """Look up the IP addresses of a name, in a thread of its own: the system's look-up has no time limit.

    Raises `httpcore.ConnectError` and `httpcore.ConnectTimeout`.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        answer: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()
    Thread(target=_look_up, args=(host, port, answer), daemon=True, name=f"look up {host}").start()
    try:
        found = answer.get(timeout=seconds)
    except Empty:
        raise httpcore.ConnectTimeout(SLOW_NAME) from None
    if isinstance(found, list):
        return found
    raise httpcore.ConnectError(str(found))


def _look_up(host: str, port: int, answer: SimpleQueue[list[str] | OSError | UnicodeError]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        answer.put(error)
    else:
        answer.put(list(dict.fromkeys(str(each[4][0]) for each in found)))
