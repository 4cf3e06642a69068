"""Overlapping writes and clients that disconnect: what is stored, and what is answered."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
import uuid
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import pytest

from reconciler.emulator import start
from reconciler.emulator.dotnet.request_bodies import RequestBody
from reconciler.emulator.register.body_binding import bind_document
from reconciler.emulator.register.store import Author, Store
from reconciler.emulator.server.clock import Clock
from reconciler.emulator.server.portions import MANY, finish
from tests.emulator.callers import HTTP, VENDOR, connect, control, fetch_token, make_document, make_id
from tests.emulator.raw_connections import open_wire, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from reconciler.emulator import Emulator
    from reconciler.emulator.register.documents import SystemRequest
    from reconciler.emulator.server.portions import Steps

    Write = tuple[str, str, object]
    """Method, the end of the path, and the body."""

T = TypeVar("T")
LONG = 0.15
RIGHTS = [{"resource": [{"id": "urn:altinn:resource", "value": "kravogbetaling"}]}]


@pytest.fixture(scope="module")
def slow() -> Iterator[Emulator]:
    """Run an emulator whose transactions take long enough to meet."""
    with start({"transaction_seconds": LONG}) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def writer(slow: Emulator) -> Iterator[httpx.Client]:
    """Speak for the vendor there."""
    with connect(slow) as connected:
        yield connected


def seed(emulator: Emulator, **changes: object) -> dict[str, object]:
    """Have a system in the register."""
    document = {**make_document(), **changes}
    control(emulator, "POST", "systems", document)
    return document


def race(emulator: Emulator, *writes: Write) -> list[httpx.Response]:
    """Send writes one shortly after another, and wait for all answers."""
    headers = {"Authorization": f"Bearer {fetch_token(emulator)}"}
    answers: dict[int, httpx.Response] = {}

    def send(number: int, write: Write) -> None:
        method, path, body = write
        url = f"{emulator.base}{VENDOR}{path}"
        content = None if body is None else json.dumps(body).encode()
        answers[number] = HTTP.request(
            method, url, content=content, headers={**headers, "Content-Type": "application/json"}
        )

    threads = [threading.Thread(target=send, args=each) for each in enumerate(writes)]
    for thread in threads:
        thread.start()
        time.sleep(LONG / 5)
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(writes))]


def list_types(client: httpx.Client, system: object) -> list[str]:
    """List the types of a system's changes, oldest first."""
    log = client.get(f"{VENDOR}/{system}/changelog").json()
    return [entry["changeType"] for entry in reversed(log)]


MAKE: dict[str, Callable[[dict[str, object]], Write]] = {
    "update": lambda one: ("PUT", f"/{one['id']}", {**one, "isVisible": False}),
    "rightsupdate": lambda one: ("PUT", f"/{one['id']}/rights", RIGHTS),
    "accesspackageupdate": lambda one: ("PUT", f"/{one['id']}/accesspackages", []),
    "delete": lambda one: ("DELETE", f"/{one['id']}", None),
}


@pytest.mark.parametrize("first", ["update", "delete"])
@pytest.mark.parametrize("second", list(MAKE))
def test_writes_to_one_system_overlap(slow: Emulator, writer: httpx.Client, first: str, second: str) -> None:
    """E37, §9.4: the first is stored whole, the other is 500 and was not done."""
    document = seed(slow)
    answers = race(slow, MAKE[first](document), MAKE[second](document))
    assert [answer.status_code for answer in answers] == [200, 500]
    assert answers[1].json()["title"] == "An error occurred while processing your request."
    assert list_types(writer, document["id"]) == ["create", first]


def test_writes_to_one_system_one_after_another(slow: Emulator, writer: httpx.Client) -> None:
    """§9.4: nothing is lost where they do not overlap; a system of another's is no hindrance."""
    one, other = seed(slow), seed(slow)
    answers = race(slow, MAKE["update"](one), MAKE["update"](other))
    assert [answer.status_code for answer in answers] == [200, 200]
    for name in ("update", "delete", "delete"):
        method, path, body = MAKE[name](one)
        writer.request(method, f"{VENDOR}{path}", json=body)
    assert list_types(writer, one["id"]) == ["create", "update", "update", "delete", "delete"]


