"""Runs an endpoint as ASP.NET does, and answers the exceptions that it raises.

The one place where an exception becomes a response (System Register contract §0.1, §0.3).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet import answers, forms
from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.dotnet.model_errors import ModelError
from reconciler.emulator.dotnet.request_bodies import RequestBody, UnsupportedMediaType
from reconciler.emulator.server.portions import choose_pace

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.emulator.server.routing import Call, Endpoint


async def invoke(endpoint: Endpoint, call: Call) -> Response:
    """Run an endpoint; model errors are 400, unsupported media types 415, other failures 500."""
    try:
        if call.caller is not None and (call.values or call.request.method == "POST"):
            await _check_form(call.request)
        return await endpoint(call)
    except ModelError as error:
        return answers.answer_model_errors(error.errors)
    except UnsupportedMediaType:
        return answers.answer_status(415)
    except ServiceFailure:
        return answers.answer_server_error()


async def read_body(request: Request) -> RequestBody:
    """Read the body of a request."""
    headers = request.scope["headers"]
    length = request.headers.get("content-length", "0")
    return RequestBody(
        content_type=",".join(line for line in request.headers.getlist("content-type") if line),
        data=await request.body(),
        is_there=length.strip("0") != "" or "transfer-encoding" in request.headers,
        head_size=sum(len(name) + len(value) + 4 for name, value in headers) + _line_size(request),
    )


async def _check_form(request: Request) -> None:
    """Parse a form before anything is bound, on every route with a parameter or a body (contract §1.8)."""
    if "form" in request.headers.get("content-type", "").lower():
        body = await read_body(request)
        if body.is_there:
            check = partial(forms.check, body.content_type, body.data)
            await choose_pace(len(body.data)).run(check)


def _line_size(request: Request) -> int:
    """Count the bytes of the request line and of the empty line behind the headers."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope.get("raw_path", b"")
    return len(request.method) + len(path) + (len(query) + 1 if query else 0) + len("  HTTP/1.1\r\n\r\n")
