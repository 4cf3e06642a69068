"""A concurrent writer: another client that changes the register, with its own organisation and client id.

Its writes come from the configuration or the control endpoint and go through the register's own endpoints,
so they are validated, stored and logged like any other write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import quote

from starlette.requests import Request

from reconciler.emulator.dotnet.answers import write_json
from reconciler.emulator.dotnet.token_claims import Caller
from reconciler.emulator.register.claims import WRITE, make_consumer
from reconciler.emulator.register.endpoints import PREFIX
from reconciler.emulator.server import invocation
from reconciler.emulator.server.access_log import AccessLog, Entry
from reconciler.emulator.server.routing import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response
    from starlette.types import Message

    from reconciler.emulator.control.config_tables import ConfigTable
    from reconciler.emulator.register.endpoints import RegisterEndpoints
    from reconciler.emulator.register.store import Store

Action = Literal["create", "update", "rights", "accesspackages", "delete"]
ANOTHER = "another-writer"
"""The client id in the change log, unless the write sets one."""


@dataclass(frozen=True, slots=True)
class Write:
    """What the concurrent writer does to one system."""

    system: str
    action: Action = "update"
    change: Mapping[str, object] = field(default_factory=dict)
    """Members that replace those of the stored document."""
    body: object = None
    """The whole body, instead of a change."""
    org: str = ""
    """The organisation that writes; the system's vendor if empty."""
    client_id: str = ANOTHER


def read_write(table: ConfigTable) -> Write:
    """Read a write from the configuration or from the control endpoint."""
    change = table.table("set")
    change.names()
    write = Write(
        system=table.text("system"),
        action=table.choice("action", get_args(Action), "update"),
        change=change.content,
        body=table.value("body"),
        org=table.text("org", ""),
        client_id=table.text("client_id", ANOTHER),
    )
    table.finish()
    return write


@dataclass(frozen=True, slots=True)
class ConcurrentWriter:
    """Makes writes on one register."""

    register: RegisterEndpoints
    store: Store
    log: AccessLog

    async def carry_out(self, write: Write) -> Response:
        """Make a write, log it, and give the register's answer."""
        number, arrived = self.log.next_number(), self.store.clock.now()
        stored = self.store.find(write.system)
        org = write.org or (stored.org if stored is not None else write.system.partition("_")[0])
        body = write.body
        if write.action == "update" and body is None:
            body = {**(stored.read() if stored is not None else {}), **write.change}
        caller = Caller(
            {"scope": WRITE, "consumer": make_consumer(org), "client_id": write.client_id},
            expires=0.0,
        )
        endpoints = {
            "create": self.register.create,
            "update": self.register.update,
            "rights": self.register.update_rights,
            "accesspackages": self.register.update_packages,
            "delete": self.register.delete,
        }
        call = Call(_make_request(write_json(body)), {"systemId": write.system}, caller)
        response = await invocation.invoke(endpoints[write.action], call)
        method, path = _describe(write)
        when = arrived.isoformat(timespec="milliseconds")
        marks = ("another writer",)
        self.log.add(
            Entry(number, when, method, path, "", response.status_code, 0.0, org, write.client_id, marks)
        )
        return response


def _describe(write: Write) -> tuple[str, str]:
    """Give the method and path of the equivalent request."""
    one = f"{PREFIX}/vendor/{quote(write.system, safe='')}"
    return {
        "create": ("POST", f"{PREFIX}/vendor"),
        "update": ("PUT", one),
        "rights": ("PUT", f"{one}/rights"),
        "accesspackages": ("PUT", f"{one}/accesspackages"),
        "delete": ("DELETE", one),
    }[write.action]


def _make_request(body: bytes) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return Request({"type": "http", "method": "PUT", "headers": headers, "query_string": b""}, receive)
