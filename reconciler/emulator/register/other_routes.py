"""The routes of the service that belong to no system: its health, and the page of its failures.

System Register contract §1.7, "Other routes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from reconciler.emulator.dotnet.answers import answer_server_error
from reconciler.emulator.register.routing import Call, Route

if TYPE_CHECKING:
    from reconciler.emulator.register.routing import Endpoint

HEALTH = "/health"
ERROR = "/authentication/api/v1/error"
_NOT_STORED = {
    "Content-Type": "text/plain",
    "Cache-Control": "no-store, no-cache",
    "Pragma": "no-cache",
    "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
}


def list_routes() -> list[Route]:
    """List the routes; both are for everybody."""
    endpoints: tuple[tuple[str, Endpoint, tuple[str, ...]], ...] = (
        (HEALTH, say_healthy, ("GET", "HEAD", "POST")),
        (ERROR, show_error, ("GET", "POST", "PUT", "DELETE", "PATCH")),
    )
    return [Route(method, path, endpoint) for path, endpoint, methods in endpoints for method in methods]


async def say_healthy(_call: Call) -> Response:
    """Say that the service is well."""
    return Response(b"Healthy", headers=_NOT_STORED)


async def show_error(_call: Call) -> Response:
    """Show the failure that nobody caught, though there was none; only here without cache headers."""
    response = answer_server_error()
    for name in ("Cache-Control", "Pragma", "Expires"):
        del response.headers[name]
    return response
