"""Every fault, before and after the write was committed, as a client sees it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.emulator.callers import HTTP, VENDOR, control, make_document

if TYPE_CHECKING:
    from reconciler.emulator import Emulator


def list_ids(emulator: Emulator) -> list[object]:
    """List the ids that the register holds, without a token and without a trace."""
    return [one["id"] for one in control(emulator, "GET", "systems").json()]


@pytest.mark.parametrize(("when", "is_held"), [("before", False), ("after", True)])
def test_reset(emulator: Emulator, client: httpx.Client, when: str, *, is_held: bool) -> None:
    """A reset loses the answer; what was written depends on when it struck."""
    document = make_document()
    control(emulator, "POST", "faults", {"fault": "reset", "method": "POST", "when": when})
    with pytest.raises(httpx.ReadError):
        client.post(VENDOR, json=document)
    assert (document["id"] in list_ids(emulator)) is is_held
    assert client.get(VENDOR).status_code == 200


@pytest.mark.parametrize(("when", "is_held"), [("before", False), ("after", True)])
def test_timeout(emulator: Emulator, client: httpx.Client, when: str, *, is_held: bool) -> None:
    """A request hangs until the client gives up; what was written depends on when it struck."""
    document = make_document()
    control(emulator, "POST", "faults", {"fault": "timeout", "method": "POST", "when": when})
    with pytest.raises(httpx.ReadTimeout):
        client.post(VENDOR, json=document, timeout=0.2)
    assert (document["id"] in list_ids(emulator)) is is_held


@pytest.mark.parametrize(("when", "is_held"), [("before", False), ("after", True)])
def test_timeout_ends_in_a_reset(
    emulator: Emulator, client: httpx.Client, when: str, *, is_held: bool
) -> None:
    """A hang with an end is a reset after that time."""
    document = make_document()
    fault = {"fault": "timeout", "method": "POST", "when": when, "seconds": 0.05}
    control(emulator, "POST", "faults", fault)
    with pytest.raises(httpx.ReadError):
        client.post(VENDOR, json=document)
    assert (document["id"] in list_ids(emulator)) is is_held


def test_late(emulator: Emulator, client: httpx.Client) -> None:
    """E40, §9.3: 500 now with the old state readable, and the write appears later; the client may be gone."""
    document = make_document()
    control(emulator, "POST", "faults", {"fault": "late", "method": "POST", "seconds": 0.3})
    answer = client.post(VENDOR, json=document)
    assert (answer.status_code, list_ids(emulator)) == (500, [])
    wait_for_ids(emulator, document["id"])
    other = make_document()
    late = {"fault": "late", "method": "POST", "seconds": 0.3}
    control(emulator, "POST", "faults", [late, {"fault": "timeout", "when": "after", "method": "POST"}])
    with pytest.raises(httpx.ReadTimeout):
        client.post(VENDOR, json=other, timeout=0.1)
    wait_for_ids(emulator, document["id"], other["id"])


def wait_for_ids(emulator: Emulator, *ids: object) -> None:
    """Wait until the register holds these systems and no other."""
    deadline = time.monotonic() + 10
    while sorted(map(str, list_ids(emulator))) != sorted(map(str, ids)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_truncated_body(emulator: Emulator, client: httpx.Client) -> None:
    """A truncated body announces its length and breaks off; the write was committed."""
    document = make_document()
    control(emulator, "POST", "faults", {"fault": "truncate", "method": "POST"})
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(VENDOR, json=document)
    assert document["id"] in list_ids(emulator)


@pytest.mark.parametrize("when", ["before", "after"])
def test_refused_connection(emulator: Emulator, client: httpx.Client, when: str) -> None:
    """The port is closed for a while, after the answer or instead of it, and open again afterwards."""
    fault = {"fault": "refuse", "method": "GET", "seconds": 0.3, "when": when}
    control(emulator, "POST", "faults", fault)
    if when == "after":
        assert client.get(VENDOR).status_code == 200
    else:
        with pytest.raises(httpx.ReadError):
            client.get(VENDOR)
    with pytest.raises(httpx.ConnectError):
        client.get(VENDOR)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert client.get(VENDOR).status_code == 200
            break
        except httpx.ConnectError:
            time.sleep(0.02)
    else:
        pytest.fail("the port did not open again")


def test_refused_twice(emulator: Emulator, client: httpx.Client) -> None:
    """Two refusals at once end with the shorter one, and the port is open once."""
    faults = [{"fault": "refuse", "seconds": seconds} for seconds in (0.1, 0.2)]
    control(emulator, "POST", "faults", faults)
    assert client.get(VENDOR).status_code == 200
    time.sleep(0.3)
    assert client.get(VENDOR).status_code == 200


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        ({"status": 429, "retry_after": 2}, 429, None),
        ({"status": 429}, 429, None),
        ({"status": 500}, 500, "application/problem+json; charset=utf-8"),
        ({"status": 502}, 502, "text/html; charset=utf-8"),
        ({"status": 503, "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 503, "text/html; charset=utf-8"),
        ({"status": 504, "body": "gone"}, 504, "text/plain; charset=utf-8"),
    ],
)
def test_statuses(
    emulator: Emulator,
    client: httpx.Client,
    when: str,
    fault: dict[str, object],
    status: int,
    content_type: str | None,
) -> None:
    """A status is answered instead of the register's own, before or after the commit."""
    document = make_document()
    control(emulator, "POST", "faults", {"fault": "status", "method": "POST", "when": when, **fault})
    answer = client.post(VENDOR, json=document)
    assert answer.status_code == status
    assert answer.headers.get("content-type") == content_type
    wait = fault.get("retry_after")
    assert answer.headers.get("retry-after") == (None if wait is None else str(wait))
    assert (document["id"] in list_ids(emulator)) is (when == "after")


