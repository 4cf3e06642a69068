"""The customer's side: approving, rejecting, escalating, creating and deleting (System users contract §6).

These are the portal's routes, which no vendor's token reaches. The control endpoint and the emulator's own page
call them, and get the answer that the customer's browser would have got.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.answers import answer_empty, answer_json
from reconciler.emulator.dotnet.failures import DatabaseFailure, ServiceFailure
from reconciler.emulator.systemusers import checks
from reconciler.emulator.systemusers.problems import Refusal
from reconciler.emulator.systemusers.rows import ACCEPTED, NEW, REJECTED, AccessRequest, SystemUser
from reconciler.emulator.systemusers.tables import Triple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from reconciler.emulator.systemusers.answering import Customers
    from reconciler.emulator.systemusers.rows import ChangeRequest, Json

_REASONS = {
    "MissingRoleAccess": 16,
    "MissingDelegationAccess": 18,
    "MissingSrrRightAccess": 19,
    "InsufficientAuthenticationLevel": 20,
    "MissingPackageAccess": 68,
    "AccessListValidationFail": 69,
    "ResourceNotDelegable": 70,
    "ResourceIsMaskinPortenSchema": 71,
}
"""The delegation check's words, and the codes that the service makes of them; any other word is 14."""
_MANAGERS = frozenset({"manager", "manager no scope"})
_NO_SCOPE = "manager no scope"
_STUBBED: dict[str, object] = {"Problem Detail: ": "stubbed failure", "ValidationErrors: ": ""}


