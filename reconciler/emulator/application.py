"""The ASGI application: one request in, one answer out, in the order of System Register contract §1.5.

Steps a to c (route, token, scope) are here, the access log and the faults around them; everything
after belongs to the endpoint.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request

from reconciler.emulator import calling, control, maskinporten
from reconciler.emulator.accesslog import Entry
from reconciler.emulator.disturbance import Dropped, Truncated
from reconciler.emulator.overlaps import Overlap
from reconciler.emulator.register import claims
from reconciler.emulator.register.answers import Formatted, answer_empty
from reconciler.emulator.register.bearer import find_token
from reconciler.emulator.register.path_binding import BadRequest, check_headers, read_target
from reconciler.emulator.register.token_decoding import Undecodable, is_readable
from reconciler.emulator.routing import Call, Match, Router

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from reconciler.emulator.accesslog import AccessLog
    from reconciler.emulator.clock import Clock
    from reconciler.emulator.disturbance import Disturbance
    from reconciler.emulator.faults import Fault
    from reconciler.emulator.metadata import Upstream
    from reconciler.emulator.register.claims import Caller
    from reconciler.emulator.server import Network
    from reconciler.emulator.tokens import Issuer

_ONLY_HERE = (f"{control.PREFIX}/", maskinporten.GENERATOR_PATH.lower())
"""Paths that only loopback may reach, in lower case."""


@dataclass(frozen=True, slots=True)
class Application:
    """What uvicorn serves."""

    router: Router
    issuer: Issuer
    clock: Clock
    log: AccessLog
    disturbance: Disturbance
    network: Network
    upstream: Upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let a fault have it."""
        request = Request(scope, receive)
        raw = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        try:
            check_headers(value for _, value in scope["headers"])
            path = read_target(request.method, raw, _find_host(scope)).path
        except BadRequest as error:
            allow = {} if error.allow is None else {"Allow": error.allow}
            await answer_empty(error.status, {"Connection": "close", **allow})(scope, receive, send)
            return
        if path.lower().startswith(_ONLY_HERE):
            response = await self._answer_here(request, path)
            await response(scope, receive, send)
            return
        answer = await self._visit(request, path)
        if answer is not None:
            await answer(scope, receive, send)
        if answer is None or isinstance(answer, Truncated):
            await self.network.hang_up(scope, receive, rudely=answer is None)

    async def _answer_here(self, request: Request, path: str) -> Response:
        """Answer what only this machine may ask, unlogged and undisturbed."""
        if request.client is None or not _is_loopback(request.client.host):
            return answer_empty(403)
        return await self._answer(request, path, None, ())

    async def _visit(self, request: Request, path: str) -> Response | None:
        """Answer a request through its faults, and log it; None is no answer at all."""
        began, arrived = time.perf_counter(), self.clock.now()
        number = self.log.next_number()
        shown = request.scope["raw_path"].decode("ascii", "replace")
        headers = request.headers
        token = find_token(headers.getlist("authorization"), headers.getlist("cookie"))
        faults = self.disturbance.faults
        struck = faults.take("client", request.method, shown) if faults.faults else ()
        caller = None
        if struck:
            # NOTE: read to the end first, so that a reset meets a client that waits for its answer.
            await request.body()
        try:
            response = await self.disturbance.strike_before(struck, token)
            if response is None:
                caller = await self._identify(token)
                response = await self._answer(request, path, caller, struck)
            response = await self.disturbance.strike_after(struck, token, response)
            response.headers["Date"] = self.clock.date()
        except Undecodable:
            response = answer_empty(500)
        except Dropped:
            response = None
        # NOTE: logged before it is sent, so that a client that has its answer finds it in the log.
        self.log.add(
            Entry(
                number,
                arrived.isoformat(timespec="milliseconds"),
                request.method,
                shown,
                request.url.query,
                None if response is None else response.status_code,
                round((time.perf_counter() - began) * 1000, 3),
                None if caller is None else claims.show_org(caller),
                None if caller is None else caller.client_id,
                tuple(str(fault) for fault in struck),
            )
        )
        return response

    async def _answer(
        self, request: Request, path: str, caller: Caller | None, struck: Sequence[Fault]
    ) -> Response:
        """Find the endpoint, check the caller, and let the endpoint answer."""
        match = self.router.find(request.method.upper(), path)
        if not isinstance(match, Match):
            return match
        scopes = match.route.scopes
        if scopes is not None and (caller is None or not claims.has_scope(caller, scopes)):
            return answer_empty(401 if caller is None else 403)
        call = Call(request, match.values, caller, _read_overlap(struck))
        response = await calling.run(match.route.endpoint, call)
        if isinstance(response, Formatted):
            return response.suit(request.headers.getlist("accept"), request.headers.getlist("accept-charset"))
        return response

    async def _identify(self, token: str) -> Caller | None:
        """Check the token before any route; `Undecodable` is also one whose issuer's keys nobody gives."""
        if not is_readable(token):
            return None
        if not await self.upstream.has_keys():
            raise Undecodable
        return self.issuer.check(token)


def _find_host(scope: Scope) -> bytes | None:
    """Give the `Host` header, which HTTP/1.0 does not need."""
    host = next((value for name, value in scope["headers"] if name == b"host"), None)
    return b"" if host is None and scope.get("http_version") == "1.0" else host


def _read_overlap(struck: Sequence[Fault]) -> Overlap:
    held = [fault.seconds for fault in struck if fault.kind == "overlap"]
    return Overlap(any(fault.kind == "conflict" for fault in struck), sum(held))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
