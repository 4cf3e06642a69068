"""The system users of a vendor's systems: a list and a look-up, read only.

System Register contract §7. They come from the configuration or the control endpoint. Maskinporten looks system
users up here when a grant names one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.answers import answer_json, answer_problem, answer_status
from reconciler.emulator.dotnet.failures import demand
from reconciler.emulator.dotnet.model_errors import ModelError, require
from reconciler.emulator.dotnet.query_binding import bind_path_id
from reconciler.emulator.register.claims import VENDOR_SCOPES, find_org
from reconciler.emulator.register.database import check_text
from reconciler.emulator.server.routing import Call, Route
from reconciler.emulator.systemusers import continuation

if TYPE_CHECKING:
    from starlette.responses import Response

    from reconciler.emulator.dotnet.answers import Shape
    from reconciler.emulator.register.store import Store
    from reconciler.emulator.server.addresses import Links

_PREFIX = "/authentication/api/v1/systemuser/vendor"
_REQUEST_WRITE = frozenset({"altinn:authentication/systemuser.request.write"})
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class SystemUser:
    """One system user, with the API's own member names."""

    id: str
    systemId: str
    reporteeOrgNo: str
    supplierOrgno: str
    externalRef: str
    integrationTitle: str = ""
    productName: str = ""
    created: str = "2025-01-01T00:00:00Z"
    isDeleted: bool = False
    supplierName: str = ""
    userType: str = "standard"

    def write(self) -> dict[str, object]:
        """Give the system user with its members in the API's order."""
        return {
            "id": self.id,
            "integrationTitle": self.integrationTitle,
            "systemId": self.systemId,
            "productName": self.productName,
            "reporteeOrgNo": self.reporteeOrgNo,
            "created": self.created,
            "isDeleted": self.isDeleted,
            "supplierName": self.supplierName,
            "supplierOrgno": self.supplierOrgno,
            "externalRef": self.externalRef,
            "userType": self.userType,
        }


@dataclass(slots=True)
class SystemUsers:
    """All system users, in the order in which they were created."""

    store: Store
    shape: Shape
    links: Links
    page_size: int = PAGE_SIZE
    users: list[SystemUser] = field(default_factory=list)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", f"{_PREFIX}/bysystem/{{systemId}}", self.list_of_system, VENDOR_SCOPES),
            Route("GET", f"{_PREFIX}/byquery", self.find_one, _REQUEST_WRITE),
        ]

    async def list_of_system(self, call: Call) -> Response:
        """Answer one page of the system users of a system."""
        errors: dict[str, list[str]] = {}
        system_id = bind_path_id(call.values, errors)
        token = call.query.text("token")
        first = 0 if token is None else continuation.read_token(token)
        if first is None:
            errors["token"] = [f"The value '{token}' is not valid."]
        if errors:
            raise ModelError(errors)
        org = find_org(demand(call.caller))
        if org is None:
            return answer_status(401)
        stored = self.store.find(system_id)
        if stored is None or stored.org != org:
            return answer_problem(
                "AUTH-00011", "The Id does not refer to a Registered System.", 404, self.shape
            )
        users = [
            (number, user)
            for number, user in enumerate(self.users, 1)
            if number >= demand(first) and user.systemId == system_id and not user.isDeleted
        ]
        page, more = users[: self.page_size], users[self.page_size :]
        links: dict[str, str] = {}
        if more:
            base = self.links.find_base(call.request)
            links["next"] = continuation.write_link(base, f"{_PREFIX}/bysystem", system_id, more[0][0])
        return answer_json({"links": links, "data": [user.write() for _, user in page]})

    async def find_one(self, call: Call) -> Response:
        """Answer the one system user of a system, a customer and a reference."""
        system_id, owner = call.query.text("system-id"), call.query.text("orgno")
        if system_id is None or owner is None:
            named = {"orgno": ("orgno", owner), "system-id": ("systemId", system_id)}
            raise ModelError({key: [require(name)] for key, (name, value) in named.items() if value is None})
        org = find_org(demand(call.caller))
        if org is None:
            return answer_status(401)
        reference = call.query.text("external-ref")
        check_text(system_id, owner, reference)
        users = self.find(owner, reference, supplier=org, system_id=system_id)
        return answer_json(users[0].write()) if users else answer_status(404)

    def find(
        self, owner: str, reference: str | None, *, supplier: str, system_id: str | None = None
    ) -> list[SystemUser]:
        """Find system users that are not deleted; the reference defaults to the owner's number."""
        return [
            user
            for user in self.users
            if user.reporteeOrgNo == owner
            and user.externalRef == (reference or owner)
            and user.supplierOrgno == supplier
            and system_id in {None, user.systemId}
            and not user.isDeleted
        ]

    def find_for_client(
        self, owner: str, reference: str | None, *, supplier: str, client_id: str
    ) -> SystemUser | None:
        """Find the system user that a grant names; its system must not be deleted and must list the client."""
        for user in self.find(owner, reference, supplier=supplier):
            stored = self.store.find(user.systemId)
            client_ids = None if stored is None or stored.is_deleted else stored.read()["clientId"]
            if isinstance(client_ids, list) and client_id in client_ids:
                return user
        return None
