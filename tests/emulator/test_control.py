"""The control endpoint: what can be read and changed while the emulator runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.emulator.callers import HTTP, ORG, VENDOR, control, fetch_token, make_document, make_id

if TYPE_CHECKING:
    import httpx

    from reconciler.emulator import Emulator


def refuse(emulator: Emulator, method: str, path: str, content: bytes) -> list[str]:
    """Send a bad body to the control endpoint, and give the problems."""
    answer = HTTP.request(method, f"{emulator.base}/control/{path}", content=content)
    assert answer.status_code == 400, answer.text
    problems: list[str] = answer.json()["problems"]
    return problems


def test_clock(emulator: Emulator, client: httpx.Client) -> None:
    """The clock is set for tokens, for the change log and for `Date`."""
    document = make_document()
    shown = control(emulator, "PUT", "clock", {"offset": 1000}).json()
    assert shown["offset"] == 1000
    answer = client.post(VENDOR, json=document)
    assert answer.status_code == 200
    (entry,) = client.get(f"{VENDOR}/{document['id']}/changelog").json()
    assert entry["created"][:16] == shown["now"][:16]
    control(emulator, "PUT", "clock", {"offset": 3000})
    assert client.get(VENDOR).status_code == 401
    assert control(emulator, "GET", "clock").json()["offset"] == 3000


def test_change_log_never_goes_back(emulator: Emulator, client: httpx.Client) -> None:
    """A clock that is set back does not make a change older than the one before it."""
    document = make_document()
    path = f"{VENDOR}/{document['id']}"
    client.post(VENDOR, json=document).raise_for_status()
    control(emulator, "PUT", "clock", {"offset": -1000})
    client.headers["Authorization"] = f"Bearer {fetch_token(emulator)}"  # the old one is not valid yet
    client.put(path, json=document).raise_for_status()
    newest, oldest = client.get(f"{path}/changelog").json()
    assert newest["created"] > oldest["created"]


def test_systems(emulator: Emulator, client: httpx.Client) -> None:
    """All documents are listed, deleted ones too; new ones are created without validation."""
    document = make_document(isVisible=False)
    client.post(VENDOR, json=document).raise_for_status()
    client.delete(f"{VENDOR}/{document['id']}").raise_for_status()
    bad = make_document(make_id("312605031"), rights=[{"resource": [{"id": "x", "value": "y"}]}])
    control(emulator, "POST", "systems", bad)
    control(emulator, "POST", "systems", [bad])
    shown = {one["id"]: one for one in control(emulator, "GET", "systems").json()}
    assert shown[document["id"]]["isDeleted"] is True
    assert shown[bad["id"]]["rights"] == bad["rights"]


def test_metadata(emulator: Emulator, client: httpx.Client) -> None:
    """Resources and packages come, change and go."""
    resource = "/resourceregistry/api/v1/resource/new"
    package = "/accessmanagement/api/v1/meta/info/accesspackages/package/urn/new"
    urn = "packages/urn:altinn:accesspackage:new"
    control(emulator, "PUT", "resources/new", {"resourceType": "Consent"})
    control(emulator, "PUT", urn, {"isDelegable": True})
    assert client.get(resource).json()["resourceType"] == "Consent"
    assert client.get(package).json()["isDelegable"] is True
    control(emulator, "PUT", urn, {"isAssignable": True})
    assert client.get(package).json()["isDelegable"] is False
    control(emulator, "DELETE", "resources/new")
    control(emulator, "DELETE", urn)
    assert [client.get(path).status_code for path in (resource, package)] == [404, 404]


def test_system_users(emulator: Emulator, client: httpx.Client) -> None:
    """System users are replaced as a whole, in the form in which the API answers them."""
    document = make_document()
    client.post(VENDOR, json=document).raise_for_status()
    path = f"/authentication/api/v1/systemuser/vendor/bysystem/{document['id']}"
    user = {
        "id": "1",
        "systemId": document["id"],
        "reporteeOrgNo": "312605031",
        "supplierOrgno": ORG,
        "externalRef": "a",
    }
    control(emulator, "PUT", "systemusers", [user])
    page = client.get(path).json()
    assert [one["externalRef"] for one in page["data"]] == ["a"]
    control(emulator, "PUT", "systemusers", page)
    assert client.get(path).json() == page
    control(emulator, "PUT", "systemusers", [])
    assert client.get(path).json()["data"] == []


def test_tokens(emulator: Emulator) -> None:
    """Any claims are signed; what is null is left out."""
    body = {"claims": {"iss": None, "x": 1}, "lifetime": 5}
    token = control(emulator, "POST", "tokens", body).json()["access_token"]
    assert (
        HTTP.get(f"{emulator.base}{VENDOR}", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    )


@pytest.mark.parametrize(
    ("method", "path", "content", "said"),
    [
        (
            "POST",
            "faults",
            b"{",
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            "POST",
            "faults",
            b'{"fault":"reset","tiems":1}',
            'faults[0].tiems: is not known; did you mean "times"?',
        ),
        ("POST", "faults", b"1", "faults: a list of tables, [[faults]], is expected, not [1]"),
        ("PUT", "clock", b'{"offset":"x"}', "offset: a number is expected, not 'x'"),
        ("PUT", "clock", b"[]", "a JSON object is expected"),
        ("PUT", "clients/x", b'{"org":"1"}', "org: nine digits are expected, not '1'"),
        ("POST", "tokens", b'{"claim":{}}', 'claim: is not known; did you mean "claims"?'),
        ("POST", "systems", b"[1]", "systems: a list of tables, [[systems]], is expected, not [1]"),
        ("POST", "writes", b"{}", "system: is missing"),
        ("PUT", "systemusers", b'[{"id":"1"}]', "users[0].systemId: is missing"),
        ("PUT", "resources/x", b'{"type":"x"}', "type: is not known"),
        ("PUT", "packages/x", b'{"isDelegable":1}', "isDelegable: true or false is expected, not 1"),
    ],
)
def test_mistakes(shared: Emulator, method: str, path: str, content: bytes, said: str) -> None:
    """A mistake is named, and nothing is changed."""
    assert refuse(shared, method, path, content)[0].startswith(said)
    assert control(shared, "GET", "faults").json() == []


def test_unknown_route(shared: Emulator) -> None:
    """What is not there is 404, and 405 with another method."""
    assert HTTP.get(f"{shared.base}/control/nothing").status_code == 404
    assert HTTP.put(f"{shared.base}/control/faults").status_code == 405


def test_number(shared: Emulator) -> None:
    """A number is a number."""
    assert HTTP.delete(f"{shared.base}/control/faults/x").status_code == 400
    assert HTTP.get(f"{shared.base}/control/log?after=x").status_code == 400


def test_faults_of_the_configuration_count_from_the_start(emulator: Emulator) -> None:
    """The control endpoint is never struck."""
    control(emulator, "POST", "faults", {"fault": "timeout", "times": 0})
    began = time.monotonic()
    control(emulator, "GET", "faults")
    assert time.monotonic() - began < 1
