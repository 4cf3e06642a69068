"""Applies faults to a request, its answer and its connection.

A fault applies before the endpoint runs or after it has committed, never in between. `fault_rules` decides
which requests are struck.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from reconciler.emulator.dotnet import answers
from reconciler.emulator.dotnet.token_decoding import Undecodable, is_readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Receive, Scope, Send

    from reconciler.emulator.control.concurrent_writer import ConcurrentWriter
    from reconciler.emulator.control.fault_rules import FaultRule, FaultRules
    from reconciler.emulator.maskinporten.tokens import Issuer
    from reconciler.emulator.register.transactions import Transactions
    from reconciler.emulator.server.server import Network

_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"
_PHRASES = {502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable", 504: "504 Gateway Time-out"}


class Dropped(Exception):
    """The connection is reset and no answer is sent."""


class Truncated(Response):
    """A response that ends in the middle of its body."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the head and the first half of the body."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})


@dataclass(frozen=True, slots=True)
class FaultInjector:
    """Applies the faults of one emulator."""

    faults: FaultRules
    network: Network
    issuer: Issuer
    writer: ConcurrentWriter
    transactions: Transactions

    async def strike_before(self, struck: Sequence[FaultRule], token: str) -> Response | None:
        """Apply faults before the endpoint runs; gives an answer that replaces the endpoint's, or None."""
        for fault in struck:
            if fault.when == "before":
                if fault.kind == "refuse":
                    self.network.refuse(fault.seconds)
                    raise Dropped
                answer = await self._strike(fault, token)
                if answer is not None:
                    return answer
        return None

    async def strike_after(self, struck: Sequence[FaultRule], token: str, response: Response) -> Response:
        """Apply faults after the endpoint has run; gives the answer to send."""
        for fault in struck:
            if fault.when != "after":
                continue
            if fault.kind == "truncate":
                return Truncated(bytes(response.body), response.status_code, dict(response.headers))
            if fault.kind == "refuse":
                self.network.refuse(fault.seconds)
                response.headers["Connection"] = "close"
            response = await self._strike(fault, token) or response
        return response

    async def _strike(self, fault: FaultRule, token: str) -> Response | None:
        if fault.kind == "latency":
            await self.network.pause(fault.seconds)
        elif fault.kind == "reset":
            raise Dropped
        elif fault.kind == "timeout":
            await self.network.pause(fault.seconds)
            raise Dropped
        elif fault.kind == "status":
            return make_answer(fault)
        elif fault.kind == "restart":
            self.transactions.kill()
            return answers.answer_server_error()
        elif fault.kind == "metadata" and is_readable(token):
            raise Undecodable
        elif fault.kind == "expire":
            self.issuer.expire(token)
        elif fault.kind == "writer" and fault.write is not None:
            await self.writer.carry_out(fault.write)
        return None


def make_answer(fault: FaultRule) -> Response:
    """Answer a `status` fault: B-EMPTY for 4xx, B-500 for 500, a proxy's HTML for the other 5xx."""
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    if fault.body is not None:
        media = "text/html" if fault.body.lstrip().startswith("<") else "text/plain"
        return Response(fault.body, fault.status, headers, media)
    if fault.status == 500:
        return answers.answer_server_error()
    if fault.status > 500:
        phrase = _PHRASES.get(fault.status, str(fault.status))
        return Response(_PAGE.format(phrase), fault.status, headers, "text/html")
    return Response(status_code=fault.status, headers=headers)
