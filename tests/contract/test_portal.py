"""§1.2 P1–P4: what the portal's scope may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.target import NAMES, PACKAGE, PORTAL, PREFIX, RIGHT

if TYPE_CHECKING:
    import httpx

    from tests.contract.target import Target


def read(target: Target, path: str) -> httpx.Response:
    """Read as the portal does."""
    return target.call("GET", f"{PREFIX}{path}", token=target.make_token(scope=PORTAL, consumer=None))


def test_p1(emulated: Target) -> None:
    """P1: every vendor's visible systems in reduced form, deleted ones left out."""
    shown = emulated.create(isVisible=True)
    hidden = emulated.create(isVisible=False)
    deleted = emulated.create(isVisible=True)
    emulated.delete(str(deleted["id"]))
    answer = read(emulated, "")
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store,no-cache", "no-cache")
    found = {one["systemId"]: one for one in answer.json()}
    assert shown["id"] in found
    assert {hidden["id"], deleted["id"]}.isdisjoint(found)
    assert found[shown["id"]]["name"] == NAMES


def test_p2(emulated: Target) -> None:
    """P2: one system in reduced form, invisible and deleted ones too."""
    document = emulated.create(isVisible=False)
    emulated.delete(str(document["id"]))
    assert read(emulated, f"/{document['id']}").json() == {
        "systemId": document["id"],
        "systemVendorOrgNumber": emulated.org,
        "systemVendorOrgName": "",
        "name": NAMES,
        "description": NAMES,
        "rights": [RIGHT],
        "accessPackages": [PACKAGE],
        "isVisible": False,
    }


def test_p2_unknown(emulated: Target) -> None:
    """P2: an unknown system is 404 B-PD."""
    answer = read(emulated, "/nobody")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


def test_p3_and_p4(emulated: Target) -> None:
    """P3, P4: rights and packages, empty for an unknown system."""
    document = emulated.create()
    assert read(emulated, f"/{document['id']}/rights").json() == [RIGHT]
    assert read(emulated, f"/{document['id']}/accesspackages").json() == [PACKAGE]
    assert read(emulated, "/nobody/rights").json() == []
    assert read(emulated, "/nobody/accesspackages").json() == []


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ("app_ttd_endring-av-navn-v2", [("urn:altinn:org", "ttd"), ("urn:altinn:app", "endring-av-navn-v2")]),
        ("app_brg_a_b", [("urn:altinn:org", "brg"), ("urn:altinn:app", "a_b")]),
        ("app_nothing", []),
        ("ske-krav-og-betalinger", [("urn:altinn:resource", "ske-krav-og-betalinger")]),
    ],
)
def test_p3_old_format(emulated: Target, value: str, pairs: list[tuple[str, str]]) -> None:
    """P3: the old format splits app ids and drops those that cannot be split."""
    emulated.control("PUT", f"resources/{value}", {"resourceType": "AltinnApp"})
    document = emulated.create(rights=[{"resource": [{"id": "urn:altinn:resource", "value": value}]}])
    answer = read(emulated, f"/{document['id']}/rights?useOldFormatForApp=true")
    assert answer.json() == [{"resource": [{"id": name, "value": text} for name, text in pairs]}]


def test_portal_cannot_write(emulated: Target) -> None:
    """§1.2: the portal's scope opens no vendor route."""
    token = emulated.make_token(scope=PORTAL)
    assert emulated.post(emulated.document("x"), token=token).status_code == 403
