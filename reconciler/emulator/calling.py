"""Runs an endpoint as the framework does, and answers for it what it raises.

The one place where an exception becomes a response (System Register contract §0.1, §0.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.emulator import problems
from reconciler.emulator.binding import ModelError, UnsupportedMediaType
from reconciler.emulator.failures import ServiceFailure

if TYPE_CHECKING:
    from starlette.responses import Response

    from reconciler.emulator.routing import Call, Endpoint


async def run(endpoint: Endpoint, call: Call) -> Response:
    """Run an endpoint; model errors are 400, another media type is 415, what nobody caught is 500."""
    try:
        return await endpoint(call)
    except ModelError as error:
        return problems.answer_model_errors(error.errors)
    except UnsupportedMediaType:
        return problems.answer_status(415)
    except ServiceFailure:
        return problems.answer_server_error()
