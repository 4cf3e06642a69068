"""What a register is asked before anybody needs the answers: its list, then the listed systems, in the order of ids.

So the network is at work while definitions are read. Each answer is given once and then forgotten: what is asked for a
second time, and what was not asked early, is asked of the register itself. A failure is an answer too: it is raised
for whoever needs what failed, and nothing more is asked early.
"""

from __future__ import annotations

from concurrent.futures import Future
from enum import Enum
from threading import Condition
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.clients.register import ListedSystem
    from reconciler.model.system import RegisteredSystem

    AskList = Callable[[], tuple[ListedSystem, ...]]
    AskSystem = Callable[[str], RegisteredSystem | None]
    Takes = Callable[[ListedSystem], bool]
    """Says whether a system is going to be needed."""


class _Mark(Enum):
    """What stands for an answer that is not there."""

    UNASKED = "unasked"
    UNDER_WAY = "under way"


_UNASKED, _UNDER_WAY = _Mark


class _Failure(NamedTuple):
    """What was raised instead of an answer."""

    failure: BaseException


class EarlyAnswers:
    """The answers of one register that are there, or under way; safe for threads.

    Whoever asks for a system ends the asking ahead: from there on they ask themselves, with all workers.
    """

    def __init__(self, ask_list: AskList, ask_system: AskSystem, takes: Takes) -> None:
        self._ask_list = ask_list
        self._ask_system = ask_system
        self._takes = takes
        self._turn = Condition()
        self._is_over = False
        self._listed: Future[tuple[ListedSystem, ...] | None] = Future()
        """None in it stands for a list that is not asked for early."""
        self._is_list_given = False
        self._systems: dict[str, RegisteredSystem | _Failure | _Mark | None] = {}
        """No futures: one takes as much memory as a system."""
        self._left: Iterator[str] = iter(())

    def fetch_list(self) -> int:
        """Fetch the list, once; gives the number of systems that are to be fetched then."""
        if self._is_over:
            self._listed.set_result(None)
            return 0
        try:
            listed = self._ask_list()
            ids = sorted({each.id for each in listed if self._takes(each)})
        except BaseException as failure:  # noqa: BLE001 - `list_systems` raises it
            self._listed.set_exception(failure)
            return 0
        self._left = iter(ids)
        self._listed.set_result(listed)
        return len(ids)

    def fetch_systems(self) -> None:
        """Fetch one system after another, in as many threads as call this, until all are there or it is over."""
        while self.fetch_next():
            pass

    def fetch_next(self) -> bool:
        """Fetch the next system; says whether there was one, and it is not over."""
        name = next(self._left, None)
        with self._turn:
            if name is None or self._is_over:
                return False
            self._systems[name] = _UNDER_WAY
        answer: RegisteredSystem | _Failure | None
        try:
            answer = self._ask_system(name)
        except BaseException as failure:  # noqa: BLE001 - `read_system` raises it
            answer = _Failure(failure)
        with self._turn:
            self._systems[name] = answer
            if isinstance(answer, _Failure):
                self._is_over = True
            self._turn.notify_all()
        return True

    def stop(self) -> None:
        """Ask nothing more ahead; what is under way is answered."""
        with self._turn:
            self._is_over = True

    def list_systems(self) -> tuple[ListedSystem, ...]:
        """Give the list, which may be under way or about to be; raises what the register raised."""
        if self._is_list_given:
            return self._ask_list()
        self._is_list_given = True
        listed = self._listed.result()
        self._listed = Future()  # which lets go of a long list
        return self._ask_list() if listed is None else listed

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Give a system, which may be under way; raises what the register raised."""
        with self._turn:
            self._is_over = True
            while (answer := self._systems.get(system, _UNASKED)) is _UNDER_WAY:
                self._turn.wait()
            self._systems.pop(system, None)
        if isinstance(answer, _Failure):
            raise answer.failure
        return self._ask_system(system) if isinstance(answer, _Mark) else answer
