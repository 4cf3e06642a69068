"""The published requests and change requests, sent as they stand: what the service answers to each."""

from __future__ import annotations

import json

import pytest

from tests.contract.customers.vendor import CLIENT, PREFIX, REGISTER, Vendor, show
from tests.published_requests import CHANGE, CHANGED_PACKAGES, CHANGED_RIGHTS, PUBLISHED, PublishedRequest


def register(vendor: Vendor, example: PublishedRequest) -> None:
    """Let the system of the example's page be registered, also where another page has one of its id."""
    body = example.describe_system()
    known = vendor.call("GET", f"{REGISTER}/{example.system}").status_code == 200
    if not known:
        vendor.call("POST", REGISTER, {**body, "rights": [], "accessPackages": []}).raise_for_status()
    vendor.call("PUT", f"{REGISTER}/{example.system}", {**body, "rights": [], "accessPackages": []})
    vendor.set_up(system=example.system, rights=body["rights"], accessPackages=body["accessPackages"])


def send(vendor: Vendor, path: str, text: str) -> tuple[int, str, dict[str, object]]:
    """Send a body as it stands: gives the status, the code and the answer."""
    headers = {"Authorization": f"Bearer {vendor.token()}", "Content-Type": "application/json"}
    answer = vendor.http.post(f"{PREFIX}/{path}", content=text, headers=headers)
    return *show(answer), answer.json()


@pytest.mark.parametrize("example", PUBLISHED, ids=lambda each: each.name)
def test_what_the_service_says_to_a_published_request(vendor: Vendor, example: PublishedRequest) -> None:
    """It goes through, or is refused with the code that stands here."""
    register(vendor, example)

    status, code, answer = send(vendor, example.path, example.text)

    assert (status, code) == (example.status, example.code), answer
    assert example.faults or status == 201
    if "externalReference" in example.text:
        assert answer["externalRef"] == answer["partyOrgNo"]


def test_what_the_service_says_to_the_published_change_request(vendor: Vendor) -> None:
    """It goes through as it stands, for a system that has what it names."""
    example = PublishedRequest("", "", CHANGED_RIGHTS, CHANGED_PACKAGES, (), system="991825827_changes")
    register(vendor, example)
    right = example.describe_system()["rights"][0]
    user = vendor.user(systemId=example.system, rights=[right])["id"]

    status, _, answer = send(
        vendor, f"changerequest/vendor?correlation-id={CLIENT}&system-user-id={user}", CHANGE
    )

    assert (status, answer["status"]) == (201, "New")
    assert {name: answer[name] for name in json.loads(CHANGE)} == json.loads(CHANGE)
