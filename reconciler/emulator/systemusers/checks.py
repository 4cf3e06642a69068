"""What a request may ask for: rights and packages of its system, and a redirect URL.

System users contract §3.1, §4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.emulator.dotnet import uris
from reconciler.emulator.dotnet.failures import (
    NullReference,
    ServiceFailure,
    UpstreamFailure,
    demand,
    demand_all,
)
from reconciler.emulator.systemusers.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.emulator.register.documents import Json, RequestedPackage, RequestedRight
    from reconciler.emulator.register.store import StoredSystem
    from reconciler.emulator.register.validations import Upstream


class Parties:
    """What the party register knows of organisations, and what their clients gave to accountants.

    `answers` says what it does for an organisation that is not simply known; `clients` has the packages, without
    their prefix, that a client has given away.
    """

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.clients: dict[str, list[str]] = {}

    def check_customer(self, org: str) -> None:
        """Check the organisation of a request; raises `Refusal` 0, or `ServiceFailure` where nothing answers."""
        answer = self.answers.get(org, "")
        if "closes" in answer:
            raise UpstreamFailure("An error occurred while sending the request.")
        if "register answers" in answer or not (len(org) == 9 and org.isascii() and org.isdigit()):
            raise Refusal(0)

    def check_party(self, org: str) -> None:
        """Check the party of a customer who approves: 0 where it is unknown or a person."""
        answer = self.answers.get(org, "")
        if "cannot be had" in answer or "a person" in answer:
            raise Refusal(0)

    def check_uuid(self, org: str) -> None:
        """Check that the party has a uuid: 49."""
        if "no uuid" in self.answers.get(org, ""):
            raise Refusal(49)


def check_redirect(redirect: str | None, stored: StoredSystem) -> None:
    """Check a redirect URL; empty counts as none. Raises `Refusal` 26 or 21, `ServiceFailure` for what is no URL."""
    if not redirect:
        return
    listed = _list(stored.read(), "allowedRedirectUrls")
    if not listed:
        raise Refusal(26)
    if redirect.startswith("/"):
        # NOTE: on Linux .NET reads this as the path of a file, which is a URL.
        raise Refusal(21)
    try:
        wanted = uris.read(redirect)
    except uris.NotAUrl:
        raise ServiceFailure("Invalid URI: The hostname could not be parsed.") from None
    if wanted.scheme is None:
        raise ServiceFailure("Invalid URI: The format of the URI could not be determined.")
    if _cut(wanted.stored) not in {_cut(uris.read(str(each)).stored) for each in listed}:
        raise Refusal(21)


def check_rights(rights: Sequence[Mapping[str, object]], stored: StoredSystem) -> None:
    """Check that each right is one of the system's, pair by pair; raises `Refusal` 1."""
    held = [_read_pairs(each) for each in _list(stored.read(), "rights")]
    if len(rights) > len(held):
        raise Refusal(1)
    for right in rights:
        pairs = _read_pairs(right)
        if not pairs:
            raise ServiceFailure("Index was out of range.")
        if not any(len(each) == len(pairs) and set(each) == set(pairs) for each in held):
            raise Refusal(1)


async def check_packages(
    packages: Sequence[Mapping[str, object]], stored: StoredSystem, upstream: Upstream, *, is_agent: bool
) -> None:
    """Check that each package is one of the system's and may be given: 63, then 64, or 65 for agents."""
    held = [each.get("urn") for each in _list(stored.read(), "accessPackages")]
    urns = [each.get("urn") for each in packages]
    if len(urns) > len(held):
        raise Refusal(63)
    unknown = [str(urn or "") for urn in urns if urn is None or urn not in held]
    if unknown:
        raise Refusal(63, {"NotFoundPackages": ", ".join(unknown)})
    refused = []
    for urn in urns:
        found = await upstream.package(str(urn))
        if found is None or not (found.is_delegable if is_agent else found.is_assignable):
            refused.append(str(urn))
    if refused:
        raise Refusal(65 if is_agent else 64, {"NotDelegablePackages": ", ".join(refused)})


def write_rights(rights: Sequence[RequestedRight | None]) -> list[Json]:
    """Write rights as they are stored; raises `NullReference` for a null among them."""
    written: list[Json] = []
    for right in demand_all(rights):
        if not right.resource:
            raise NullReference
        pairs: list[Json] = [{"id": demand(pair).id, "value": demand(pair).value} for pair in right.resource]
        written.append({**({} if right.action is None else {"action": right.action}), "resource": pairs})
    return written


def write_packages(packages: Sequence[RequestedPackage | None]) -> list[Json]:
    """Write packages as they are stored; raises `NullReference` for a null among them."""
    return [{} if package.urn is None else {"urn": package.urn} for package in demand_all(packages)]


def _read_pairs(right: Mapping[str, object]) -> list[tuple[object, object]]:
    return [(pair.get("id"), pair.get("value")) for pair in _list(right, "resource")]


def _list(document: Mapping[str, object], name: str) -> list[dict[str, object]]:
    value = document.get(name)
    return value if isinstance(value, list) else []


def _cut(url: str) -> str:
    """Leave out query and fragment, and read the rest as .NET compares it."""
    return url.partition("#")[0].partition("?")[0]
