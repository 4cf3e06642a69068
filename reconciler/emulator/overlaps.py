"""Writes that overlap on one system: the one that had to wait is refused (System Register contract Q13).

Without a fault no two writes ever overlap here, since each is one step of one thread; a fault holds
a transaction open, or says that one was.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.emulator.failures import DatabaseFailure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True, slots=True)
class Overlap:
    """How one write overlaps with another."""

    is_lost: bool = False
    """Another write has come first, as it were."""
    seconds: float = 0.0
    """How long the transaction is held open."""


NO_OVERLAP = Overlap()


@dataclass(slots=True)
class Overlaps:
    """The transactions that are being held open, by the id of their system."""

    _held: dict[str, asyncio.Event] = field(default_factory=dict)

    @asynccontextmanager
    async def enter(self, system_id: str, overlap: Overlap) -> AsyncIterator[None]:
        """Stand around one write; raises what PostgreSQL raises for the loser of two."""
        other = self._held.get(system_id)
        if other is not None:
            await other.wait()
        if other is not None or overlap.is_lost:
            raise DatabaseFailure("40001: could not serialize access due to concurrent update")
        if not overlap.seconds:
            yield
            return
        done = self._held[system_id] = asyncio.Event()
        try:
            await asyncio.sleep(overlap.seconds)
            yield
        finally:
            del self._held[system_id]
            done.set()
