"""The transactions of the register's writes, with a settable length and one point of commit.

System Register contract §9.3 and §9.4: a transaction holds the row of its system and the unique values that
it claims until it ends. Another transaction that needs them waits, fails if the first one commits, and
continues if the first one is rolled back. Nothing is stored before the commit, and nothing is undone after it.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.failures import DatabaseFailure
from reconciler.emulator.register.database import refuse_duplicate
from reconciler.emulator.server.portions import MANY, give_way

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from reconciler.emulator.server.routing import TransactionFault

USUAL_SECONDS = 0.002
"""The length of a transaction unless it is set: shorter than at the service, long enough to overlap."""
_SPREAD_SECONDS = 0.04
"""Before a write to a row that another one holds: at the service look-ups of their own keep writes apart that came
together, so that of sixteen at once three to eleven are stored."""
_DEADLOCK_SECONDS = 1.0
"""PostgreSQL's `deadlock_timeout`."""
_SHORTEST_SECONDS = 0.001


@dataclass(eq=False, slots=True)
class Transaction:
    """One open transaction."""

    ended: asyncio.Future[bool]
    """Whether it was committed."""
    waits_for: Transaction | None = None
    is_killed: bool = False
    held: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Raise `DatabaseFailure` if the database has ended the connection."""
        if self.is_killed:
            raise DatabaseFailure("57P01: terminating connection due to administrator command")


@dataclass(slots=True)
class Transactions:
    """The open transactions, by the rows and values that they hold."""

    seconds: float = USUAL_SECONDS
    storing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a write is stored, which takes long for a large one, and while client ids are looked up."""
    _holders: dict[str, Transaction] = field(default_factory=dict)
    _open: set[Transaction] = field(default_factory=set)

    @asynccontextmanager
    async def begin(
        self, system_id: str, claimed: Sequence[str | None], fault: TransactionFault, *, is_new: bool = False
    ) -> AsyncIterator[Transaction]:
        """Open the transaction of a write; raises what PostgreSQL raises if another one wins.

        `claimed` are the client ids that the write inserts, in their order; `is_new` inserts the system too.
        """
        if f"system {system_id}" in self._holders:
            await asyncio.sleep(random.uniform(0, _SPREAD_SECONDS))  # noqa: S311 - no secret
        own = Transaction(asyncio.get_running_loop().create_future())
        self._open.add(own)
        step, due = (self.seconds + fault.seconds) / (len(claimed) + 1), 0.0
        is_done = False
        try:
            await self._hold(f"system {system_id}", own, _take_id if is_new else _lose)
            if fault.is_lost:
                raise _lose()
            for number, client_id in enumerate(claimed):
                await give_way(number)
                due = await _spend(due + step)
                if client_id is not None:
                    await self._hold(f"client {client_id}", own, _take_client)
            await _spend(due + step, least=0.0)
            async with self.storing:
                own.check()
                yield own
            is_done = True
            if fault.is_unacknowledged:
                raise DatabaseFailure("Exception while reading from stream")
        finally:
            self._open.discard(own)
            own.ended.set_result(is_done)
            self._release(own)

    def kill(self) -> None:
        """End all open transactions without storing anything, as a database that restarts."""
        for each in self._open:
            each.is_killed = True

    async def _hold(self, name: str, own: Transaction, fail: Callable[[], DatabaseFailure]) -> None:
        """Lock a row or a value; wait for another holder, and fail if that one commits."""
        while (other := self._holders.get(name)) is not None and not other.ended.done():
            if other is own:
                return
            is_locked = _waits_for(other, own)
            own.waits_for = other
            try:
                async with asyncio.timeout(_DEADLOCK_SECONDS if is_locked else None):
                    is_committed = await asyncio.shield(other.ended)
            except TimeoutError:
                raise DatabaseFailure("40P01: deadlock detected") from None
            finally:
                own.waits_for = None
            if is_committed:
                raise fail()
        self._holders[name] = own
        own.held.append(name)

    def _release(self, own: Transaction) -> None:
        """Forget what an ended transaction held, in portions: nobody waits for it any more."""
        for name in own.held[-MANY:]:
            if self._holders.get(name) is own:
                del self._holders[name]
        del own.held[-MANY:]
        if own.held:
            asyncio.get_running_loop().call_soon(self._release, own)


def _waits_for(one: Transaction, other: Transaction) -> bool:
    """Say whether `one` waits for `other`, directly or through others."""
    at: Transaction | None = one
    while at is not None:
        if at is other:
            return True
        at = at.waits_for
    return False


def _lose() -> DatabaseFailure:
    return DatabaseFailure("40001: could not serialize access due to concurrent update")


def _take_id() -> DatabaseFailure:
    return refuse_duplicate("system_register_system_id_key")


def _take_client() -> DatabaseFailure:
    return refuse_duplicate("maskinporten_client_pkey")


async def _spend(seconds: float, *, least: float = _SHORTEST_SECONDS) -> float:
    """Sleep, unless the time is too short; gives the time that is left."""
    if seconds < least or seconds <= 0:
        return seconds
    await asyncio.sleep(seconds)
    return 0.0
