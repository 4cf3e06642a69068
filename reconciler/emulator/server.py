"""The socket and the thread: an emulator that is up when it exists and gone when it is closed.

It binds before the thread starts, so that nothing has to be polled; it knows no endpoint.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Self

import uvicorn

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from reconciler.emulator.store import Store

_BACKLOG = 2048


class _Server(uvicorn.Server):
    """A server that says when it is up, and stops when told instead of looking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.is_up.set()
        await self._told.wait()

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)


class Emulator:
    """A register, a Maskinporten and the metadata APIs on one address.

    Use it as a context manager, or call `close()`.
    """

    base: str
    """The address under which the real paths hang, without a slash at the end."""
    maskinporten: str
    """Maskinporten's issuer, with its slash."""

    def __init__(self, base: str, listener: socket.socket, app: ASGIApp, store: Store) -> None:
        self.base = base
        self.maskinporten = f"{base}/maskinporten/"
        self._store = store
        self._listener = listener
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
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
            self._store.close()


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
