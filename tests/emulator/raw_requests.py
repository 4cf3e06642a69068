"""Generated raw requests, good and broken, and what may come back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from tests.emulator.callers import VENDOR, make_document

if TYPE_CHECKING:
    from random import Random

REFUSED = frozenset({400, 405, 408, 414, 431, 505})
"""What the server itself answers, without a body; it closes the connection."""


class Raw(NamedTuple):
    """Some bytes for a connection."""

    data: bytes
    ends: bool
    """Whether the request is complete."""
    statuses: frozenset[int]
    """What may be answered."""


class Generator:
    """Makes requests, most of them with something wrong."""

    def __init__(self, dice: Random, token: str, systems: list[str]) -> None:
        self.dice = dice
        self.bearer = b"Authorization: Bearer " + token.encode()
        self.systems = systems

    def make(self) -> Raw:
        """Make one."""
        kinds = (self.line, self.header, self.body, self.chunks, self.cut, self.noise, self.mutant)
        return self.dice.choice(kinds)()

    def target(self) -> bytes:
        """Choose a path that leads somewhere or nowhere."""
        tails = (
            "",
            f"/{self.dice.choice(self.systems)}",
            "/nobody",
            "/x/rights",
            "/%20",
            "/a%2Fb",
            "/..",
            "/%zz",
        )
        return (VENDOR + self.dice.choice(tails)).encode()

    def write(
        self, line: bytes, headers: tuple[bytes, ...], body: bytes = b"", *, statuses: frozenset[int]
    ) -> Raw:
        """Put a request together, which asks for the end of the connection."""
        head = b"\r\n".join((line, b"Connection: close", *headers, b"", b""))
        return Raw(head + body, ends=True, statuses=statuses)

    def line(self) -> Raw:
        """Break the request line."""
        odd = bytes([self.dice.randrange(256)])
        path = self.target()
        at = self.dice.randrange(1, len(path) + 1)
        lines = (
            (b"GET %s%s%s HTTP/1.1" % (path[:at], odd, path[at:]), None),
            (b"gEt %s HTTP/1.1" % path, frozenset({200, 400, 403, 404, 405})),
            (b"GET %s HTTP/%s" % (path, self.dice.choice((b"1.2", b"2.0", b"3.1"))), frozenset({505})),
            (b"GET  %s HTTP/1.1" % path, frozenset({400})),
            (b"GET %s" % path, frozenset({400})),
            (b"GET %s%%00 HTTP/1.1" % path, frozenset({400})),
            (b"GET %s HTTP/1.1" % (path + b"a" * 9000), frozenset({414})),
            (b"GET %s HTTP/1.1" % path.lstrip(b"/"), frozenset({400, 405})),
            (b"%s %s HTTP/1.1" % (odd, path), None),
        )
        line, statuses = self.dice.choice(lines)
        usual = frozenset({200, 400, 403, 404, 405, 505})
        return self.write(line, (b"Host: x", self.bearer), statuses=statuses or usual)

    def header(self) -> Raw:
        """Break the headers."""
        odd = bytes([self.dice.randrange(256)])
        usual = frozenset({200, 400, 401, 404})
        choices: tuple[tuple[tuple[bytes, ...], frozenset[int]], ...] = (
            ((b"X: a" + odd,), usual),
            ((b"X" + odd + b": a",), usual),
            ((b"no colon",), frozenset({400})),
            ((b"X: a", b" folded"), frozenset({400})),
            ((b"Host: y",), frozenset({400})),
            ((b"Content-Length: 0", b"Content-Length: 0"), frozenset({400})),
            ((b"Content-Length: " + self.dice.choice((b"x", b"-1", b"1 1", b"0x1", b"")),), frozenset({400})),
            (
                (b"Transfer-Encoding: " + self.dice.choice((b"gzip", b"chunked, gzip", b"identity")),),
                frozenset({400}),
            ),
            ((b"A: b",) * 120, frozenset({431})),
            ((b"A: " + b"b" * 40_000,), frozenset({431})),
            ((b"Authorization: Bearer x",), frozenset({401})),
            ((b"Accept: " + odd + b"/*, q=;",), usual),
            ((b"traceparent: 00-" + odd * 32,), usual),
        )
        extra, statuses = self.dice.choice(choices)
        return self.write(
            b"GET %s/nobody HTTP/1.1" % VENDOR.encode(), (b"Host: x", self.bearer, *extra), statuses=statuses
        )

    def text(self) -> bytes:
        """Write a document, most often with some bytes that are others."""
        text = bytearray(json.dumps(make_document(clientId=[])).encode())
        for _ in range(self.dice.randrange(4)):
            at = self.dice.randrange(len(text))
            text[at : at + self.dice.randrange(3)] = self.dice.randbytes(self.dice.randrange(3))
        return bytes(text)

    def media(self) -> bytes:
        """Choose a content type."""
        kinds = (
            b"application/json",
            b"application/json; charset=utf-16",
            b"text/plain",
            b"",
            b"multipart/form-data",
        )
        return b"Content-Type: " + self.dice.choices(kinds, (12, 1, 1, 1, 1))[0]

    def body(self) -> Raw:
        """Send a body that may be no JSON, or none of what is wanted."""
        text = self.text()
        line = b"POST %s HTTP/1.1" % VENDOR.encode()
        framing = b"Content-Length: %d" % len(text)
        statuses = frozenset({200, 400, 403, 409, 415, 500})
        return self.write(line, (b"Host: x", self.bearer, self.media(), framing), text, statuses=statuses)

    def chunks(self) -> Raw:
        """Send a body in chunks, of which one may be broken."""
        text, parts, at = self.text(), [], 0
        while at < len(text):
            size = self.dice.randrange(1, 300)
            part = text[at : at + size]
            at += size
            parts.append(b"%x\r\n%s\r\n" % (len(part), part))
        parts.append(b"0\r\n\r\n")
        statuses = frozenset({200, 400, 403, 409, 415, 500})
        if self.dice.random() < 0.5:
            breaks = (
                b"x\r\n",
                b"-1\r\n",
                b"5\n12345\r\n",
                b"\r\n",
                b"fffffffff\r\n",
                b"2\r\nabc\r\n",
                b"1;" + b"x" * 9000,
            )
            parts[self.dice.randrange(len(parts))] = self.dice.choice(breaks)
            statuses = frozenset({415, 500, 400})
        line = b"%s %s HTTP/1.1" % (self.dice.choice((b"POST", b"post")), VENDOR.encode())
        framing = b"Transfer-Encoding: chunked"
        return self.write(
            line, (b"Host: x", self.bearer, self.media(), framing), b"".join(parts), statuses=statuses
        )

    def cut(self) -> Raw:
        """Send a part of something good; then the client is gone."""
        whole = self.body().data
        return Raw(whole[: self.dice.randrange(len(whole))], ends=False, statuses=frozenset())

    def noise(self) -> Raw:
        """Send what is no HTTP at all."""
        data = self.dice.randbytes(self.dice.randrange(1, 200)).replace(b"\n", b"") + b"\r\n\r\n"
        return Raw(data, ends=True, statuses=frozenset({400}))

    def mutant(self) -> Raw:
        """Change some bytes anywhere, and disconnect, since the request may be incomplete."""
        data = bytearray(self.dice.choice((self.body, self.chunks))().data)
        for _ in range(self.dice.randrange(1, 6)):
            at = self.dice.randrange(len(data))
            data[at : at + self.dice.randrange(3)] = self.dice.randbytes(self.dice.randrange(3))
        return Raw(bytes(data), ends=False, statuses=frozenset())
