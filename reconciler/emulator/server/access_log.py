"""The access log: one entry for each request with its answer.

It is kept in memory for the control endpoint and passed line by line to a listener. It holds no headers, bodies
or tokens. A path is shown percent-encoded as it was sent, so that it holds no control characters.
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
    """One request: when it came, what it asked for, how it was answered."""

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
        """Give the entry as the control endpoint lists it."""
        return asdict(self)

    def __str__(self) -> str:
        """Format the entry as one line of text."""
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
        """Give the number for a request that has just arrived."""
        self._count += 1
        return self._count

    def add(self, entry: Entry) -> None:
        """Add an entry, and pass it to the listener."""
        self.entries.append(entry)
        if self.listener is not None:
            self.listener(str(entry))

    def list_after(self, number: int) -> list[Entry]:
        """List the entries after the one with `number`."""
        return [entry for entry in self.entries if entry.number > number]
