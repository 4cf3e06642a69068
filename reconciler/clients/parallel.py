"""Reads many systems at a time, each with a request of its own: the list leaves half of them out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from reconciler.model.environment import READERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.clients.register import Register
    from reconciler.model.system import RegisteredSystem

    Progress = Callable[[int, int], None]
    """Called with the number that is done, and the number of all."""

Answer = TypeVar("Answer")


def read_all(
    register: Register, ids: Sequence[str], progress: Progress | None = None
) -> dict[str, RegisteredSystem | None]:
    """Read systems in full, as many at a time as the register takes; None stands for one that it does not know."""
    return ask_all(register.read_system, ids, progress, workers=register.workers)


def ask_all(
    ask: Callable[[str], Answer],
    ids: Sequence[str],
    progress: Progress | None = None,
    *,
    workers: int = READERS,
    see: Callable[[str, Answer], None] | None = None,
) -> dict[str, Answer]:
    """Ask the same of every id, several at a time; the first failure ends it, and is raised.

    `see` is called with an id and its answer when that comes, in the thread of the caller, which has time then.
    """
    asking = _Asking(ask, ids)
    found: dict[str, Answer] = {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for _ in range(min(workers, len(ids))):
            pool.submit(asking.work)
        try:
            for done in range(1, len(ids) + 1):
                name, answer = asking.wait()
                found[name] = answer
                if see:
                    see(name, answer)
                if progress:
                    progress(done, len(ids))
        except BaseException as failure:
            asking.failures.append(failure)
            raise
    return {name: found[name] for name in ids}


class _Asking(Generic[Answer]):
    """What several workers have left to ask, one task each: a task for each id takes twice the time and memory."""

    def __init__(self, ask: Callable[[str], Answer], ids: Sequence[str]) -> None:
        self.failures: list[BaseException] = []
        self._ask = ask
        self._rest = iter(tuple(ids))
        self._answers: SimpleQueue[tuple[str, Answer] | None] = SimpleQueue()

    def work(self) -> None:
        """Ask for what is left, until something failed: asking on would spend the whole of another budget."""
        for name in self._rest:
            if self.failures:
                return
            try:
                self._answers.put((name, self._ask(name)))
            except BaseException as failure:  # noqa: BLE001 - `wait` raises it
                self.failures.append(failure)
                self._answers.put(None)

    def wait(self) -> tuple[str, Answer]:
        """Wait for an id and its answer; raises the first failure."""
        answer = self._answers.get()
        if answer is None:
            raise self.failures[0]
        return answer
