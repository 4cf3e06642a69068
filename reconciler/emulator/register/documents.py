"""The document of POST and PUT, and its three written forms: full, reduced, and in the change log.

The classes hold a bound body that has not been validated. System Register contract §1.3, §1.4 and §5.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from reconciler.emulator.dotnet.characters import WHITE_SPACE
from reconciler.emulator.dotnet.failures import demand, demand_all
from reconciler.emulator.server.portions import divide

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.emulator.dotnet.uris import RedirectUri

Texts: TypeAlias = "dict[str, str | None]"
Unknown: TypeAlias = "dict[str, object]"
Json: TypeAlias = "dict[str, object]"
T = TypeVar("T")
_MOST_SORTED = 50_000
"""Keys that are sorted at once."""


@dataclass(slots=True)
class AttributePair:
    """One attribute of a right."""

    id: str | None = None
    value: str | None = None
    unknown: Unknown = field(default_factory=dict)


@dataclass(slots=True)
class RequestedRight:
    """One right: its action, which is not validated, and its attributes."""

    action: str | None = None
    resource: list[AttributePair | None] | None = field(default_factory=list)
    unknown: Unknown = field(default_factory=dict)

    def pairs(self) -> list[AttributePair]:
        """List the attributes; raises `NullReference` if one is null."""
        return demand_all(demand(self.resource))


@dataclass(slots=True)
class RequestedPackage:
    """One access package, by its URN."""

    urn: str | None = None
    unknown: Unknown = field(default_factory=dict)


@dataclass(slots=True)
class VendorInfo:
    """The vendor, as `0192:` and an organisation number."""

    id: str | None = None
    unknown: Unknown = field(default_factory=dict)


@dataclass(slots=True)
class SystemRequest:
    """The bound body of POST and PUT; absent members have their default, null is None."""

    id: str | None = None
    vendor: VendorInfo | None = None
    name: Texts | None = None
    description: Texts | None = None
    rights: list[RequestedRight | None] | None = field(default_factory=list)
    packages: list[RequestedPackage | None] | None = field(default_factory=list)
    client_ids: list[str | None] | None = field(default_factory=list)
    is_visible: bool = True
    redirects: list[RedirectUri | None] | None = field(default_factory=list)
    unknown: Unknown = field(default_factory=dict)

    def trim(self) -> None:
        """Trim `id` and `vendor.ID`, as the service's filter does (contract §2.3)."""
        self.id = demand(self.id).strip(WHITE_SPACE)
        vendor = demand(self.vendor)
        vendor.id = demand(vendor.id).strip(WHITE_SPACE)

    @property
    def system_id(self) -> str:
        """The id, which is not null after model validation."""
        return demand(self.id)

    @property
    def vendor_id(self) -> str:
        """The vendor's id with its prefix, which is not null after model validation."""
        return demand(demand(self.vendor).id)


def write_document(document: SystemRequest, org: str, *, is_deleted: bool) -> Json:
    """Write the full document as V2 prints it (contract §1.3); without null rights and packages."""
    written: Json = {
        "id": document.system_id,
        "vendor": {"ID": f"0192:{org}", **demand(document.vendor).unknown},
        "name": _hstore(demand(document.name)),
        "description": _hstore(demand(document.description)),
    }
    if document.rights is not None:
        written["rights"] = write_rights(document.rights)
    if document.packages is not None:
        written["accessPackages"] = write_packages(document.packages)
    return written | {
        "isDeleted": is_deleted,
        "clientId": [client_id for client_id in demand(document.client_ids) if client_id],
        "isVisible": document.is_visible,
        "allowedRedirectUrls": [redirect.stored for redirect in demand_all(demand(document.redirects))],
        **document.unknown,
    }


def write_rights(rights: Sequence[RequestedRight | None]) -> list[Json]:
    """Write rights as they are stored and returned, without null actions."""
    return [
        ({} if right.action is None else {"action": right.action})
        | {"resource": [{"id": pair.id, "value": pair.value, **pair.unknown} for pair in right.pairs()]}
        | right.unknown
        for right in demand_all(rights)
    ]


def write_packages(packages: Sequence[RequestedPackage | None]) -> list[Json]:
    """Write access packages as they are stored and returned."""
    return [
        ({} if package.urn is None else {"urn": package.urn}) | package.unknown
        for package in demand_all(packages)
    ]


def write_reduced(document: Json) -> Json:
    """Write the reduced form of a stored full document (contract §1.4)."""
    vendor = document["vendor"]
    org = str(vendor["ID"]).partition(":")[2] if isinstance(vendor, dict) else ""
    members = ("name", "description", "rights", "accessPackages", "isVisible")
    return {"systemId": document["id"], "systemVendorOrgNumber": org, "systemVendorOrgName": ""} | {
        member: document[member] for member in members if member in document
    }


def log_document(document: SystemRequest) -> object:
    """Write the request as the change log keeps it: PascalCase, nulls kept, URLs as sent (contract §5)."""
    written: Json = {
        "Id": document.id,
        "Name": _jsonb(document.name),
        "Rights": None if document.rights is None else log_rights(document.rights),
        "Vendor": _jsonb({"ID": document.vendor_id, **demand(document.vendor).unknown}),
        "ClientId": document.client_ids,
        "IsVisible": document.is_visible,
        "Description": _jsonb(document.description),
        "AccessPackages": None if document.packages is None else log_packages(document.packages),
        "AllowedRedirectUrls": [redirect.sent for redirect in demand_all(demand(document.redirects))],
        **{name: _jsonb(value) for name, value in document.unknown.items()},
    }
    return _sorted(written, lambda value: value)


def log_rights(rights: Sequence[RequestedRight | None]) -> object:
    """Write rights as the change log keeps them."""
    return [
        _jsonb(
            {
                "Action": right.action,
                "Resource": [{"id": pair.id, "value": pair.value, **pair.unknown} for pair in right.pairs()],
                **right.unknown,
            }
        )
        for right in demand_all(rights)
    ]


def log_packages(packages: Sequence[RequestedPackage | None]) -> object:
    """Write access packages as the change log keeps them."""
    return [_jsonb({"Urn": package.urn, **package.unknown}) for package in demand_all(packages)]


def _hstore(texts: Texts) -> Texts:
    return _sorted(texts, lambda value: value)


def _jsonb(value: object) -> object:
    if isinstance(value, dict):
        return _sorted(value, _jsonb)
    if isinstance(value, list):
        return [_jsonb(element) for element in value]
    return value


def _sorted(mapping: dict[str, T], convert: Callable[[T], T]) -> dict[str, T]:
    """Order keys as PostgreSQL's hstore and jsonb do: shorter first, then by bytes."""
    names = list(mapping)
    # NOTE: no other thread runs while a list is sorted, so that a long one is sorted in parts.
    parts = [sorted(part, key=_place) for part in divide(names, _MOST_SORTED)]
    keys = parts[0] if len(parts) == 1 else heapq.merge(*parts, key=_place)
    return {key: convert(mapping[key]) for key in keys}


def _place(key: str) -> tuple[int, bytes]:
    encoded = key.encode()
    return len(encoded), encoded
