"""Routes as ASP.NET matches them: literals in any letter case, one optional slash at the end.

It finds the endpoint of a method and a decoded path, and says 404 or 405; what the endpoint does is not
known here (System Register contract §1.1, §1.5 step a, §1.7 step 5).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

from reconciler.emulator.dotnet.query_binding import Query
from reconciler.emulator.register.transactions import NO_OVERLAP, Overlap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from reconciler.emulator.register.claims import Caller

    Endpoint = Callable[["Call"], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request that found its endpoint."""

    request: Request
    values: Mapping[str, str]
    caller: Caller | None = None
    overlap: Overlap = NO_OVERLAP

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
    """Any one of these lets a caller in; None is for everybody, with or without a token."""


class Match(NamedTuple):
    """A route that fits, with the values of its parameters."""

    route: Route
    values: Mapping[str, str]


@dataclass(slots=True)
class Router:
    """Every route, by the number of its segments; among several that fit the first one added wins."""

    _routes: dict[int, list[tuple[list[str], Route]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, *routes: Route) -> None:
        """Add routes, the more literal before the less literal."""
        for route in routes:
            segments = route.template.strip("/").split("/")
            self._routes[len(segments)].append((segments, route))

    def find(self, method: str, path: str) -> Match | Response:
        """Find the endpoint for a decoded path, or the response that says there is none."""
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
