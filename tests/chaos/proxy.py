"""The proxy between the program and the register: it keeps the list of what went over the wire, and strikes it."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from tests.chaos.register import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.trouble import Strike

LATENCY = (0.005, 0.020)
"""Seconds that every answer takes at least."""


@dataclass
class Exchange:
    """One request, and what became of it on both sides of the proxy."""

    number: int
    at: float
    """Seconds since the run began."""
    method: str
    path: str
    body: bytes
    status: int | None = None
    """What the register answered; None where it never had the request, or has not answered yet."""
    landed: float | None = None
    """When the register had answered."""
    told: str = ""
    """What the program was answered."""
    ended: float = 0.0
    previous: str = ""
    """The system that the request before it was about."""
    notes: list[str] = field(default_factory=list)

    @property
    def system(self) -> str:
        """The id of the system that it is about; empty where it is about none."""
        if self.method == "POST":
            with suppress(ValueError):
                return str(json.loads(self.body).get("id", ""))
        tail = unquote(urlsplit(self.path).path)
        return tail.removeprefix(PREFIX).strip("/").split("/")[0] if tail.startswith(f"{PREFIX}/") else ""

    @property
    def is_write(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    def belongs(self, among: str) -> bool:
        """Say whether it is one of the requests among which a moment is counted."""
        path = urlsplit(self.path).path
        own = path.startswith(PREFIX)
        return {
            "any": True,
            "write": self.is_write,
            "changelog": path.endswith("/changelog"),
            "document": self.method == "GET"
            and own
            and bool(self.system)
            and not path.endswith("/changelog"),
            "list": path == PREFIX and self.method == "GET",
            "metadata": "/resource/" in path or "/accesspackages/" in path,
            "users": "/systemuser/" in path,
        }.get(among, self.method == among)

    def __str__(self) -> str:
        """Say it in a line of the timeline."""
        landed = f"{self.status} at {self.landed:.3f}" if self.landed is not None else "never had it"
        notes = f"  <== {'; '.join(self.notes)}" if self.notes else ""
        path = self.path.removeprefix("/authentication/api/v1/")
        return f"{self.number:4} {self.at:7.3f} {self.method:6} {path}  register: {landed}, program: {self.told}{notes}"


class Director(Protocol):
    """Whoever decides what happens to the requests of a run."""

    exchanges: list[Exchange]

    def find(self, exchange: Exchange) -> list[Strike]:
        """Take a request into the list, and find what strikes it."""

    def act(self, strike: Strike, exchange: Exchange) -> None:
        """Do what happens beside the request: a signal, or another writer."""

    def now(self) -> float:
        """Give the seconds since the run began."""

    def owe(self, number: int) -> None:
        """Count the requests that are still to be passed on."""


class Quiet:
    """A director between runs, and of what comes late from an earlier one."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def find(self, exchange: Exchange) -> list[Strike]:
        """Strike nothing."""
        self.exchanges.append(exchange)
        return []

    def act(self, strike: Strike, exchange: Exchange) -> None:
        """Do nothing."""

    def now(self) -> float:
        """Give no time."""
        return 0.0

    def owe(self, number: int) -> None:
        """Count nothing."""


class Proxy(ThreadingHTTPServer):
    """The proxy's server; `director` is that of the run under way."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = urlsplit(upstream).netloc
        self.director: Director = Quiet()
        self.dice = Random(0)  # noqa: S311 - spreads the latency, guards nothing

    @property
    def base(self) -> str:
        """The proxy's address."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a program that went away."""


@contextmanager
def open_proxy(upstream: str) -> Iterator[Proxy]:
    """Run a proxy in threads of this process."""
    with Proxy(upstream) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


