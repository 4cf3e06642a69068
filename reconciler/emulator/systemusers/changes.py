"""The vendor's routes for change requests (System users contract §3.3, §3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.answers import Formatted, answer_empty, answer_json, answer_text
from reconciler.emulator.dotnet.failures import DatabaseFailure
from reconciler.emulator.dotnet.json_writer import write
from reconciler.emulator.dotnet.model_errors import ModelError
from reconciler.emulator.dotnet.negotiation import FOR_VALUES
from reconciler.emulator.register.database import check_text
from reconciler.emulator.server.invocation import read_body
from reconciler.emulator.server.routing import Call, Route
from reconciler.emulator.systemusers import checks, continuation
from reconciler.emulator.systemusers.answering import (
    PREFIX,
    REQUEST_READ,
    REQUEST_WRITE,
    Customers,
    Page,
    Unauthorized,
    bind_id,
    find_vendor,
    guard,
    read_id,
    refuse_value,
)
from reconciler.emulator.systemusers.body_binding import AskedChange, bind_change
from reconciler.emulator.systemusers.problems import Refusal
from reconciler.emulator.systemusers.rows import NEW, ChangeRequest
from reconciler.emulator.systemusers.tables import Triple

if TYPE_CHECKING:
    from starlette.responses import Response

    from reconciler.emulator.systemusers.rows import Json, SystemUser

_NO_ID = "0" * 8 + "-0000-0000-0000-" + "0" * 12
_MISSING = (
    "Missing or invalid QueryParameter: correlation-id. Generate a unique UUID (RFC 4122) for this Change Request, "
    "and add as a Query Parameter."
)
_EQUAL = "The correlation-id should not be the same as the system-user-id. Generate a unique id."


@dataclass(frozen=True, slots=True)
class Changes:
    """The routes of change requests."""

    customers: Customers

    def routes(self) -> list[Route]:
        """List the routes, the more specific ones first."""
        vendor = f"{PREFIX}/changerequest/vendor"
        listed = (
            ("POST", vendor, self.ask, REQUEST_WRITE),
            (
                "GET",
                f"{vendor}/byexternalref/{{systemId}}/{{orgNo}}/{{externalRef}}",
                self.find,
                REQUEST_READ,
            ),
            ("GET", f"{vendor}/bysystem/{{systemId}}", self.list_system, REQUEST_READ),
            ("GET", f"{vendor}/{{requestId}}", self.read, REQUEST_READ),
            ("DELETE", f"{vendor}/{{requestId}}", self.withdraw, REQUEST_WRITE),
        )
        shape = self.customers.shape
        return [
            Route(method, path, guard(endpoint, shape), scopes) for method, path, endpoint, scopes in listed
        ]

    async def ask(self, call: Call) -> Response:
        """Ask a customer for a change: §3.3."""
        errors: dict[str, list[str]] = {}
        ids = {name: _bind_query_id(call, name, errors) for name in ("correlation-id", "system-user-id")}
        asked = bind_change(await read_body(call.request), errors)
        if errors:
            raise ModelError(errors)
        key, user_id = ids["correlation-id"], ids["system-user-id"]
        if key == _NO_ID:
            return answer_text(400, _MISSING)
        org = find_vendor(call)
        user = self.customers.tables.users.find(user_id)
        if user is None:
            raise Refusal(15)
        if key == user_id:
            return answer_text(400, _EQUAL)
        if user.supplierOrgno != org:
            raise Unauthorized
        async with self.customers.transactions.storing:
            return await self._ask(asked, user, key)

    async def _ask(self, asked: AskedChange, user: SystemUser, key: str) -> Response:
        """Steps 7 to 14."""
        customers, tables = self.customers, self.customers.tables
        change = ChangeRequest(
            id=key,
            systemUserId=user.id,
            systemId=user.systemId,
            partyOrgNo=user.reporteeOrgNo,
            externalRef=user.externalRef,
            created="0001-01-01T00:00:00",
            status="NoChangeNeeded",
            redirectUrl=asked.redirect,
        )
        if asked.is_empty():
            return answer_json(change.write("", timed_out=False))
        known = tables.changes.find(key)
        if known is not None:
            stored = tables.store.find(known.systemId)
            if stored is not None and stored.org == user.supplierOrgno:
                return answer_json(self._write(known))
        if user.userType != "standard":
            raise Refusal(15)
        if known is not None:
            raise Refusal(7 if known.status == NEW else 61)
        stored = customers.demand_system(user.systemId, user.supplierOrgno)
        customers.parties.check_customer(user.reporteeOrgNo)
        checks.check_redirect(asked.redirect, stored)
        required = checks.write_rights(asked.required_rights or [])
        checks.check_rights(required, stored)
        packages = checks.write_packages(asked.required_packages or [])
        await checks.check_packages(packages, stored, customers.upstream, is_agent=False)
        check_text(asked.redirect)
        if tables.changes.find_any(key) is not None:
            raise DatabaseFailure("23505: duplicate key value violates unique constraint")
        members = {
            "requiredRights": required,
            "unwantedRights": checks.write_rights(asked.unwanted_rights or []),
            "requiredAccessPackages": packages,
            "unwantedAccessPackages": checks.write_packages(asked.unwanted_packages or []),
        }
        change = tables.changes.change(change, **members, created=customers.now(), status=NEW)
        text = write(self._write(change))
        return Formatted(text, 201, FOR_VALUES, customers.find_location("changerequest", key))

    async def read(self, call: Call) -> Response:
        """Read one change request by its id."""
        key = bind_id(call.values)
        org = find_vendor(call)
        return self._answer(self.customers.tables.changes.find(key), org)

    async def find(self, call: Call) -> Response:
        """Read the first change request of a triple; its packages are left out."""
        org = find_vendor(call)
        values = call.values
        triple = Triple(values["systemId"], values["orgNo"], values["externalRef"])
        check_text(*triple)
        same = self.customers.tables.changes.find_triple(triple)
        return self._answer(same[0] if same else None, org, with_packages=False)

    def _answer(self, change: ChangeRequest | None, org: str, *, with_packages: bool = True) -> Response:
        if change is None:
            raise Refusal(10)
        self.customers.demand_system(change.systemId, org)
        return answer_json(self._write(change, with_packages=with_packages))

    async def list_system(self, call: Call) -> Response:
        """Answer a page of the change requests of a system: the first one, whatever the token says (§3.5)."""
        token = call.query.text("token")
        first = "" if token is None else continuation.read_id_token(token)
        if first is None:
            refuse_value("token", token or "")
        customers = self.customers
        org = find_vendor(call)
        customers.demand_system(call.values["systemId"], org)
        rows = [row for _, row in customers.tables.changes.list_system(call.values["systemId"])]
        if customers.paging == "correct":
            rows = sorted((row for row in rows if row.id >= first), key=lambda row: row.id)
        shown, more = rows[: customers.page_size], rows[customers.page_size :]
        data = [row.write(None, timed_out=customers.is_timed_out(row.created)) for row in shown]
        return customers.answer_page(call, "changerequest/vendor", Page(data, more[0].id if more else None))

    async def withdraw(self, call: Call) -> Response:
        """Withdraw a change request; its id can never be used again (§3.3, §3.4)."""
        key = bind_id(call.values)
        async with self.customers.transactions.storing:
            change = self.customers.tables.changes.find(key)
            if change is None:
                raise Refusal(10)
            self.customers.tables.changes.change(change, isDeleted=True)
        return answer_empty(202)

    def _write(self, change: ChangeRequest, *, with_packages: bool = True) -> Json:
        """Write a change request; only lists say that it timed out (§5.3)."""
        url = self.customers.find_confirm_url(change)
        return change.write(url, timed_out=False, with_packages=with_packages)


def _bind_query_id(call: Call, name: str, errors: dict[str, list[str]]) -> str:
    """Bind a uuid of the query; what is absent is all zeros."""
    text = call.query.text(name)
    found = _NO_ID if text is None else read_id(text)
    if found is None:
        errors[name] = [f"The value '{text}' is not valid."]
    return found or _NO_ID
