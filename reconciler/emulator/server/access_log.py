"""What was asked and what was answered, request by request.

Held in memory for the control endpoint and given line by line to whoever listens. No header, no
body and no token is ever in it; a path is shown as it was sent, so that nothing in it acts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: when it came, what it asked, what became of it."""

    number: int
    time: str
    method: str
    path: str
    query: str
    status: int | None
    """None when no answer was sent."""
    milliseconds: float
    org: str | None = None
    client_id: str | None = None
    faults: tuple[str, ...] = ()

    def write(self) -> dict[str, object]:
        """Write the entry as the control endpoint gives it."""
        return asdict(self)

    def __str__(self) -> str:
        """Write the entry as a line for people."""
        who = f"  {self.org or '-'} {self.client_id}" if self.client_id else ""
        faults = f"  [{', '.join(self.faults)}]" if self.faults else ""
        query = f"?{self.query}" if self.query else ""
        status = "---" if self.status is None else self.status
        clock = self.time[11:23]
        return f"{clock}  {status}  {self.milliseconds:7.1f} ms  {self.method:<6} {self.path}{query}{who}{faults}"


@dataclass(slots=True)
class AccessLog:
    """The newest entries, numbered from 1."""

    listener: Callable[[str], None] | None = None
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))
    _count: int = 0

    def next_number(self) -> int:
        """Take the number of the request that has just come."""
        self._count += 1
        return self._count

    def add(self, entry: Entry) -> None:
        """Add an entry, and tell whoever listens."""
        self.entries.append(entry)
        if self.listener is not None:
            self.listener(str(entry))

    def list_after(self, number: int) -> list[Entry]:
        """List the entries after the one with `number`."""
        return [entry for entry in self.entries if entry.number > number]
