"""The emulator's reads against a bare route, and its start against the imports it cannot do without."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.bench
GETS = 1000
ROUNDS = 5
STARTS = 15
ORG = "991825827"
VENDOR = "/authentication/api/v1/systemregister/vendor"
EMULATOR = """
import signal
from reconciler.emulator import start
emulator = start()
print(emulator.base, flush=True)
signal.pause()
"""
BARE = """
import socket
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

BODY = b"{" + b" " * 500 + b"}"

async def answer(request):
    return Response(BODY, media_type="application/json")

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
app = Starlette(routes=[Route("/x", answer)])
config = uvicorn.Config(app, log_config=None, access_log=False, loop="asyncio", http="h11", lifespan="off")
uvicorn.Server(config).run([listener])
"""
START_EMULATOR = """
from reconciler.emulator import start
start()
import os
os._exit(0)
"""
START_FLOOR = """
import socket
import pydantic
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol
listener = socket.create_server(("127.0.0.1", 0))
import os
os._exit(0)
"""


@contextmanager
def serve(program: str) -> Iterator[str]:
    """Run a server in a process of its own; gives its address."""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=make_environment()
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def make_environment() -> dict[str, str]:
    """Let a process import what this one can."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def time_gets(client: httpx.Client, path: str) -> float:
    """Time the reads, one after another over one connection."""
    client.get(path).raise_for_status()
    began = time.perf_counter()
    for _ in range(GETS):
        client.get(path)
    return time.perf_counter() - began


def test_gets() -> None:
    """1,000 authenticated reads of one system, and as many of a bare starlette route, in turns."""
    document = {
        "id": f"{ORG}_bench",
        "vendor": {"ID": f"0192:{ORG}"},
        "name": {"nb": "x", "nn": "x", "en": "x"},
        "description": {"nb": "x", "nn": "x", "en": "x"},
        "clientId": ["32ef65ac-6e62-498d-880f-76c85c2052ae"],
    }
    with serve(EMULATOR) as base, serve(BARE) as bare:
        query = {"env": "local", "orgNo": ORG, "scopes": "altinn:authentication/systemregister.write"}
        token = httpx.get(f"{base}/api/GetEnterpriseToken", params=query).text
        headers = {"Authorization": f"Bearer {token}"}
        ours: list[float] = []
        least: list[float] = []
        with (
            httpx.Client(base_url=base, headers=headers) as client,
            httpx.Client(base_url=bare, headers=headers, transport=httpx.HTTPTransport(retries=5)) as plain,
        ):
            client.post(VENDOR, json=document).raise_for_status()
            for _ in range(ROUNDS):
                ours.append(time_gets(client, f"{VENDOR}/{document['id']}"))
                least.append(time_gets(plain, "/x"))
    report("1,000 GETs", ours, least)


def test_start() -> None:
    """A process that starts an emulator, and one that imports the libraries and binds a port, in turns."""
    ours: list[float] = []
    least: list[float] = []
    for _ in range(STARTS):
        ours.append(time_process(START_EMULATOR))
        least.append(time_process(START_FLOOR))
    report("start-up", ours, least)


def time_process(program: str) -> float:
    """Time a process from its start to its end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=make_environment())
    return time.perf_counter() - began


def report(name: str, ours: list[float], least: list[float]) -> None:
    """Print the medians and their ratio."""
    ratio = median(ours) / median(least)
    sys.stdout.write(f"\n{name}: {median(ours):.3f} s, floor {median(least):.3f} s, ratio {ratio:.2f}\n")