def test_two_posts_of_one_id(slow: Emulator, writer: httpx.Client) -> None:
    """E37, §9.4: 409 for the one that was validated too; a late one is 00002."""
    name = make_id()
    first, second, late = (make_document(name) for _ in range(3))
    answers = race(slow, ("POST", "", first), ("POST", "", second))
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].text == f"The System already exist: {name}"
    assert writer.get(f"{VENDOR}/{name}").json()["clientId"] == first["clientId"]
    assert "AUTH.VLD-00002" in writer.post(VENDOR, json=late).text


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_two_claims_of_one_client_id(slow: Emulator, writer: httpx.Client, method: str) -> None:
    """E37, §9.4: POST is 409 with its own id, which does not exist; PUT is 500."""
    client_id = str(uuid.uuid4())
    first = make_document(clientId=[client_id])
    second = make_document() if method == "POST" else seed(slow)
    claim = {**second, "clientId": [client_id]}
    path = "" if method == "POST" else f"/{second['id']}"
    answers = race(slow, ("POST", "", first), (method, path, claim))
    assert [answer.status_code for answer in answers] == [200, 409 if method == "POST" else 500]
    if method == "POST":
        assert answers[1].text == f"The System already exist: {second['id']}"
        assert writer.get(f"{VENDOR}/{second['id']}").status_code == 404
    else:
        assert writer.get(f"{VENDOR}/{second['id']}").json() == {**second, "isDeleted": False}


@pytest.mark.slow
def test_client_ids_in_opposite_order(slow: Emulator, writer: httpx.Client) -> None:
    """§9.4: a deadlock is 500 after a second, and one system holds all."""
    ids = [str(uuid.uuid4()) for _ in range(2)]
    first, second = make_document(clientId=ids), make_document(clientId=ids[::-1])
    began = time.monotonic()
    statuses = [answer.status_code for answer in race(slow, ("POST", "", first), ("POST", "", second))]
    assert sorted(statuses) == [200, 500]
    assert time.monotonic() - began > 1
    winner = (first, second)[statuses.index(200)]
    assert writer.get(f"{VENDOR}/{winner['id']}").json()["clientId"] == winner["clientId"]


def test_put_around_a_delete(slow: Emulator, writer: httpx.Client) -> None:
    """§9.4: a PUT that was validated before a DELETE ran through is 200, and takes the client ids again."""
    document = seed(slow)
    wait = {"fault": "latency", "from": "register", "path": "/resourceregistry/*", "seconds": 3 * LONG}
    control(slow, "POST", "faults", wait)
    answers = race(slow, MAKE["update"](document), MAKE["delete"](document))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert list_types(writer, document["id"]) == ["create", "delete", "update"]
    stored = writer.get(f"{VENDOR}/{document['id']}").json()
    assert (stored["isDeleted"], stored["isVisible"]) == (True, False)
    taken = writer.post(VENDOR, json=make_document(clientId=document["clientId"]))
    assert "AUTH.VLD-00004" in taken.text
    assert writer.delete(f"{VENDOR}/{document['id']}").status_code == 200
    freed = writer.post(VENDOR, json=make_document(clientId=document["clientId"]))
    assert freed.status_code == 200


