"""Reads many systems at a time, each with a request of its own: the list leaves half of them out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, TypeVar

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
) -> dict[str, Answer]:
    """Ask the same of every id, several at a time; the first failure ends it, and is raised."""
    failures: list[BaseException] = []

    def ask_unless_failed(name: str) -> Answer:
        if failures:  # asking on would spend the whole of another budget
            raise failures[0]
        try:
            return ask(name)
        except BaseException as failure:
            failures.append(failure)
            raise

    found: dict[str, Answer] = {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        asked = {pool.submit(ask_unless_failed, name): name for name in ids}
        try:
            for future in as_completed(asked):
                found[asked[future]] = future.result()
                if progress:
                    progress(len(found), len(ids))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {name: found[name] for name in ids}
