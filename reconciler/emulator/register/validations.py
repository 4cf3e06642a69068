"""The `AUTH.VLD-` checks of ids, client ids, redirect URLs, rights and packages.

Codes, texts, paths and labels are those of System Register contract §3. What the
metadata APIs and the database know is passed in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from reconciler.emulator.dotnet.answers import Problem
from reconciler.emulator.dotnet.characters import fold
from reconciler.emulator.dotnet.failures import demand, demand_all
from reconciler.emulator.server.portions import give_way

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.emulator import catalogue
    from reconciler.emulator.register.documents import RequestedPackage, RequestedRight, SystemRequest

_ROOT = "/registersystemrequest"
_ID = f"{_ROOT}/systemid"
_RESOURCE = f"{_ROOT}/rights/resource"
_PACKAGES = f"{_ROOT}/accesspackages"
_CLIENT = f"{_ROOT}/clientid"
_RESOURCE_ATTRIBUTE = re.compile(r"^urn:altinn:resource$")
DELEGABLE_TYPES = frozenset(
    {
        "Default",
        "Systemresource",
        "AltinnApp",
        "GenericAccessResource",
        "BrokerService",
        "CorrespondenceService",
        "MigratedApp",
    }
)
"""The resource types that a right may name (contract §3, 00017)."""

BAD_ISO6523 = Problem(
    "AUTH.VLD-00000", "the org number identifier is not valid ISO6523 identifier", f"{_ROOT}/vendor/id"
)
OTHER_ID = Problem(
    "AUTH.VLD-00012", "The system ID in the request body does not match the system ID in the URL", _ID
)
TAKEN_CLIENT = Problem(
    "AUTH.VLD-00004", "One of the client id is already tagged with an existing system", _CLIENT
)
REPEATED_CLIENT = Problem("AUTH.VLD-00011", "Request contains duplicate client ids", _CLIENT)


class Upstream(Protocol):
    """The metadata APIs as the register sees them; None is any answer except 200."""

    async def resource_type(self, value: str) -> str | None:
        """Ask the resource registry for the type of a resource."""

    async def package(self, urn: str) -> catalogue.KnownPackage | None:
        """Ask the access-package API for a package."""


def check_new_id(document: SystemRequest, org: str, *, is_known: bool) -> list[Problem]:
    """Check the id of a system to be created: 00013, 00001, 00002."""
    problems: list[Problem] = []
    if " " in document.system_id:
        title = "System ID cannot have spaces in id (leading, trailing or in between the id)"
        problems.append(Problem("AUTH.VLD-00013", title, _ID))
    if document.system_id.split("_")[0] != org:
        title = "The system id does not match the format orgnumber_xxxx..."
        problems.append(Problem("AUTH.VLD-00001", title, _ID))
    if is_known:
        problems.append(Problem("AUTH.VLD-00002", "The system id already exists", _ID))
    return problems


def check_redirects(document: SystemRequest) -> list[Problem]:
    """Check that all redirect URLs are absolute and https, up to the first that is not: 00005, on POST only."""
    if all(demand(redirect).is_https() for redirect in demand(document.redirects)):
        return []
    title = "One or more of the redirect urls format is not valid. The valid format is https://xxx.xx"
    return [Problem("AUTH.VLD-00005", title, f"{_ROOT}/allowedredirecturls")]


def list_lookups(held: Sequence[str], proposed: Sequence[str | None]) -> list[str]:
    """List the client ids that a PUT looks up: the system's own, then the proposed ones.

    Ids that are equal ignoring case are looked up once, in their first spelling (contract Q22).
    """
    lookup: dict[str, str] = {}
    for client_id in (*held, *proposed):
        if client_id is not None:
            lookup.setdefault(fold(client_id), client_id)
    return list(lookup.values())


def check_client_ids(proposed: Sequence[str | None], taken: Iterable[str]) -> list[Problem]:
    """Check the client ids of a PUT: 00011 once, then 00004 for each that another system's equals.

    `taken` are the ids that belong to another system; null equals null.
    """
    folded = [None if client_id is None else fold(client_id) for client_id in proposed]
    problems = [REPEATED_CLIENT] if len(set(folded)) != len(folded) else []
    others = {fold(client_id) for client_id in taken}
    return problems + [TAKEN_CLIENT for client_id in folded if client_id in others]


async def check_rights(rights: Sequence[RequestedRight | None] | None, upstream: Upstream) -> list[Problem]:
    """Check rights: 00009, 00003, 00017, 00006. One upstream call for each attribute, one after another."""
    wrong: list[str] = []
    unknown: list[str] = []
    refused: list[str] = []
    keys: list[str] = []
    for number, right in enumerate(demand_all(demand(rights))):
        await give_way(number)
        pairs = right.pairs()
        keys.append(f"{right.action or ''}:{','.join(f'{pair.id}:{pair.value}' for pair in pairs)}")
        for place, pair in enumerate(pairs):
            await give_way(place)
            value = demand(pair.value)
            if not _RESOURCE_ATTRIBUTE.match(demand(pair.id)):
                wrong.append(value)
                continue
            kind = await upstream.resource_type(value)
            if kind is None:
                unknown.append(value)
            elif kind not in DELEGABLE_TYPES:
                refused.append(value)
    problems: list[Problem] = []
    if wrong:
        title = "One or more resource id is in wrong format. The valid format is urn:altinn:resource"
        problems.append(_listed("AUTH.VLD-00009", title, "Invalid Resource Id Details : ", wrong))
    if unknown:
        title = "One or more resources specified in rights were not found in Altinn's resource register."
        problems.append(_listed("AUTH.VLD-00003", title, "ResourceIds Not Found : ", unknown))
    if refused:
        title = "One or more resources specified in rights is of resource type which is not delegable."
        problems.append(_listed("AUTH.VLD-00017", title, "ResourceIds Not Delegable : ", refused))
    if len(set(keys)) != len(keys):
        problems.append(Problem("AUTH.VLD-00006", "One or more duplicate rights found", _RESOURCE))
    return problems


async def check_packages(
    packages: Sequence[RequestedPackage | None], upstream: Upstream, *, is_visible: bool
) -> list[Problem]:
    """Check access packages: 00008, 00007, 00018. One upstream call for each, one after another."""
    malformed: list[str] = []
    unknown: list[str] = []
    refused: list[str] = []
    for_clients = False
    urns = [package.urn for package in demand_all(packages)]
    for number, urn in enumerate(urns):
        await give_way(number)
        if not urn or len(urn.split(":")) < 4:
            malformed.append(urn or "")
            continue
        found = await upstream.package(urn)
        if found is None:
            unknown.append(urn)
            continue
        if not found.is_delegable and not found.is_assignable:
            refused.append(urn)
        for_clients = for_clients or not found.is_assignable
    problems: list[Problem] = []
    details = [
        f"{label}: {', '.join(values)}"
        for label, values in (
            ("Invalid format", malformed),
            ("Not found", unknown),
            ("Not possible to delegate", refused),
        )
        if values
    ]
    if details:
        title = "One or all the accesspackage(s) is not found in altinn's access packages or is not delegable"
        extension = ("Invalid Urn Details : ", " | ".join(details))
        problems.append(Problem("AUTH.VLD-00008", title, _PACKAGES, extension))
    if len({urn or "" for urn in urns}) != len(urns):
        problems.append(Problem("AUTH.VLD-00007", "One or more duplicate access package(s) found", _PACKAGES))
    if is_visible and for_clients:
        title = (
            "Access packages meant for system user for client relations can't be used in combination with "
            "the flag isVisible: true"
        )
        problems.append(Problem("AUTH.VLD-00018", title, _PACKAGES))
    return problems


def _listed(code: str, title: str, label: str, values: Sequence[str]) -> Problem:
    return Problem(code, title, _RESOURCE, (label, " | ".join(values)))
