"""One exchange under its limits, against servers that keep to none."""

from __future__ import annotations

import gzip
import socket
import time
import zlib
from itertools import repeat
from threading import Event
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.clients.http_client import explain_failure, open_client
from reconciler.clients.http_exchange import LARGEST, Exchange, TooMuch
from reconciler.errors import NoAnswer, NotConnected, Unintelligible
from tests.hostile import (
    HEAD,
    Hostile,
    drip,
    drip_head,
    flood,
    give,
    hold_up,
    inflate,
    pile_headers,
    pour,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile import Answer

SOON = 0.4
"""Seconds that an exchange is given here."""
ENOUGH = 5.0
"""Seconds within which it has to have ended on a machine that is busy with other things."""


def ask(server: Hostile, method: str = "GET", seconds: float = SOON, body: bytes = b"") -> httpx.Response:
    """Ask a server once."""
    with open_client(server.base) as client:
        return client.request(method, "/", content=body, extensions={"seconds": seconds})


ENDLESS: dict[str, Callable[[], Answer]] = {
    "silence": lambda: repeat(1.0, 1000),
    "a body, a byte at a time": drip,
    "a head, a byte at a time": drip_head,
    "102 for ever": hold_up,
    "102 as fast as it goes": flood,
}


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("how", ENDLESS)
@pytest.mark.slow
def test_an_exchange_ends_by_its_deadline(method: str, how: str) -> None:
    """W7: silence, slow heads, slow bodies and 1xx without end are given the same time, also for a write."""
    with serve(ENDLESS[how]()) as server:
        started = time.monotonic()
        with pytest.raises(httpx.TimeoutException) as caught:
            ask(server, method)
        taken = time.monotonic() - started

    assert SOON * 0.9 <= taken < ENOUGH
    assert isinstance(explain_failure(caught.value, server.base), NoAnswer)


def test_a_request_that_is_not_taken_ends_too() -> None:
    """W7: whoever accepts a connection and never reads holds a large write no longer than its deadline."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.monotonic()
        with (
            open_client(f"http://127.0.0.1:{listener.getsockname()[1]}") as client,
            pytest.raises(httpx.TimeoutException),
        ):
            client.put("/", content=bytes(30_000_000), extensions={"seconds": SOON})

    assert time.monotonic() - started < ENOUGH


def test_headers_without_end_are_refused() -> None:
    """W7: a head has a size, too."""
    with serve(pile_headers()) as server, pytest.raises(httpx.RemoteProtocolError):
        ask(server, seconds=30)


@pytest.mark.parametrize("answer", [inflate(), pour(100_000_000, b'{"systemId": "a"}')])
def test_a_body_has_a_size(answer: Answer) -> None:
    """W7: ten GB of zeros in ten MB, and a list of 100 MB, end when the largest body is passed."""
    with serve(answer) as server:
        started = time.monotonic()
        with pytest.raises(TooMuch) as caught:
            ask(server, seconds=30)
        taken = time.monotonic() - started

    named = explain_failure(caught.value, server.base)
    assert isinstance(named, Unintelligible)
    assert f"larger than {LARGEST // 1_000_000} MB" in named.message
    assert taken < ENOUGH * 2


@pytest.mark.parametrize("wrap", [zlib.MAX_WBITS, zlib.MAX_WBITS | 16])
@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"x-gzip", b"GZIP"])
def test_a_compressed_body_is_read(wrap: int, encoding: bytes) -> None:
    """W7: what a gateway compresses is read, whichever of the two ways it calls it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wrap)
    body = packer.compress(b'{"a": "' + b"x" * 3_000_000 + b'"}') + packer.flush()

    with serve(give(body, b"Content-Encoding: " + encoding)) as server:
        response = ask(server, seconds=30)

    assert len(response.json()["a"]) == 3_000_000
    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"[]")[:-3], b"gzip"),
        (gzip.compress(b"[]") + b"more", b"gzip"),
        (b"[]", b"gzip"),
        (b"[]", b"br"),
        (gzip.compress(gzip.compress(b"[]")), b"gzip, gzip"),
    ],
    # gzip writes the time, and names of tests have to stay the same
    ids=["cut", "more behind", "plain", "unknown", "twice"],
)
def test_a_body_that_cannot_be_decompressed_is_no_answer(body: bytes, encoding: bytes) -> None:
    """W7: cut off, damaged, or in an encoding that nobody asked for."""
    with serve(give(body, b"Content-Encoding: " + encoding)) as server:
        with pytest.raises(httpx.DecodingError) as caught:
            ask(server)
        assert isinstance(explain_failure(caught.value, server.base), NoAnswer)


