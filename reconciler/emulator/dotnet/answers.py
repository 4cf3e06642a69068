"""Answers with their bodies, byte for byte, by the names of System Register contract §0.1.

The endpoints decide which answer applies.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, NamedTuple

from starlette.responses import Response

from reconciler.emulator.dotnet import json_writer, negotiation
from reconciler.emulator.dotnet.tracing import make_trace_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Shape = Literal["2026-07", "before"]
"""Which of the two published forms an Altinn problem takes (System Register contract §0.2, §10)."""

RFC9110 = {
    400: "https://tools.ietf.org/html/rfc9110#section-15.5.1",
    401: "https://tools.ietf.org/html/rfc9110#section-15.5.2",
    403: "https://tools.ietf.org/html/rfc9110#section-15.5.4",
    404: "https://tools.ietf.org/html/rfc9110#section-15.5.5",
    409: "https://tools.ietf.org/html/rfc9110#section-15.5.10",
    415: "https://tools.ietf.org/html/rfc9110#section-15.5.16",
    500: "https://tools.ietf.org/html/rfc9110#section-15.6.1",
}
"""The `type` that ASP.NET gives a status (System Register contract §0.1, B-PD)."""

FRAMEWORK = "application/problem+json"
"""Media type of a body that the framework wrote; a charset follows."""
ALTINN = "application/problem+json"
"""Content type of a body that Altinn's problem library wrote: no charset."""
NOT_CACHED = {"Cache-Control": "no-cache,no-store", "Pragma": "no-cache", "Expires": "-1"}
"""The headers of every B-500 after an exception (contract §0.4)."""


class Problem(NamedTuple):
    """One failed validation: `AUTH.VLD-` code, message, path, and an extension label with its text."""

    code: str
    title: str
    path: str | None
    extension: tuple[str, str] | None = None


class Formatted(Response):
    """An answer that ASP.NET's formatters write, here without `Accept` and `Accept-Charset`."""

    def __init__(
        self,
        text: str,
        status: int,
        offered: Sequence[str],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.text = text
        self.offered = offered
        super().__init__(text, status, headers, f"{offered[0]}; charset=utf-8")

    def suit(self, accept: Sequence[str], accept_charset: Sequence[str]) -> Formatted:
        """Apply the lines of the request's `Accept` and `Accept-Charset` (contract §0.4)."""
        media = negotiation.choose_type(accept, self.offered) if len(self.offered) > 1 else self.offered[0]
        encoding = negotiation.choose_encoding(accept_charset)
        text = self.text
        if self.offered is negotiation.FOR_TEXTS and media != negotiation.TEXT:
            text = json_writer.write(text)
        self.body = text.encode("utf-8" if encoding == "utf-8" else "utf-16-le", "replace")
        self.headers["Content-Type"] = f"{media}; charset={encoding}"
        self.headers["Content-Length"] = str(len(self.body))
        return self


def write_json(value: object) -> bytes:
    """Write `value` as the service does, in UTF-8."""
    return json_writer.write(value).encode()


def answer_json(value: object) -> Response:
    """Answer 200 with `value` as JSON."""
    return answer_written(json_writer.write(value))


def answer_written(text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer 200 with JSON text."""
    return Formatted(text, 200, negotiation.FOR_VALUES, headers)


def answer_empty(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Answer B-EMPTY: a status without a body."""
    return Response(status_code=status, headers=headers)


def answer_text(status: int, text: str) -> Response:
    """Answer B-TEXT: the bare text, or a quoted JSON string where the request asks for JSON."""
    return Formatted(text.encode("utf-8", "replace").decode(), status, negotiation.FOR_TEXTS)


def answer_status(status: int) -> Response:
    """Answer B-PD: the problem that the framework writes for a result without a body."""
    return _framework(write_status(status))


def write_status(status: int) -> dict[str, object]:
    """Write B-PD."""
    return {
        "type": RFC9110[status],
        "title": HTTPStatus(status).phrase,
        "status": status,
        "traceId": make_trace_id(),
    }


def answer_model_errors(errors: Mapping[str, Sequence[str]]) -> Response:
    """Answer B-MODEL: what model binding or model validation refused, member by member."""
    return _framework(write_model_errors(errors))


def write_model_errors(errors: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """Write B-MODEL."""
    return {
        "type": RFC9110[400],
        "title": "One or more validation errors occurred.",
        "status": 400,
        "errors": {key: list(messages) for key, messages in errors.items()},
        "traceId": make_trace_id(),
    }


def answer_server_error(detail: str | None = None) -> Response:
    """Answer B-500: an unhandled exception; one API adds `detail`."""
    return _framework(
        {
            "type": RFC9110[500],
            "title": "An error occurred while processing your request.",
            "status": 500,
            **({} if detail is None else {"detail": detail}),
            "traceId": make_trace_id(),
        },
        NOT_CACHED,
    )


def answer_validation(problems: Sequence[Problem], shape: Shape) -> Response:
    """Answer B-VLD: all failed validations, in the order of the checks."""
    said = "title" if shape == "2026-07" else "detail"
    errors: list[dict[str, object]] = []
    for problem in problems:
        error: dict[str, object] = {"code": problem.code, said: problem.title}
        if problem.path is not None:
            error["paths"] = [problem.path]
        if problem.extension is not None:
            label, text = problem.extension
            error[label] = text
        errors.append(error)
    body = _problem("STD-00000", "One or more validation errors occurred.", 400, shape)
    text = json_writer.write_in_portions({**body, "validationErrors": errors})
    return Response(text.encode(), 400, media_type=ALTINN)


def answer_problem(
    code: str, title: str, status: int, shape: Shape, members: Mapping[str, object] | None = None
) -> Response:
    """Answer B-PROB: one plain Altinn problem, with further members behind its own."""
    body = {**_problem(code, title, status, shape), **(members or {})}
    return Response(write_json(body), status, media_type=ALTINN)


def _problem(code: str, title: str, status: int, shape: Shape) -> dict[str, object]:
    phrase = HTTPStatus(status).phrase
    if shape == "before":
        return {"type": RFC9110[status], "title": phrase, "status": status, "detail": title, "code": code}
    return {
        "type": f"urn:altinn:error:{code}",
        "title": title,
        "status": status,
        "code": code,
        "traceId": make_trace_id(),
        "statusDescription": phrase,
    }


def _framework(body: dict[str, object], headers: Mapping[str, str] | None = None) -> Response:
    status = body["status"]
    text = json_writer.write(body)
    return Formatted(text, status if isinstance(status, int) else 500, (FRAMEWORK,), headers)
