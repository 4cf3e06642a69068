"""Customers of an embedded register: laid by its control endpoint, and deciding as they would in the portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from reconciler.model.customers import ACCEPTED, AGENT, READ, STANDARD, WRITE
from reconciler.model.environment import SCOPE
from tests.builders import VENDOR, a_live_document
from tests.customer_rows import MADE, SYSTEM, a_user
from tests.served import CLIENT_ID, export_public

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json

FOR_CLIENTS = "urn:altinn:accesspackage:regnskapsforer-lonn"


def a_client(key: RSAPrivateKey) -> dict[str, Json]:
    """Make the client under test with every scope of the customers' side."""
    return {"client_id": CLIENT_ID, "org": VENDOR, "scopes": [SCOPE, READ, WRITE], "jwk": export_public(key)}


def lay_customers(base: str, numbers: Iterable[int], *, kind: str = STANDARD, org: str = "") -> None:
    """Lay system users, each with the accepted request that it came from: for all that the system asked for once."""
    held = a_live_document()
    given = {"rights": held["rights"], "accessPackages": held["accessPackages"]}
    if kind == AGENT:
        given = {"rights": [], "accessPackages": [{"urn": FOR_CLIENTS}]}
    requests, users = [], []
    for number in numbers:
        user = a_user(number, org=org, kind=kind)
        _, owner, reference = user.triple
        row = {"id": user.id, "systemId": SYSTEM, "externalRef": reference, "created": MADE, **given}
        requests.append({**row, "type": kind, "partyOrgNo": owner, "title": "Name", "status": ACCEPTED})
        users.append({**row, "reporteeOrgNo": owner, "supplierOrgno": VENDOR, "userType": kind})
    _control(base, "setup", {"requests": requests, "systemUsers": users})


def decide(base: str, **words: str) -> Json:
    """Do what a customer does, such as `do="approve", change=ID`; raises where it is refused."""
    answer = _control(base, "customer", words).json()
    assert answer["status"] < 300, answer
    return answer["body"]


def list_changes(base: str) -> list[dict[str, Json]]:
    """List all change requests, deleted ones too."""
    found: list[dict[str, Json]] = httpx.get(f"{base}/control/changes").json()
    return found


def _control(base: str, path: str, body: Json) -> httpx.Response:
    return httpx.post(f"{base}/control/{path}", json=body, timeout=30).raise_for_status()
