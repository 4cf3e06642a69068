"""The system users of a vendor's systems: a list, a look-up, and the look-up of Maskinporten.

System Register contract §7, System users contract §3.4, §3.5, §9.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.answers import answer_json, answer_status, answer_written
from reconciler.emulator.dotnet.json_writer import write
from reconciler.emulator.dotnet.model_errors import ModelError, require
from reconciler.emulator.dotnet.query_binding import bind_path_id
from reconciler.emulator.register.claims import VENDOR_SCOPES
from reconciler.emulator.register.database import check_text
from reconciler.emulator.register.endpoints import NO_STORE
from reconciler.emulator.server.routing import Call, Route
from reconciler.emulator.systemusers import continuation
from reconciler.emulator.systemusers.answering import (
    PREFIX,
    REQUEST_WRITE,
    Customers,
    Page,
    find_vendor,
    guard,
)
from reconciler.emulator.systemusers.tables import Triple

if TYPE_CHECKING:
    from starlette.responses import Response

    from reconciler.emulator.systemusers.rows import SystemUser

LOOK_UP = frozenset({"altinn:maskinporten/systemuser.read"})


@dataclass(frozen=True, slots=True)
class SystemUsers:
    """All system users, and the routes that read them."""

    customers: Customers

    def routes(self) -> list[Route]:
        """List the routes."""
        listed = (
            ("GET", f"{PREFIX}/vendor/bysystem/{{systemId}}", self.list_of_system, VENDOR_SCOPES),
            ("GET", f"{PREFIX}/vendor/byquery", self.find_one, REQUEST_WRITE),
            ("GET", f"{PREFIX}/byExternalId", self.look_up, LOOK_UP),
        )
        shape = self.customers.shape
        return [
            Route(method, path, guard(endpoint, shape), scopes) for method, path, endpoint, scopes in listed
        ]

    async def list_of_system(self, call: Call) -> Response:
        """Answer one page of the system users of a system."""
        customers = self.customers
        errors: dict[str, list[str]] = {}
        system_id = bind_path_id(call.values, errors)
        token = call.query.text("token")
        first = 0 if token is None else continuation.read_token(token)
        if first is None:
            errors["token"] = [f"The value '{token}' is not valid."]
        if errors or first is None:
            raise ModelError(errors)
        customers.demand_system(system_id, find_vendor(call))
        users = [row for row in customers.tables.users.list_system(system_id) if row[0] >= first]
        page, more = users[: customers.page_size], users[customers.page_size :]
        data = [user.write() for _, user in page]
        return customers.answer_page(call, "vendor", Page(data, more[0][0] if more else None))

    async def find_one(self, call: Call) -> Response:
        """Answer the one system user of a system, a customer and a reference."""
        system_id, owner = call.query.text("system-id"), call.query.text("orgno")
        if system_id is None or owner is None:
            named = {"orgno": ("orgno", owner), "system-id": ("systemId", system_id)}
            raise ModelError({key: [require(name)] for key, (name, value) in named.items() if value is None})
        org = find_vendor(call)
        reference = call.query.text("external-ref")
        check_text(system_id, owner, reference)
        users = self.customers.tables.users.find_triple(Triple(system_id, owner, reference or owner))
        found = next((user for user in users if user.supplierOrgno == org), None)
        return answer_status(404) if found is None else answer_json(found.write())

    async def look_up(self, call: Call) -> Response:
        """Answer Maskinporten which system user a grant names (§9.2)."""
        names = ("clientId", "systemProviderOrgNo", "systemUserOwnerOrgNo")
        values = {name: call.query.text(name) for name in names}
        missing = {name: [require(name)] for name, value in values.items() if value is None}
        if missing:
            raise ModelError(missing)
        client_id, supplier, owner = (str(values[name]) for name in names)
        reference = call.query.text("externalRef")
        found = self.find_for_client(owner, reference, supplier=supplier, client_id=client_id)
        if found is None:
            response = answer_status(404)
            response.headers.update(NO_STORE)
            return response
        return answer_written(write({**found.write(), "productName": found.systemId}), NO_STORE)

    def find_for_client(
        self, owner: str, reference: str | None, *, supplier: str, client_id: str
    ) -> SystemUser | None:
        """Find the system user that a grant names; its system must not be deleted and must list the client."""
        tables = self.customers.tables
        for user in tables.users.find_owner(owner, reference or owner):
            stored = tables.store.find(user.systemId) if user.supplierOrgno == supplier else None
            client_ids = None if stored is None or stored.is_deleted else stored.read()["clientId"]
            if isinstance(client_ids, list) and client_id in client_ids:
                return user
        return None