def test_401_once(emulator: Emulator, client: httpx.Client) -> None:
    """A token is refused once, and good again at the next request."""
    control(emulator, "POST", "faults", {"fault": "status", "status": 401})
    assert [client.get(VENDOR).status_code for _ in range(2)] == [401, 200]


def test_token_expires_mid_run(emulator: Emulator, client: httpx.Client) -> None:
    """The token of the struck request is expired from then on; a new one is good."""
    control(emulator, "POST", "faults", {"fault": "expire", "path": "*/vendor", "skip": 1})
    assert [client.get(VENDOR).status_code for _ in range(3)] == [200, 401, 401]
    query = {"env": "local", "scopes": "altinn:authentication/systemregister.write", "orgNo": "991825827"}
    token = client.get("/api/GetEnterpriseToken", params=query).text
    assert client.get(VENDOR, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_token_expires_after_its_last_use(emulator: Emulator, client: httpx.Client) -> None:
    """The struck request is still answered, and its token is expired afterwards."""
    control(emulator, "POST", "faults", {"fault": "expire", "when": "after"})
    assert [client.get(VENDOR).status_code for _ in range(2)] == [200, 401]


def test_every_token_expires_at_once(emulator: Emulator, client: httpx.Client) -> None:
    """The control endpoint expires all tokens that have been used."""
    assert client.get(VENDOR).status_code == 200
    control(emulator, "DELETE", "tokens")
    assert client.get(VENDOR).status_code == 401


def test_latency(emulator: Emulator, client: httpx.Client) -> None:
    """Every request waits, in parallel with others."""
    control(emulator, "POST", "faults", {"fault": "latency", "seconds": 0.1, "times": 0})
    began = time.monotonic()
    threads = [threading.Thread(target=client.get, args=(VENDOR,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.1 <= time.monotonic() - began < 0.4


@pytest.mark.parametrize("when", ["before", "after"])
def test_another_writer(emulator: Emulator, client: httpx.Client, when: str) -> None:
    """Another writer changes the system between two requests, with its own line in the change log."""
    document = make_document()
    path = f"{VENDOR}/{document['id']}"
    client.post(VENDOR, json=document).raise_for_status()
    write = {"system": document["id"], "set": {"isVisible": False}, "client_id": "somebody"}
    control(emulator, "POST", "faults", {"fault": "writer", "method": "GET", "when": when, "write": write})
    assert client.get(path).json()["isVisible"] is (when == "after")
    assert client.get(path).json()["isVisible"] is False
    newest = client.get(f"{path}/changelog").json()[0]
    assert (newest["changeType"], newest["clientId"], newest["changedByOrgNumber"]) == (
        "update",
        "somebody",
        "991825827",
    )


@pytest.mark.parametrize(
    ("write", "change_type"),
    [
        ({"action": "rights", "body": []}, "rightsupdate"),
        ({"action": "accesspackages", "body": []}, "accesspackageupdate"),
        ({"action": "delete"}, "delete"),
        ({"action": "update", "set": {"name": {"nb": "a", "nn": "b", "en": "c"}}}, "update"),
    ],
)
def test_another_writer_can_do_anything(
    emulator: Emulator, client: httpx.Client, write: dict[str, object], change_type: str
) -> None:
    """Another writer uses any endpoint that writes, also at once through the control endpoint."""
    document = make_document()
    client.post(VENDOR, json=document).raise_for_status()
    answer = control(emulator, "POST", "writes", {"system": document["id"], **write})
    assert answer.json() == {"succeeded": True}
    log = client.get(f"{VENDOR}/{document['id']}/changelog").json()
    assert [entry["changeType"] for entry in log] == [change_type, "create"]


def test_another_writer_creates(emulator: Emulator) -> None:
    """Another writer registers a system, of its own vendor."""
    document = make_document("312605031_elsewhere")
    write = {"system": document["id"], "action": "create", "body": document}
    control(emulator, "POST", "writes", write)
    assert list_ids(emulator) == ["312605031_elsewhere"]


def test_another_writer_fails(emulator: Emulator, client: httpx.Client) -> None:
    """A refused write of another writer is answered and logged like any other, and affects no other request."""
    write = {"system": "nobody", "action": "rights", "body": []}
    control(emulator, "POST", "faults", {"fault": "writer", "write": write})
    assert client.get(VENDOR).status_code == 200
    first, second = control(emulator, "GET", "log").json()
    assert (first["path"], first["status"]) == (f"{VENDOR}/nobody/rights", 500)
    assert second["path"] == VENDOR
    answer = HTTP.post(f"{emulator.base}/control/writes", json={**write, "action": "update"})
    assert answer.status_code == 400


@pytest.mark.parametrize("status", [500, 503, 404])
def test_metadata_outage_becomes_not_found(emulator: Emulator, client: httpx.Client, status: int) -> None:
    """Where the metadata APIs answer anything but 200 the register says not found (Q18)."""
    paths = ["/resourceregistry/*", "/accessmanagement/*"]
    fault = {"fault": "status", "status": status, "path": paths, "from": "register", "times": 0}
    control(emulator, "POST", "faults", fault)
    answer = client.post(VENDOR, json=make_document())
    codes = [error["code"] for error in answer.json()["validationErrors"]]
    assert (answer.status_code, codes) == (400, ["AUTH.VLD-00003", "AUTH.VLD-00008"])
    assert client.get("/resourceregistry/api/v1/resource/ske-krav-og-betalinger").status_code == 200


@pytest.mark.parametrize("fault", [{"fault": "reset"}, {"fault": "timeout", "seconds": 0.01}])
def test_metadata_unreachable_is_a_500(
    emulator: Emulator, client: httpx.Client, fault: dict[str, object]
) -> None:
    """Where the metadata APIs do not answer at all POST prints the exception and PUT hides it (Q10, Q18)."""
    document = make_document()
    client.post(VENDOR, json=document).raise_for_status()
    every = {"path": "/resourceregistry/*", "from": "register", "times": 0}
    control(emulator, "POST", "faults", {**fault, **every})
    created = client.post(VENDOR, json=make_document())
    assert (created.status_code, created.headers["content-type"]) == (500, "text/plain; charset=utf-8")
    updated = client.put(f"{VENDOR}/{document['id']}", json=document)
    assert updated.json()["title"] == "An error occurred while processing your request."


def test_conflict(emulator: Emulator, client: httpx.Client) -> None:
    """The loser of two overlapping writes gets 500 and leaves no trace (Q13)."""
    document = make_document()
    path = f"{VENDOR}/{document['id']}"
    client.post(VENDOR, json=document).raise_for_status()
    control(emulator, "POST", "faults", {"fault": "conflict", "method": "PUT"})
    assert client.put(path, json=document).json()["status"] == 500
    assert len(client.get(f"{path}/changelog").json()) == 1
    control(emulator, "POST", "faults", {"fault": "conflict", "method": "POST"})
    answer = client.post(VENDOR, json=make_document())
    assert answer.text == "40001: could not serialize access due to concurrent update"


def test_overlapping_writes(emulator: Emulator, client: httpx.Client) -> None:
    """A write that meets an open transaction on its system waits for it and is refused (Q13)."""
    document = make_document()
    path = f"{VENDOR}/{document['id']}"
    client.post(VENDOR, json=document).raise_for_status()
    control(emulator, "POST", "faults", {"fault": "overlap", "method": "PUT", "seconds": 0.3})
    statuses: list[int] = []

    def put(delay: float) -> None:
        time.sleep(delay)
        statuses.append(client.put(path, json=document).status_code)

    threads = [threading.Thread(target=put, args=(delay,)) for delay in (0, 0.1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 500]
    assert len(client.get(f"{path}/changelog").json()) == 2


def test_matching(emulator: Emulator, client: httpx.Client) -> None:
    """A fault strikes by method, path pattern and sender, after `skip` requests and `times` times."""
    fault = {"fault": "status", "status": 503, "method": "GET", "path": "*/vendor", "skip": 1, "times": 2}
    control(emulator, "POST", "faults", fault)
    assert client.get(f"{VENDOR}/nothing").status_code == 404
    assert client.put(VENDOR).status_code == 405
    assert [client.get(VENDOR).status_code for _ in range(4)] == [200, 503, 503, 200]
    (shown,) = control(emulator, "GET", "faults").json()
    assert (shown["seen"], shown["struck"]) == (4, 2)


def test_faults_are_lifted(emulator: Emulator, client: httpx.Client) -> None:
    """One fault is lifted by its number, all of them at once."""
    every = {"fault": "status", "status": 500, "times": 0}
    added = control(emulator, "POST", "faults", [every, {**every, "status": 503}]).json()
    assert client.get(VENDOR).status_code == 500
    control(emulator, "DELETE", f"faults/{added[0]['number']}")
    assert client.get(VENDOR).status_code == 503
    control(emulator, "DELETE", "faults")
    assert client.get(VENDOR).status_code == 200


def test_faults_join(emulator: Emulator, client: httpx.Client) -> None:
    """Several faults strike one request in the order in which they were set."""
    control(emulator, "POST", "faults", [{"fault": "latency", "seconds": 0.1}, {"fault": "status"}])
    began = time.monotonic()
    assert client.get(VENDOR).status_code == 503
    assert time.monotonic() - began >= 0.1
    (entry,) = control(emulator, "GET", "log").json()
    assert entry["faults"] == ["latency before", "status 503 before"]


def test_maskinporten_is_struck_too(emulator: Emulator) -> None:
    """Maskinporten's endpoint fails like any other."""
    control(emulator, "POST", "faults", {"fault": "status", "status": 503, "path": "/maskinporten/token"})
    assert HTTP.post(f"{emulator.maskinporten}token").status_code == 503


def test_hanging_requests_do_not_hold_the_end_up(emulator: Emulator, client: httpx.Client) -> None:
    """Closing the emulator ends the requests that hang."""
    control(emulator, "POST", "faults", {"fault": "timeout"})
    failures: list[Exception] = []

    def get() -> None:
        try:
            client.get(VENDOR)
        except httpx.HTTPError as error:
            failures.append(error)

    thread = threading.Thread(target=get)
    thread.start()
    while not control(emulator, "GET", "faults").json()[0]["struck"]:
        time.sleep(0.01)
    began = time.monotonic()
    emulator.close()
    thread.join()
    assert time.monotonic() - began < 2
    assert len(failures) == 1
