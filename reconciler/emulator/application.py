"""The ASGI application: one request in, one answer out, in the order of System Register contract §1.5.

Steps a to c (route, token, scope) are here; everything after belongs to the endpoint.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request

from reconciler.emulator import access, problems
from reconciler.emulator.accesslog import Entry
from reconciler.emulator.binding import ModelError, NullVendor
from reconciler.emulator.failures import ServiceFailure
from reconciler.emulator.routing import Call, Match, Router

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from reconciler.emulator.accesslog import AccessLog
    from reconciler.emulator.clock import Clock
    from reconciler.emulator.tokens import Caller, Issuer

_trouble = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Application:
    """What uvicorn serves."""

    router: Router
    issuer: Issuer
    clock: Clock
    log: AccessLog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and log it."""
        began = time.perf_counter()
        request = Request(scope, receive)
        path = scope["raw_path"].decode("ascii", "replace")
        number, arrived = self.log.next_number(), self.clock.now().isoformat(timespec="milliseconds")
        caller = self.issuer.check(request.headers.get("authorization", ""))
        response = await self.answer(request, path, caller)
        response.headers["Date"] = self.clock.date()
        # NOTE: logged before it is sent, so that a client that has its answer finds it in the log.
        self.log.add(
            Entry(
                number,
                arrived,
                request.method,
                path,
                response.status_code,
                round((time.perf_counter() - began) * 1000, 3),
                None if caller is None else access.show_org(caller),
                None if caller is None else caller.client_id,
            )
        )
        await response(scope, receive, send)

    async def answer(self, request: Request, path: str, caller: Caller | None) -> Response:
        """Find the endpoint, check the caller, and let the endpoint answer."""
        match = self.router.find(request.method, path)
        if not isinstance(match, Match):
            return match
        if match.route.scopes is not None:
            if caller is None:
                return problems.answer_empty(401)
            if not access.has_scope(caller, match.route.scopes):
                return problems.answer_empty(403)
        return await self._run(match, Call(request, match.values, caller))

    async def _run(self, match: Match, call: Call) -> Response:
        try:
            return await match.route.endpoint(call)
        except ModelError as error:
            return problems.answer_model_errors(error.errors)
        except (ServiceFailure, NullVendor):
            return problems.answer_server_error()
        except Exception:
            _trouble.exception("the emulator itself failed")
            return problems.answer_server_error()
