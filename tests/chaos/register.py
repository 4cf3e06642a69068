"""The emulator in a process of its own, and everybody else who writes to it."""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.chaos.scenario import Document, Json

SCOPE = "altinn:authentication/systemregister.write"
PREFIX = "/authentication/api/v1/systemregister/vendor"
"""System Register contract §1.2."""
KID = "chaos-1"


@dataclass(frozen=True)
class Key:
    """The program's private key as PEM, and its public half as the emulator is given it."""

    pem: str
    jwk: dict[str, str]


def make_key() -> Key:
    """Make a key."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = private.public_key().public_numbers()

    def encode(number: int) -> str:
        size = (number.bit_length() + 7) // 8
        return base64.urlsafe_b64encode(number.to_bytes(size, "big")).decode().rstrip("=")

    jwk = {"kty": "RSA", "kid": KID, "alg": "RS256", "n": encode(numbers.n), "e": encode(numbers.e)}
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Key(pem, jwk)


@dataclass
class State:
    """What the register holds of some systems, past every fault: documents, and change logs oldest first."""

    documents: dict[str, Document]
    logs: dict[str, list[Document]]


@dataclass
class Register:
    """A served register, asked directly and not through the proxy."""

    base: str
    maskinporten: str
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, method: str, path: str, body: Json = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Json]:
        """Ask once, over a connection of its own; gives the status and the body as JSON."""
        connection = http.client.HTTPConnection(urlsplit(self.base).netloc, timeout=30)
        try:
            content = None if body is None else json.dumps(body).encode()
            sent = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text) if text else None
        except ValueError:
            return answer.status, text.decode(errors="replace")

    def control(self, method: str, path: str, body: Json = None) -> Json:
        """Use the control endpoint."""
        status, answer = self.ask(method, f"/control/{path}", body)
        if status >= 300:
            raise AssertionError(f"/control/{path} answered {status}: {answer}")
        return answer

    def ask_as(
        self, org: str, client: str, method: str, path: str = "", body: Json = None
    ) -> tuple[int, Json]:
        """Ask as one client of an organisation."""
        with self.lock:
            if (org, client) not in self.tokens:
                query = f"env=local&orgNo={org}&scopes={quote(SCOPE)}&clientId={client}&ttl=86400"
                status, token = self.ask("GET", f"/api/GetEnterpriseToken?{query}")
                assert status == 200, token
                self.tokens[(org, client)] = str(token).strip('"')
            token = self.tokens[(org, client)]
        return self.ask(method, f"{PREFIX}{path}", body, {"Authorization": f"Bearer {token}"})

    def read(self, org: str, names: Sequence[str]) -> State:
        """Read documents and change logs, oldest entry first."""
        state = State({}, {})
        for name in names:
            status, document = self.ask_as(org, "witness", "GET", f"/{name}")
            if status == 200:
                state.documents[name] = document
                _, log = self.ask_as(org, "witness", "GET", f"/{name}/changelog")
                state.logs[name] = list(reversed(log))
        return state


@contextmanager
def serve(folder: Path) -> Iterator[Register]:
    """Serve a register that keeps members it does not know, as that of tomorrow would."""
    config = folder / "emulator.toml"
    config.write_text('unknown_members = "kept"\n', encoding="utf-8")
    words = ("register", "serve", "--port", "0", "--format", "json", "--config", str(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        yield Register(addresses["base"], addresses["maskinporten"])
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
