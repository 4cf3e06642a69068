"""Whether a token as a system user, and what the service says of it, prove what a request asked for.

Pure. A token proves no access: Maskinporten gives it where nothing was delegated too (System users contract §6.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.customers import AGENT
from reconciler.model.system import RESOURCE
from reconciler.planning.request_verdict import find_asking, name_right

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.authorized_parties import AuthorizedParties, AuthorizedParty
    from reconciler.model.canonical_json import Json
    from reconciler.model.customers import AskedRight, SystemUser
    from reconciler.model.request_template import Template

TYPE = "urn:altinn:systemuser"
"""System users contract §9.3."""


class Caller(NamedTuple):
    """Whose program asks for the token."""

    client: str
    """The runtime client."""
    vendor: str
    """Nine digits."""


def compare_claims(claims: Mapping[str, Json], user: SystemUser, caller: Caller) -> tuple[str, ...]:
    """Name what is wrong in the claims of a token as a system user; empty where nothing is (contract §9.3)."""
    given = claims.get("authorization_details")
    detail = given[0] if isinstance(given, list) and given and isinstance(given[0], dict) else {}
    ids = detail.get("systemuser_id")
    expected = {
        "authorization_details.type": (detail.get("type"), TYPE),
        "authorization_details.systemuser_org": (_read_party(detail.get("systemuser_org")), user.triple.org),
        "authorization_details.system_id": (detail.get("system_id"), user.triple.system),
        "consumer": (_read_party(claims.get("consumer")), caller.vendor),
        "client_id": (claims.get("client_id"), caller.client),
    }
    wrong = [f"`{name}` is not {want}" for name, (found, want) in expected.items() if found != want]
    if not isinstance(ids, list) or user.id not in ids:
        wrong.append("`authorization_details.systemuser_id` does not hold the system user's id")
    return tuple(wrong)


def _read_party(value: Json) -> str:
    return str(value.get("ID", "")).rpartition(":")[2] if isinstance(value, dict) else ""


class AccessProof(NamedTuple):
    """What the service says that the system user may do, compared with what a template asks for."""

    parties: tuple[str, ...]
    """The organisations that it was compared for: the customer, or for an agent its clients."""
    missing: tuple[str, ...] = ()
    """What is not there, each with the organisation for which it is missing."""


def compare_access(found: AuthorizedParties, user: SystemUser, template: Template) -> AccessProof:
    """Compare what a system user may do with what a template asks for (System users contract §9.4).

    A standard one acts for the customer. An agent acts for each client that was added, so before the first there is
    nothing to compare.
    """
    if user.kind == AGENT:
        parties = found.parties
    else:
        own = found.find(user.triple.org)
        if own is None:
            return AccessProof((user.triple.org,), (f"any access for {user.triple.org}",))
        parties = (own,)
    missing = [
        f"{each} for {party.organisation}" for party in parties for each in _find_missing(party, template)
    ]
    return AccessProof(tuple(each.organisation for each in parties), tuple(missing))


def _find_missing(party: AuthorizedParty, template: Template) -> Iterator[str]:
    wanted = find_asking(template)
    held = {_shorten(each) for each in party.packages}
    for right in sorted(wanted.rights):
        if not _holds(party, right):
            yield name_right(right)
    yield from (each for each in sorted(wanted.packages) if _shorten(each) not in held)


def _holds(party: AuthorizedParty, right: AskedRight) -> bool:
    """Say whether every resource of a right is there."""
    return all(value in party.resources for name, value in right if name == RESOURCE)


def _shorten(package: str) -> str:
    """Give the last part of a URN, which is how the answer names a package."""
    return package.rpartition(":")[2]
