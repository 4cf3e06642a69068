"""Answers that are fetched before anybody needs them: each asked for once, given once, and no failure lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event, Thread, active_count
from typing import TYPE_CHECKING

import pytest

from reconciler.clients.early_answers import EarlyAnswers
from reconciler.clients.register import ListedSystem
from reconciler.errors import Forbidden, NotConnected, ServerFailed
from tests.builders import VENDOR, a_registered_system

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.errors import RegisterError
    from reconciler.model.system import RegisteredSystem

LIST = ""
IDS = tuple(f"{VENDOR}_{number}" for number in range(6))


@dataclass
class Memory:
    """A register that counts what it is asked for, and fails or waits where it is told to."""

    failures: dict[str, RegisterError] = field(default_factory=dict)
    """By id; the list's is under `LIST`."""
    gates: dict[str, Event] = field(default_factory=dict)
    """What an answer waits for."""
    asked: list[str] = field(default_factory=list)

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if name in self.gates:
            assert self.gates[name].wait(10)
        if name in self.failures:
            raise self.failures[name]

    def list_systems(self) -> tuple[ListedSystem, ...]:
        """List them, in no order."""
        self._ask(LIST)
        return tuple(ListedSystem(each, VENDOR) for each in reversed(IDS))

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read one; the last of them is not known."""
        self._ask(system)
        return None if system == IDS[-1] else a_registered_system(id=system)

    def answer_early(self, takes: Callable[[ListedSystem], bool] = lambda _: True) -> EarlyAnswers:
        """Give its answers before they are needed."""
        return EarlyAnswers(self.list_systems, self.read_system, takes)


def fetch(early: EarlyAnswers) -> int:
    """Fetch everything in this thread."""
    number = early.fetch_list()
    early.fetch_systems()
    return number


def read_all(early: EarlyAnswers) -> dict[str, str]:
    """Ask as a plan does: for the list, then for each system; a failure is named by its class."""
    found: dict[str, str] = {}
    for each in sorted(each.id for each in early.list_systems()):
        try:
            system = early.read_system(each)
        except Exception as failure:  # noqa: BLE001 - whichever
            found[each] = type(failure).__name__
        else:
            found[each] = system.id if system else "absent"
    return found


EXPECTED = {each: each for each in IDS[:-1]} | {IDS[-1]: "absent"}


def test_nothing_is_asked_twice() -> None:
    """The list first, then each system in the order of ids; nobody who needs an answer asks for it again."""
    memory = Memory()
    early = memory.answer_early()

    assert fetch(early) == len(IDS)
    assert memory.asked == [LIST, *IDS]
    assert read_all(early) == EXPECTED
    assert memory.asked == [LIST, *IDS]


def test_what_is_asked_again_is_asked_of_the_register() -> None:
    """An answer is given once: whoever asks later wants to know what is there then."""
    memory = Memory()
    early = memory.answer_early()
    fetch(early)
    read_all(early)

    assert read_all(early) == EXPECTED
    assert memory.asked == [LIST, *IDS] * 2


@pytest.mark.parametrize("done", range(len(IDS) + 1))
def test_what_was_not_fetched_is_asked_when_it_is_needed(done: int) -> None:
    """Wherever it is stopped: what is there is given, the rest is asked for, each once."""
    memory = Memory()
    early = memory.answer_early()
    asked = memory.read_system

    def stop_after(system: str) -> RegisteredSystem | None:
        found = asked(system)
        if len(memory.asked) > done:
            early.stop()
        return found

    early._ask_system = stop_after
    early.fetch_list()
    if done == 0:
        early.stop()
    early.fetch_systems()

    assert memory.asked == [LIST, *IDS[:done]]
    assert read_all(early) == EXPECTED
    assert memory.asked == [LIST, *IDS]


@pytest.mark.parametrize("place", range(len(IDS)))
@pytest.mark.parametrize(
    "failure", [Forbidden("No."), NotConnected("Gone."), ServerFailed("500.", status=500)]
)
def test_a_failure_is_raised_for_whoever_needs_what_failed(place: int, failure: RegisterError) -> None:
    """At every position: nothing more is fetched after it, and it is raised once, for its own system."""
    memory = Memory({IDS[place]: failure})
    early = memory.answer_early()
    fetch(early)

    assert memory.asked == [LIST, *IDS[: place + 1]]
    assert read_all(early) == EXPECTED | {IDS[place]: type(failure).__name__}
    assert memory.asked == [LIST, *IDS]


def test_a_list_that_fails_is_raised_where_it_is_needed() -> None:
    """No system is fetched, and the failure is that of the one request."""
    memory = Memory({LIST: NotConnected("Gone.")})
    early = memory.answer_early()

    assert fetch(early) == 0
    with pytest.raises(NotConnected):
        early.list_systems()
    assert memory.asked == [LIST]
    memory.failures.clear()
    assert len(early.list_systems()) == len(IDS)


def test_nobody_waits_for_a_list_that_cannot_be_gone_through() -> None:
    """Whatever goes wrong in another thread is raised here."""
    early = Memory().answer_early(lambda each: each.vendor.index("no such text") > 0)

    assert fetch(early) == 0
    with pytest.raises(ValueError, match="substring"):
        early.list_systems()


def test_only_what_is_going_to_be_needed_is_fetched() -> None:
    """The whole list is given all the same."""
    memory = Memory()
    early = memory.answer_early(lambda each: each.id == IDS[2])

    assert fetch(early) == 1
    assert memory.asked == [LIST, IDS[2]]
    assert read_all(early) == EXPECTED
    assert sorted(memory.asked) == [LIST, *IDS]


def test_what_was_stopped_before_it_began_asks_nothing() -> None:
    """Nobody waits for a list that is never fetched."""
    memory = Memory()
    early = memory.answer_early()
    early.stop()

    assert fetch(early) == 0
    assert memory.asked == []
    assert read_all(early) == EXPECTED


def test_whoever_needs_an_answer_that_is_under_way_waits_for_it() -> None:
    """The list and a system are each asked for once, though the answers come after they are needed."""
    memory = Memory(gates={LIST: Event(), IDS[0]: Event()})
    early = memory.answer_early()
    found: list[str | None] = []
    before = active_count()
    threads = [
        Thread(target=lambda: fetch(early)),
        Thread(target=lambda: found.append(next(iter(read_all(early).values())))),
    ]
    threads[0].start()
    _wait_until(lambda: memory.asked == [LIST])
    threads[1].start()
    memory.gates[LIST].set()
    _wait_until(lambda: IDS[0] in memory.asked)
    memory.gates[IDS[0]].set()
    for each in threads:
        each.join(10)

    assert found == [IDS[0]]
    assert sorted(memory.asked) == sorted([LIST, *IDS])
    assert active_count() == before


def test_a_list_that_is_needed_before_it_is_asked_for_is_waited_for() -> None:
    """Whoever is there first waits, and it is asked for once."""
    memory = Memory()
    early = memory.answer_early()
    found: list[dict[str, str]] = []
    thread = Thread(target=lambda: found.append(read_all(early)), daemon=True)
    thread.start()
    thread.join(0.05)

    fetch(early)
    thread.join(10)

    assert found == [EXPECTED]
    assert sorted(memory.asked) == [LIST, *IDS]


def test_several_threads_share_what_is_left() -> None:
    """Each system is fetched by one of them."""
    memory = Memory()
    early = memory.answer_early()
    early.fetch_list()
    threads = [Thread(target=early.fetch_systems) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)

    assert sorted(memory.asked) == [LIST, *IDS]
    assert read_all(early) == EXPECTED
    assert sorted(memory.asked) == [LIST, *IDS]


def _wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if is_so():
            return
        Event().wait(0.001)
    raise AssertionError("It did not come.")
