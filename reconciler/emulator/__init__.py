"""Altinn's System Register, Maskinporten and the metadata APIs on a real socket, rebuilt from contracts.

`start` is all that the rest of the project may use of it, and it uses nothing of the rest: it is the
independent witness, and shared code would hide a misread member.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reconciler.emulator.accesslog import AccessLog
from reconciler.emulator.application import Application
from reconciler.emulator.catalogue import read_catalogue
from reconciler.emulator.clock import Clock
from reconciler.emulator.config import read_config
from reconciler.emulator.grants import Examiner
from reconciler.emulator.maskinporten import Maskinporten
from reconciler.emulator.metadata import Metadata, Upstream
from reconciler.emulator.register import Register
from reconciler.emulator.routing import Router
from reconciler.emulator.seeds import plant
from reconciler.emulator.server import Emulator, listen
from reconciler.emulator.store import Store
from reconciler.emulator.tokens import Issuer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Emulator", "start"]


class _NoOutage:
    async def interrupt_upstream(self, _path: str) -> int | None:
        return None


def start(
    config: Mapping[str, object] | Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    state: Path | None = None,
    seed: Sequence[Mapping[str, object]] = (),
    access_log: Callable[[str], None] | None = None,
) -> Emulator:
    """Start an emulator and give it once it accepts connections.

    `config` is a TOML file or a mapping of the same shape; `state` a database file, in memory
    without one; `seed` full documents to begin with; `access_log` is given one line a request.
    Raises ValueError for a wrong configuration, a problem a line, and OSError for a taken port.
    """
    read = read_config(config, time.time())
    clock = Clock(read.clock_offset)
    listener = listen(host, port)
    base = f"http://{host}:{listener.getsockname()[1]}"
    store = Store(state, clock)
    plant(store, seed, keep_unknown=read.keep_unknown)
    issuer = Issuer(base, clock, store)
    catalogue = read_catalogue(read.resources, read.packages)
    clients = {client.client_id: client for client in read.clients}
    examiner = Examiner(issuer.maskinporten, clients, clock, read.rules)
    router = Router()
    upstream = Upstream(catalogue, _NoOutage())
    router.add(*Register(store, upstream, read.problem_shape, read.keep_unknown).routes())
    router.add(*Metadata(catalogue).routes(), *Maskinporten(issuer, examiner).routes())
    return Emulator(base, listener, Application(router, issuer, clock, AccessLog(access_log)), store)
