"""The vendor's routes for requests, standard and agent (System users contract §3.1, §3.2, §3.4)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.answers import Formatted, answer_empty, answer_json
from reconciler.emulator.dotnet.failures import DatabaseFailure, demand
from reconciler.emulator.dotnet.json_writer import write
from reconciler.emulator.dotnet.negotiation import FOR_VALUES
from reconciler.emulator.register.claims import PORTAL_SCOPES
from reconciler.emulator.register.database import LONGEST_ID, check_text
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
    refuse_value,
)
from reconciler.emulator.systemusers.body_binding import AskedAccess, bind_access
from reconciler.emulator.systemusers.problems import Refusal
from reconciler.emulator.systemusers.rows import AccessRequest
from reconciler.emulator.systemusers.tables import Triple

if TYPE_CHECKING:
    from starlette.responses import Response

    from reconciler.emulator.systemusers.rows import Json

_OTHERS = {"Accepted": 6, "New": 7, "Denied": 8, "Rejected": 9}
"""The code for a standard request of the triple, by its status (§3.1 step 7)."""


@dataclass(frozen=True, slots=True)
class Requests:
    """The routes of requests."""

    customers: Customers

    def routes(self) -> list[Route]:
        """List the routes, the more specific ones first."""
        routes: list[Route] = []
        for is_agent in (True, False):
            vendor = f"{PREFIX}/request/vendor{'/agent' if is_agent else ''}"
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
            )
            routes += [
                Route(method, path, guard(partial(endpoint, is_agent=is_agent), self.customers.shape), scopes)
                for method, path, endpoint, scopes in listed
            ]
        vendor = f"{PREFIX}/request/vendor"
        return [
            *routes,
            Route(
                "DELETE", f"{vendor}/{{requestId}}", guard(self.withdraw, self.customers.shape), REQUEST_WRITE
            ),
            # NOTE: the portal's route for one request takes this path too.
            Route("GET", vendor, self.read_in_portal, PORTAL_SCOPES),
        ]

    async def ask(self, call: Call, *, is_agent: bool) -> Response:
        """Ask for a system user: §3.1, or §3.2 for an agent."""
        asked = bind_access(await read_body(call.request), is_agent=is_agent)
        try:
            org = find_vendor(call)
        except Unauthorized:
            raise Refusal(23) from None
        check_text(asked.system_id, asked.org, asked.reference)
        async with self.customers.transactions.storing:
            return await self._ask(asked, org, is_agent=is_agent)

    async def _ask(self, asked: AskedAccess, org: str, *, is_agent: bool) -> Response:
        customers, tables = self.customers, self.customers.tables
        system_id, party = demand(asked.system_id), demand(asked.org)
        # NOTE: an empty reference is looked up as it is, and stored as the organisation's number (§5.6).
        triple = Triple(system_id, party, party if asked.reference is None else asked.reference)
        if tables.users.find_triple(triple):
            raise Refusal(4)
        same = tables.requests.find_triple(triple)
        stored = tables.store.find(system_id)
        mine = next((each for each in same if each.is_agent is is_agent), None)
        if mine is not None and mine.status != "Timedout" and stored is not None and stored.org == org:
            return answer_json(self._write(mine, escalated=is_agent and mine.escalated))
        if stored is None:
            raise Refusal(11)
        other = next((each for each in same if not each.is_agent), None)
        if other is not None and other.status in _OTHERS:
            raise Refusal(_OTHERS[other.status])
        customers.demand_system(system_id, org)
        customers.parties.check_customer(party)
        checks.check_redirect(asked.redirect, stored)
        rights, packages = await self._check(asked, is_agent=is_agent)
        names = stored.read()["name"]
        title = str(names.get("nb", "")) if isinstance(names, dict) else ""
        request = AccessRequest(
            id=str(uuid.uuid4()),
            type="agent" if is_agent else "standard",
            systemId=system_id,
            partyOrgNo=party,
            externalRef=asked.reference or party,
            integrationTitle=title if asked.title is None else asked.title,
            created=customers.now(),
            rights=rights,
            accessPackages=packages,
            redirectUrl=asked.redirect,
        )
        check_text(request.integrationTitle, request.redirectUrl)
        if len(request.externalRef) > LONGEST_ID or len(request.integrationTitle) > LONGEST_ID:
            raise DatabaseFailure(f"22001: value too long for type character varying({LONGEST_ID})")
        tables.requests.put(request)
        text = write(self._write(request, escalated=False))
        return Formatted(text, 201, FOR_VALUES, customers.find_location("request", request.id))

    async def _check(self, asked: AskedAccess, *, is_agent: bool) -> tuple[list[Json], list[Json]]:
        """Steps 13 to 16: what is asked for is the system's."""
        customers = self.customers
        stored = demand(customers.tables.store.find(demand(asked.system_id)))
        if is_agent:
            if not asked.packages:
                raise Refusal(58)
        elif asked.rights is None and asked.packages is None:
            raise Refusal(1)
        elif not asked.rights and not asked.packages:
            raise Refusal(59)
        rights = [] if is_agent else checks.write_rights(asked.rights or [])
        checks.check_rights(rights, stored)
        packages = checks.write_packages(asked.packages or [])
        await checks.check_packages(packages, stored, customers.upstream, is_agent=is_agent)
        return rights, packages

    async def read(self, call: Call, *, is_agent: bool) -> Response:
        """Read one request by its id."""
        key = bind_id(call.values)
        org = find_vendor(call)
        request = self.customers.tables.requests.find(key)
        return self._answer(
            request if request and request.is_agent is is_agent else None, org, is_agent=False
        )

    async def read_in_portal(self, _call: Call) -> Response:
        """Answer a portal's user who asks for the request `vendor`, which is no uuid."""
        refuse_value("requestId", "vendor")

    async def find(self, call: Call, *, is_agent: bool) -> Response:
        """Read the first request of a triple."""
        org = find_vendor(call)
        values = call.values
        triple = Triple(values["systemId"], values["orgNo"], values["externalRef"])
        check_text(*triple)
        same = self.customers.tables.requests.find_triple(triple)
        return self._answer(
            next((each for each in same if each.is_agent is is_agent), None), org, is_agent=is_agent
        )

    def _answer(self, request: AccessRequest | None, org: str, *, is_agent: bool) -> Response:
        """Answer one request; only an agent's by its reference tells that it was escalated (§5.1)."""
        if request is None:
            raise Refusal(10)
        self.customers.demand_system(request.systemId, org)
        return answer_json(self._write(request, escalated=is_agent and request.escalated))

    async def list_system(self, call: Call, *, is_agent: bool) -> Response:
        """Answer a page of the requests of a system, with the faults of §3.5."""
        token = call.query.text("token")
        first = "" if token is None else continuation.read_id_token(token)
        if first is None:
            refuse_value("token", token or "")
        customers = self.customers
        org = find_vendor(call)
        customers.demand_system(call.values["systemId"], org)
        listed = customers.tables.requests.list_system(call.values["systemId"])
        rows = [row for _, row in listed if row.is_agent is is_agent]
        if not is_agent or customers.paging == "correct":
            rows.sort(key=lambda row: row.id)
        after = [row for row in rows if row.id > first or (customers.paging == "correct" and row.id == first)]
        shown, more = after[: customers.page_size], after[customers.page_size :]
        data = [
            row.write(None, escalated=row.escalated, timed_out=customers.is_timed_out(row.created))
            for row in shown
        ]
        route = f"request/vendor{'/agent' if is_agent else ''}"
        return customers.answer_page(call, route, Page(data, more[0].id if more else None))

    async def withdraw(self, call: Call) -> Response:
        """Withdraw a request of either type (§3.4)."""
        key = bind_id(call.values)
        async with self.customers.transactions.storing:
            request = self.customers.tables.requests.find(key)
            if request is None:
                raise Refusal(10)
            self.customers.tables.requests.change(request, isDeleted=True)
        return answer_empty(202)

    def _write(self, request: AccessRequest, *, escalated: bool) -> Json:
        timed_out = self.customers.is_timed_out(request.created)
        url = self.customers.find_confirm_url(request)
        return request.write(url, escalated=escalated, timed_out=timed_out)
