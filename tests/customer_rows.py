"""Rows of the customers' side for tests, complete and deterministic."""

from __future__ import annotations

import uuid

from reconciler.model.customers import (
    ACCEPTED,
    STANDARD,
    AccessRequest,
    Asking,
    ChangeRequest,
    SystemUser,
    Triple,
)
from tests.builders import a_live_document

SYSTEM = "991825827_smartcloud"
RIGHT = (("urn:altinn:resource", "ske-krav-og-betalinger"),)
OTHER_RIGHT = (("urn:altinn:resource", "kravogbetaling"),)
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"
HELD = Asking(frozenset({RIGHT}), frozenset({PACKAGE}))
"""What `a_live_document` asks for."""
MADE = "2026-03-01T10:00:00.123456Z"


def an_id(number: int) -> str:
    """Make an id."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))


def a_user(number: int = 1, *, org: str = "", kind: str = STANDARD, reference: str = "") -> SystemUser:
    """Make a customer's system user."""
    owner = org or str(310000000 + number)
    return SystemUser(an_id(number), kind, Triple(SYSTEM, owner, reference or owner), MADE)


def a_request(user: SystemUser, asking: Asking = HELD, status: str = ACCEPTED) -> AccessRequest:
    """Make the request that a system user came from."""
    return AccessRequest(user.id, user.kind, user.triple, status, asking)


def a_change(
    user: SystemUser,
    status: str,
    required: Asking | None = None,
    unwanted: Asking | None = None,
    key: str = "",
) -> ChangeRequest:
    """Make a change request."""
    return ChangeRequest(
        key or an_id(900), user.id, user.triple, status, required or Asking(), unwanted or Asking()
    )


def a_grown_document() -> dict[str, object]:
    """Make the system's document with one right more."""
    more = [{"resource": [{"id": name, "value": value} for name, value in OTHER_RIGHT]}]
    document = a_live_document()
    return {**document, "rights": [*document["rights"], *more]}