@pytest.mark.slow
def test_a_large_body_has_the_time_that_it_needs() -> None:
    """W7: half a megabyte earns another second, so a list of 38 MB over a slow line is read to its end."""
    pieces: list[bytes | float] = [b"%x\r\n%s\r\n" % (200_000, b" " * 200_000), 0.15] * 8
    answer: list[bytes | float] = [
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        *pieces,
        b"2\r\n[]\r\n0\r\n\r\n",
    ]

    with serve(answer) as server:
        assert ask(server, seconds=0.7).json() == []


def test_an_answer_without_an_end_is_no_answer() -> None:
    """W7: a body that is cut off is told from a whole one."""
    with (
        serve([HEAD + b"Content-Length: 100\r\n\r\n[]", b""]) as server,
        pytest.raises(httpx.RemoteProtocolError) as caught,
    ):
        ask(server, seconds=ENOUGH)

    assert isinstance(explain_failure(caught.value, server.base), NoAnswer)


def test_a_connection_is_kept_and_used_again() -> None:
    """W7: reading an answer whole gives its connection back."""
    connections: list[str] = []
    with serve(give(b"[]")) as server, open_client(server.base) as client:
        for _ in range(3):
            assert client.get("/").json() == []
        transport = client._transport._inner  # type: ignore[attr-defined]  # beneath the log
        assert isinstance(transport, Exchange)
        connections = [repr(each) for each in transport._pool.connections]

    assert len(connections) == 1
    assert "Request Count: 3" in connections[0]


def test_a_cookie_is_not_sent_back() -> None:
    """W7: what an answer wants to be remembered is not."""
    with (
        serve(give(b"[]", b"Set-Cookie: " + b"a=" + b"x" * 4000)) as server,
        open_client(server.base) as client,
    ):
        for _ in range(2):
            client.get("/")

    assert b"cookie" not in server.requests[1].lower()


def test_a_name_that_is_looked_up_slowly_ends_by_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """G7: the system's look-up knows no limit, so it is left behind; nothing was sent."""
    end = Event()

    def look_up(*_: object, **__: object) -> list[object]:
        end.wait(30)
        return []

    monkeypatch.setattr("reconciler.clients.network.socket.getaddrinfo", look_up)
    started = time.monotonic()
    with open_client("https://register.example") as client, pytest.raises(httpx.ConnectTimeout) as caught:
        client.get("/", extensions={"seconds": SOON})
    end.set()

    assert time.monotonic() - started < ENOUGH
    named = explain_failure(caught.value, "https://register.example")
    assert isinstance(named, NotConnected)
    assert named.message == "register.example could not be reached: looking up its name took too long."


def test_a_name_without_an_address_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """G7: the system's own words, without its number."""

    def look_up(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("reconciler.clients.network.socket.getaddrinfo", look_up)
    with open_client("https://register.example") as client, pytest.raises(httpx.ConnectError) as caught:
        client.get("/")

    named = explain_failure(caught.value, "https://register.example")
    assert named.message == "register.example could not be reached: Name or service not known."


def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """G7: a host whose first address refuses is reached at its second."""
    look_up = socket.getaddrinfo

    def find_two(host: str, port: int, *rest: int, **more: int) -> list[object]:
        hosts = ["127.0.0.9", "127.0.0.1"] if host == "localhost" else [host]
        return [found for each in hosts for found in look_up(each, port, *rest, **more)]

    monkeypatch.setattr("reconciler.clients.network.socket.getaddrinfo", find_two)
    with serve(give(b"[]")) as server, open_client(f"http://localhost:{server.port}") as client:
        assert client.get("/").json() == []
