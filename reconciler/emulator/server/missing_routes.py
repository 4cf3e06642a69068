"""Routes of Altinn that the emulator does not have; they are answered with a 501 that names what is missing.

Any other unknown route is the service's own 404 (System Register contract §1.7). A caller without a token gets
401, as on most of these routes.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from starlette.responses import Response

from reconciler.emulator.dotnet.answers import answer_empty


class MissingRoute(NamedTuple):
    """A group of missing routes, by the beginning of their decoded paths."""

    begins: re.Pattern[str]
    name: str
    is_open: bool = False
    """Whether they need no token."""


def _missing(begins: str, name: str, *, is_open: bool = False) -> MissingRoute:
    return MissingRoute(re.compile(rf"/{begins}(?:/|$)", re.IGNORECASE), name, is_open)


_AUTHENTICATION = "authentication/api/v1"
EXCHANGE = _missing(f"{_AUTHENTICATION}/exchange", "the exchange of other tokens than Maskinporten's")
MISSING_ROUTES = (
    _missing(
        f"{_AUTHENTICATION}/systemuser/(?:change)?request(?!/vendor(?:/|$))",
        "the portal's routes of requests",
    ),
    _missing(
        f"{_AUTHENTICATION}/systemuser(?!/(?:change)?request(?:/|$))", "the portal's routes of system users"
    ),
    _missing(f"{_AUTHENTICATION}/(?:enduser|clientdelegations?)", "client delegation"),
    EXCHANGE,
    _missing(f"{_AUTHENTICATION}/openid", "the platform's OpenID metadata", is_open=True),
    _missing(f"{_AUTHENTICATION}/(?:authentication|logout|refresh|introspection)", "login"),
    _missing("authentication/swagger", "the description of the API", is_open=True),
    _missing("accessmanagement/api/v1/(?!meta(?:/|$))[^/]+", "delegation and its portal"),
    _missing(
        "(?:authorization|correspondence|broker|dialogporten|events|notifications|profile|register|storage)/api",
        "Altinn's other components",
    ),
    _missing("api/get[a-z]+token", "this kind of token for tests", is_open=True),
)
"""All of them, the more specific ones first."""


def find(path: str) -> MissingRoute | None:
    """Find the missing route for a decoded path."""
    return next((route for route in MISSING_ROUTES if route.begins.match(path)), None)


def answer(route: MissingRoute, *, has_token: bool) -> Response:
    """Answer 501 and name the route, or 401 to a caller without a token."""
    if not has_token and not route.is_open:
        return answer_empty(401)
    body = {
        "title": "Not Implemented",
        "status": 501,
        "detail": f"The emulator does not have {route.name}. docs/emulator.md lists what is missing.",
    }
    return Response(json.dumps(body), 501, media_type="application/problem+json")
