"""One system's document together with the change log that belongs to it.

A document and a log that are read one after the other can be of two moments, and a write between the two
readings then passes for known. So every decision about a write is made from a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import Unsteady
from reconciler.planning.change_log import read_log

if TYPE_CHECKING:
    from reconciler.clients.register import Register
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.change_log import LogEntry

TRIES = 20
"""Times that a system is read while others keep writing to it; each takes a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A system at one moment; None and an empty log where the register does not know it."""

    system: RegisteredSystem | None
    log: tuple[LogEntry, ...] = ()
    """Newest first."""

    @property
    def digest(self) -> str:
        """SHA-256 of the document as received, in hex; empty where there is none."""
        return self.system.digest if self.system else ""

    @property
    def newest(self) -> str:
        """The time of the newest entry of the log; empty where there is none."""
        return self.log[0].created if self.log else ""


def take_snapshot(system: str, register: Register) -> Snapshot:
    """Read the log, the document, and the log again, until the log stood still around the document.

    The register writes both in one transaction (System Register contract §9.3). Raises `Unsteady` where others
    write faster than that, and what `Register` raises.
    """
    log = read_log(register.read_changes(system))
    for _ in range(TRIES):
        found = register.read_system(system)
        if found is None and not log:
            return Snapshot(None)
        again = read_log(register.read_changes(system))
        if found is not None and again == log:
            return Snapshot(found, log)
        log = again
    raise Unsteady(
        f"`{system}` changed each of the {TRIES} times that it was read.",
        hint="Others are writing to it now: try again when they are done.",
    )
