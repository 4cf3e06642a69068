"""Further routes of the service: health, and the error page.

System Register contract §1.7, "Other routes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from reconciler.emulator.dotnet.answers import answer_server_error
from reconciler.emulator.server.routing import Call, Route

if TYPE_CHECKING:
    from reconciler.emulator.server.routing import Endpoint

HEALTH = "/health"
ERROR = "/authentication/api/v1/error"
_NOT_STORED = {
    "Content-Type": "text/plain",
    "Cache-Control": "no-store, no-cache",
    "Pragma": "no-cache",
    "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
}


def list_routes() -> list[Route]:
    """List the routes; they need no token."""
    endpoints: tuple[tuple[str, Endpoint, tuple[str, ...]], ...] = (
        (HEALTH, say_healthy, ("GET", "HEAD", "POST")),
        (ERROR, show_error, ("GET", "POST", "PUT", "DELETE", "PATCH")),
    )
    return [Route(method, path, endpoint) for path, endpoint, methods in endpoints for method in methods]


async def say_healthy(_call: Call) -> Response:
    """Answer that the service is healthy."""
    return Response(b"Healthy", headers=_NOT_STORED)


async def show_error(_call: Call) -> Response:
    """Answer B-500, without the usual cache headers."""
    response = answer_server_error()
    for name in ("Cache-Control", "Pragma", "Expires"):
        del response.headers[name]
    return response
