"""The control endpoint for tests: faults, access log, clock, clients, tokens, systems, metadata.

`ControlAccess` decides who may use it; its requests are not in the access log and are not struck by faults.
The real services have nothing like it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from reconciler.emulator.control import concurrent_writer, config_entries, fault_rules
from reconciler.emulator.control.config_tables import ConfigProblems, ConfigTable
from reconciler.emulator.dotnet.answers import answer_json, write_json
from reconciler.emulator.register import seeds
from reconciler.emulator.register.transactions import USUAL_SECONDS
from reconciler.emulator.server.routing import Call, Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reconciler.emulator.catalogue import MetadataCatalogue
    from reconciler.emulator.control.concurrent_writer import ConcurrentWriter
    from reconciler.emulator.control.customers import CustomerControl
    from reconciler.emulator.control.fault_rules import FaultRules
    from reconciler.emulator.maskinporten.clients import Client
    from reconciler.emulator.maskinporten.tokens import Issuer
    from reconciler.emulator.register.store import Store
    from reconciler.emulator.server.access_log import AccessLog
    from reconciler.emulator.server.clock import Clock

    Endpoint = Callable[[Call], Awaitable[Response]]

PREFIX = "/control"


@dataclass(frozen=True, slots=True)
class Control:
    """What can be read and changed while the emulator runs."""

    faults: FaultRules
    log: AccessLog
    clock: Clock
    issuer: Issuer
    clients: dict[str, Client]
    catalogue: MetadataCatalogue
    customers: CustomerControl
    store: Store
    writer: ConcurrentWriter
    keep_unknown: bool

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", f"{PREFIX}/faults", self.list_faults),
            Route("POST", f"{PREFIX}/faults", _guard(self.add_faults)),
            Route("DELETE", f"{PREFIX}/faults", self.remove_faults),
            Route("DELETE", f"{PREFIX}/faults/{{number}}", _guard(self.remove_faults)),
            Route("GET", f"{PREFIX}/log", _guard(self.list_log)),
            Route("DELETE", f"{PREFIX}/log", self.clear_log),
            Route("GET", f"{PREFIX}/clock", self.read_clock),
            Route("PUT", f"{PREFIX}/clock", _guard(self.set_clock)),
            Route("PUT", f"{PREFIX}/clients/{{clientId}}", _guard(self.put_client)),
            Route("DELETE", f"{PREFIX}/clients/{{clientId}}", self.remove_client),
            Route("POST", f"{PREFIX}/tokens", _guard(self.make_token)),
            Route("DELETE", f"{PREFIX}/tokens", self.expire_tokens),
            Route("POST", f"{PREFIX}/keys", self.rotate_key),
            Route("GET", f"{PREFIX}/systems", self.list_systems),
            Route("POST", f"{PREFIX}/systems", _guard(self.seed_systems)),
            Route("POST", f"{PREFIX}/writes", _guard(self.write)),
            Route("GET", f"{PREFIX}/transactions", self.read_transactions),
            Route("PUT", f"{PREFIX}/transactions", _guard(self.set_transactions)),
            Route("PUT", f"{PREFIX}/systemusers", _guard(self.put_system_users)),
            Route("POST", f"{PREFIX}/customer", _guard(self.act_as_customer)),
            Route("POST", f"{PREFIX}/setup", _guard(self.set_up_rows)),
            Route("PUT", f"{PREFIX}/resources/{{id}}", _guard(self.put_resource)),
            Route("DELETE", f"{PREFIX}/resources/{{id}}", self.remove_resource),
            Route("PUT", f"{PREFIX}/packages/{{urn}}", _guard(self.put_package)),
            Route("DELETE", f"{PREFIX}/packages/{{urn}}", self.remove_package),
            Route("GET", f"{PREFIX}/requests", self.list_rows),
            Route("GET", f"{PREFIX}/changes", self.list_rows),
            Route("GET", f"{PREFIX}/systemusers", self.list_rows),
        ]

    async def list_faults(self, _call: Call) -> Response:
        """List the faults, with how many requests each has seen and struck."""
        return answer_json([fault.show() for fault in self.faults.faults])

    async def add_faults(self, call: Call) -> Response:
        """Add one fault or a list of them; none is added if one is wrong."""
        value = await _read_json(call)
        problems = ConfigProblems("", {})
        read = [
            fault_rules.read_fault(table)
            for table in ConfigTable(
                {"faults": value if isinstance(value, list) else [value]}, (), problems
            ).tables("faults")
        ]
        problems.check()
        for fault in read:
            self.faults.add(fault)
        return Response(write_json([fault.show() for fault in read]), 201, media_type="application/json")

    async def remove_faults(self, call: Call) -> Response:
        """Remove one fault, or all."""
        number = call.values.get("number")
        self.faults.remove(None if number is None else int(number))
        return Response(status_code=204)

    async def list_log(self, call: Call) -> Response:
        """List the access log, from the entry after a given number."""
        after = int(call.request.query_params.get("after", "0"))
        return answer_json([entry.write() for entry in self.log.list_after(after)])

    async def clear_log(self, _call: Call) -> Response:
        """Clear the access log; the numbering continues."""
        self.log.entries.clear()
        return Response(status_code=204)

    async def read_clock(self, _call: Call) -> Response:
        """Give the emulator's time and its offset from the machine's."""
        return answer_json({"offset": self.clock.offset, "now": self.clock.now().isoformat()})

    async def set_clock(self, call: Call) -> Response:
        """Set the offset from the machine's clock, in seconds."""
        table = await _read_table(call)
        self.clock.offset = table.number("offset", 0.0)
        _finish(table)
        return await self.read_clock(call)

    async def put_client(self, call: Call) -> Response:
        """Register a client, or replace it with its keys."""
        value = await _read_json(call)
        content = value if isinstance(value, Mapping) else {}
        table = ConfigTable({**content, "client_id": call.values["clientId"]}, (), ConfigProblems("", {}))
        client = config_entries.read_client(table, Path(), self.clock.seconds())
        table.problems.check()
        self.clients[client.client_id] = client
        return Response(status_code=204)

    async def remove_client(self, call: Call) -> Response:
        """Remove a client."""
        self.clients.pop(call.values["clientId"], None)
        return Response(status_code=204)

    async def make_token(self, call: Call) -> Response:
        """Sign any claims; `iss`, `iat` and `exp` default to those of a new Maskinporten token."""
        table = await _read_table(call)
        claims = table.table("claims")
        claims.names()
        lifetime = int(table.number("lifetime", 120))
        _finish(table)
        now = int(self.clock.seconds())
        usual = {"iss": self.issuer.maskinporten, "iat": now, "exp": now + lifetime}
        wanted = {name: value for name, value in {**usual, **claims.content}.items() if value is not None}
        return answer_json({"access_token": self.issuer.issue(wanted)})

    async def expire_tokens(self, _call: Call) -> Response:
        """Treat every token that has been used so far as expired."""
        self.issuer.expire_all()
        return Response(status_code=204)

    async def rotate_key(self, _call: Call) -> Response:
        """Sign with a new key from now on; tokens signed with the old keys stay valid."""
        async with self.writer.register.transactions.storing:
            return answer_json({"kid": self.issuer.rotate()})

    async def list_systems(self, _call: Call) -> Response:
        """List every system of every vendor in full, deleted ones included, by id."""
        return answer_json(self.store.list_all())

    async def seed_systems(self, call: Call) -> Response:
        """Create systems as seeds, without validation."""
        value = await _read_json(call)
        problems = ConfigProblems("", {})
        table = ConfigTable({"systems": value if isinstance(value, list) else [value]}, (), problems)
        documents = [one.content for one in table.tables("systems")]
        problems.check()
        async with self.writer.register.transactions.storing:
            seeds.load_seeds(self.store, documents, keep_unknown=self.keep_unknown)
        return Response(status_code=204)

    async def write(self, call: Call) -> Response:
        """Make a concurrent write now; gives the register's answer."""
        table = await _read_table(call)
        write = concurrent_writer.read_write(table)
        table.problems.check()
        return await self.writer.carry_out(write)

    async def read_transactions(self, _call: Call) -> Response:
        """Give the length of a transaction."""
        return answer_json({"seconds": self.writer.register.transactions.seconds})

    async def set_transactions(self, call: Call) -> Response:
        """Set the length of a transaction."""
        table = await _read_table(call)
        seconds = table.number("seconds", USUAL_SECONDS)
        _finish(table)
        self.writer.register.transactions.seconds = seconds
        return await self.read_transactions(call)

    async def put_system_users(self, call: Call) -> Response:
        """Replace all system users."""
        value = await _read_json(call)
        users = config_entries.read_system_users(value)
        async with self.writer.register.transactions.storing:
            self.customers.customers.tables.users.replace_all(users)
        return Response(status_code=204)

    async def act_as_customer(self, call: Call) -> Response:
        """Do what a customer does in the portal; gives the status and the body of the answer."""
        return await self.customers.act(await _read_json(call))

    async def set_up_rows(self, call: Call) -> Response:
        """Lay or change rows that no request can make."""
        await self.customers.set_up(await _read_json(call))
        return Response(status_code=204)

    async def list_rows(self, call: Call) -> Response:
        """List all requests, change requests or system users, deleted ones included."""
        return self.customers.list_all(call.request.url.path.rstrip("/").rpartition("/")[2].lower())

    async def put_resource(self, call: Call) -> Response:
        """Add a resource, or change its type."""
        table = await _read_table(call)
        kind = table.text("resourceType", "")
        _finish(table)
        self.catalogue.put_resource(call.values["id"], kind)
        return Response(status_code=204)

    async def remove_resource(self, call: Call) -> Response:
        """Remove a resource."""
        self.catalogue.remove_resource(call.values["id"])
        return Response(status_code=204)

    async def put_package(self, call: Call) -> Response:
        """Add a package, or change its flags."""
        table = await _read_table(call)
        package = config_entries.read_package(call.values["urn"], table)
        table.problems.check()
        self.catalogue.put_package(package)
        return Response(status_code=204)

    async def remove_package(self, call: Call) -> Response:
        """Remove a package."""
        self.catalogue.remove_package(call.values["urn"])
        return Response(status_code=204)


def _guard(endpoint: Endpoint) -> Endpoint:
    """Answer 400 with the list of problems where the endpoint raises ValueError."""

    async def guarded(call: Call) -> Response:
        try:
            return await endpoint(call)
        except ValueError as error:
            body = write_json({"problems": str(error).splitlines()})
            return Response(body, 400, media_type="application/json")

    return guarded


async def _read_json(call: Call) -> object:
    value: object = json.loads(await call.request.body() or b"null")
    return value


async def _read_table(call: Call) -> ConfigTable:
    value = await _read_json(call)
    if not isinstance(value, Mapping):
        raise ValueError("a JSON object is expected")  # noqa: TRY004 - callers catch ValueError alone
    return ConfigTable(value, (), ConfigProblems("", {}))


def _finish(table: ConfigTable) -> None:
    table.finish()
    table.problems.check()
