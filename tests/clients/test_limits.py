"""The register's client against a register that keeps to no limit: what it says, how long, in how much memory."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from itertools import repeat
from typing import TYPE_CHECKING

import pytest

from reconciler.clients.register import HttpRegister
from reconciler.errors import NoAnswer, Unintelligible
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret
from tests.builders import a_live_document
from tests.hostile import drip, drip_head, flood, give, hold_up, inflate, pile_headers, pour, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.errors import RegisterError
    from tests.hostile import Answer, Hostile

MOST_MEMORY = 300
"""MB of the whole process."""


class Tokens:
    """Gives one token."""

    def token(self) -> Secret:
        """Give it."""
        return Secret("token")

    def renew(self, stale: Secret) -> Secret:
        """Give it again."""
        return stale


def connect(server: Hostile) -> HttpRegister:
    """Connect to a server on loopback."""
    return HttpRegister(Environment("served", server.base, server.base), Tokens(), read_only=False)


DEEP = b"[" * 900 + b"]" * 900


@pytest.mark.parametrize("answer", [give(DEEP), give(b'{"id": ' + DEEP + b"}")])
def test_nine_hundred_levels_are_a_clear_error(answer: Answer) -> None:
    """W7: a reading names what is wrong with the answer, and is not tried again."""
    with serve(answer) as server, connect(server) as register:
        for ask in (
            register.list_systems,
            lambda: register.read_system("x"),
            lambda: register.read_changes("x"),
            lambda: register.read_resource("x"),
        ):
            with pytest.raises(Unintelligible) as caught:
                ask()
            assert caught.value.message == "The register's answer is nested more than 64 levels deep."
        assert len(server.requests) == 4


WRITES: dict[str, Callable[[HttpRegister], None]] = {
    "POST": lambda register: register.create_system(a_live_document()),
    "PUT": lambda register: register.replace_system("x", a_live_document()),
    "DELETE": lambda register: register.delete_system("x"),
}


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("how", ["drip", "head", "hold", "flood", "large", "bomb", "headers"])
@pytest.mark.slow
def test_a_write_whose_answer_keeps_to_no_limit_is_of_unknown_outcome(
    monkeypatch: pytest.MonkeyPatch, method: str, how: str
) -> None:
    """W7: it is sent once, and ends soon in a failure that does not say that nothing was done."""
    monkeypatch.setattr("reconciler.clients.altinn_api.find_seconds", lambda _: 0.3)
    answers: dict[str, Callable[[], Answer]] = {
        "drip": drip,
        "head": drip_head,
        "hold": hold_up,
        "flood": flood,
        "large": lambda: pour(100_000_000, b"{}"),
        "bomb": inflate,
        "headers": pile_headers,
    }
    with serve(answers[how]()) as server, connect(server) as register:
        started = time.monotonic()
        with pytest.raises((NoAnswer, Unintelligible)):
            WRITES[method](register)
        assert time.monotonic() - started < 10
        assert len(server.requests) == 1


def fail(ask: Callable[[], object]) -> RegisterError:
    """Ask, and give the failure."""
    with pytest.raises((NoAnswer, Unintelligible)) as caught:
        ask()
    return caught.value


@pytest.mark.slow
@pytest.mark.parametrize("how", [drip, drip_head, hold_up, flood, lambda: repeat(1.0, 100)])
def test_a_reading_ends_with_its_budget(how: Callable[[], Answer]) -> None:
    """W7: with all its attempts, a reading takes ten seconds and the shortest attempt."""
    with serve(how()) as server, connect(server) as register:
        started = time.monotonic()
        fail(register.list_systems)
        taken = time.monotonic() - started

    assert taken < 13


PROGRAM = """
    import sys
    from pathlib import Path
    from reconciler.errors import RegisterError
    from tests.clients.test_limits import connect
    class Server:
        base = sys.argv[1]
    with connect(Server) as register:
        try:
            found = len(register.list_systems())
        except RegisterError as error:
            found = error.message
    # The peak of this process alone: what `getrusage` says begins with the peak of the one that started it.
    (peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    print(int(peak.split()[1]) // 1024, found)
"""
SYSTEM = (
    b'{"systemId": "991825827_%s", "systemVendorOrgNumber": "991825827", "name": {"nb": "x"}, "rights": [%s]}'
    % (
        b"x" * 30,
        b",".join([b'{"resource": [{"id": "urn:altinn:resource", "value": "a-resource"}]}'] * 8),
    )
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (inflate(), "larger than 64 MB"),
        (pour(100_000_000, SYSTEM), "larger than 64 MB"),
        (pour(38_000_000, SYSTEM), ""),
        (pour(60_000_000, b"[]"), "more than 5,000,000 values"),
        (give(DEEP), "64 levels"),
        (pile_headers(), "no usable answer"),
    ],
    ids=["ten GB of zeros", "100 MB", "38 MB", "empty lists", "900 levels", "headers"],
)
def test_memory_stays_flat(answer: Answer, told: str) -> None:
    """W7: ten GB of zeros and lists of 100 MB take no more memory than the largest list that is read."""
    with serve(answer) as server:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), server.base],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    used, _, found = done.stdout.strip().partition(" ")

    assert int(used) < MOST_MEMORY, done.stdout
    assert told in found
    assert told or int(found) > 45_000
