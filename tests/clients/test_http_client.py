"""The factory of clients, the names of HTTP's failures, and how long to try again."""

from __future__ import annotations

import logging
import re
import socket
from collections import deque
from email.utils import formatdate
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import __version__
from reconciler.clients.http_client import (
    NOTICEABLE,
    QUIET,
    Delays,
    Patience,
    ReadOnly,
    explain_failure,
    open_client,
)
from reconciler.clients.http_exchange import TooMuch
from reconciler.clients.response_body import read_body, read_wait
from reconciler.errors import NoAnswer, NotConnected, Unintelligible, UsageError, WriteRefused
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

NEVER_SENT = {
    "ConnectError",
    "ConnectTimeout",
    "InvalidURL",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
}


def walk(kind: type[Exception]) -> Iterator[type[Exception]]:
    """Give an exception class and all below it."""
    yield kind
    for each in kind.__subclasses__():
        yield from walk(each)


class Clock:
    """A clock that moves when somebody sleeps; stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now

    def time(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let no test wait."""
    made = Clock()
    monkeypatch.setattr("reconciler.clients.http_client.time", made)
    monkeypatch.setattr("reconciler.clients.response_body.time", made)
    return made


@pytest.mark.parametrize("kind", [*walk(httpx.HTTPError), httpx.InvalidURL], ids=lambda kind: kind.__name__)
def test_every_failure_is_named_by_whether_it_was_sent(kind: type[Exception]) -> None:
    """Only what happens before a request leaves this machine counts as not connected."""
    named = explain_failure(kind.__new__(kind), "https://register.example/path")

    answered = Unintelligible if kind is TooMuch else NoAnswer
    assert isinstance(named, NotConnected if kind.__name__ in NEVER_SENT else answered)
    assert named.message.startswith("register.example ")
    assert named.hint


def test_a_reason_is_short() -> None:
    """Number and further lines of a system's error are left out."""
    named = explain_failure(httpx.ConnectError("[Errno 111] Connection refused.\nmore"), "http://localhost:1")

    assert named.message == "localhost:1 could not be reached: Connection refused."


def test_a_header_at_fault_is_not_quoted() -> None:
    """A token that no header can carry stays out of the sentence, which HTTP's own would quote."""
    with open_client("http://127.0.0.1:9") as client, socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(httpx.LocalProtocolError) as caught:
            client.get(url, headers={"Authorization": "Bearer hunter2\n"})

    assert "hunter2" in str(caught.value)
    assert "hunter2" not in explain_failure(caught.value, url).message


def test_a_kept_connection_that_the_server_drops_may_have_been_heard() -> None:
    """The second request over a connection, closed instead of answered, counts as sent."""
    heard = deque[bytes]()

    def hear(connection: socket.socket) -> None:
        request = b""  # head and body come apart
        while not request.endswith(b"{}") and (piece := connection.recv(65536)):
            request += piece
        heard.append(request)

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            hear(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            hear(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, args=(listener,))
        thread.start()
        with open_client(f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            client.post("/one", json={})
            with pytest.raises(httpx.RemoteProtocolError) as caught:
                client.post("/two", json={})
        thread.join()

    assert b"POST /two" in heard[-1]
    assert isinstance(explain_failure(caught.value, "http://127.0.0.1"), NoAnswer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "get", "TRACE"])
def test_a_reading_client_sends_nothing_but_get(method: str) -> None:
    """Whatever the code above does, only GET passes a read-only transport."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    inner = httpx.MockTransport(answer)
    with open_client("https://register.example", read_only=True, transport=inner) as client:
        assert client.get("/").status_code == 200
        if method != "get":
            with pytest.raises(WriteRefused, match=method):
                client.request(method, "/")

    assert [request.method for request in sent] == ["GET"]
    assert isinstance(client._transport, ReadOnly)


def test_a_client_follows_nothing() -> None:
    """Redirects are answers, and the user agent names the tool."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(302, headers={"Location": "https://elsewhere.example/"})

    with open_client("https://register.example", transport=httpx.MockTransport(answer)) as client:
        assert client.get("/a").status_code == 302

    assert [str(request.url) for request in seen] == ["https://register.example/a"]
    assert seen[0].headers["User-Agent"] == f"reconciler/{__version__}"


def test_plain_http_is_for_this_machine() -> None:
    """An address in the clear elsewhere makes no client."""
    with pytest.raises(UsageError):
        open_client("http://register.example")
    for base in ("http://127.0.0.1:1", "http://localhost", "http://[::1]:1", "https://register.example"):
        open_client(base).close()


def test_a_request_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Method, path, status and time: no query, no header, and no line break that a path can bring."""
    transport = httpx.MockTransport(lambda _: httpx.Response(404))
    with (
        caplog.at_level(logging.INFO, "reconciler"),
        open_client("https://register.example", transport=transport) as client,
    ):
        client.get("/a%0Ab/\u00e6?token=hunter2", headers={"Authorization": "hunter2"})

    (line,) = [record.message for record in caplog.records if record.name.startswith("reconciler.")]
    assert re.fullmatch(r"GET /a%0Ab/%C3%A6 404 \d+ ms", line)


def test_a_request_without_an_answer_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    """It says that there was none."""
    with (
        caplog.at_level(logging.INFO, "reconciler"),
        open_client("http://127.0.0.1:1") as client,
        pytest.raises(httpx.ConnectError),
    ):
        client.delete("/x")

    assert re.search(r"DELETE /x no answer \d+ ms", caplog.text)


def test_nothing_of_a_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At debug level neither a header nor a form turns up in a log."""
    with (
        caplog.at_level(logging.DEBUG),
        socket.create_server(("127.0.0.1", 0)) as listener,
        open_client(f"http://127.0.0.1:{listener.getsockname()[1]}") as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.post(
            "/",
            data={"assertion": "hunter2"},
            headers={"Authorization": "hunter2"},
            extensions={"seconds": 0.05},
        )

    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (formatdate(1100, usegmt=True), 100.0),
        (formatdate(900, usegmt=True), 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 400, None),
        ("Mon, 99 Foo 2026", None),
    ],
)
def test_a_wait_is_read_in_both_forms(clock: Clock, value: str, seconds: float | None) -> None:
    """Seconds or a date, by the server's clock where it tells it; nonsense is no wait."""
    assert read_wait(httpx.Response(429, headers={"Retry-After": value})) == seconds

    headers = {"Retry-After": value, "Date": formatdate(1000, usegmt=True)}
    clock.now = 5000.0
    assert read_wait(httpx.Response(429, headers=headers)) == seconds


