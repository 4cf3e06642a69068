"""The emulator's five requests at several sizes of the register and numbers of connections.

Prints the table that is held against what the service takes (System Register contract §9.6).
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.bench.test_emulator_bench import ORG, VENDOR, make_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.bench
SIZES = (100, 1_000, 10_000, 50_000)
CONNECTIONS = (1, 8, 32)
REQUESTS = 320
"""Of each verb at each number of connections; of the list a twentieth."""
PROGRAM = """
import json, signal, sys
from reconciler.emulator import start
emulator = start(seed=json.load(sys.stdin))
print(emulator.base, flush=True)
signal.pause()
"""


def make_system(number: int, kind: str = "s") -> dict[str, object]:
    """Make a document like most vendors' own."""
    texts = {"nb": f"System {number}", "nn": f"System {number}", "en": f"System {number}"}
    return {
        "id": f"{ORG}_{kind}{number}",
        "vendor": {"ID": f"0192:{ORG}"},
        "name": texts,
        "description": texts,
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}]}],
        "clientId": [f"{number:08d}-0000-4000-8000-{ord(kind):012d}"],
        "allowedRedirectUrls": [f"https://vendor.example/{number}"],
        "isVisible": False,
    }


class Connection:
    """One keep-alive connection, with as little work of its own as a client can have."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader, self._writer, self._token = reader, writer, token

    async def ask(self, method: str, path: str, body: object = None) -> float:
        """Send a request and read the answer; gives the seconds it took, and fails where it is no success."""
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        began = time.perf_counter()
        self._writer.write(head.encode() + b"\r\n" + content)
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("transfer-encoding") == "chunked":
            while size := int(await self._reader.readline(), 16):
                await self._reader.readexactly(size + 2)
            await self._reader.readline()
        else:
            await self._reader.readexactly(int(headers.get("content-length", 0)))
        took = time.perf_counter() - began
        assert status.split(" ")[1] == "200", f"{method} {path}: {status}"
        return took

    def close(self) -> None:
        """Close it."""
        self._writer.close()


def request(verb: str, number: int) -> tuple[str, str, object]:
    """Make the request of a verb for a system of its own, so that no two writes meet."""
    match verb:
        case "GET":
            return "GET", f"{VENDOR}/{ORG}_s{number % 100}", None
        case "PUT":
            return "PUT", f"{VENDOR}/{ORG}_s{number % 100}", {**make_system(number % 100), "isVisible": True}
        case "POST":
            return "POST", VENDOR, make_system(number, "n")
        case "DELETE":
            return "DELETE", f"{VENDOR}/{ORG}_n{number}", None
        case _:
            return "GET", VENDOR, None


async def run(address: tuple[str, int], token: str, verb: str, numbers: Sequence[int], count: int) -> str:
    """Send the requests over `count` connections; gives the median in ms and the number a second."""
    streams = [await asyncio.open_connection(*address, limit=1 << 26) for _ in range(count)]
    connections = [Connection(*each, token) for each in streams]

    async def send(lane: int) -> list[float]:
        return [await connections[lane].ask(*request(verb, number)) for number in numbers[lane::count]]

    began = time.perf_counter()
    times = [each for lane in await asyncio.gather(*map(send, range(count))) for each in lane]
    total = time.perf_counter() - began
    for each in connections:
        each.close()
    return f"{median(times) * 1000:7.1f} ms {len(numbers) / total:6.0f}/s"


@pytest.mark.parametrize("size", SIZES)
def test_sizes(size: int) -> None:
    """Every verb at one size, with one, eight and thirty-two connections."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=make_environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        json.dump([make_system(number) for number in range(size)], process.stdin)
        process.stdin.close()
        try:
            base = process.stdout.readline().strip()
            query = {"env": "local", "orgNo": ORG, "scopes": "altinn:authentication/systemregister.write"}
            token = httpx.get(f"{base}/api/GetEnterpriseToken", params=query).text
            url = httpx.URL(base)
            address = (url.host, url.port or 80)
            asyncio.run(
                run(address, token, "GET", range(100), 1)
            )  # the first requests build what the rest use
            for verb in ("GET", "PUT", "POST", "DELETE", "list"):
                cells = []
                for place, count in enumerate(CONNECTIONS):
                    amount = REQUESTS // 20 if verb == "list" else REQUESTS
                    numbers = range(place * REQUESTS, place * REQUESTS + amount)
                    cells.append(asyncio.run(run(address, token, verb, numbers, count)))
                sys.stdout.write(f"\n{size:6d} systems {verb:6s} {'   '.join(cells)}")
        finally:
            process.kill()
