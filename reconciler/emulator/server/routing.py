"""Routes as ASP.NET matches them: literals in any letter case, one optional slash at the end.

System Register contract §1.1, §1.5 step a, §1.7 step 5.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

from reconciler.emulator.dotnet.query_binding import Query

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from reconciler.emulator.dotnet.token_claims import Caller

    Endpoint = Callable[["Call"], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class TransactionFault:
    """What the faults of a request do to the transaction of its write."""

    is_lost: bool = False
    """Another write commits first."""
    seconds: float = 0.0
    """How much longer the transaction is held open."""
    is_unacknowledged: bool = False
    """The connection to the database is lost after the commit."""


NO_FAULT = TransactionFault()


@dataclass(frozen=True, slots=True)
class Call:
    """One request with its endpoint's path values, its caller and its faults."""

    request: Request
    values: Mapping[str, str]
    caller: Caller | None = None
    transaction_fault: TransactionFault = NO_FAULT

    @property
    def query(self) -> Query:
        """The query, decoded."""
        return Query(self.request.scope["query_string"].decode("latin-1"))


class Route(NamedTuple):
    """An endpoint under a method and a template such as `/a/{b}/c`."""

    method: str
    template: str
    endpoint: Endpoint
    scopes: frozenset[str] | None = None
    """The caller needs one of these; None means that no token is needed."""


class Match(NamedTuple):
    """A route that matches, with the values of its parameters."""

    route: Route
    values: Mapping[str, str]


@dataclass(slots=True)
class Router:
    """All routes by their number of segments; of several that match the first one added wins."""

    _routes: dict[int, list[tuple[list[str], Route]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, *routes: Route) -> None:
        """Add routes, the more specific ones first."""
        for route in routes:
            segments = route.template.strip("/").split("/")
            self._routes[len(segments)].append((segments, route))

    def find(self, method: str, path: str) -> Match | Response:
        """Find the route of a decoded path, or give the 404 or 405."""
        segments = path.removeprefix("/").removesuffix("/").split("/")
        allowed: set[str] = set()
        for template, route in self._routes.get(len(segments), ()):
            values = _fit(template, segments)
            if values is None:
                continue
            if route.method == method:
                return Match(route, values)
            allowed.add(route.method)
        if allowed:
            return Response(status_code=405, headers={"Allow": ", ".join(sorted(allowed))})
        return Response(status_code=404)


def _fit(template: list[str], segments: list[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for expected, segment in zip(template, segments, strict=True):
        if expected.startswith("{"):
            if not segment:
                return None
            values[expected[1:-1]] = segment
        elif expected != segment and expected.lower() != segment.lower():
            return None
    return values
