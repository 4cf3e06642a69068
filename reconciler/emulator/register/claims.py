"""The claims of a token as the service sees them, and who may touch what.

System Register contract §5 (`clientId`), §6.1 (lists, texts), §6.2 and §6.3. It reads the claims of a token
that has been verified; verifying is the business of `tokens`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.dotnet.numbers import write_number
from reconciler.emulator.register.consumer_claims import AUTHORITY, read_org
from reconciler.emulator.register.store import Author

if TYPE_CHECKING:
    from collections.abc import Mapping

WRITE = "altinn:authentication/systemregister.write"
ADMIN = "altinn:authentication/systemregister.admin"
PORTAL = "altinn:portal/enduser"
VENDOR_SCOPES = frozenset({WRITE, ADMIN})
ADMIN_SCOPES = frozenset({ADMIN})
PORTAL_SCOPES = frozenset({PORTAL})


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds a valid token; the times are seconds since the epoch."""

    claims: Mapping[str, object]
    expires: float
    not_before: float = 0.0

    def find(self, name: str) -> str | None:
        """Give a claim as text: of a list the first element, None where there is none."""
        if name not in self.claims:
            return None
        value = self.claims[name]
        if isinstance(value, list):
            return write_claim(value[0]) if value else None
        return write_claim(value)

    @property
    def scope(self) -> str:
        """The scope string of contract §6.2: the federation's claim before Maskinporten's."""
        scope = self.find("urn:altinn:scope")
        return (self.find("scope") or "") if scope is None else scope

    @property
    def client_id(self) -> str | None:
        """The Maskinporten client, for the change log."""
        return self.find("client_id")


def write_claim(value: object) -> str:
    """Write the value of a claim as the token library does (contract §5)."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, int | float):
        return write_number(str(value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def has_scope(caller: Caller, scopes: frozenset[str]) -> bool:
    """Say whether one of `scopes` stands in the token, exactly (contract §6.2)."""
    return not scopes.isdisjoint(caller.scope.split(" "))


def may_write(caller: Caller, org: str) -> bool:
    """Say whether the caller is an administrator or the vendor itself; an empty organisation owns nothing."""
    if has_scope(caller, ADMIN_SCOPES):
        return True
    owner = find_org(caller)
    return bool(owner) and owner == org


def find_org(caller: Caller) -> str | None:
    """Give the organisation of the `consumer` claim, None without one; raises `ServiceFailure`."""
    consumer = caller.find("consumer")
    return None if consumer is None else read_org(consumer)


def show_org(caller: Caller) -> str | None:
    """Give the organisation for the access log, None where the claim says nothing usable."""
    try:
        return find_org(caller)
    except ServiceFailure:
        return None


def make_author(caller: Caller) -> Author:
    """Make the author for the change log; without a `consumer` claim the service fails (contract Q23)."""
    org = find_org(caller)
    if org is None:
        raise ServiceFailure("Value cannot be null. (Parameter 'value')")
    return Author(org, caller.client_id)


def make_consumer(org: str) -> dict[str, str]:
    """Make a `consumer` claim (Maskinporten contract §3.2)."""
    return {"authority": AUTHORITY, "ID": f"0192:{org}"}
