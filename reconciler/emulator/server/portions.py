"""Work on large bodies and documents in portions, so that other requests are answered meanwhile.

A body may be 30,000,000 bytes long (System Register contract §9.1). Work on a large one runs in a thread, or in
short steps on the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")
LARGE = 1 << 16
"""Bytes from which a body or a stored document is large."""
MANY = 2000
"""Entries of one portion."""

Work: TypeAlias = Callable[[], object]
Steps: TypeAlias = Generator[Work | None, None, T]
"""A generator that stops after each portion; it may yield work on memory alone, for a thread."""


def divide(entries: Sequence[T], size: int = MANY) -> Iterator[Sequence[T]]:
    """Divide a sequence into portions of `size` entries; an empty one gives one portion."""
    for start in range(0, len(entries) or 1, size):
        yield entries[start : start + size]


async def give_way(number: int) -> None:
    """Let other requests run before each portion except the first; `number` counts entries from 0."""
    if number % MANY == 0 and number > 0:
        await asyncio.sleep(0)


def finish(steps: Steps[T]) -> T:
    """Take all steps at once."""
    while True:
        try:
            work = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        if work is not None:
            work()


@dataclass(frozen=True, slots=True)
class Pace:
    """Whether other requests run in between."""

    is_large: bool

    def allow(self, size: int) -> Pace:
        """Give the pace that also allows for something of `size` bytes."""
        return Pace(self.is_large or size >= LARGE)

    async def run(self, work: Callable[[], T]) -> T:
        """Run work on memory alone: here, or in a thread if it is large."""
        return await asyncio.to_thread(work) if self.is_large else work()

    async def take(self, steps: Steps[T], check: Callable[[], None] = lambda: None) -> T:
        """Take all steps, with a check before each; after a failure or cancellation no further step is taken."""
        if not self.is_large:
            return finish(steps)
        try:
            while True:
                check()
                try:
                    work = next(steps)
                except StopIteration as end:
                    result: T = end.value
                    return result
                await (asyncio.sleep(0) if work is None else asyncio.to_thread(work))
        finally:
            steps.close()


def choose_pace(size: int) -> Pace:
    """Choose the pace for `size` bytes."""
    return Pace(size >= LARGE)