@pytest.mark.parametrize("name", list(MAKE))
@pytest.mark.parametrize("is_half", [True, False], ids=["half", "whole"])
@pytest.mark.slow
def test_a_client_that_goes_away(slow: Emulator, writer: httpx.Client, name: str, *, is_half: bool) -> None:
    """E36, §9.3: its transaction is rolled back, and one that waits for it goes through."""
    document = seed(slow)
    method, path, body = MAKE[name](document)
    text = json.dumps(body).encode()
    head = (
        f"{method} {VENDOR}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {writer.headers['Authorization']}\r\n"
    )
    head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    with open_wire(slow) as wire:
        wire.sendall(head.encode() + text)
        waiting = threading.Timer(LONG / 5, race, (slow, MAKE["rightsupdate"](document)))
        waiting.start()
        time.sleep(2 * LONG / 5)
        if is_half:
            wire.shutdown(socket.SHUT_WR)
            assert read_all(wire) == b""
    waiting.join()
    assert list_types(writer, document["id"]) == ["create", "rightsupdate"]
    marks = [entry["faults"] for entry in control(slow, "GET", "log").json() if entry["status"] is None]
    assert marks[-1] == ["client gone"]


def test_a_client_that_goes_away_after_the_commit(emulator: Emulator, client: httpx.Client) -> None:
    """E36, §9.3: from the commit on a write goes through, even if its client is gone."""
    document = seed(emulator)
    wait = {"fault": "latency", "method": "PUT", "when": "after", "seconds": 5}
    control(emulator, "POST", "faults", wait)
    with pytest.raises(Exception, match="timed out"):
        client.put(f"{VENDOR}/{document['id']}", json={**document, "isVisible": False}, timeout=0.3)
    assert list_types(client, document["id"]) == ["create", "update"]


def test_unacknowledged(emulator: Emulator, client: httpx.Client) -> None:
    """E40, §9.3: the database is lost behind COMMIT: 500, and committed, log entry and all."""
    document = make_document()
    lost = {"fault": "unacknowledged", "method": "*", "path": f"{VENDOR}*", "times": 2}
    control(emulator, "POST", "faults", lost)
    created = client.post(VENDOR, json=document)
    assert (created.status_code, created.text) == (500, "Exception while reading from stream")
    assert client.put(f"{VENDOR}/{document['id']}", json={**document, "isVisible": False}).status_code == 500
    assert list_types(client, document["id"]) == ["create", "update"]
    control(emulator, "POST", "faults", {**lost, "times": 1})
    refused = client.post(VENDOR, json=document)
    assert refused.status_code == 400


def test_a_database_that_restarts(slow: Emulator, writer: httpx.Client) -> None:
    """E40, §9.3: what is open is rolled back, the first request after it is 500 and was not done, the next works."""
    document, other = seed(slow), seed(slow)
    control(slow, "POST", "faults", {"fault": "restart", "path": f"*{other['id']}"})
    answers = race(slow, MAKE["update"](document), MAKE["update"](other))
    assert [answer.status_code for answer in answers] == [500, 500]
    assert list_types(writer, document["id"]) == list_types(writer, other["id"]) == ["create"]
    assert race(slow, MAKE["update"](other))[0].status_code == 200


def test_metadata_of_the_issuer(emulator: Emulator, client: httpx.Client) -> None:
    """E27, E40, §6.5: every token is 500 on every route; without one nothing changes."""
    control(emulator, "POST", "faults", {"fault": "metadata", "times": 0})
    for path in (VENDOR, f"{VENDOR}/x", "/nowhere", "/health"):
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (500, b"")
    assert HTTP.get(f"{emulator.base}{VENDOR}").status_code == 401


def test_how_long_a_transaction_takes(emulator: Emulator) -> None:
    """E37: it can be set while the emulator runs."""
    assert control(emulator, "GET", "transactions").json() == {"seconds": 0.002}
    assert control(emulator, "PUT", "transactions", {"seconds": 0}).json() == {"seconds": 0}
    assert HTTP.put(f"{emulator.base}/control/transactions", json={"second": 1}).status_code == 400


NOT_FOUND = "AUTH.VLD-00003", "AUTH.VLD-00008"


