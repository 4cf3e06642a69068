"""The customers' side of a registration: system users, the requests for them, and the requests to change them.

Pure. Members that this tool does not know are passed over, and so are kinds of system user that it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias, TypeVar

from reconciler.errors import Unintelligible
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.canonical_json import Json

READ = "altinn:authentication/systemuser.request.read"
WRITE = "altinn:authentication/systemuser.request.write"
"""System users contract §2: each opens its own routes, and neither includes the other."""
STANDARD, AGENT = "standard", "agent"
"""The kinds of system user that a vendor can ask for (System users contract §1)."""
NEW, ACCEPTED, REJECTED = "New", "Accepted", "Rejected"
"""The states of a request that the service writes (System users contract §5.5)."""

AskedRight: TypeAlias = tuple[tuple[str, str], ...]
"""The pairs of a right, each an attribute's id and value, sorted; `action` plays no part (contract §4.1)."""
Row = TypeVar("Row")


class Triple(NamedTuple):
    """What a request and a system user are found by."""

    system: str
    org: str
    """The customer's organisation number, nine digits."""
    reference: str
    """`externalRef`: the organisation number where the vendor gave none."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Rights and access packages that are asked for, held, or not wanted any more."""

    rights: frozenset[AskedRight] = frozenset()
    packages: frozenset[str] = frozenset()
    """URNs."""

    def __or__(self, other: Asking) -> Asking:
        """Give what is in either."""
        return Asking(self.rights | other.rights, self.packages | other.packages)

    def __sub__(self, other: Asking) -> Asking:
        """Give what is in the first only."""
        return Asking(self.rights - other.rights, self.packages - other.packages)

    def __bool__(self) -> bool:
        return bool(self.rights or self.packages)


@dataclass(frozen=True, slots=True)
class SystemUser:
    """One customer's user of a system; what it holds no route says."""

    id: str
    """Equals the id of the request that it came from, if any."""
    kind: str
    """`standard`, `agent`, or one that is not known yet."""
    triple: Triple
    created: str
    """In UTC, as sent."""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A request for a system user."""

    id: str
    kind: str
    triple: Triple
    status: str
    asking: Asking
    title: str = ""
    redirect: str = ""
    created: str = ""
    timed_out: bool = False
    """Older than 180 days, which bars nothing (System users contract §5.5)."""
    link: Secret = field(default_factory=lambda: Secret(""))
    """Where the customer decides; empty in lists."""


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A request to change what a standard system user holds."""

    id: str
    """The vendor's correlation id."""
    user: str
    """The system user's id."""
    triple: Triple
    status: str
    required: Asking
    unwanted: Asking
    redirect: str = ""
    created: str = ""
    timed_out: bool = False
    """Older than 180 days where it stands in a list; always true there otherwise too (contract §5.3)."""
    link: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """What could be read of a list."""

    rows: tuple[Row, ...] = ()
    complete: bool = True
    """False where the pages are known to lose rows or to come again (contract §3.5)."""


def read_asking(rights: Json, packages: Json) -> Asking:
    """Read lists of rights and of access packages; null and what is absent count as empty."""
    found = [each.get("resource") for each in _list(rights)]
    pairs = [[(str(pair.get("id")), str(pair.get("value"))) for pair in _list(each)] for each in found]
    urns = [str(each.get("urn")) for each in _list(packages)]
    return Asking(frozenset(tuple(sorted(each)) for each in pairs), frozenset(urns))


def read_user(body: Json) -> SystemUser:
    """Read a system user; raises `Unintelligible`."""
    row = _demand(body, "system user")
    triple = Triple(_text(row, "systemId"), _text(row, "reporteeOrgNo"), _text(row, "externalRef"))
    kind = _text(row, "userType").lower() or STANDARD
    return SystemUser(row["id"], kind, triple, _text(row, "created"), bool(row.get("isDeleted")))


def read_request(body: Json, kind: str) -> AccessRequest:
    """Read a request of a kind; raises `Unintelligible`."""
    row = _demand(body, "request")
    return AccessRequest(
        row["id"],
        kind,
        _read_triple(row),
        _text(row, "status"),
        read_asking(row.get("rights"), row.get("accessPackages")),
        title=_text(row, "integrationTitle"),
        redirect=_text(row, "redirectUrl"),
        created=_text(row, "created"),
        timed_out=bool(row.get("timedOut")),
        link=Secret(_text(row, "confirmUrl")),
    )


def read_change(body: Json) -> ChangeRequest:
    """Read a change request; raises `Unintelligible`."""
    row = _demand(body, "change request")
    return ChangeRequest(
        row["id"],
        _text(row, "systemUserId"),
        _read_triple(row),
        _text(row, "status"),
        read_asking(row.get("requiredRights"), row.get("requiredAccessPackages")),
        read_asking(row.get("unwantedRights"), row.get("unwantedAccessPackages")),
        redirect=_text(row, "redirectUrl"),
        created=_text(row, "created"),
        timed_out=bool(row.get("timedOut")),
        link=Secret(_text(row, "confirmUrl")),
    )


def _read_triple(row: Mapping[str, Json]) -> Triple:
    return Triple(_text(row, "systemId"), _text(row, "partyOrgNo"), _text(row, "externalRef"))


def _demand(body: Json, what: str) -> dict[str, Json]:
    if not isinstance(body, dict) or not isinstance(body.get("id"), str) or not body["id"]:
        raise Unintelligible(f"The register's answer is not a {what}.")
    return body


def _text(row: Mapping[str, Json], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _list(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
