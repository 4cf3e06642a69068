"""What the routes of the customers' side share: the caller's organisation, ids and pages."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NoReturn

from reconciler.emulator.dotnet.answers import answer_json, answer_status
from reconciler.emulator.dotnet.failures import demand
from reconciler.emulator.dotnet.model_errors import ModelError
from reconciler.emulator.register.claims import find_org
from reconciler.emulator.register.consumer_claims import AUTHORITY
from reconciler.emulator.systemusers import continuation
from reconciler.emulator.systemusers.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.responses import Response

    from reconciler.emulator.dotnet.answers import Shape
    from reconciler.emulator.register.store import StoredSystem
    from reconciler.emulator.register.transactions import Transactions
    from reconciler.emulator.register.validations import Upstream
    from reconciler.emulator.server.addresses import Links
    from reconciler.emulator.server.routing import Call, Endpoint
    from reconciler.emulator.systemusers.checks import Parties
    from reconciler.emulator.systemusers.rows import AccessRequest, ChangeRequest, Json
    from reconciler.emulator.systemusers.tables import Tables

PREFIX = "/authentication/api/v1/systemuser"
REQUEST_WRITE = frozenset({"altinn:authentication/systemuser.request.write"})
REQUEST_READ = frozenset({"altinn:authentication/systemuser.request.read"})
PAGE_SIZE = 50
TIMED_OUT_AFTER = timedelta(days=180)
"""System users contract §5.5."""
CONFIRM_PAGE = "/accessmanagement/ui/systemuser"
_NOBODY = "nobody"
"""No vendor's organisation."""
_PLATFORM, _PORTAL = "https://platform.tt02.altinn.no", "https://am.ui.tt02.altinn.no"


class Unauthorized(Exception):
    """The token names no organisation, or another vendor's thing is asked for: 401 B-PD."""


@dataclass(frozen=True, slots=True)
class Customers:
    """What every route of the customers' side works with."""

    tables: Tables
    shape: Shape
    links: Links
    upstream: Upstream
    transactions: Transactions
    parties: Parties
    base: str
    """The emulator's own address, without a slash at the end."""
    confirm: Literal["altinn", "self"] = "altinn"
    """Where `confirmUrl` leads: to Altinn's portal, as the service says, or to the emulator's own page."""
    paging: Literal["as-is", "correct"] = "as-is"
    """Whether the lists of requests have the service's faults."""
    page_size: int = PAGE_SIZE

    def find_confirm_url(self, row: AccessRequest | ChangeRequest) -> str:
        """Give the address where the customer decides."""
        base = _PORTAL if self.confirm == "altinn" else self.base
        kind = (
            "changerequest"
            if hasattr(row, "systemUserId")
            else ("request" if row.type == "standard" else "agentrequest")
        )
        return f"{base}{CONFIRM_PAGE}/{kind}?id={row.id}&DONTCHOOSEREPORTEE=true"

    def find_location(self, kind: str, key: str) -> dict[str, str]:
        """Give the header of a 201, which names a portal route."""
        base = _PLATFORM if self.confirm == "altinn" else self.base
        return {"Location": f"{base}{PREFIX}/{kind}/{key}"}

    def now(self) -> str:
        """Give the time as rows keep it."""
        return write_time(self.tables.store.clock.now())

    def is_timed_out(self, created: str) -> bool:
        """Say whether a row is older than 180 days."""
        return self.tables.store.clock.now() - datetime.fromisoformat(created) > TIMED_OUT_AFTER

    def demand_system(self, system_id: str, org: str) -> StoredSystem:
        """Find a system of the vendor, deleted or not; raises `Refusal` 11."""
        stored = self.tables.store.find(system_id)
        if stored is None or stored.org != org:
            raise Refusal(11)
        return stored

    def answer_page(self, call: Call, route: str, items: Page) -> Response:
        """Answer one page; the link names the first item that is not shown."""
        links: dict[str, str] = {}
        if items.following is not None:
            base = self.links.find_base(call.request)
            links["next"] = continuation.write_link(
                base, f"{PREFIX}/{route}/bysystem", call.values["systemId"], items.following
            )
        return answer_json({"links": links, "data": list(items.data)})


@dataclass(frozen=True, slots=True)
class Page:
    """The items of one page, and what the token of the next one holds."""

    data: Sequence[Json]
    following: int | str | None = None


def write_time(moment: datetime) -> str:
    """Write a time in UTC as the service does: up to six decimals, without zeros at their end."""
    text = moment.isoformat(timespec="microseconds").removesuffix("+00:00")
    return f"{text.rstrip('0').rstrip('.')}Z"


def find_vendor(call: Call) -> str:
    """Give the vendor of the token; raises `Unauthorized` where there is none, `ServiceFailure` where it is broken.

    Other than the register's routes, these accept any authority, and no system is such a caller's (§2).
    """
    consumer = demand(call.caller).claims.get("consumer")
    if isinstance(consumer, dict) and isinstance(consumer.get("ID"), str):
        if not consumer["ID"] and not consumer.get("authority"):
            raise Unauthorized
        if consumer.get("authority") != AUTHORITY or not consumer["ID"].startswith("0192:"):
            return _NOBODY
    org = find_org(demand(call.caller))
    if not org:
        raise Unauthorized
    return org


def bind_id(values: Mapping[str, str], name: str = "requestId") -> str:
    """Bind a uuid of the path in any of .NET's forms; raises `ModelError`."""
    text = values[name]
    found = read_id(text)
    if found is None:
        refuse_value(name, text)
    return found


def read_id(text: str) -> str | None:
    """Read a uuid as .NET does: with or without hyphens, braces and capitals; None for what is none."""
    bare = text.strip()
    if bare[:1] + bare[-1:] in {"{}", "()"}:
        bare = bare[1:-1]
    try:
        found = str(uuid.UUID(bare))
    except ValueError:
        return None
    return found if bare.lower() in {found, found.replace("-", "")} else None


def refuse_value(name: str, text: str) -> NoReturn:
    """Raise the error of a value that cannot be bound."""
    raise ModelError({name: [f"The value '{text}' is not valid."]})


def guard(endpoint: Callable[[Call], Awaitable[Response]], shape: Shape) -> Endpoint:
    """Answer refusals as the service does."""

    async def guarded(call: Call) -> Response:
        try:
            return await endpoint(call)
        except Refusal as refusal:
            return refusal.answer(shape)
        except Unauthorized:
            return answer_status(401)

    return guarded
