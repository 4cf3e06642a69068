"""A register that is read before anybody asks: over its own connections, and for whoever asks then."""

from __future__ import annotations

import time
from threading import get_ident
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.clients.credentials import Credentials
from reconciler.clients.early_reading import QUICK, EarlyReading, choose_none, choose_systems
from reconciler.clients.register import HttpRegister, ListedSystem
from reconciler.errors import GrantRefused
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret
from tests.builders import VENDOR
from tests.e2e.test_only import name, register
from tests.e2e.test_reading_ahead import count_asked, expect
from tests.served import CLIENT_ID, KID, export_pem

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from tests.served import Served

WORDS = ("one", "two", "three")


@pytest.fixture
def filled(served: Served) -> Served:
    """Serve a register of three systems."""
    for each in WORDS:
        register(served, each)
    return served


def open_reading(
    served: Served, takes: Callable[[ListedSystem], bool], credentials: Credentials | None = None
) -> EarlyReading:
    """Begin to read a register."""
    environment = Environment("served", served.base, served.emulator.maskinporten)
    own = Credentials(CLIENT_ID, Secret(export_pem(served.key)), KID)
    reading = EarlyReading(environment, credentials or own, 2, takes, print)
    reading.begin()
    return reading


def wait_for(served: Served, asked: Counter[str]) -> None:
    """Wait until so much was asked for."""
    end = time.monotonic() + 10
    while count_asked(served) != asked:
        assert time.monotonic() < end, count_asked(served)
        time.sleep(0.01)


@pytest.mark.slow
def test_it_is_read_before_anybody_asks(filled: Served) -> None:
    """The token, the list and every system; whoever asks then asks for nothing."""
    reading = open_reading(filled, choose_systems("", ()))
    wait_for(filled, expect(*WORDS))

    opened = reading.take()
    ids = [each.id for each in opened.register.list_systems()]
    systems = [opened.register.read_system(each) for each in ids]
    reading.close()

    assert sorted(ids) == sorted(map(name, WORDS))
    assert [each.id for each in systems if each] == ids
    assert count_asked(filled) == expect(*WORDS)


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "threads"), [(0.0, 1), (2 * QUICK, 2)])
def test_more_threads_read_where_the_network_takes_time(
    seconds: float, threads: int, filled: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One does where answers come at once: the others would keep the definitions from being checked."""
    asking: list[int] = []

    def read(_: HttpRegister, _system: str) -> None:
        asking.append(get_ident())
        time.sleep(seconds)

    monkeypatch.setattr(HttpRegister, "read_system", read)
    reading = open_reading(filled, choose_systems("", ()))
    opened = reading.take()
    while len(asking) < len(WORDS):
        time.sleep(QUICK)
    assert opened.register.read_system(name(WORDS[-1])) is None
    reading.close()

    assert (len(asking), len(set(asking))) == (len(WORDS), threads)


@pytest.mark.slow
def test_an_administrators_token_asks_for_nothing_ahead(filled: Served) -> None:
    """Its list is not the vendor's; what is asked for then is."""
    token = Secret(filled.fetch_token(scope="altinn:authentication/systemregister.admin"))
    reading = open_reading(filled, choose_systems("", ()), Credentials(token=token))

    opened = reading.take()
    before = len(httpx.get(f"{filled.base}/control/log").json())
    assert opened.register.administers == VENDOR
    assert opened.register.read_system(name("one")) is not None
    reading.close()

    log = httpx.get(f"{filled.base}/control/log").json()[before:]
    assert [each["path"].rpartition("/")[2] for each in log if "/vendor" in each["path"]] == [name("one")]


@pytest.mark.slow
def test_only_the_list_is_read_where_that_is_known_to_do(filled: Served) -> None:
    """What is needed besides is asked for when it is."""
    reading = open_reading(filled, choose_none)

    opened = reading.take()
    assert len(opened.register.list_systems()) == len(WORDS)
    assert count_asked(filled) == expect()
    assert opened.register.read_system(name("two")) is not None
    reading.close()

    assert count_asked(filled) == expect("two")


@pytest.mark.slow
def test_a_refused_grant_is_raised_where_the_register_is_taken(filled: Served) -> None:
    """Once, and asked for once."""
    other = Credentials(CLIENT_ID, Secret(export_pem(filled.key)), "another-key")
    reading = open_reading(filled, choose_none, other)

    with pytest.raises(GrantRefused):
        reading.take()
    reading.close()

    assert count_asked(filled) == {"token": 1}


@pytest.mark.parametrize(
    ("vendor", "only", "chosen"),
    [
        ("", (), [f"{VENDOR}_a", f"{VENDOR}_b", "310904473_a"]),
        (VENDOR, (), [f"{VENDOR}_a", f"{VENDOR}_b"]),
        ("", ("*_a",), [f"{VENDOR}_a", "310904473_a"]),
        (VENDOR, (f"{VENDOR}_b",), [f"{VENDOR}_b"]),
        ("", ("",), []),
        ("", ("*_a", "*" * 20), []),
    ],
)
def test_what_is_chosen(vendor: str, only: tuple[str, ...], chosen: list[str]) -> None:
    """By the vendor, the patterns, and whether an address can carry the id; a wrong pattern is said later."""
    ids = [f"{VENDOR}_a", f"{VENDOR}_b", "310904473_a", f"{VENDOR}_a/b", "..", ""]
    takes = choose_systems(vendor, only)

    assert [each for each in ids if takes(ListedSystem(each, each.partition("_")[0]))] == chosen
    assert not any(choose_none(ListedSystem(each, VENDOR)) for each in ids)
