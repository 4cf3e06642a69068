"""An emulator in a process of its own that counts what it is asked for.

Run as a program, it reads its configuration and the file of its documents from the first line of stdin, prints its
addresses, and then obeys one line after another: `{"latency": SECONDS}` delays every answer from then on, `{}` gives
the counts since the last line. It ends with its stdin, so that none is left behind.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.builders import VENDOR
from tests.served import CLIENT_ID, SCOPE, VENDOR_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from reconciler.model.canonical_json import Json

_WRITES = {"POST": "create", "PUT": "update", "DELETE": "delete"}


def name_request(method: str, path: str) -> str:
    """Name a request for the counts."""
    if path.startswith("/maskinporten/"):
        return "token" if method == "POST" else "maskinporten metadata"
    if not path.startswith(VENDOR_PATH):
        return "system users" if "/systemuser/" in path else "metadata"
    if method in _WRITES:
        return _WRITES[method]
    if path == VENDOR_PATH:
        return "list"
    return "change log" if path.endswith("/changelog") else "system"


@dataclass
class CountingApp:
    """The emulator's application, and what it was asked for."""

    app: ASGIApp
    counts: Counter[str] = field(default_factory=Counter)
    connections: dict[object, str] = field(default_factory=dict)
    """Each connection, and whom it was opened to."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request and answer it; the control endpoint is not counted."""
        path = scope["path"]
        if not path.startswith(("/control/", "/api/")):
            name = name_request(scope["method"], path)
            self.counts[name] += 1
            whom = "token" if path.startswith("/maskinporten/") else "register"
            self.connections.setdefault(scope["connection"], whom)
        await self.app(scope, receive, send)

    def take(self) -> dict[str, int]:
        """Give the counts, and begin anew."""
        opened = Counter(f"connections to {each}" for each in self.connections.values())
        counts = {**self.counts, **opened}
        self.counts.clear()
        self.connections.clear()
        return counts


def _serve() -> None:
    from reconciler.emulator import start  # noqa: PLC0415 - only the process that serves needs it

    order = json.loads(sys.stdin.readline())
    with open(order["seed"], encoding="utf-8") as file:  # noqa: PTH123 - quicker than a path
        seed = json.load(file)
    with start(order["config"], seed=seed) as emulator:
        del seed
        counting = CountingApp(emulator.app)
        emulator.connections.app = counting
        _say({"base": emulator.base, "maskinporten": emulator.maskinporten})
        for line in sys.stdin:
            latency = json.loads(line).get("latency")
            if latency is not None:
                _set_latency(emulator.base, latency)
            _say(counting.take())


def _say(value: Mapping[str, Json]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _set_latency(base: str, seconds: float) -> None:
    urlopen(Request(f"{base}/control/faults", method="DELETE")).close()  # noqa: S310 - loopback
    if seconds:
        fault = {"fault": "latency", "seconds": seconds, "times": 0}
        body = json.dumps(fault).encode()
        headers = {"Content-Type": "application/json"}
        urlopen(Request(f"{base}/control/faults", body, headers)).close()  # noqa: S310 - loopback


@dataclass
class ServedRegister:
    """A register in another process, as the benchmark sees it."""

    base: str
    maskinporten: str
    token: str
    _commands: IO[str]
    _answers: IO[str]

    def take_counts(self) -> dict[str, int]:
        """Give what was asked for since the last call."""
        return self._obey({})

    def set_latency(self, seconds: float) -> None:
        """Delay every answer from now on."""
        self._obey({"latency": seconds})

    def _obey(self, command: Mapping[str, Json]) -> dict[str, int]:
        self._commands.write(json.dumps(command) + "\n")
        self._commands.flush()
        counts: dict[str, int] = json.loads(self._answers.readline())
        return counts


@contextmanager
def serve_register(seed: Path, jwk: Mapping[str, str], root: Path) -> Iterator[ServedRegister]:
    """Serve the documents of a file until the block ends."""
    client = {"client_id": CLIENT_ID, "org": VENDOR, "scopes": [SCOPE], "jwk": dict(jwk)}
    config = {"clients": [client], "unknown_members": "kept"}
    words = [sys.executable, "-m", "tests.bench.served_register"]
    with subprocess.Popen(
        words, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps({"config": config, "seed": str(seed)}) + "\n")
            process.stdin.flush()
            addresses = json.loads(process.stdout.readline())
            token = _fetch_token(addresses["base"])
            yield ServedRegister(**addresses, token=token, _commands=process.stdin, _answers=process.stdout)
        finally:
            process.stdin.close()


def _fetch_token(base: str) -> str:
    """Fetch a token for those that sign no grant."""
    query = {"env": "local", "orgNo": VENDOR, "scopes": SCOPE, "clientId": CLIENT_ID, "ttl": str(24 * 3600)}
    with urlopen(f"{base}/api/GetEnterpriseToken?{urlencode(query)}") as answer:  # noqa: S310 - loopback
        text: str = answer.read().decode()
    return text.strip('"')


if __name__ == "__main__":
    _serve()
