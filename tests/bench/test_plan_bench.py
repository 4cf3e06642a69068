"""validate and plan of 1,000 definitions against the floor of the same run, as ratios."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import httpx
import pytest
from ruamel.yaml import YAML

from tests.builders import VENDOR, a_definition_text
from tests.served import CLIENT_ID, KID, SCOPE, VENDOR_PATH, Repository, export_pem, export_public

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

pytestmark = pytest.mark.bench
SYSTEMS = 1000
RUNS = 5
FLOOR = Path(__file__).with_name("floor.py")


def _measure(words: list[str], root: Path, environ: dict[str, str]) -> tuple[float, float]:
    """Run a program; its wall time in seconds and its peak memory in MB."""
    started = time.perf_counter()
    with subprocess.Popen(words, cwd=root, env=environ, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def _compare(name: str, words: list[str], floor: list[str], root: Path, environ: dict[str, str]) -> None:
    """Run both in turns, and print the ratio of the medians."""
    ours, least, memory = [], [], 0.0
    for _ in range(RUNS):
        seconds, peak = _measure(words, root, environ)
        ours.append(seconds)
        memory = max(memory, peak)
        least.append(_measure(floor, root, environ)[0])
    ratio = median(ours) / median(least)
    sys.stdout.write(
        f"\n{name}: {median(ours):.2f} s, floor {median(least):.2f} s, ratio {ratio:.2f}, {memory:.0f} MB\n"
    )


def _fill(base: str, root: Path) -> str:
    """Register every definition, so that the plan is of systems that are there; gives a token."""
    query = {"env": "local", "orgNo": VENDOR, "scopes": SCOPE, "ttl": "3600"}
    token = httpx.get(f"{base}/api/GetEnterpriseToken", params=query).text.strip('"')
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base, headers=headers, timeout=60) as client:

        def create(path: Path) -> int:
            return client.post(VENDOR_PATH, json=YAML(typ="safe").load(path)).status_code

        with ThreadPoolExecutor(8) as workers:
            answers = set(workers.map(create, sorted((root / "systems").glob("*.yaml"))))
    assert answers == {200}
    return token


def test_validate_and_plan(tmp_path: Path, private_key: RSAPrivateKey) -> None:
    """A thousand definitions, all of them registered."""
    repository = Repository(tmp_path)
    for number in range(SYSTEMS):
        name = f"{VENDOR}_system{number:04}"
        client = str(uuid.UUID(int=number + (4 << 76) + (8 << 60)))
        repository.write(f"{name}.yaml", a_definition_text(id=name, clientId=[client]))
    public = ", ".join(f"{key} = {json.dumps(value)}" for key, value in export_public(private_key).items())
    config = tmp_path / "emulator.toml"
    config.write_text(
        f'[[clients]]\nclient_id = "{CLIENT_ID}"\norg = "{VENDOR}"\n'
        f'scopes = ["{SCOPE}"]\njwk = {{{public}}}\n'
    )
    serve = [
        sys.executable,
        "-m",
        "reconciler",
        "register",
        "serve",
        "--format",
        "json",
        "--config",
        str(config),
    ]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        addresses = json.loads(server.stdout.readline())
        token = _fill(addresses["base"], tmp_path)
        repository.configure(addresses["base"], addresses["maskinporten"])
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "RECONCILER_ENVIRONMENT": "served",
            "MASKINPORTEN_CLIENT_ID": CLIENT_ID,
            "MASKINPORTEN_PRIVATE_KEY": export_pem(private_key),
            "MASKINPORTEN_KID": KID,
        }
        program = [sys.executable, "-m", "reconciler"]
        floor = [sys.executable, str(FLOOR), str(tmp_path / "systems")]
        _compare("validate", [*program, "validate"], floor, tmp_path, environ)
        _compare("plan", [*program, "plan"], [*floor, addresses["base"], token], tmp_path, environ)
        server.terminate()
