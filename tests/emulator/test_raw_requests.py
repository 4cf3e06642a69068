"""Thousands of raw requests, most of them broken: each is answered as it should be, or the connection ends."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from reconciler.emulator import start
from tests.emulator.callers import VENDOR, connect, control, fetch_token, make_document
from tests.emulator.raw_connections import Answer, split
from tests.emulator.raw_requests import REFUSED, Generator

if TYPE_CHECKING:
    from reconciler.emulator import Emulator
    from tests.emulator.raw_requests import Raw

AT_ONCE = 16
MOST_BLOCKS = 50_000
"""Of memory that may have come into use: those that are in use at any moment differ by so many."""
TYPES = {"application/json", "application/problem+json", "text/plain", "text/json"}


async def send(emulator: Emulator, raw: Raw) -> bytes:
    """Send some bytes, and read to the end; one that does not end is left by closing half."""
    address = urlsplit(emulator.base)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(raw.data)
        if not raw.ends:
            writer.write_eof()
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    except TimeoutError:
        pytest.fail(f"no end of {raw.data[:500]!r}")
    finally:
        writer.transport.abort()


def check(raw: Raw, data: bytes) -> None:
    """Hold what came back against what may come back."""
    answers = split(data)
    if raw.ends:
        assert answers, raw.data
        assert answers[0].status in raw.statuses, (answers[0], raw.data[:300])
    for answer in answers:
        check_answer(answer, raw)


def check_answer(answer: Answer, raw: Raw) -> None:
    """An answer is framed and described as every answer is."""
    headers = answer.headers
    assert headers["server"] == "Kestrel", raw.data
    media = headers.get("content-type", "").partition(";")[0]
    assert ("transfer-encoding" in headers) is bool(answer.body)
    if not answer.body:
        assert headers.get("content-length") == "0"
        assert answer.status in REFUSED | {401, 403, 404, 500}
    assert (media in TYPES) is bool(answer.body)
    if answer.body and "json" in media and "utf-16" not in headers["content-type"]:
        json.loads(answer.body)


def send_all(emulator: Emulator, generator: Generator, many: int) -> None:
    """Send so many, some at a time, and hold each against what may come back."""

    async def send_some(requests: list[Raw]) -> list[bytes]:
        return list(await asyncio.gather(*(send(emulator, raw) for raw in requests)))

    for _ in range(many // AT_ONCE):
        requests = [generator.make() for _ in range(AT_ONCE)]
        for raw, data in zip(requests, asyncio.run(send_some(requests)), strict=True):
            check(raw, data)


def count_blocks() -> int:
    """Count the blocks of memory that are in use."""
    gc.collect()
    return sys.getallocatedblocks()


def run(seed: int, many: int, caplog: pytest.LogCaptureFixture) -> None:
    """Send so many to an emulator, which says nothing but its access log, and is well afterwards."""
    lines: list[str] = []
    documents = [make_document() for _ in range(3)]
    with start(
        {"patience": {"idle": 5, "head": 0.3, "body": 0.3, "rate": 1e9}},
        seed=documents,
        access_log=lines.append,
    ) as emulator:
        token = fetch_token(emulator)
        generator = Generator(random.Random(seed), token, [str(one["id"]) for one in documents])  # noqa: S311 - a seed, not a secret
        send_all(emulator, generator, many // 4)
        control(emulator, "DELETE", "log")
        before = count_blocks()
        send_all(emulator, generator, many - many // 4)
        control(emulator, "DELETE", "log")
        lines.clear()
        grown = count_blocks() - before
        assert emulator.connections.every == set() or not any(
            one.is_busy for one in emulator.connections.every
        )
        with connect(emulator) as client:
            assert client.get(f"{VENDOR}/{documents[0]['id']}").status_code == 200
    assert grown < MOST_BLOCKS, "systems are in the database, and nothing else is kept"
    assert caplog.records == []


def test_some_raw_requests(caplog: pytest.LogCaptureFixture) -> None:
    """E29, E38, §1.7, §1.8, §9: a sample of what is generated."""
    run(1, 400, caplog)


@pytest.mark.thorough
def test_many_raw_requests(caplog: pytest.LogCaptureFixture) -> None:
    """E29, E38, §1.7, §1.8, §9: 20,000 generated requests; memory stays flat, and nothing is logged."""
    run(2, 20_000, caplog)
