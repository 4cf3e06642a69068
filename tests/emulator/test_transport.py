"""What a client meets on the wire: limits, framing, time, and requests that the server itself refuses."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from typing import TYPE_CHECKING

import pytest

from reconciler.emulator import start
from tests.emulator.callers import REGISTER, VENDOR, fetch_token, make_document
from tests.emulator.raw_connections import ask, open_wire, read_all, split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.emulator import Emulator

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def hasty() -> Iterator[Emulator]:
    """Run an emulator with short timeouts."""
    with start({"patience": {"idle": 0.3, "head": 0.2, "body": 0.2}}) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def bearer(hasty: Emulator) -> bytes:
    """Give the header of a vendor at that emulator."""
    return f"Authorization: Bearer {fetch_token(hasty)}\r\n".encode()


def get(path: str, headers: bytes = b"", *, method: bytes = b"GET", close: bool = True) -> bytes:
    """Write a request without a body."""
    end = b"Connection: close\r\n" if close else b""
    return method + b" " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n" + headers + end + b"\r\n"


def post(bearer: bytes, framing: bytes, body: bytes = b"", headers: bytes = b"") -> bytes:
    """Write a request to register a system."""
    kind = b"Content-Type: application/json\r\n"
    return (
        f"POST {VENDOR} HTTP/1.1\r\nHost: x\r\n".encode() + bearer + kind + framing + headers + b"\r\n" + body
    )


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET /\xc3\xa6 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /?\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET a/b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: \xff\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX : 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: 1\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"PUT / HTTP/1.0\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET a.no:443 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET /" + b"a" * 8200, 414),
        (b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 32_768 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 32_769, 431),
    ],
)
def test_the_server_refuses(hasty: Emulator, data: bytes, status: int) -> None:
    """E29, E38, §1.7, §9.1: a status without a body, and the end of the connection."""
    (answer,) = split(ask(hasty, data))
    assert (answer.status, answer.body) == (status, b"")
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-length"] == "0"
    assert answer.headers["server"] == "Kestrel"


@pytest.mark.parametrize(
    "data",
    [
        b"gEt /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /\x01\t\x7f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
        b"GET /x HTTP/1.0\r\n\r\n",
        b"GET http://h/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + b"A: b\r\n" * 98 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: " + b"b" * 32_700 + b"\r\n\r\n",
    ],
)
def test_the_server_takes(hasty: Emulator, data: bytes) -> None:
    """E29, E38, §1.7, §9.1: any letter case, control characters, and what is just within the limits."""
    (answer,) = split(ask(hasty, data))
    assert (answer.status, answer.headers["content-length"]) == (404, "0")


def test_framing_of_answers(hasty: Emulator, bearer: bytes) -> None:
    """E39, §0.4, §9.2: a body comes in chunks, none has the length 0, HEAD has neither."""
    requests = (
        get(VENDOR, bearer, close=False),
        get(f"{VENDOR}/nobody", bearer, close=False),
        get("/nowhere", close=False),
        get(VENDOR, method=b"HEAD", close=False),
        get("/health", method=b"head"),
    )
    sent = ask(hasty, b"".join(requests))
    heads = [part for part in sent.split(b"\r\n\r\n") if part.startswith(b"HTTP/1.1")]
    found = [(b"Transfer-Encoding: chunked" in head, b"Content-Length: 0" in head) for head in heads]
    assert found == [(True, False), (True, False), (False, True), (False, False), (False, False)]
    assert [head.split()[1] for head in heads] == [b"200", b"404", b"404", b"405", b"200"]
    assert all(b"\r\nServer: Kestrel" in head for head in heads)
    assert b"content-length" not in sent.replace(b"Content-Length: 0", b"").lower()


def test_old_clients(hasty: Emulator, bearer: bytes) -> None:
    """§9.2: HTTP/1.0 has no chunks, and the connection stays where it asks for that."""
    request = f"GET {VENDOR}/x HTTP/1.0\r\n".encode() + bearer + b"\r\n"
    head, _, body = ask(hasty, request).partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert json.loads(body)["status"] == 404
    stays = b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    assert [answer.status for answer in split(ask(hasty, stays + b"GET /x HTTP/1.0\r\n\r\n"))] == [404, 404]


@pytest.mark.parametrize(
    ("parent", "trace", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", TRACE, "01"),
        (f"00-{TRACE}-{SPAN}-00", TRACE, "00"),
        (f"00-{'0' * 32}-{SPAN}-01", "[0-9a-f]{32}", "00"),
        (f"00-{TRACE.upper()}-{SPAN}-01", "[0-9a-f]{32}", "00"),
        ("nonsense", "[0-9a-f]{32}", "00"),
    ],
)
def test_traces(hasty: Emulator, bearer: bytes, parent: str, trace: str, flags: str) -> None:
    """E39, §0.2, §9.2: the answer's trace is the caller's, its span is not."""
    sent = ask(hasty, get(f"{VENDOR}/x", bearer + f"traceparent: {parent}\r\n".encode()))
    shown = json.loads(split(sent)[0].body)["traceId"]
    assert re.fullmatch(f"00-{trace}-[0-9a-f]{{16}}-{flags}", shown)
    assert SPAN not in shown


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"Content-Length: 30000001\r\n", b""),
        (b"Transfer-Encoding: chunked\r\n", b"x\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"2\r\n{}x\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"123456789\r\n"),
        (b"Content-Length: 10\r\n", b"{"),
        (b"Transfer-Encoding: chunked\r\n", b"1\r\n{\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"1"),
    ],
)
@pytest.mark.slow
def test_bodies_that_cannot_be_read(hasty: Emulator, bearer: bytes, framing: bytes, body: bytes) -> None:
    """E38, §9.1, §9.2: too large, no chunk, or stalled is B-500, and the connection is closed."""
    (answer,) = split(ask(hasty, post(bearer, framing, body)))
    assert answer.status == 500
    assert json.loads(answer.body)["title"] == "An error occurred while processing your request."
    assert answer.headers["connection"] == "close"
    (refused,) = split(ask(hasty, post(b"", framing, body)))
    assert refused.status == 401


def test_chunks_beyond_the_limit(hasty: Emulator, bearer: bytes) -> None:
    """E38, §9.1: the framing of chunks counts, and nothing is stored."""
    document = make_document()
    text = json.dumps(document).encode()
    many = b"1;%s\r\n \r\n" % (b"x" * 5_994) * 100
    with open_wire(hasty) as wire:
        wire.sendall(post(bearer, b"Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n" % (len(text), text)))
        with contextlib.suppress(OSError):
            for _ in range(51):
                wire.sendall(many)
        (answer,) = split(read_all(wire))
    assert answer.status == 500
    (read,) = split(ask(hasty, get(f"{VENDOR}/{document['id']}", bearer)))
    assert read.status == 404


def test_bodies_in_chunks(hasty: Emulator, bearer: bytes) -> None:
    """§9.2: chunks of any size, with extensions and trailers, byte by byte."""
    document = make_document()
    text = json.dumps(document).encode()
    chunks = b"".join(
        b"%X;a=b\r\n%s\r\n" % (len(text[at : at + 7]), text[at : at + 7]) for at in range(0, len(text), 7)
    )
    request = post(
        bearer, b"Transfer-Encoding: chunked\r\nConnection: close\r\n", chunks + b"0\r\nT: x\r\n\r\n"
    )
    with open_wire(hasty) as wire:
        for at in range(0, len(request), 97):
            wire.sendall(request[at : at + 97])
        (answer,) = split(read_all(wire))
    assert answer.status == 200


def test_a_head_that_does_not_end(hasty: Emulator) -> None:
    """E38, §9.1: 408, and the connection is closed; without a byte it is only closed."""
    assert [answer.status for answer in split(ask(hasty, b"GET / HT"))] == [408]
    assert [answer.status for answer in split(ask(hasty, b"GET / HTTP/1.1\r\nHost: x\r\n"))] == [408]
    assert ask(hasty, b"") == b""


def test_usual_timeouts(emulator: Emulator) -> None:
    """E38, §9.1, §9.2: 130 seconds between requests, 30 for a head, 5 for a body."""
    timeouts = emulator.connections.timeouts
    assert (timeouts.idle, timeouts.head, timeouts.body) == (130.0, 30.0, 5.0)


def test_a_connection_is_kept(emulator: Emulator) -> None:
    """§9.2: one connection answers many requests, in the order in which they were sent."""
    head = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
    with open_wire(emulator) as wire:
        wire.sendall((head % b"/x" + head % b"/health") * 20)
        seen = b""
        while seen.count(b"HTTP/1.1") < 40 or not seen.endswith(b"0\r\n\r\n"):
            seen += wire.recv(65536)
    assert [answer.status for answer in split(seen)] == [404, 200] * 20


def test_waiting_for_100(hasty: Emulator, bearer: bytes) -> None:
    """A client that asks first is let on where the body is wanted, and is not where it is refused."""
    text = json.dumps(make_document()).encode()
    framing = b"Content-Length: %d\r\nExpect: 100-continue\r\n" % len(text)
    with open_wire(hasty) as wire:
        wire.sendall(post(bearer, framing))
        assert wire.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(text)
        assert wire.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert ask(hasty, post(b"", framing)).startswith(b"HTTP/1.1 401 ")


def test_an_unread_body_is_passed_over(hasty: Emulator) -> None:
    """An unexpected body does not affect the next request."""
    body = b"x" * 3_000_000
    first = b"PUT /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    assert [answer.status for answer in split(ask(hasty, first + get(f"{REGISTER}/x")))] == [404, 401]


def test_half_close_counts_as_gone(hasty: Emulator, bearer: bytes) -> None:
    """E36, §9.3: a client that closes its half gets no answer."""
    with open_wire(hasty) as wire:
        wire.sendall(post(bearer, b"Content-Length: 10\r\n", b"{"))
        wire.shutdown(socket.SHUT_WR)
        assert read_all(wire) == b""