@dataclass(frozen=True, slots=True)
class Person:
    """Who decides, what this person cannot delegate, and which step of the service fails."""

    by: str = "manager"
    lacks: frozenset[str] = frozenset()
    """`rights`, `packages`, or single resources and URNs."""
    reason: str | None = "MissingRoleAccess"
    fail: str = ""

    def lacks_right(self, rights: Sequence[Json]) -> bool:
        """Say whether one of the rights cannot be delegated."""
        return "rights" in self.lacks or not self.lacks.isdisjoint(_list_resources(rights))

    def lacks_package(self, packages: Sequence[Json]) -> bool:
        """Say whether one of the packages cannot be delegated."""
        urns = {str(each.get("urn")) for each in packages}
        return bool(urns) and ("packages" in self.lacks or not urns.isdisjoint(self.lacks))


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides for customers over the tables of one emulator."""

    customers: Customers

    async def approve(self, key: str, who: Person, *, party: str | None = None) -> Response:
        """Approve a request: §6.2; `party` is the organisation that is acted for, if not the request's."""
        refused = _refuse_person(who, needs_scope=True)
        if refused is not None:
            return refused
        tables = self.customers.tables
        request = tables.requests.find(key)
        if request is None:
            raise Refusal(10)
        self._check_party(request, party)
        if request.status != NEW:
            raise Refusal(13)
        stored = tables.store.find(request.systemId)
        if stored is None:
            raise Refusal(11)
        self.customers.parties.check_uuid(request.partyOrgNo)
        triple = Triple(request.systemId, request.partyOrgNo, request.externalRef)
        if tables.users.find_triple(triple):
            raise Refusal(4)
        checks.check_rights(request.rights, stored)
        upstream, is_agent = self.customers.upstream, request.is_agent
        await checks.check_packages(request.accessPackages, stored, upstream, is_agent=is_agent)
        if not is_agent:
            _check_delegation(who, request.rights, request.accessPackages)
        if tables.users.find_any(request.id) is not None:
            raise DatabaseFailure("23505: duplicate key value violates unique constraint")
        user = SystemUser(
            id=request.id,
            systemId=request.systemId,
            reporteeOrgNo=request.partyOrgNo,
            supplierOrgno=stored.org,
            externalRef=request.externalRef,
            integrationTitle=request.integrationTitle,
            created=self.customers.now(),
            userType=request.type,
        )
        self._give(user, request.rights, request.accessPackages, who)
        tables.requests.change(request, status=ACCEPTED)
        return answer_json(value=True)

    def _give(self, user: SystemUser, rights: list[Json], packages: list[Json], who: Person) -> None:
        """Store the user and delegate; what fails on the way leaves the residue of §6.2."""
        users = self.customers.tables.users
        users.put(user)
        if who.fail.startswith("push"):
            if "without a body" in who.fail:
                raise ServiceFailure("The input does not contain any JSON tokens.")
            raise Refusal(48, dict(_STUBBED))
        failed = {"rights": Refusal(2), "packages": Refusal(51, dict(_STUBBED))}
        given = {"rights": rights, "packages": packages}
        if who.fail in failed and given[who.fail]:
            users.change(user, isDeleted=True)
            raise failed[who.fail]
        users.change(user, rights=rights, accessPackages=packages)

    async def approve_change(self, key: str, who: Person, *, party: str | None = None) -> Response:
        """Approve a change request: §6.3, which is not atomic."""
        refused = _refuse_person(who, needs_scope=False)
        if refused is not None:
            return refused
        tables = self.customers.tables
        change = self._demand_change(key)
        stored = tables.store.find(change.systemId)
        if stored is None:
            raise Refusal(11)
        user = tables.users.find(change.systemUserId)
        if user is None:
            raise Refusal(15)
        self.customers.parties.check_party(party or change.partyOrgNo)
        self.customers.parties.check_uuid(party or change.partyOrgNo)
        checks.check_rights(change.requiredRights, stored)
        if change.requiredRights and (
            who.lacks_right(change.requiredRights) or who.fail == "check of rights"
        ):
            raise Refusal(1)
        held = [] if who.fail == "listing packages" else user.accessPackages
        added = [each for each in change.requiredAccessPackages if each not in held]
        await self._check_added(added, change, who)
        user = self._add(user, change.requiredRights, added, who)
        removed = [each for each in change.unwantedAccessPackages if each in held]
        self._remove(user, change.unwantedRights, removed, who)
        tables.changes.change(change, status=ACCEPTED)
        return answer_json(value=True)

    def _add(self, user: SystemUser, rights: list[Json], packages: list[Json], who: Person) -> SystemUser:
        """Delegate what a change adds: packages, then rights."""
        users = self.customers.tables.users
        if packages:
            if who.fail == "packages":
                raise Refusal(51, dict(_STUBBED))
            user = users.change(user, accessPackages=_join(user.accessPackages, packages))
        if rights:
            if who.fail == "rights":
                raise Refusal(2)
            user = users.change(user, rights=_join(user.rights, rights))
        return user

    def _remove(self, user: SystemUser, rights: list[Json], packages: list[Json], who: Person) -> None:
        """Take away what a change does not want any more: rights, then packages."""
        users = self.customers.tables.users
        if rights:
            if who.fail == "revoking rights":
                raise Refusal(22)
            user = users.change(user, rights=_cut(user.rights, rights))
        if packages:
            if who.fail == "revoking packages":
                raise Refusal(57, dict(_STUBBED))
            users.change(user, accessPackages=_cut(user.accessPackages, packages))

    async def _check_added(self, added: list[Json], change: ChangeRequest, who: Person) -> None:
        if not added:
            return
        stored = self.customers.tables.store.find(change.systemId)
        listed = stored.read().get("accessPackages") if stored is not None else None
        gone = [each for each in added if not isinstance(listed, list) or each not in listed]
        if gone:
            named = ", ".join(f"AccessPackage {{ Urn = {each.get('urn')} }}" for each in gone)
            raise Refusal(52, {"Invalid Urn Details : ": named})
        if who.fail == "check of packages":
            raise Refusal(50, {"Problem Detail : ": None})
        if who.lacks_package(added):
            raise Refusal(53)

    def reject(self, key: str, who: Person, *, party: str | None = None) -> Response:
        """Reject a request."""
        refused = _refuse_person(who, needs_scope=False)
        if refused is not None:
            return refused
        request = self.customers.tables.requests.find(key)
        if request is None:
            raise Refusal(10)
        self._check_party(request, party)
        if request.status != NEW:
            raise Refusal(13)
        self.customers.tables.requests.change(request, status=REJECTED)
        return answer_json(value=True)

    def reject_change(self, key: str, who: Person) -> Response:
        """Reject a change request, also of a system user that is gone."""
        refused = _refuse_person(who, needs_scope=False)
        if refused is not None:
            return refused
        change = self._demand_change(key)
        self.customers.tables.changes.change(change, status=REJECTED)
        return answer_json(value=True)

    def escalate(self, key: str, who: Person) -> Response:
        """Ask the access manager to decide; whatever the status, and false for what is not there."""
        requests = self.customers.tables.requests
        request = requests.find(key)
        if request is None or who.by not in {"manager", "employee"}:
            return answer_json(value=False)
        requests.change(request, escalated=True)
        return answer_json(value=True)

    def create(self, org: str, system_id: str, who: Person, title: str | None = None) -> Response:
        """Create a system user in the portal, with every right and package of the system: §6.1."""
        refused = _refuse_person(who, needs_scope=False)
        if refused is not None:
            return refused
        tables = self.customers.tables
        self.customers.parties.check_party(org)
        stored = tables.store.find(system_id)
        if stored is None:
            raise Refusal(11)
        if tables.users.find_triple(Triple(system_id, org, org)):
            raise Refusal(4)
        document = stored.read()
        rights, packages = _read_list(document, "rights"), _read_list(document, "accessPackages")
        _check_delegation(who, rights, packages)
        names = document["name"]
        user = SystemUser(
            id=str(uuid.uuid4()),
            systemId=system_id,
            reporteeOrgNo=org,
            supplierOrgno=stored.org,
            externalRef=org,
            integrationTitle=title
            if title is not None
            else str(names["nb"] if isinstance(names, dict) else ""),
            created=self.customers.now(),
        )
        self._give(user, rights, packages, who)
        return answer_json(_write_in_portal(user, stored.internal_id))

    def delete(self, key: str, who: Person) -> Response:
        """Delete a system user and its request; a standard one answers 202, an agent 200."""
        refused = _refuse_person(who, needs_scope=False)
        if refused is not None:
            return refused
        tables = self.customers.tables
        user = tables.users.find(key)
        if user is None:
            return answer_json(0)
        if who.fail == "revoking rights" and user.rights:
            raise Refusal(22)
        tables.users.change(user, isDeleted=True)
        request = tables.requests.find(key)
        if request is not None:
            tables.requests.change(request, isDeleted=True)
        if user.userType == "agent":
            return answer_empty(200)
        answer = answer_json(1)
        answer.status_code = 202
        return answer

    def add_client(self, key: str, client: str, who: Person) -> Response:
        """Let an agent act for a client, who must have given every package of the agent (AUTH-00080)."""
        refused = _refuse_person(who, needs_scope=False)
        if refused is not None:
            return refused
        tables = self.customers.tables
        user = tables.users.find(key)
        if user is None:
            raise Refusal(15)
        if user.userType != "agent":
            raise Refusal(34)
        given = self.customers.parties.clients.get(client)
        if given is None:
            raise Refusal(79)
        needed = {str(each.get("urn")).rpartition(":")[2] for each in user.accessPackages}
        if not needed <= set(given):
            raise Refusal(80)
        tables.users.change(user, clients=sorted({*user.clients, client}))
        party = f"00000000-0000-4000-8000-000{client}"
        added = {"agentSystemUserId": key, "delegationId": party, "customerId": party}
        return answer_json([{**added, "assignmentId": "00000000-0000-0000-0000-000000000000"}])

    def _check_party(self, request: AccessRequest, party: str | None) -> None:
        acted = party or request.partyOrgNo
        self.customers.parties.check_party(acted)
        if acted != request.partyOrgNo:
            raise Refusal(42 if request.is_agent else 41)

    def _demand_change(self, key: str) -> ChangeRequest:
        change = self.customers.tables.changes.find(key)
        if change is None:
            raise Refusal(10)
        if change.status != NEW:
            raise Refusal(13)
        return change