@pytest.mark.parametrize(
    ("fault", "status", "codes"),
    [
        *(({"status": status}, 400, NOT_FOUND) for status in (204, 302, 401, 404, 429, 500, 503)),
        ({"status": 200, "body": "null"}, 400, NOT_FOUND),
        ({"status": 200, "body": "{}"}, 400, ("AUTH.VLD-00008",)),
        ({"status": 200, "body": "<html></html>"}, 500, ()),
        ({"status": 200, "body": "[]"}, 500, ()),
        ({"status": 200, "body": ""}, 500, ()),
        ({"fault": "truncate"}, 500, ()),
        ({"fault": "reset"}, 500, ()),
        ({"fault": "refuse"}, 500, ()),
        ({"fault": "timeout", "seconds": 0.05}, 500, ()),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_registry_cannot_be_reached(
    slow: Emulator,
    writer: httpx.Client,
    method: str,
    fault: dict[str, object],
    status: int,
    codes: tuple[str, ...],
) -> None:
    """E40, §9.5: not found, or 500; an empty object is a right that is accepted and a package that is not."""
    document = make_document(isVisible=False) if method == "POST" else seed(slow, isVisible=False)
    paths = ["/resourceregistry/*", "/accessmanagement/*"]
    every = {"fault": "status", "from": "register", "path": paths, "times": 0, **fault}
    control(slow, "POST", "faults", every)
    try:
        path = VENDOR if method == "POST" else f"{VENDOR}/{document['id']}"
        answer = writer.request(method, path, json=document)
    finally:
        control(slow, "DELETE", "faults")
    assert answer.status_code == status
    if status == 400:
        assert tuple(error["code"] for error in answer.json()["validationErrors"]) == codes
        assert ("Not possible to delegate" in answer.text) is (fault.get("body") == "{}")


LARGE: dict[str, Callable[[], dict[str, object]]] = {
    "client ids": lambda: {"clientId": [str(uuid.uuid4()) for _ in range(40_000)]},
    "languages": lambda: {"name": dict.fromkeys(["nb", "nn", "en", *map(str, range(60_000))], "x")},
    "rights": lambda: {"rights": [{**RIGHTS[0], "action": str(number)} for number in range(8_000)]},
    "URLs": lambda: {"allowedRedirectUrls": [f"https://x{number}.no" for number in range(15_000)]},
    "objects": lambda: {"unknown": {f"m{number}": {} for number in range(100_000)}},
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(LARGE))
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_large_bodies_hold_nobody_up(
    emulator: Emulator, client: httpx.Client, method: str, kind: str
) -> None:
    """E41: while a large body is read and stored, others are answered: never is there none for most of its time."""
    document = make_document()
    client.post(VENDOR, json=document).raise_for_status()
    large = make_document() if method == "POST" else seed(emulator)
    content = json.dumps({**large, **LARGE[kind]()}).encode()
    path = VENDOR if method == "POST" else f"{VENDOR}/{large['id']}"
    ended, answered = list[float](), list[float]()

    def write() -> None:
        with connect(emulator) as other:
            headers = {"Content-Type": "application/json"}
            answer = other.request(method, path, content=content, headers=headers, timeout=120)
            ended.extend([time.monotonic()] if answer.status_code == 200 else [])

    sending = threading.Thread(target=write)
    began = time.monotonic()
    sending.start()
    while sending.is_alive():
        assert client.get(f"{VENDOR}/{document['id']}", timeout=60).status_code == 200
        answered.append(time.monotonic())
    moments = [began, *(each for each in answered if each < ended[0]), ended[0]]
    assert max(later - earlier for earlier, later in pairwise(moments)) < 0.6 * (ended[0] - began)


def test_steps_of_a_large_write(slow: Emulator, writer: httpx.Client) -> None:
    """E41, §9.3: a client that goes away in between leaves nothing behind, and no other write among it."""
    claimed = [str(uuid.uuid4()) for _ in range(20_000)]
    large, small = make_document(clientId=claimed), make_document()
    text = json.dumps(large).encode()
    head = f"POST {VENDOR} HTTP/1.1\r\nHost: x\r\nAuthorization: {writer.headers['Authorization']}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    with open_wire(slow) as wire:
        wire.sendall(head.encode() + text)
        assert writer.post(VENDOR, json=small).status_code == 200
    while control(slow, "GET", "log").json()[-1]["faults"] != ["client gone"]:
        time.sleep(0.01)
    assert writer.get(f"{VENDOR}/{small['id']}").status_code == 200
    assert writer.get(f"{VENDOR}/{large['id']}").status_code == 404
    assert writer.post(VENDOR, json=make_document(clientId=claimed[:1])).status_code == 200


def make_store(count: int) -> tuple[Store, SystemRequest, Author]:
    """Make a database and a document with so many client ids."""
    text = json.dumps(make_document(clientId=[str(number) for number in range(count)])).encode()
    document = bind_document(RequestBody("application/json", text, is_there=True), "x", {})
    return Store(None, Clock()), document, Author("991825827", "c")


def test_no_step_of_a_write_is_long() -> None:
    """E41: between two steps others are served; none of them handles more than one portion of client ids."""
    store, document, author = make_store(10 * MANY)
    handled: list[str] = []
    store._base.set_trace_callback(handled.append)

    def count(steps: Steps[T]) -> T:
        most = number = 0
        while True:
            handled.clear()
            try:
                work = next(steps)
            except StopIteration as end:
                result: T = end.value
                break
            most, number = max(most, len(handled)), number + 1
            if work is not None:
                work()
        assert most <= MANY + 10
        assert number >= 10
        return result

    client_ids = [str(number) for number in range(10 * MANY)]
    internal_id = count(store.create(document, "991825827", author))
    stored = store.find(document.system_id)
    assert stored is not None
    assert set(count(store.find_owners(client_ids)).values()) == {internal_id}
    assert count(store.list_unheld(internal_id, [*client_ids, "x"])) == ["x"]
    count(store.update(stored, document, author))
    assert count(store.delete(stored, author)) == len(client_ids)
    store.close()


def test_a_write_that_stops_in_between() -> None:
    """E41: before the last step nothing is stored; where it is not taken, nothing ever is."""
    store, document, author = make_store(3 * MANY)
    steps = store.create(document, "991825827", author)
    for work in itertools.islice(steps, 3):
        if work is not None:
            work()
    assert store.find(document.system_id) is None
    steps.close()
    assert finish(store.find_owners(["0", "1"])) == {}
    finish(store.create(document, "991825827", author))
    assert len(finish(store.find_owners(["0", "1"]))) == 2
    store.close()


def test_no_statement_reads_every_row() -> None:
    """E41: what a request asks the database is found by an index, whatever the number of systems."""
    store, author = Store(None, Clock()), Author("991825827", "c")
    text = json.dumps(make_document(clientId=["a", "b"])).encode()
    document = bind_document(RequestBody("application/json", text, is_there=True), "x", {})
    statements: list[str] = []
    store._base.set_trace_callback(statements.append)
    finish(store.create(document, "991825827", author))
    stored = store.find(document.system_id)
    assert stored is not None
    finish(store.find_owners(["a", "b"]))
    finish(store.list_unheld(stored.internal_id, ["a", "c"]))
    finish(store.update(stored, document, author))
    finish(store.update_rights(stored, [], author))
    finish(store.update_packages(stored, [], author))
    store.list_changes(stored.internal_id)
    finish(store.delete(stored, author))
    store._base.set_trace_callback(None)
    asked = [
        one for one in statements if one.startswith(("SELECT", "UPDATE", "DELETE")) and "LIMIT 1" not in one
    ]
    assert len(asked) > 10
    for statement in asked:
        steps = [str(row[3]) for row in store._base.execute(f"EXPLAIN QUERY PLAN {statement}")]
        scans = [step for step in steps if step.startswith("SCAN") and "json_each" not in step]
        assert scans == [], statement
    store.close()
