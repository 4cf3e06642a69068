"""The page where a customer decides, in plain HTML, in place of Altinn's portal.

It is there so that the whole way of a request can be walked by hand with no account: whoever opens it is the access
manager of the customer. What a customer reads stands in Norwegian, with the English words beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse

from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.server.routing import Call, Route
from reconciler.emulator.systemusers.answering import CONFIRM_PAGE, Customers
from reconciler.emulator.systemusers.deciding import Deciding, Person
from reconciler.emulator.systemusers.problems import PROBLEMS, Refusal
from reconciler.emulator.systemusers.rows import NEW, AccessRequest, ChangeRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from reconciler.emulator.systemusers.rows import Json

_KINDS = {
    "request": "systemtilgang",
    "agentrequest": "systemtilgang for klienter",
    "changerequest": "endret systemtilgang",
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STYLE = (
    "body{font:1.1rem/1.5 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
    "button{font:inherit;padding:.5rem 1.5rem;margin-right:1rem}"
)
_STATUS = {
    "Accepted": "Forespørselen er godkjent. (The request is approved.)",
    "Rejected": "Forespørselen er avvist. (The request is rejected.)",
}
_BUTTONS = (
    '<form method="post"><button name="decision" value="approve">Godkjenn (Approve)</button>'
    '<button name="decision" value="reject">Avvis (Reject)</button></form>'
)
_ABSENT = "<p>Det finnes ingen slik forespørsel. (There is no such request.)</p>"
_REFUSED = "<p>Altinn godtok ikke svaret. (Altinn did not accept the answer.)</p>"
_BROKEN = "<p>Noe gikk galt i Altinn. (Something went wrong in Altinn.)</p>"
_NOT_ALTINN = "<p><small>Innebygd register, ikke Altinn. (The embedded register, not Altinn.)</small></p>"


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """The pages for requests, agent requests and change requests; there only if `confirm` is `self`."""

    customers: Customers

    def routes(self) -> list[Route]:
        """List the routes."""
        if self.customers.confirm != "self":
            return []
        path = f"{CONFIRM_PAGE}/{{kind}}"
        return [Route("GET", path, self.show), Route("POST", path, self.decide)]

    async def show(self, call: Call) -> Response:
        """Show what a customer is asked for."""
        found = self._find(call)
        if found is None:
            return _answer(
                "Ukjent forespørsel",
                "<p>Det finnes ingen slik forespørsel. (There is no such request.)</p>",
                404,
            )
        return self._show(call.values["kind"], found)

    async def decide(self, call: Call) -> Response:
        """Approve or reject, and show what became of it."""
        found = self._find(call)
        if found is None:
            return await self.show(call)
        form = parse_qs((await call.request.body()).decode("ascii", "replace"))
        deciding, who = Deciding(self.customers), Person()
        is_change, approves = isinstance(found, ChangeRequest), form.get("decision") == ["approve"]
        try:
            async with self.customers.transactions.storing:
                if approves:
                    await (deciding.approve_change if is_change else deciding.approve)(found.id, who)
                elif form.get("decision") == ["reject"]:
                    _ = deciding.reject_change(found.id, who) if is_change else deciding.reject(found.id, who)
        except Refusal as refusal:
            status, title = PROBLEMS[refusal.number]
            text = f"{_REFUSED}<p><code>AMUI-{refusal.number:05}</code> {escape(title)}</p>"
            return _answer("Det gikk ikke", text, status)
        except ServiceFailure:
            return _answer("Det gikk ikke", _BROKEN, 500)
        return await self.show(call)

    def _find(self, call: Call) -> AccessRequest | ChangeRequest | None:
        key, tables = call.query.first("id") or "", self.customers.tables
        if call.values["kind"] not in _KINDS:
            return None
        if call.values["kind"] == "changerequest":
            return tables.changes.find(key)
        found = tables.requests.find(key)
        return (
            found if found is not None and found.is_agent is (call.values["kind"] == "agentrequest") else None
        )

    def _show(self, kind: str, found: AccessRequest | ChangeRequest) -> Response:
        stored = self.customers.tables.store.find(found.systemId)
        names = {} if stored is None else stored.read()["name"]
        name = str(names.get("nb") if isinstance(names, dict) else found.systemId)
        vendor = "" if stored is None else stored.org
        asks = f"fra leverandøren {escape(vendor)} ber om {_KINDS[kind]} for {escape(found.partyOrgNo)}"
        parts = [f"<p><strong>{escape(name)}</strong> {asks}.</p>", *_list_asked(found)]
        if found.status == NEW:
            parts.append(_BUTTONS)
        else:
            status = escape(found.status)
            parts.append(f'<p id="status" data-status="{status}">{_STATUS.get(found.status, status)}</p>')
            if found.redirectUrl:
                link = f'<a rel="noreferrer" href="{escape(found.redirectUrl, quote=True)}">'
                parts.append(f"<p>{link}Tilbake til leverandøren (Back to the vendor)</a></p>")
        parts.append(_NOT_ALTINN)
        return _answer("Systemtilgang", "\n".join(parts), 200)


def _list_asked(found: AccessRequest | ChangeRequest) -> list[str]:
    if isinstance(found, ChangeRequest):
        lists: tuple[tuple[str, Sequence[Json]], ...] = (
            ("Nye rettigheter (Added rights)", found.requiredRights),
            ("Nye tilgangspakker (Added access packages)", found.requiredAccessPackages),
            ("Rettigheter som fjernes (Removed rights)", found.unwantedRights),
            ("Tilgangspakker som fjernes (Removed access packages)", found.unwantedAccessPackages),
        )
    else:
        lists = (
            ("Rettigheter (Rights)", found.rights),
            ("Tilgangspakker (Access packages)", found.accessPackages),
        )
    return [
        f"<h2>{title}</h2><ul>{''.join(f'<li>{escape(_name(each))}</li>' for each in asked)}</ul>"
        for title, asked in lists
        if asked
    ]


def _name(asked: Json) -> str:
    pairs = asked.get("resource")
    if isinstance(pairs, list):
        return ", ".join(str(pair.get("value")) for pair in pairs)
    return str(asked.get("urn"))


def _answer(title: str, body: str, status: int) -> Response:
    page = (
        f'<!doctype html><html lang="nb"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>\n{body}\n</body></html>"
    )
    return HTMLResponse(page, status, _HEADERS)
