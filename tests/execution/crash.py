"""A program that applies saved plans and kills itself on the way: at the Nth journal write or request.

It reads a job a line from its input and carries each out in a child of its own, so that what takes long to
import is imported once. A child that is to die at a journal write leaves half of the line on the disk.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import httpx

from reconciler.clients.credentials import Credentials
from reconciler.clients.maskinporten import open_tokens
from reconciler.clients.register import HttpRegister
from reconciler.execution.executor import apply_plan
from reconciler.execution.preflight import Site, Terms, clear, lock_for_apply
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret
from reconciler.planning.acceptance import Acceptances
from reconciler.planning.ownership import Ownership
from reconciler.planning.plan_file import read_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.canonical_json import Json

_WRITE, _SYNC = os.write, os.fsync


@dataclass
class Fuse:
    """Counts what happens, and ends the process when it has reached 0."""

    at: int
    """The event that is the last one; 0 for none."""
    count: int = 0
    lock: Lock = field(default_factory=Lock)

    def burn(self) -> bool:
        """Count an event; says whether it is the last."""
        with self.lock:
            self.count += 1
            return self.count == self.at

    def write(self, descriptor: int, content: bytes) -> int:
        """Stand in for `os.write`."""
        if self.burn():
            _WRITE(descriptor, content[: len(content) // 2])
            die()
        return _WRITE(descriptor, content)

    def sync(self, descriptor: int) -> None:
        """Stand in for `os.fsync`."""
        if self.burn():
            die()
        _SYNC(descriptor)


def die() -> None:
    """End this process as a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)


class Fused(httpx.HTTPTransport):
    """A transport that burns a fuse with each request."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self.fuse = fuse

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, unless it is the one before which to die."""
        if self.fuse.burn():
            die()
        return super().handle_request(request)


def carry_out(job: dict[str, Json]) -> int:
    """Apply a plan until the fuse has reached 0; gives the number of events."""
    fuse = Fuse(job["at"])
    plan = read_plan(Path(job["plan"]).read_bytes())
    environment = Environment("served", job["base"], f"{job['base']}/maskinporten/")
    with (
        open_tokens(environment, Credentials(token=Secret(job["token"]))) as tokens,
        HttpRegister(environment, tokens, read_only=False, transport=Fused(fuse)) as register,
    ):
        os.write, os.fsync = fuse.write, fuse.sync  # type: ignore[assignment]  # they stand in for these
        folder = Path(job["journal"])
        ownership = Ownership(frozenset(job["ours"]), Acceptances(date(2026, 1, 1)))
        site = Site(register, plan.target, ownership, folder, folder, folder / "locks")
        terms = Terms(plan.digest, workers=job["workers"], patience=0.3)
        with lock_for_apply(site) as lock, clear(plan, lock, terms) as clearance:
            apply_plan(clearance, on_outcome=lambda _: None)
        os.write, os.fsync = _WRITE, _SYNC
    return fuse.count


def serve(carry_out: Callable[[dict[str, Json]], int]) -> None:
    """Carry out job after job, and say of each how many events it had; `killed` where it died."""
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                _WRITE(writing, str(carry_out(json.loads(line))).encode())
            finally:
                os._exit(0)
        os.close(writing)
        count = os.read(reading, 20).decode()
        os.close(reading)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        sys.stdout.write(f"{'killed' if killed else count or 'failed'}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(carry_out)
