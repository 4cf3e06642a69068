"""Many questions at a time: answers in the order asked, and an end at the first failure."""

from __future__ import annotations

import time
from threading import Event, Thread, current_thread

import pytest

from reconciler.clients.http_exchange import Exchange
from reconciler.clients.parallel import ask_all, read_all
from reconciler.clients.register import HttpRegister
from reconciler.errors import NotConnected
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret
from tests.hostile import HEAD, serve


def test_answers_come_in_the_order_of_the_questions() -> None:
    """Whoever answers first, the result is in the order asked, and progress counts the answers."""
    told: list[tuple[int, int]] = []

    def ask(name: str) -> str:
        time.sleep(0.02 if name == "a" else 0)
        return name.upper()

    assert list(ask_all(ask, ["a", "b", "c"], lambda done, total: told.append((done, total))).items()) == [
        ("a", "A"),
        ("b", "B"),
        ("c", "C"),
    ]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_an_answer_is_seen_while_others_are_asked_for() -> None:
    """Each once, in the thread of the caller; the second answer comes only because the first was seen."""
    first_seen = Event()
    seen: list[tuple[str, str, Thread]] = []

    def ask(name: str) -> str:
        if name == "b":
            assert first_seen.wait(10)
        return name.upper()

    def see(name: str, answer: str) -> None:
        seen.append((name, answer, current_thread()))
        first_seen.set()

    ask_all(ask, ["a", "b"], see=see)

    assert seen == [("a", "A", current_thread()), ("b", "B", current_thread())]


def test_the_first_failure_ends_the_rest() -> None:
    """After one failure nobody begins another wait for a register that is gone."""
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        time.sleep(0.01)
        raise NotConnected(f"{name} could not be reached.")

    with pytest.raises(NotConnected):
        ask_all(ask, [str(number) for number in range(200)], workers=4)

    assert len(asked) <= 4


class Tokens:
    """Gives one token."""

    def token(self) -> Secret:
        """Give it."""
        return Secret("token")

    def renew(self, stale: Secret) -> Secret:
        """Give it again."""
        return stale


@pytest.mark.parametrize("workers", [1, 24])
def test_there_is_a_connection_for_every_worker(workers: int) -> None:
    """W9: as many requests are under way at a time as there are workers, and each has a connection of its own."""
    absent: list[bytes | float] = [
        HEAD.replace(b"200 OK", b"404 Not Found") + b"Content-Length: 0\r\n",
        0.2,
        b"\r\n",
    ]
    with serve(absent) as server:
        environment = Environment("served", server.base, server.base)
        with HttpRegister(environment, Tokens(), read_only=True, workers=workers) as register:
            started = time.monotonic()
            found = read_all(register, [str(number) for number in range(2 * workers)])
            taken = time.monotonic() - started
            transport = register._client._transport._inner._inner  # type: ignore[attr-defined]  # beneath guard and log
            assert isinstance(transport, Exchange)
            assert len(transport._pool.connections) == workers

    assert set(found.values()) == {None}
    assert taken < 5 if workers > 1 else taken < 10
