"""Who may touch what: the ownership check of System Register contract §6.3.

It reads the claims of a token that has been verified; verifying is the business of `tokens`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.emulator.failures import InvalidConsumer, NullReference
from reconciler.emulator.store import Author
from reconciler.emulator.tokens import AUTHORITY

if TYPE_CHECKING:
    from reconciler.emulator.tokens import Caller

WRITE = "altinn:authentication/systemregister.write"
ADMIN = "altinn:authentication/systemregister.admin"
PORTAL = "altinn:portal/enduser"
VENDOR_SCOPES = frozenset({WRITE, ADMIN})
PORTAL_SCOPES = frozenset({PORTAL})


def has_scope(caller: Caller, scopes: frozenset[str]) -> bool:
    """Say whether one of `scopes` stands in the token, exactly (contract §6.2)."""
    return not scopes.isdisjoint(caller.scope.split(" "))


def may_write(caller: Caller, org: str) -> bool:
    """Say whether the caller is an administrator or the vendor itself."""
    return ADMIN in caller.scope.lower() or find_org(caller) == org


def find_org(caller: Caller) -> str | None:
    """Give the organisation of the `consumer` claim, None without one; raises `InvalidConsumer`."""
    consumer = caller.claims.get("consumer")
    if consumer is None:
        return None
    if isinstance(consumer, str):
        try:
            consumer = json.loads(consumer)
        except ValueError as error:
            raise InvalidConsumer("Invalid consumer claim: not a JSON object") from error
    if not isinstance(consumer, dict):
        raise InvalidConsumer("Invalid consumer claim: not a JSON object")
    if consumer.get("authority") != AUTHORITY:
        raise InvalidConsumer("Invalid consumer claim: unexpected authority")
    identifier = consumer.get("ID")
    if not isinstance(identifier, str) or not identifier.startswith("0192:"):
        raise InvalidConsumer("Invalid consumer claim: unexpected ID")
    return identifier.split(":")[1]


def show_org(caller: Caller) -> str | None:
    """Give the organisation for the access log, None where the claim says nothing usable."""
    try:
        return find_org(caller)
    except InvalidConsumer:
        return None


def make_author(caller: Caller) -> Author:
    """Make the author for the change log; without a `consumer` claim the service fails (contract Q23)."""
    org = find_org(caller)
    if org is None:
        raise NullReference
    return Author(org, caller.client_id)