def _refuse_person(who: Person, *, needs_scope: bool) -> Response | None:
    """Refuse whoever is no access manager: 403 without a body; raises `ServiceFailure` where nobody can decide it."""
    if who.fail == "decision":
        raise ServiceFailure("The decision could not be made.")
    if who.by not in _MANAGERS or (needs_scope and who.by == _NO_SCOPE):
        return answer_empty(403)
    return None


def _check_delegation(who: Person, rights: Sequence[Json], packages: Sequence[Json]) -> None:
    """Check that the approver can delegate: rights, then packages; one delegable action of a resource is enough."""
    if rights and who.fail == "check of rights":
        raise Refusal(14)
    if rights and who.lacks_right(rights):
        raise Refusal(_REASONS.get(who.reason or "", 14))
    if packages and who.fail == "check of packages":
        raise Refusal(50, {"Problem Detail : ": None})
    if who.lacks_package(packages):
        raise Refusal(53)


def _list_resources(rights: Sequence[Json]) -> set[str]:
    found: set[str] = set()
    for right in rights:
        pairs = right.get("resource")
        found.update(str(pair["value"]) for pair in (pairs if isinstance(pairs, list) else ()))
    return found


def _read_list(document: Json, name: str) -> list[Json]:
    value = document.get(name)
    return value if isinstance(value, list) else []


def _join(held: list[Json], added: list[Json]) -> list[Json]:
    return [*held, *(each for each in added if each not in held)]


def _cut(held: list[Json], removed: list[Json]) -> list[Json]:
    return [each for each in held if each not in removed]


def _write_in_portal(user: SystemUser, internal_id: str) -> Json:
    """Give a system user as the portal shows it."""
    written = user.write()
    portal: Json = {"systemInternalId": internal_id, "partyId": f"1{user.reporteeOrgNo[2:]}", "partyUuId": ""}
    members: Json = {}
    for name, value in written.items():
        members[name] = value
        if name == "productName":
            members |= portal
    return {**members, "accessPackages": []}