@dataclass
class Answer:
    """What the register answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Handler(BaseHTTPRequestHandler):
    """One connection of the program."""

    protocol_version = "HTTP/1.1"
    server: Proxy
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Stay with the director under whom the connection was made."""
        super().setup()
        self.director = self.server.director

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""

    def handle_any(self) -> None:
        """Take a request, pass it on, and answer it, as the director wants."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        exchange = Exchange(0, self.director.now(), self.command, self.path, body)
        strikes = self.director.find(exchange)
        try:
            time.sleep(self.server.dice.uniform(*LATENCY))
            fault = self.meet(strikes, exchange, "before")
            answer = self.pass_on(exchange) if fault is None or fault.phase == "after" else None
            fault = self.meet(strikes, exchange, "after") or fault
            self.answer(exchange, answer, fault)
        finally:
            exchange.ended = self.director.now()

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def meet(self, strikes: list[Strike], exchange: Exchange, phase: str) -> Strike | None:
        """Do what is to happen before or after the request; gives the fault of the request itself."""
        fault = None
        for strike in strikes:
            if strike.phase != phase and not (phase == "before" and strike.phase == "later"):
                continue
            exchange.notes.append(f"{strike}")
            if strike.kind in {"signal", "writer"}:
                self.director.act(strike, exchange)
            if strike.kind != "writer" and (strike.kind != "signal" or strike.drops):
                fault = strike
        return fault

    def pass_on(self, exchange: Exchange) -> Answer:
        """Send the request to the register, once, over a connection of its own."""
        connection = http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in {"host", "connection", "content-length"}
            }
            connection.request(exchange.method, exchange.path, exchange.body or None, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        except (OSError, http.client.HTTPException) as error:  # the register itself dropped it
            exchange.notes.append(f"register: {type(error).__name__}")
            return Answer(502, [], b"")
        finally:
            connection.close()
        exchange.status = answer.status
        exchange.landed = self.director.now()
        return answer

    def answer(self, exchange: Exchange, answer: Answer | None, fault: Strike | None) -> None:
        """Answer the program."""
        if fault is not None and fault.phase == "later":
            time.sleep(fault.hold)
            self.director.owe(1)
            threading.Timer(fault.delay, self.pass_on_late, (exchange,)).start()
        kind = "" if fault is None else fault.kind
        exchange.told = (
            f"{kind} {fault.status or ''}".strip() if fault else str(answer.status if answer else 502)
        )
        if fault is None and answer is not None:
            self.write(answer)
        elif fault is not None and kind == "status":
            self.write(_make_status(fault.status))
        elif kind == "garbage":
            junk = (b"<html>oops", b"[]", b"null", b'{"id": 7}', b"\xff\xfe\x00", b'"')[exchange.number % 6]
            self.write(Answer(200, [("Content-Type", "application/json")], junk))
        elif kind in {"half", "slow"} and answer is not None:
            self.write_odd(answer, kind)
        elif kind in {"reset", "signal"}:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        else:
            self.close_connection = True

    def pass_on_late(self, exchange: Exchange) -> None:
        """Pass a request on whose answer was given before."""
        try:
            self.pass_on(exchange)
        finally:
            self.director.owe(-1)

    def write(self, answer: Answer) -> None:
        """Write a whole answer."""
        self.wfile.write(_frame(answer) + answer.body)

    def write_odd(self, answer: Answer, kind: str) -> None:
        """Write half of the body and hang up, or the first bytes one by one."""
        self.wfile.write(_frame(answer))
        if kind == "half":
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.close_connection = True
            return
        for index in range(min(20, len(answer.body))):
            self.wfile.write(answer.body[index : index + 1])
            self.wfile.flush()
            time.sleep(0.02)
        self.wfile.write(answer.body[20:])


_OWN = {"transfer-encoding", "connection", "content-length", "keep-alive"}


def _frame(answer: Answer) -> bytes:
    reason = http.client.responses.get(answer.status, "Unknown")
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers if name.lower() not in _OWN]
    if answer.status != 204:
        lines.append(f"Content-Length: {len(answer.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _make_status(status: int) -> Answer:
    """Make an answer as the register, or a gateway before it, gives it."""
    if status in {401, 429}:
        return Answer(status, [("Retry-After", "0")] if status == 429 else [], b"")
    if status in {502, 503, 504}:
        return Answer(status, [("Content-Type", "text/html")], b"<html><h1>Bad gateway</h1></html>")
    body = {"type": "about:blank", "title": "Trouble", "status": status, "traceId": "00-abc-01"}
    return Answer(status, [("Content-Type", "application/problem+json")], json.dumps(body).encode())
