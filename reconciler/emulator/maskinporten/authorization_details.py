"""The `authorization_details` of a grant: which system user it is for.

Maskinporten contract §2.3, §2.6 row 20.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.emulator.maskinporten.token_errors import TokenError, refuse_claim
from reconciler.emulator.register.consumer_claims import AUTHORITY

if TYPE_CHECKING:
    from reconciler.emulator.maskinporten.clients import Client
    from reconciler.emulator.systemusers.endpoints import SystemUsers
    from reconciler.emulator.systemusers.rows import SystemUser

TYPE = "urn:altinn:systemuser"
_MEMBERS = frozenset({"type", "systemuser_org", "externalRef"})


def check_details(details: object, client: Client, system_users: SystemUsers) -> SystemUser:
    """Find the system user that the details name; raises `TokenError`."""
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], Mapping):
        raise refuse_claim("authorization_details")
    detail = details[0]
    if detail.get("type") != TYPE:
        raise TokenError("invalid_authorization_details", "Unknown authorization details type", "MP-301")
    if not _MEMBERS.issuperset(detail):
        text = "Unknown fields in the authorization details"
        raise TokenError("invalid_authorization_details", text, "MP-302")
    organisation, reference = detail.get("systemuser_org"), detail.get("externalRef")
    owner = _read_org(organisation)
    user = None
    if owner is not None and (reference is None or isinstance(reference, str)):
        user = system_users.find_for_client(owner, reference, supplier=client.org, client_id=client.client_id)
    if user is None:
        text = "Invalid authorization details values"
        raise TokenError("invalid_altinn_customer_configuration", text, "MP-303")
    return user


def write_details(user: SystemUser) -> list[dict[str, object]]:
    """Write the claim that a system user's access token carries (contract §3.2)."""
    return [
        {
            "type": TYPE,
            "systemuser_org": {"authority": AUTHORITY, "ID": f"0192:{user.reporteeOrgNo}"},
            "systemuser_id": [user.id],
            "system_id": user.systemId,
        }
    ]


def _read_org(organisation: object) -> str | None:
    if not isinstance(organisation, Mapping) or organisation.get("authority") != AUTHORITY:
        return None
    match = re.fullmatch(r"0192:([0-9]{9})", str(organisation.get("ID")))
    return match[1] if match else None
