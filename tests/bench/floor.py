"""The least that a plan can cost: the same imports, the same files composed, the same GETs by bare httpx.

Run as a program by the benchmarks, in a process of its own: `floor.py FOLDER [BASE TOKEN]`.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydantic
import rich
import typer
from ruamel.yaml import YAML

IMPORTED = (pydantic, rich, typer)
PREFIX = "/authentication/api/v1/systemregister/vendor"


def compose(folder: Path) -> list[str]:
    """Compose every file, and give the ids that the file names stand for."""
    files = sorted(folder.rglob("*.yaml"))
    for file in files:
        YAML(typ="safe").compose(file.read_text(encoding="utf-8"))
    return [file.stem for file in files]


def read(base: str, token: str, ids: list[str]) -> int:
    """Read the list and every system, eight at a time."""
    import cryptography.hazmat.primitives.asymmetric.rsa  # noqa: PLC0415 - as the program: for plan only
    import httpx  # noqa: PLC0415 - as above
    import jwt  # noqa: PLC0415 - as above

    assert jwt.__version__
    assert cryptography.__version__
    limits = httpx.Limits(max_connections=8, max_keepalive_connections=8)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    with httpx.Client(base_url=base, headers=headers, limits=limits, timeout=60) as client:

        def read_one(name: str) -> int:
            return len(json.loads(client.get(f"{PREFIX}/{name}").content))

        client.get(PREFIX)
        with ThreadPoolExecutor(8) as workers:
            return sum(workers.map(read_one, ids))


if __name__ == "__main__":
    names = compose(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        read(sys.argv[2], sys.argv[3], names)
