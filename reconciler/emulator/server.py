"""The socket and the thread: an emulator that is up when it exists and gone when it is closed.

It binds before the thread starts, so that nothing has to be polled; it knows no endpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope

_BACKLOG = 2048
_GRACE_SECONDS = 1.0
"""How long a request that is being answered may still take when the emulator is closed."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER, on, for no time: closing sends a reset."""


class _Protocol(H11Protocol):
    """HTTP/1.1 that refuses what is no request as Kestrel does: 400 without a body, and the end."""

    def send_400_response(self, _msg: str) -> None:
        """Refuse what could not be read."""
        head = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        self.transport.write(head)
        self.transport.close()


class Network:
    """The port and its connections, and the rude things that can be done to them."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self._address = listener.getsockname()
        self._server: _Server
        self._ending = asyncio.Event()
        self._reopening: set[asyncio.Task[None]] = set()

    def attach(self, server: _Server) -> None:
        """Learn which server the port belongs to."""
        self._server = server

    async def end(self) -> None:
        """Let everybody who is made to wait go."""
        self._ending.set()
        await asyncio.gather(*self._reopening)

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the emulator."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    async def hang_up(self, scope: Scope, receive: Receive, *, rudely: bool) -> None:
        """End the connection of a request: with a reset, or once everything has been sent."""
        for connection in list(self._server.server_state.connections):
            if isinstance(connection, H11Protocol) and connection.client == scope["client"]:
                if rudely:
                    raw = connection.transport.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                    connection.transport.abort()
                else:
                    connection.transport.close()
        await receive()

    def refuse(self, seconds: float) -> None:
        """Close the port and every idle connection; the port opens again after a while."""
        self._server.stop_listening()
        self._reopening.add(asyncio.get_running_loop().create_task(self._reopen(seconds)))

    async def _reopen(self, seconds: float) -> None:
        await self.pause(seconds)
        if not self._ending.is_set() and not self._server.servers:
            host, port = self._address[:2]
            await self._server.listen(listen(host, port))


class _Server(uvicorn.Server):
    """A server that says when it is up, and stops when told instead of looking ten times a second."""

    def __init__(self, config: uvicorn.Config, network: Network) -> None:
        super().__init__(config)
        self.is_up = threading.Event()
        self._network = network
        self._loop: asyncio.AbstractEventLoop
        self._told = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.is_up.set()
        await self._told.wait()
        await self._network.end()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every connection, as soon as it may: uvicorn's own way waits a tenth of a second first."""
        self.stop_listening()
        for listener in sockets or ():
            listener.close()
        loop, state = asyncio.get_running_loop(), self.server_state
        deadline = loop.time() + _GRACE_SECONDS
        while (state.connections or state.tasks) and loop.time() < deadline:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)
        for task in list(state.tasks):
            task.cancel()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._told.set)

    def stop_listening(self) -> None:
        for server in self.servers:
            server.close()
        self.servers = []
        for connection in list(self.server_state.connections):
            connection.shutdown()

    async def listen(self, listener: socket.socket) -> None:
        def make_protocol() -> asyncio.Protocol:
            return _Protocol(config=self.config, server_state=self.server_state, app_state={})

        loop = asyncio.get_running_loop()
        self.servers.append(await loop.create_server(make_protocol, sock=listener, backlog=_BACKLOG))


class Emulator:
    """A register, a Maskinporten and the metadata APIs on one address.

    Use it as a context manager, or call `close()`.
    """

    base: str
    """The address under which the real paths hang, without a slash at the end."""
    maskinporten: str
    """Maskinporten's issuer, with its slash."""

    def __init__(self, base: str, network: Network, app: ASGIApp, at_end: Callable[[], None]) -> None:
        self.base = base
        self.maskinporten = f"{base}/maskinporten/"
        self._at_end = at_end
        self._listener = network.listener
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            backlog=_BACKLOG,
        )
        self._server = _Server(config, network)
        network.attach(self._server)
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._thread.start()
        self._server.is_up.wait()

    def close(self) -> None:
        """Stop answering, close every connection and the database; a second call does nothing."""
        if self._thread.is_alive():
            self._server.stop()
            self._thread.join()

    def __enter__(self) -> Self:
        """Give the running emulator."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _run(self) -> None:
        try:
            self._server.run([self._listener])
        finally:
            self._server.is_up.set()
            self._listener.close()
            self._at_end()


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; port 0 picks a free one. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # NOTE: asyncio turns Nagle's algorithm off only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
