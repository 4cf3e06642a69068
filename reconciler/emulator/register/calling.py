"""Runs an endpoint as the framework does, and answers for it what it raises.

The one place where an exception becomes a response (System Register contract §0.1, §0.3).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet import answers
from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.register import forms
from reconciler.emulator.register.model_validation import ModelError
from reconciler.emulator.register.portions import choose_pace
from reconciler.emulator.register.request_bodies import RequestBody, UnsupportedMediaType

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.emulator.register.routing import Call, Endpoint


async def run(endpoint: Endpoint, call: Call) -> Response:
    """Run an endpoint; model errors are 400, another media type is 415, what nobody caught is 500."""
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
    """Read what a request carries, and what it says about it."""
    headers = request.scope["headers"]
    length = request.headers.get("content-length", "0")
    return RequestBody(
        content_type=",".join(line for line in request.headers.getlist("content-type") if line),
        data=await request.body(),
        is_there=length.strip("0") != "" or "transfer-encoding" in request.headers,
        head_size=sum(len(name) + len(value) + 4 for name, value in headers) + _line_size(request),
    )


async def _check_form(request: Request) -> None:
    """Parse a form before anything is bound, on every route that takes a value (contract §1.8)."""
    if "form" in request.headers.get("content-type", "").lower():
        body = await read_body(request)
        if body.is_there:
            check = partial(forms.check, body.content_type, body.data)
            await choose_pace(len(body.data)).run(check)


def _line_size(request: Request) -> int:
    """Count the bytes of a request line, and of the empty line behind the headers."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope.get("raw_path", b"")
    return len(request.method) + len(path) + (len(query) + 1 if query else 0) + len("  HTTP/1.1\r\n\r\n")
