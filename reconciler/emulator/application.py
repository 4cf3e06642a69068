"""The ASGI application: one request in, one answer out, in the order of System Register contract §1.5.

It finds the route and checks token and scope (steps a to c), writes the access log and applies faults; the
endpoint does the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import Request

from reconciler.emulator.control import endpoints as control
from reconciler.emulator.control.fault_injection import Dropped, Truncated, make_answer
from reconciler.emulator.dotnet import tracing
from reconciler.emulator.dotnet.answers import Formatted, answer_empty
from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.dotnet.path_binding import BadRequest, check_headers, read_target
from reconciler.emulator.dotnet.token_decoding import Undecodable, is_readable
from reconciler.emulator.maskinporten import token_generator
from reconciler.emulator.register import claims
from reconciler.emulator.register.bearer import find_token
from reconciler.emulator.server import invocation, missing_routes
from reconciler.emulator.server.access_log import Entry
from reconciler.emulator.server.routing import Call, Match, Router, TransactionFault
from reconciler.emulator.systemusers.answering import CONFIRM_PAGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from reconciler.emulator.control.fault_injection import FaultInjector
    from reconciler.emulator.control.fault_rules import FaultRule
    from reconciler.emulator.dotnet.token_claims import Caller
    from reconciler.emulator.maskinporten.tokens import Issuer
    from reconciler.emulator.metadata.upstream import SimulatedUpstream
    from reconciler.emulator.server.access_log import AccessLog
    from reconciler.emulator.server.clock import Clock
    from reconciler.emulator.server.control_access import ControlAccess
    from reconciler.emulator.server.server import Network

_ONLY_HERE = (f"{control.PREFIX}/", token_generator.PREFIX, f"{CONFIRM_PAGE}/")
"""Paths that `ControlAccess` guards, in lower case."""


class _Visit(NamedTuple):
    """One request for the access log."""

    request: Request
    number: int
    arrived: datetime
    began: float


@dataclass(frozen=True, slots=True)
class Application:
    """Answers every request of one emulator."""

    router: Router
    issuer: Issuer
    clock: Clock
    log: AccessLog
    injector: FaultInjector
    network: Network
    upstream: SimulatedUpstream
    control_access: ControlAccess

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or end its connection where a fault says so."""
        request = Request(scope, receive)
        raw = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        tracing.begin(request.headers.get("traceparent", ""))
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
            self.network.hang_up(scope, is_reset=answer is None)

    async def _answer_here(self, request: Request, path: str) -> Response:
        """Answer a guarded path, without access log and faults."""
        return self.control_access.refuse(request) or await self._answer(request, path, None, ())

    async def _visit(self, request: Request, path: str) -> Response | None:
        """Answer a request with its faults applied, and log it; None means no answer."""
        visit = self._begin(request)
        shown = request.scope["raw_path"].decode("ascii", "replace")
        faults = self.injector.faults
        struck = faults.take("client", request.method, shown) if faults.faults else ()
        marks = [str(fault) for fault in struck]
        response = None
        try:
            response = await self._process(request, path, struck)
        except Undecodable:
            response = answer_empty(500)
        except Dropped:
            pass
        except asyncio.CancelledError:
            marks.append("client gone")
            raise
        finally:
            # NOTE: logged before it is sent, so that a client finds its request in the log once it has the answer.
            self._record(visit, None if response is None else response.status_code, marks)
        if response is not None:
            response.headers["Date"] = self.clock.date()
        return response

    async def _process(self, request: Request, path: str, struck: Sequence[FaultRule]) -> Response:
        """Identify the caller and answer, with the faults that strike before and after."""
        headers = request.headers
        token = find_token(headers.getlist("authorization"), headers.getlist("cookie"))
        if struck:
            # NOTE: read to the end first, so that a reset meets a client that waits for its answer.
            with contextlib.suppress(ServiceFailure):
                await request.body()
        response = await self.injector.strike_before(struck, token)
        late = next((fault for fault in struck if fault.kind == "late"), None)
        if response is None and late is not None:
            self.network.run_alone(self._process_late(request, path, token, late))
            response = make_answer(late)
        if response is None:
            caller = request.scope["caller"] = await self._identify(token)
            response = await self._answer(request, path, caller, struck)
        return await self.injector.strike_after(struck, token, response)

    async def _process_late(self, request: Request, path: str, token: str, fault: FaultRule) -> None:
        """Process a request that has already been answered and logged."""
        await self.network.pause(fault.seconds)
        if self.network.is_ending:
            return
        with contextlib.suppress(Undecodable):
            await self._answer(request, path, await self._identify(token), ())

    def _begin(self, request: Request) -> _Visit:
        return _Visit(request, self.log.next_number(), self.clock.now(), time.perf_counter())

    def _record(self, visit: _Visit, status: int | None, marks: Sequence[str]) -> None:
        request = visit.request
        caller: Caller | None = request.scope.get("caller")
        self.log.add(
            Entry(
                visit.number,
                visit.arrived.isoformat(timespec="milliseconds"),
                request.method,
                request.scope["raw_path"].decode("ascii", "replace"),
                request.url.query,
                status,
                round((time.perf_counter() - visit.began) * 1000, 3),
                None if caller is None else claims.show_org(caller),
                None if caller is None else caller.client_id,
                tuple(marks),
            )
        )

    async def _answer(
        self, request: Request, path: str, caller: Caller | None, struck: Sequence[FaultRule]
    ) -> Response:
        """Find the endpoint, check the caller's scope, and run the endpoint."""
        match = self.router.find(request.method.upper(), path)
        if not isinstance(match, Match):
            missing = missing_routes.find(path) if match.status_code == HTTPStatus.NOT_FOUND else None
            return match if missing is None else missing_routes.answer(missing, has_token=caller is not None)
        scopes = match.route.scopes
        if scopes is not None and (caller is None or not claims.has_scope(caller, scopes)):
            return answer_empty(401 if caller is None else 403)
        call = Call(request, match.values, caller, _read_transaction_fault(struck))
        response = await invocation.invoke(match.route.endpoint, call)
        if isinstance(response, Formatted):
            return response.suit(request.headers.getlist("accept"), request.headers.getlist("accept-charset"))
        return response

    async def _identify(self, token: str) -> Caller | None:
        """Check the token before any route; raises `Undecodable`, also where the issuer's keys cannot be fetched."""
        if not is_readable(token):
            return None
        if not await self.upstream.has_keys():
            raise Undecodable
        return self.issuer.check(token)


def _find_host(scope: Scope) -> bytes | None:
    """Give the `Host` header, which is optional in HTTP/1.0."""
    host = next((value for name, value in scope["headers"] if name == b"host"), None)
    return b"" if host is None and scope.get("http_version") == "1.0" else host


def _read_transaction_fault(struck: Sequence[FaultRule]) -> TransactionFault:
    kinds = {fault.kind for fault in struck}
    held = [fault.seconds for fault in struck if fault.kind == "overlap"]
    return TransactionFault("conflict" in kinds, sum(held), is_unacknowledged="unacknowledged" in kinds)
