"""What a system user may do for whom, as its own program asks it (System users contract §9.4).

Read in source: only the members that a client needs are answered. Of a standard user the customer is the party, of an
agent each client that was added.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from reconciler.emulator.dotnet.answers import answer_json, answer_text
from reconciler.emulator.dotnet.failures import demand
from reconciler.emulator.dotnet.model_errors import ModelError
from reconciler.emulator.dotnet.query_binding import bind_flag
from reconciler.emulator.server.routing import Call, Route

if TYPE_CHECKING:
    from starlette.responses import Response

    from reconciler.emulator.systemusers.rows import Json, SystemUser
    from reconciler.emulator.systemusers.tables import Tables

PATH = "/accessmanagement/api/v1/enduser/authorizedparties"
SCOPES = frozenset({"altinn:accessmanagement/authorizedparties"})


@dataclass(frozen=True, slots=True)
class AuthorizedParties:
    """The route over the system users of one emulator."""

    tables: Tables

    def routes(self) -> list[Route]:
        """List the route."""
        return [Route("GET", PATH, self.list_parties, SCOPES)]

    async def list_parties(self, call: Call) -> Response:
        """Answer the parties of the token's system user; 401 for a token that is nobody's."""
        errors: dict[str, list[str]] = {}
        names = ("includeAccessPackages", "includeResources")
        with_packages, with_resources = (bind_flag(call.query, name, errors) for name in names)
        if errors:
            raise ModelError(errors)
        user = self._find_user(call)
        if user is None:
            return answer_text(401, "Unknown user type")
        wanted = set(call.query.list("anyOfResourceIds"))
        resources = _list_resources(user)
        parties = [user.reporteeOrgNo] if user.userType == "standard" else user.clients
        if wanted and wanted.isdisjoint(resources):
            parties = []
        packages = [str(each.get("urn")).rpartition(":")[2] for each in user.accessPackages]
        data = [
            _write(org, packages if with_packages else [], resources if with_resources else [])
            for org in parties
        ]
        return answer_json({"links": {"next": None}, "data": data})

    def _find_user(self, call: Call) -> SystemUser | None:
        """Find the system user of a token, exchanged or not."""
        details = demand(call.caller).claims.get("authorization_details")
        if isinstance(details, str):
            details = json.loads(details)
        detail = details[0] if isinstance(details, list) and details else details
        ids = detail.get("systemuser_id") if isinstance(detail, dict) else None
        return self.tables.users.find(str(ids[0])) if isinstance(ids, list) and ids else None


def _list_resources(user: SystemUser) -> list[str]:
    found: list[str] = []
    for right in user.rights:
        pairs = right.get("resource")
        found += [str(pair.get("value")) for pair in (pairs if isinstance(pairs, list) else [])]
    return sorted(set(found))


def _write(org: str, packages: list[str], resources: list[str]) -> Json:
    return {
        "partyUuid": str(UUID(int=int(org))),
        "name": f"Virksomhet {org}",
        "organizationNumber": org,
        "partyId": int(org) % 100_000_000,
        "type": "Organization",
        "isDeleted": False,
        "onlyHierarchyElementWithNoAccess": False,
        "authorizedAccessPackages": packages,
        "authorizedResources": resources,
        "authorizedRoles": [],
        "authorizedInstances": [],
        "subunits": [],
    }
