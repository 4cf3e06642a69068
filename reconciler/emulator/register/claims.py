"""Scopes and ownership: what the claims of a verified token allow.

System Register contract §6.2 and §6.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.register.consumer_claims import AUTHORITY, read_org
from reconciler.emulator.register.store import Author

if TYPE_CHECKING:
    from reconciler.emulator.dotnet.token_claims import Caller

WRITE = "altinn:authentication/systemregister.write"
ADMIN = "altinn:authentication/systemregister.admin"
PORTAL = "altinn:portal/enduser"
VENDOR_SCOPES = frozenset({WRITE, ADMIN})
ADMIN_SCOPES = frozenset({ADMIN})
PORTAL_SCOPES = frozenset({PORTAL})


def has_scope(caller: Caller, scopes: frozenset[str]) -> bool:
    """Say whether the token has one of `scopes`, compared whole (contract §6.2)."""
    return not scopes.isdisjoint(caller.scope.split(" "))


def may_write(caller: Caller, org: str) -> bool:
    """Say whether the caller is an administrator or the vendor `org`; an empty organisation owns nothing."""
    if has_scope(caller, ADMIN_SCOPES):
        return True
    owner = find_org(caller)
    return bool(owner) and owner == org


def find_org(caller: Caller) -> str | None:
    """Give the organisation of the `consumer` claim, None if absent; raises `ServiceFailure`."""
    consumer = caller.find("consumer")
    return None if consumer is None else read_org(consumer)


def show_org(caller: Caller) -> str | None:
    """Give the organisation for the access log, None if the claim is malformed."""
    try:
        return find_org(caller)
    except ServiceFailure:
        return None


def make_author(caller: Caller) -> Author:
    """Make the author for the change log; raises `ServiceFailure` without a `consumer` claim (contract Q23)."""
    org = find_org(caller)
    if org is None:
        raise ServiceFailure("Value cannot be null. (Parameter 'value')")
    return Author(org, caller.client_id)


def make_consumer(org: str) -> dict[str, str]:
    """Make a `consumer` claim (Maskinporten contract §3.2)."""
    return {"authority": AUTHORITY, "ID": f"0192:{org}"}
