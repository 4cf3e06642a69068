"""One system's document together with the change log that belongs to it.

A document and a log that are read one after the other can be of two moments, and a write between the two
readings then passes for known. So every decision about a write is made from a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import Unsteady
from reconciler.execution.fate import holds, says_the_same
from reconciler.planning.change_log import read_log

if TYPE_CHECKING:
    from reconciler.clients.register import Register
    from reconciler.execution.fate import Request
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.change_log import LogEntry

TRIES = 20
"""Times that a system is read while others keep writing to it; each takes a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Known:
    """The state that a step was made from."""

    digest: str
    newest: str | None = None
    """The time of the newest entry of the change log; empty where there was none, None where nobody looked."""


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
    return _await_rest(system, register, read_log(register.read_changes(system)))


def take_snapshot_before(system: str, register: Register, known: Known) -> Snapshot:
    """Read a system that a step was made for, right before it is written; raises likewise.

    Where the log still ends with the entry that was its newest before, nothing was written since, so that a document
    which was read in between is of the same moment. Where there was no system and there is none, there is no log.
    """
    found = register.read_system(system)
    if found is None and not known.digest:
        return Snapshot(None)
    log = read_log(register.read_changes(system))
    snapshot = Snapshot(found, log)
    return snapshot if found and snapshot.newest == known.newest else _await_rest(system, register, log)


def take_snapshot_after(
    request: Request, before: Snapshot, system: str, register: Register, *, confirmed: bool
) -> Snapshot:
    """Read a system right after a request was sent for it; raises likewise.

    Where the log is as it was before, nothing was written. Where it has one entry more, which says what was sent and
    what the document holds, and the register confirmed the write before the document was read, nothing was since.
    """
    found = register.read_system(system)
    log = read_log(register.read_changes(system))
    if found is None:
        return _await_rest(system, register, log) if log else Snapshot(None)
    is_ours = confirmed and len(log) == len(before.log) + 1 and log[1:] == before.log
    if log == before.log or (is_ours and says_the_same(log[0], request) and holds(found, request)):
        return Snapshot(found, log)
    return _await_rest(system, register, log)


def _await_rest(system: str, register: Register, log: tuple[LogEntry, ...]) -> Snapshot:
    """Read the document and the log behind it, until the log is the one that was read before the document."""
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
