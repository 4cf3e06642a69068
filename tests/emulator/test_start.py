"""The emulator as a program: it is up when `start` returns, private on disk, and gone when it is closed."""

from __future__ import annotations

import asyncio
import gc
import socket
import stat
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.emulator import start
from tests.emulator.callers import HTTP, VENDOR, connect, control, make_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Message

    from reconciler.emulator import Emulator


def test_up_at_once() -> None:
    """It answers as soon as `start` returns, on a port of its own."""
    with start() as first, start() as second:
        assert first.base != second.base
        for emulator in (first, second):
            assert emulator.maskinporten == f"{emulator.base}/maskinporten/"
            assert (
                HTTP.get(f"{emulator.maskinporten}.well-known/oauth-authorization-server").status_code == 200
            )


def test_emulators_are_strangers() -> None:
    """Two emulators in one process share neither systems nor keys."""
    with start() as first, start() as second, connect(first) as client:
        client.post(VENDOR, json=make_document()).raise_for_status()
        assert control(second, "GET", "systems").json() == []
        headers = {"Authorization": client.headers["Authorization"]}
        assert HTTP.get(f"{second.base}{VENDOR}", headers=headers).status_code == 401


def test_nothing_is_left() -> None:
    """Closing ends the thread and the sockets, also with clients still connected; twice is once."""
    threads = threading.active_count()
    emulator = start()
    with connect(emulator) as client:
        client.get(VENDOR).raise_for_status()
        emulator.close()
        emulator.close()
        assert threading.active_count() == threads
        with pytest.raises(httpx.ConnectError):
            client.get(VENDOR)
    gc.collect()


def test_chosen_port() -> None:
    """A port can be named, and one that is taken is an OSError that leaves nothing behind."""
    with start() as emulator:
        port = int(emulator.base.rpartition(":")[2])
        threads = threading.active_count()
        with pytest.raises(OSError, match="in use"):
            start(port=port)
        assert threading.active_count() == threads
    with start(port=port) as again:
        assert again.base == emulator.base


def test_ipv6() -> None:
    """It listens on IPv6 where that is asked for."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with start(host="::1") as emulator:
        assert emulator.base.startswith("http://[::1]:")
        assert control(emulator, "GET", "clock").status_code == 200


def test_state_outlives_a_restart(tmp_path: Path) -> None:
    """Systems, change log and signing key are kept; a token stays good on the same port."""
    state = tmp_path / "deep" / "state.sqlite"
    document = make_document()
    path = f"{VENDOR}/{document['id']}"
    with start(state=state) as emulator, connect(emulator) as client:
        client.post(VENDOR, json=document).raise_for_status()
        log = client.get(f"{path}/changelog").json()
        headers = {"Authorization": client.headers["Authorization"]}
        port = int(emulator.base.rpartition(":")[2])
    with start(state=state, port=port) as emulator:
        answer = HTTP.get(f"{emulator.base}{path}/changelog", headers=headers)
        assert answer.json() == log
        assert HTTP.get(f"{emulator.base}{path}", headers=headers).json()["clientId"] == document["clientId"]


def test_seeds_are_planted_once(tmp_path: Path) -> None:
    """A seed whose id the state knows is left as it is."""
    state = tmp_path / "state.sqlite"
    document = make_document()
    path = f"{VENDOR}/{document['id']}"
    with start(state=state, seed=[document]) as emulator, connect(emulator) as client:
        client.put(path, json={**document, "isVisible": False}).raise_for_status()
    with start(state=state, seed=[document]) as emulator, connect(emulator) as client:
        assert client.get(path).json()["isVisible"] is False
        assert len(client.get(f"{path}/changelog").json()) == 2


def test_private_files(tmp_path: Path) -> None:
    """Folder and files are the owner's alone, whatever the process allows others."""
    state = tmp_path / "new" / "state.sqlite"
    with start(state=state) as emulator, connect(emulator) as client:
        client.post(VENDOR, json=make_document()).raise_for_status()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.parent.iterdir()}
        assert modes
        assert set(modes.values()) == {0o600}, modes
        assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700


def test_bad_state(tmp_path: Path) -> None:
    """A file that is no database of ours is an OSError."""
    path = tmp_path / "text"
    path.write_text("no database, but longer than the header of one " * 10)
    with pytest.raises(OSError, match="not a database"):
        start(state=path)


def test_two_processes_on_one_state(tmp_path: Path) -> None:
    """Two emulators on one file see each other's writes."""
    state = tmp_path / "state.sqlite"
    document = make_document()
    with start(state=state) as first, start(state=state) as second:
        with connect(first) as client:
            client.post(VENDOR, json=document).raise_for_status()
        with connect(second) as client:
            path = f"{VENDOR}/{document['id']}"
            assert client.get(path).status_code == 200
            assert client.put(path, json=document).status_code == 200
        assert len(control(first, "GET", "systems").json()) == 1


def test_access_log(private_log: list[str], logged: Emulator) -> None:
    """The log holds all requests except those to the control endpoint, without secrets."""
    with connect(logged, client_id="client-1") as client:
        client.get(VENDOR)
        client.get(f"{VENDOR}/a%0Ab%1B?x=1%1B")
        control(logged, "POST", "faults", {"fault": "reset"})
        with pytest.raises(httpx.ReadError):
            client.delete(f"{VENDOR}/x")
        token = client.headers["Authorization"].split()[1]
    entries = control(logged, "GET", "log").json()
    assert [(entry["method"], entry["path"], entry["status"]) for entry in entries] == [
        ("GET", VENDOR, 200),
        ("GET", f"{VENDOR}/a%0Ab%1B", 404),
        ("DELETE", f"{VENDOR}/x", None),
    ]
    assert entries[1]["query"] == "x=1%1B"
    assert entries[0]["org"] == "991825827"
    assert entries[0]["client_id"] == "client-1"
    assert entries[2]["faults"] == ["reset before"]
    assert [entry["number"] for entry in entries] == [1, 2, 3]
    after = control(logged, "GET", "log?after=2").json()
    assert after == entries[2:]
    assert len(private_log) == 3
    assert VENDOR in private_log[0]
    assert "200" in private_log[0]
    assert "991825827 client-1" in private_log[0]
    assert "[reset before]" in private_log[2]
    assert token not in "".join(private_log)
    control(logged, "DELETE", "log")
    assert control(logged, "GET", "log").json() == []


@pytest.fixture
def private_log() -> list[str]:
    """Collect the lines of the access log."""
    return []


@pytest.fixture
def logged(private_log: list[str]) -> Iterator[Emulator]:
    """Run an emulator that writes its log there."""
    with start(access_log=private_log.append) as emulator:
        yield emulator


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.1", 200), ("127.1.2.3", 200), ("::1", 200), ("10.0.0.1", 403), ("x", 403)]
)
@pytest.mark.parametrize("path", ["/control/clock", "/Control/Clock", "/api/GetEnterpriseToken"])
def test_only_loopback(shared: Emulator, host: str, status: int, path: str) -> None:
    """The control endpoint and the token generator answer this machine only, in any letter case."""
    query = b"env=local&orgNo=991825827&scopes=x"
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"host", b"localhost")],
        "client": (host, 1),
    }
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def visit() -> None:
        await shared.app(scope, receive, send)

    asyncio.run(visit())
    assert statuses == [status]
