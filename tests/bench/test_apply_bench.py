"""apply of 1,000 updates at 50 ms latency against a bare client that does the same, as a ratio."""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.builders import VENDOR, a_live_document
from tests.execution.stage import Stage, a_client, define, open_stage
from tests.served import CLIENT_ID, SCOPE, VENDOR_PATH

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan

pytestmark = pytest.mark.bench
SYSTEMS = 1000
LATENCY = 0.05
WORKERS = 8
RUNS = 2


def _set_up(stage: Stage, stem: int) -> Plan:
    ids = [f"{VENDOR}_bench{stem}x{number:04}" for number in range(SYSTEMS)]
    clients = [a_client(stem * 10000 + number) for number in range(SYSTEMS)]
    stage.seed(*(a_live_document(id=name, clientId=[clients[at]]) for at, name in enumerate(ids)))
    return stage.plan([define(name, clientId=[clients[at]], isVisible=False) for at, name in enumerate(ids)])


def _run_floor(stage: Stage, plan: Plan, token: str, folder: Path) -> None:
    """Send the requests of an apply and sync as often, eight at a time, and look at nothing."""
    limits = httpx.Limits(max_connections=WORKERS, max_keepalive_connections=WORKERS)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    descriptor = os.open(folder / f"floor{time.monotonic_ns()}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with (
        httpx.Client(base_url=stage.emulator.base, headers=headers, limits=limits, timeout=60) as client,
        ThreadPoolExecutor(WORKERS) as workers,
    ):

        def read(path: str) -> Json:
            return json.loads(client.get(path).content)

        def note(value: Json) -> None:
            os.write(descriptor, json.dumps(value).encode())
            os.fsync(descriptor)

        def update(pair: tuple[str, Json]) -> int:
            path = f"{VENDOR_PATH}/{pair[0]}"
            note([read(path), read(f"{path}/changelog")])
            status = client.put(path, json=pair[1]).status_code
            note([read(path), read(f"{path}/changelog")])
            return status

        list(workers.map(lambda change: read(f"{VENDOR_PATH}/{change.id}"), plan.writes))
        assert set(workers.map(update, [(each.id, each.document) for each in plan.writes])) == {200}
    os.close(descriptor)


def test_apply(private_key: RSAPrivateKey, tmp_path: Path) -> None:
    """A thousand systems, each with one member changed."""
    ours, least = [], []
    with open_stage(private_key, tmp_path / "journal") as stage:
        query = {"env": "local", "orgNo": VENDOR, "scopes": SCOPE, "clientId": CLIENT_ID, "ttl": "3600"}
        token = httpx.get(f"{stage.emulator.base}/api/GetEnterpriseToken", params=query).text.strip('"')
        for stem in range(RUNS):
            plans = _set_up(stage, 2 * stem), _set_up(stage, 2 * stem + 1)
            stage.strike(fault="latency", seconds=LATENCY, path="*systemregister*", times=0)
            began = time.perf_counter()
            _run_floor(stage, plans[0], token, tmp_path)
            least.append(time.perf_counter() - began)
            began = time.perf_counter()
            report = stage.apply(plans[1])
            ours.append(time.perf_counter() - began)
            stage.heal()
            assert {each.word for each in report.outcomes} == {"done"}
    ratio = min(ours) / min(least)
    sys.stdout.write(f"\napply: {min(ours):.1f} s, floor {min(least):.1f} s, ratio {ratio:.2f}\n")