def test_a_wait_in_other_digits_is_none() -> None:
    """A digit that is no number in ASCII is no wait."""
    response = httpx.Response(429, headers=[(b"Retry-After", "²".encode())])

    assert read_wait(response) is None


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"", None),
        (b'{"a": 1}', {"a": 1}),
        (b'"quoted"', "quoted"),
        (b"raw text", "raw text"),
        (b"<html>", "<html>"),
        (b'{"cut": ', '{"cut": '),
    ],
)
def test_a_body_is_json_or_text(content: bytes, body: object) -> None:
    """A body is read as JSON, or else as its text."""
    assert read_body(httpx.Response(200, content=content)) == body


@given(st.binary())
def test_no_body_makes_reading_fail(content: bytes) -> None:
    """Whatever bytes an answer holds, they are read."""
    read_body(httpx.Response(500, content=content))


def test_a_deep_body_is_text() -> None:
    """JSON too deep to be read is a text."""
    assert isinstance(read_body(httpx.Response(500, content=b"[" * 100_000)), str)


def test_patience_ends(clock: Clock) -> None:
    """Waits grow, are jittered, and end within the budget; no time is slept away at its end."""
    patience = Patience(8.0)
    waits = 0
    while patience.wait("It is down."):
        waits += 1

    assert 3 <= waits <= 40
    assert clock.now < 1008
    assert len(set(clock.slept)) == waits
    assert clock.slept[0] <= 0.2


def test_patience_waits_as_long_as_asked(clock: Clock) -> None:
    """A wait that was asked for is kept, and one beyond the budget is not begun."""
    patience = Patience(8.0)

    assert patience.wait("It is down.", 3)
    assert 1003 <= clock.now <= 1003.2
    assert not patience.wait("It is down.", 7)
    assert not patience.wait("It is down.", 1e9)
    assert clock.now <= 1003.2


def test_a_long_wait_is_explained_once(clock: Clock) -> None:
    """After two seconds a sentence says why and how long; for a minute the other requests that wait say nothing."""
    said: list[str] = []
    delays = Delays(said.append)
    for seconds in (0.0, 0.0, QUIET):
        clock.now += seconds
        patience = Patience(8.0, delays)
        while patience.wait("It is down."):
            pass

    assert len(said) == 2
    assert all(re.fullmatch(r"It is down\. Trying again for at most [5-8] s\.", each) for each in said)


def test_a_short_wait_is_not_explained(clock: Clock) -> None:
    """What is over at once needs no line."""
    said: list[str] = []
    patience = Patience(8.0, Delays(said.append))

    assert patience.wait("It is down.")
    assert patience.wait("It is down.")
    assert clock.now < 1000 + NOTICEABLE
    assert said == []


def test_an_attempt_is_given_what_is_left(clock: Clock) -> None:
    """A hanging server cannot outlast the budget, and the last attempt has a second."""
    patience = Patience(8.0)

    assert patience.limit() == 8.0
    clock.now += 5
    assert patience.limit() == 3.0
    clock.now += 5
    assert patience.limit() == 1.0


def test_a_secret_in_a_header_has_to_be_revealed() -> None:
    """A secret that was not revealed cannot be sent by mistake."""
    with pytest.raises(TypeError):
        httpx.Headers({"Authorization": Secret("hunter2")})  # type: ignore[arg-type]  # that is the mistake
