"""The least that a verb can cost: the same imports, the same files composed in C, the same requests by a bare client.

Run as a program, in a process of its own. It prints what it did as JSON, so that it is compared too:

    floor.py import MODULE…
    floor.py compose PATH
    floor.py read PATH BASE TOKEN WORKERS
    floor.py write PATH BASE TOKEN WORKERS DOCUMENTS METHOD
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

PREFIX = "/authentication/api/v1/systemregister/vendor"


def compose(path: Path) -> list[str]:
    """Compose every file in C, and give the ids that the file names stand for."""
    from pydantic import BaseModel  # noqa: PLC0415 - as the program: each part pays for what it needs
    from ruamel.yaml import YAML  # noqa: PLC0415 - as above

    assert BaseModel.model_fields == {}
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    for file in files:
        assert YAML(typ="safe").compose(file.read_text(encoding="utf-8")) is not None
    return [file.stem for file in files]


def open_client(base: str, token: str, workers: int) -> httpx.Client:
    """Import what a plan imports, and open as many connections as there are workers."""
    import cryptography.hazmat.primitives.asymmetric.rsa  # noqa: PLC0415 - as above
    import httpx  # noqa: PLC0415 - as above
    import jwt  # noqa: PLC0415 - as above
    import typer  # noqa: PLC0415 - as above

    assert cryptography.__version__
    assert jwt.__version__
    assert typer.__version__
    limits = httpx.Limits(max_connections=workers, max_keepalive_connections=workers)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return httpx.Client(base_url=base, headers=headers, limits=limits, timeout=60, trust_env=False)


def read(client: httpx.Client, ids: list[str], workers: int) -> int:
    """Read the list and every system; gives how many systems were read."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - as above

    def read_one(name: str) -> bool:
        return bool(json.loads(client.get(f"{PREFIX}/{name}").content)["id"] == name)

    json.loads(client.get(PREFIX).content)
    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(read_one, ids))


def write(client: httpx.Client, documents: list[dict[str, object]], method: str, workers: int) -> int:
    """Read each system, write it and read it again; gives how many were written."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - as above

    def write_one(document: dict[str, object]) -> bool:
        path = f"{PREFIX}/{document['id']}"
        client.get(path)
        client.request(method, path if method == "PUT" else PREFIX, json=document).raise_for_status()
        return client.get(path).is_success

    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(write_one, documents))


def main(act: str, *words: str) -> dict[str, int]:
    """Do one of the four, and count what was done."""
    if act == "import":
        return {"modules": len([import_module(each) for each in words])}
    ids = compose(Path(words[0]))
    if act == "compose":
        return {"files": len(ids)}
    workers = int(words[3])
    with open_client(words[1], words[2], workers) as client:
        if act == "read":
            return {"files": len(ids), "read": read(client, ids, workers)}
        documents = json.loads(Path(words[4]).read_text(encoding="utf-8"))
        return {"files": len(ids), "written": write(client, documents, words[5], workers)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")
