"""The state: many writers, SIGKILL, and what was acknowledged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.emulator import start
from reconciler.emulator.register.state_file import open_state
from tests.emulator.callers import VENDOR, connect, fetch_token, make_document

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.emulator import Emulator

SERVE = """
import pathlib, signal, sys
from reconciler.emulator import start
from reconciler.emulator.register.state_file import open_state
emulator = start(state=pathlib.Path(sys.argv[1]), port=int(sys.argv[2]))
print(emulator.base, flush=True)
signal.pause()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("writers", "writes", "systems"), [(20, 300, 8)])
@pytest.mark.e2e
def test_many_writers(tmp_path: Path, writers: int, writes: int, systems: int) -> None:
    """Each acknowledged write has one row in the change log, and the newest row is what is stored."""
    write_all(tmp_path / "state.sqlite", writers, writes, systems)


@pytest.mark.thorough
def test_very_many_writers(tmp_path: Path) -> None:
    """2,000 writes from 50 writers on 20 systems lose nothing; those that overlap on one system fail."""
    write_all(tmp_path / "state.sqlite", 50, 2000, 20)


def write_all(state: Path, writers: int, writes: int, systems: int) -> None:
    """Write from many threads, and compare the change log with what was acknowledged."""
    documents = [make_document() for _ in range(systems)]
    acknowledged: list[int] = [0] * systems
    lock = threading.Lock()
    with start(state=state, seed=documents) as emulator:
        token = fetch_token(emulator)
        local = threading.local()
        clients: list[httpx.Client] = []

        def write(number: int) -> int:
            if not hasattr(local, "client"):
                headers = {"Authorization": f"Bearer {token}"}
                local.client = httpx.Client(base_url=emulator.base, headers=headers, timeout=60)
                with lock:
                    clients.append(local.client)
            place = number % systems
            document = documents[place]
            names = {"nb": f"write {number}", "nn": "x", "en": "x"}
            answer = local.client.put(f"{VENDOR}/{document['id']}", json={**document, "name": names})
            if answer.status_code == 200:
                with lock:
                    acknowledged[place] += 1
            return int(answer.status_code)

        with ThreadPoolExecutor(writers) as pool:
            statuses = list(pool.map(write, range(writes)))
        for client in clients:
            client.close()
        assert 200 in statuses
        assert set(statuses) <= {200, 500}, "those that overlap with another on one system are 500"
        with connect(emulator) as reader:
            for document, count in zip(documents, acknowledged, strict=True):
                path = f"{VENDOR}/{document['id']}"
                log = reader.get(f"{path}/changelog").json()
                assert len(log) == count + 1
                assert len({entry["created"] for entry in log}) == len(log)
                assert reader.get(path).json()["name"] == log[0]["changedData"]["Name"]


def serve(state: Path, port: int = 0) -> tuple[subprocess.Popen[str], str]:
    """Run an emulator in a process of its own; gives it and its address."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(state), str(port)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def die(process: subprocess.Popen[str]) -> None:
    """Kill a process without warning, and wait for its end."""
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def kill_while_writing(state: Path, rounds: int) -> None:
    """Kill an emulator under four writers repeatedly; compare the state with the answers."""
    documents = [make_document() for _ in range(4)]
    process, base = serve(state)
    token = fetch_base_token(base)
    port = int(base.rpartition(":")[2])
    headers = {"Authorization": f"Bearer {token}"}
    for document in documents:
        httpx.post(f"{base}{VENDOR}", json=document, headers=headers).raise_for_status()
    written = [1] * len(documents)
    for turn in range(rounds):
        threads = [
            threading.Thread(target=write_until_death, args=(base, headers, place, documents[place], written))
            for place in range(len(documents))
        ]
        for thread in threads:
            thread.start()
        threads[0].join(timeout=0.05 + 0.02 * turn)
        die(process)
        for thread in threads:
            thread.join()
        process, base = serve(state, port)
        for place, document in enumerate(documents):
            path = f"{base}{VENDOR}/{document['id']}"
            log = httpx.get(f"{path}/changelog", headers=headers).json()
            stored = httpx.get(path, headers=headers).json()
            assert written[place] <= len(log) <= written[place] + 1
            assert stored["name"] == log[0]["changedData"]["Name"]
            written[place] = len(log)
    die(process)


def write_until_death(
    base: str, headers: dict[str, str], place: int, document: dict[str, object], written: list[int]
) -> None:
    """Write one system until there is no answer, and count what was acknowledged."""
    with httpx.Client(base_url=base, headers=headers) as client:
        try:
            while True:
                names = {"nb": f"write {written[place] + 1}", "nn": "x", "en": "x"}
                answer = client.put(f"{VENDOR}/{document['id']}", json={**document, "name": names})
                written[place] += answer.status_code == 200
        except httpx.HTTPError:
            return


def fetch_base_token(base: str) -> str:
    """Fetch a token that outlives the test."""
    query = {"env": "local", "scopes": "altinn:authentication/systemregister.write", "orgNo": "991825827"}
    return httpx.get(f"{base}/api/GetEnterpriseToken", params={**query, "ttl": "7200"}).text


@pytest.mark.slow
@pytest.mark.e2e
def test_sudden_death(tmp_path: Path) -> None:
    """After SIGKILL the state is that of the acknowledged writes, plus at most the one in flight."""
    kill_while_writing(tmp_path / "state.sqlite", 3)


@pytest.mark.thorough
def test_sudden_deaths(tmp_path: Path) -> None:
    """The same after thirty kills."""
    kill_while_writing(tmp_path / "state.sqlite", 30)


def test_a_new_file_is_opened_by_many_at_once(tmp_path: Path) -> None:
    """All of them wait for the one that makes it: none says that the database is locked."""
    barrier = threading.Barrier(8)

    def open_new(path: Path) -> None:
        barrier.wait(10)
        open_state(path, "CREATE TABLE IF NOT EXISTS made (name TEXT);").close()

    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            list(pool.map(open_new, [tmp_path / f"{number}.sqlite"] * 8))


def test_unknown_members_are_kept_when_asked() -> None:
    """A future register keeps members that today's ignores, at every depth, but not read-only ones."""
    document = make_document()
    rights = [{"resource": [{"id": "urn:altinn:resource", "value": "kravogbetaling", "c": 3}], "b": 2}]
    extended = {
        **document,
        "contactEmail": "a@b.no",
        "isDeleted": True,
        "vendor": {"ID": "0192:991825827", "authority": "x", "phone": "1"},
        "rights": rights,
        "accessPackages": [{"urn": "urn:altinn:accesspackage:toll", "note": {"x": [1]}}],
    }
    path = f"{VENDOR}/{document['id']}"
    with start({"unknown_members": "kept"}) as emulator, connect(emulator) as client:
        client.post(VENDOR, json=extended).raise_for_status()
        stored = client.get(path).json()
        vendor = {"ID": "0192:991825827", "phone": "1"}
        assert stored == {**extended, "isDeleted": False, "vendor": vendor}
        (entry,) = client.get(f"{path}/changelog").json()
        assert entry["changedData"]["contactEmail"] == "a@b.no"
        client.put(f"{path}/rights", json=[]).raise_for_status()
        assert client.get(path).json() == {**stored, "rights": []}
        client.put(path, json=document).raise_for_status()
        assert "contactEmail" not in client.get(path).json()


def test_emulator_is_in_memory_by_default(emulator: Emulator, tmp_path: Path) -> None:
    """Without a state nothing is written to disk."""
    with connect(emulator) as client:
        client.post(VENDOR, json=make_document()).raise_for_status()
    assert list(tmp_path.iterdir()) == []
