"""How long work is done: in one go, or in portions between which other requests are answered.

A body may be 30,000,000 bytes long (System Register contract §9.1). What one request does with a large one
runs in a thread, or in steps on the loop; no step takes so long that others notice. It knows no endpoint.
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
"""Bytes of a body or of a stored document that take longer than others should wait."""
MANY = 2000
"""Entries of one portion."""

Work: TypeAlias = Callable[[], object]
Steps: TypeAlias = Generator[Work | None, None, T]
"""Stops after each portion; gives work that needs nothing but memory, and so can be done in a thread."""


def divide(entries: Sequence[T], size: int = MANY) -> Iterator[Sequence[T]]:
    """Divide a sequence into portions of `size` entries; one that is empty is one portion."""
    for start in range(0, len(entries) or 1, size):
        yield entries[start : start + size]


async def give_way(number: int) -> None:
    """Let others be served before each portion but the first; `number` is that of an entry, from 0."""
    if number % MANY == 0 and number > 0:
        await asyncio.sleep(0)


def finish(steps: Steps[T]) -> T:
    """Take all steps in one go."""
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
    """Whether others are let in between."""

    is_large: bool

    def allow(self, size: int) -> Pace:
        """Take something else into account: its size in bytes."""
        return Pace(self.is_large or size >= LARGE)

    async def run(self, work: Callable[[], T]) -> T:
        """Do what needs nothing but memory: here, or in a thread."""
        return await asyncio.to_thread(work) if self.is_large else work()

    async def take(self, steps: Steps[T], check: Callable[[], None] = lambda: None) -> T:
        """Take all steps, with a check before each; where one is cancelled or fails, no other follows."""
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
    """Choose a pace by the bytes of what is read or written."""
    return Pace(size >= LARGE)
