"""What Altinn has and this emulator has not: named in a 501, so that nobody takes a gap for an answer.

Only routes of which it is known what would answer; any other is the service's own 404 (System Register
contract §1.7). As at most of these routes, a caller without a token is 401.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from starlette.responses import Response

from reconciler.emulator.dotnet.answers import answer_empty


class Gap(NamedTuple):
    """Routes that are missing, by how their decoded paths begin."""

    begins: re.Pattern[str]
    name: str
    is_open: bool = False
    """Whether they are for callers without a token, too."""


def _gap(begins: str, name: str, *, is_open: bool = False) -> Gap:
    return Gap(re.compile(rf"/{begins}(?:/|$)", re.IGNORECASE), name, is_open)


_AUTHENTICATION = "authentication/api/v1"
EXCHANGE = _gap(f"{_AUTHENTICATION}/exchange", "the exchange of other tokens than Maskinporten's")
GAPS = (
    _gap(f"{_AUTHENTICATION}/systemuser/request", "requests for system users"),
    _gap(f"{_AUTHENTICATION}/systemuser/changerequest", "change requests for system users"),
    _gap(f"{_AUTHENTICATION}/systemuser", "system users beyond a vendor's list and look-up"),
    _gap(f"{_AUTHENTICATION}/(?:enduser|clientdelegations?)", "client delegation"),
    EXCHANGE,
    _gap(f"{_AUTHENTICATION}/openid", "the platform's OpenID metadata", is_open=True),
    _gap(f"{_AUTHENTICATION}/(?:authentication|logout|refresh|introspection)", "login"),
    _gap("authentication/swagger", "the description of the API", is_open=True),
    _gap("accessmanagement/api/v1/(?!meta(?:/|$))[^/]+", "delegation and its portal"),
    _gap(
        "(?:authorization|correspondence|broker|dialogporten|events|notifications|profile|register|storage)/api",
        "Altinn's other components",
    ),
    _gap("api/get[a-z]+token", "this kind of token for tests", is_open=True),
)
"""Every gap, the more exact one first."""


def find(path: str) -> Gap | None:
    """Find the gap that a decoded path, which fits no route, falls into."""
    return next((gap for gap in GAPS if gap.begins.match(path)), None)


def answer(gap: Gap, *, has_token: bool) -> Response:
    """Answer 501 and name the gap, or 401 to a caller without a token."""
    if not has_token and not gap.is_open:
        return answer_empty(401)
    body = {
        "title": "Not Implemented",
        "status": 501,
        "detail": f"The emulator does not have {gap.name}. docs/emulator.md lists what is missing.",
    }
    return Response(json.dumps(body), 501, media_type="application/problem+json")
