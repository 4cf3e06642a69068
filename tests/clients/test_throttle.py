"""What a register that is asked too much gets: fewer requests at the same time, and one line that says so."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.clients.parallel import read_all
from reconciler.clients.register import HttpRegister
from reconciler.clients.throttle import Throttle
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret
from tests.builders import a_live_document

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no try wait long for the next one."""
    monkeypatch.setattr("reconciler.clients.http_client.random.uniform", lambda *_: 0.001)


class Tokens:
    """Gives one token."""

    def token(self) -> Secret:
        """Give it."""
        return Secret("token")

    def renew(self, stale: Secret) -> Secret:
        """Give it again."""
        return stale


class Gateway:
    """Answers requests, the first of them with some statuses, and counts how many are under way."""

    def __init__(self, refusals: Sequence[int]) -> None:
        self.refusals = list(refusals)
        self.lock = threading.Lock()
        self.running = 0
        self.seen: list[int] = []
        """How many were under way when each request came, itself included."""

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        with self.lock:
            self.running += 1
            self.seen.append(self.running)
            status = self.refusals.pop(0) if self.refusals else 200
        time.sleep(0.002)
        with self.lock:
            self.running -= 1
        name = request.url.path.rpartition("/")[2]
        return httpx.Response(status, json=a_live_document(id=name) if status == 200 else None)


def _open(gateway: Gateway, workers: int, said: list[str]) -> HttpRegister:
    environment = Environment("served", "https://register.example", "https://maskinporten.example/")
    transport = httpx.MockTransport(gateway.handle)
    return HttpRegister(
        environment, Tokens(), read_only=False, workers=workers, notify=said.append, transport=transport
    )


@pytest.mark.parametrize("status", [429, 503])
def test_a_register_that_is_asked_too_much_is_asked_less(status: int) -> None:
    """Each sign halves the number, the answers that were under way together are one sign, and one line says it."""
    said: list[str] = []
    register = _open(gateway := Gateway([status]), 8, said)

    assert register.read_system("one") is not None
    assert register.workers == 4
    read_all(register, [str(number) for number in range(40)])

    assert max(gateway.seen) <= 4
    (line,) = said
    assert line == (
        f"The register answered {status}: from here on at most 4 requests at the same time instead of 8, and fewer "
        "where it does so again."
    )
    gateway.refusals = [status] * 3
    register.read_system("one")
    assert (register.workers, len(said)) == (1, 1)
    gateway.seen.clear()
    read_all(register, [str(number) for number in range(10)])
    assert set(gateway.seen) == {1}


def test_refusals_that_come_together_are_one_sign() -> None:
    """Sixteen answers of 429 to sixteen requests at the same time do not make it one at a time."""
    throttle = Throttle(16, lambda _: None)

    for _ in range(16):
        throttle.lower(429, 16)

    assert throttle.limit == 8


def test_no_answer_is_lost_while_the_number_is_lowered() -> None:
    """Whatever was under way is answered; what waits for its turn gets it."""
    gateway = Gateway([200] * 5 + [429] * 6)
    register = _open(gateway, 16, [])

    found = read_all(register, names := [str(number) for number in range(60)])

    assert [each.document["id"] for each in found.values() if each] == names
    assert register.workers < 16
    assert len(gateway.seen) == 60 + 6


def test_a_write_does_not_wait_for_its_turn() -> None:
    """Between its last reading and itself others could write; whoever sends writes keeps to the number."""
    register = _open(Gateway([429, 429, 429]), 8, [])
    register.read_system("one")
    assert register.workers == 1

    with register._throttle.take_turn():
        register.replace_system("one", {"id": "one"})


def test_another_answer_changes_nothing() -> None:
    """A 500 or 502 says nothing of how much is asked."""
    said: list[str] = []
    register = _open(Gateway([502, 500]), 8, said)

    register.read_system("one")

    assert (register.workers, said) == (8, [])
