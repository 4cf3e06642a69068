"""The listening socket and the thread of an emulator.

It binds before the thread starts, so that callers can connect at once without polling.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Self

from reconciler.emulator.server.connection import ClientConnection, Connections

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.types import ASGIApp, Scope

    from reconciler.emulator.server.addresses import Address
    from reconciler.emulator.server.connection import Timeouts

_BACKLOG = 2048
_GRACE_SECONDS = 1.0
"""How long running requests may take to finish when the emulator is closed."""


class Network:
    """The port and its connections, and the faults of both: resets, refusals, pauses."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self._address = listener.getsockname()
        self._connections: Connections
        self._servers: list[asyncio.Server] = []
        self._ending = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def open(self, connections: Connections) -> None:
        """Accept connections."""
        self._connections = connections
        await self._listen(self.listener)

    async def close(self) -> None:
        """End all pauses, give requests a short time to finish, and close all connections."""
        self._ending.set()
        await asyncio.gather(*self._running)
        self._stop_listening()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _GRACE_SECONDS
        while any(each.is_busy for each in self._connections.every) and loop.time() < deadline:  # noqa: ASYNC110 - no event says so
            await asyncio.sleep(0.001)
        for connection in list(self._connections.every):
            connection.abort()
        await asyncio.sleep(0)

    async def pause(self, seconds: float) -> None:
        """Wait, at most until the emulator is closed."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    @property
    def is_ending(self) -> bool:
        """Say whether the emulator is being closed."""
        return self._ending.is_set()

    def run_alone(self, work: Coroutine[object, object, None]) -> None:
        """Run something that is not cancelled when the client disconnects."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def hang_up(self, scope: Scope, *, is_reset: bool) -> None:
        """End the connection of a request, with a reset or after everything has been sent."""
        connection: ClientConnection = scope["connection"]
        connection.hang_up(is_reset=is_reset)

    def refuse(self, seconds: float) -> None:
        """Close the port and all idle connections; the port opens again after `seconds`."""
        self._stop_listening()
        self.run_alone(self._reopen(seconds))

    async def _reopen(self, seconds: float) -> None:
        await self.pause(seconds)
        if not self._ending.is_set() and not self._servers:
            host, port = self._address[:2]
            await self._listen(listen(host, port))

    def _stop_listening(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []
        for connection in list(self._connections.every):
            connection.finish()

    async def _listen(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: ClientConnection(self._connections), sock=listener, backlog=_BACKLOG
        )
        self._servers.append(server)


class Emulator:
    """A register, a Maskinporten and the metadata APIs on one address.

    Use it as a context manager, or call `close()`.
    """

    base: str
    """The base URL of all paths, without a slash at the end."""
    maskinporten: str
    """Maskinporten's base URL, with a slash at the end; also its issuer, unless one is configured."""
    local: str
    """The base URL on this machine, which differs from `base` if a public URL is set."""
    is_closed: bool
    """Whether the control endpoint refuses everyone, since no control token is set."""
    taken: tuple[str, ...]
    """The resources that were taken as existing."""

    def __init__(
        self,
        address: Address,
        network: Network,
        app: ASGIApp,
        timeouts: Timeouts,
        at_end: Callable[[], None],
        taken: tuple[str, ...] = (),
    ) -> None:
        self.base = address.base
        self.maskinporten = address.maskinporten
        self.local = address.local
        self.is_closed = address.is_closed
        self.taken = taken
        self.app = app
        self._at_end = at_end
        self._network = network
        self.connections = Connections(app, timeouts)
        self._is_up = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._should_end: asyncio.Event
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._thread.start()
        self._is_up.wait()

    def close(self) -> None:
        """Stop answering, close all connections and the database; a second call does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._should_end.set)
            self._thread.join()

    def __enter__(self) -> Self:
        """Give the running emulator."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._is_up.set()
            self._network.listener.close()
            self._at_end()

    async def _serve(self) -> None:
        self._loop, self._should_end = asyncio.get_running_loop(), asyncio.Event()
        await self._network.open(self.connections)
        self._is_up.set()
        await self._should_end.wait()
        await self._network.close()


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; port 0 picks a free port. Raises OSError if the port is in use."""
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
