"""Requests to one of Altinn's APIs with one kind of token: what is tried again, and what never is.

Reads are tried again within a budget. A write is sent once, and tried again only where no connection was
made: otherwise the caller finds out what became of it.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from reconciler.clients.http_client import TOKEN_BUDGET, Patience, explain_failure
from reconciler.clients.problem_details import says_not_found
from reconciler.clients.refusals import explain_refusal
from reconciler.clients.response_body import UnreadableJson, parse_json, read_body
from reconciler.clients.throttle import BUSY, Throttle
from reconciler.clients.token_claims import check_destination
from reconciler.clients.trace_context import HEADER
from reconciler.errors import (
    NoAnswer,
    NotConnected,
    RegisterError,
    ServerFailed,
    TokenRenewed,
    TooManyRequests,
    Unintelligible,
)
from reconciler.model.document_size import encode, find_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from reconciler.clients.maskinporten import TokenSource
    from reconciler.model.canonical_json import Json
    from reconciler.model.environment import Environment
    from reconciler.model.secret import Secret

    Explain = Callable[[httpx.Response, str, str, Secret | None], RegisterError]
    """Names a refusal, by the answer, the API's address, what it was about, and the token that was sent."""

BUDGET = 10.0
"""Seconds for all attempts at one request, the token that it needs included."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What is sent, and the system or whatever else it is about."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    subject: str = ""
    body: Mapping[str, Json] | None = None
    authorised: bool = True
    traceparent: str = ""
    """The id of the request in Altinn's traces; empty makes one for each time that it is sent."""
    language: str = ""
    """Of the texts in the answer; empty leaves it to the server."""


class AltinnApi:
    """One API of an environment; safe for as many threads as its HTTP client has connections."""

    def __init__(
        self,
        environment: Environment,
        tokens: TokenSource,
        client: httpx.Client,
        explain: Explain = explain_refusal,
        *,
        strict: bool = False,
        throttle: Throttle | None = None,
    ) -> None:
        self._environment = environment
        self._base = environment.register
        self._tokens = tokens
        self._client = client
        self._address = str(client.base_url).rstrip("/") + "/"
        """With a slash at its end. httpx would take each address apart three times to join a path to it."""
        self._explain = explain
        self._strict = strict
        """Whether a 404 has to be the service's own: a proxy's would be taken for "there is none"."""
        self._throttle = throttle or Throttle()
        self._cleared: Secret | None = None
        """The last token that may go to this API."""

    def read(self, request: ApiRequest, *, members: Collection[str] = ()) -> Json:
        """Read, and try again within the budget where that can help; None for 404; raises `RegisterError`.

        With `members`, the objects of the answer keep no others.
        """
        patience = Patience(BUDGET, self._throttle.delays)
        while True:
            try:
                response = self._send(request, patience)
                if response.status_code != 404:
                    return read_success(response, members)
                if (self._strict or not request.authorised) and not says_not_found(read_body(response)):
                    raise Unintelligible(
                        f"{urlsplit(self._base).netloc} answered 404, but not as Altinn's APIs do.",
                        hint="Check the environment's address.",
                    )
                return None  # noqa: TRY300 - an answer like the other one
            except (NotConnected, NoAnswer, ServerFailed, TooManyRequests) as failure:
                if not patience.wait(
                    failure.message, failure.wait if isinstance(failure, TooManyRequests) else None
                ):
                    raise

    def write(self, request: ApiRequest) -> httpx.Response:
        """Send a write, once: only where no connection was made is it tried again; raises `RegisterError`.

        An answer of 401 or 429 can be untrue, so the caller has to find out whether to send the write again.
        """
        patience = Patience(BUDGET, self._throttle.delays)
        while True:
            try:
                return self._send(request, patience)
            except NotConnected as failure:
                if not patience.wait(failure.message):
                    raise

    def _send(self, request: ApiRequest, patience: Patience) -> httpx.Response:
        """Send one request; a read once more with another token after 401."""
        with patience.excuse(TOKEN_BUDGET):  # what signs a grant may be slower than Maskinporten
            token = self._tokens.token() if request.authorised else None
        response = self._take_turn(request, token, patience)
        if response.status_code == 401 and token:
            refused = self._explain(response, self._base, request.subject, token)
            token = self._tokens.renew(token)
            if request.method != "GET":
                raise TokenRenewed(refused.message, hint=refused.hint, status=401)
            response = self._take_turn(request, token, patience)
        if response.status_code < 300 or (response.status_code == 404 and request.method == "GET"):
            return response
        raise self._explain(response, self._base, request.subject, token)

    def _take_turn(self, request: ApiRequest, token: Secret | None, patience: Patience) -> httpx.Response:
        """Send a request once; a read waits for its turn where the API was asked too much at the same time."""
        with ExitStack() as turn:
            if request.method == "GET":
                with patience.excuse(0.0):  # others are answered meanwhile
                    turn.enter_context(self._throttle.take_turn())
            limit = self._throttle.limit
            response = self._exchange(request, token, patience)
        if response.status_code in BUSY:
            self._throttle.lower(response.status_code, limit)
        return response

    def _exchange(self, request: ApiRequest, token: Secret | None, patience: Patience) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._clear(token)}"} if token else {}
        headers |= {HEADER: request.traceparent} if request.traceparent else {}
        headers |= {"Accept-Language": request.language} if request.language else {}
        # A write that was given up too early is one whose outcome is unknown.
        seconds = patience.limit() if request.method == "GET" else find_seconds(request.body)
        content = None if request.body is None else encode(request.body)
        headers |= {"Content-Type": "application/json"} if content else {}
        try:
            return self._client.request(
                request.method,
                self._address + request.path.lstrip("/"),
                content=content,
                headers=headers,
                extensions={"seconds": seconds},
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise explain_failure(error, self._base) from None

    def _clear(self, token: Secret) -> str:
        """Reveal a token that may go to this API; raises `CredentialsError` for any other."""
        if token != self._cleared:
            check_destination(token, self._environment)
            self._cleared = token
        return token.reveal()


def encode_segment(text: str) -> str:
    """Encode a text as one segment of a path, `.` and `..` included."""
    return quote(text, safe="") if text.strip(".") else "%2E" * len(text)


def read_success(response: httpx.Response, members: Collection[str] = ()) -> Json:
    """Read a success; a body that is cut off or no JSON is no usable answer, and one out of bounds none at all."""
    try:
        return parse_json(response.content, members=members)
    except UnreadableJson as error:
        message = f"The register's answer {error.message}."
        if error.damaged:
            raise NoAnswer(message, hint="Try again later.") from None
        raise Unintelligible(message, hint="Check the environment's address.") from None


def read_next(page: Json) -> str:
    """Read the token of the next page; empty on the last."""
    links = page.get("links") if isinstance(page, dict) else None
    link = links.get("next") if isinstance(links, dict) else None
    try:
        return parse_qs(urlsplit(link).query).get("token", [""])[0] if isinstance(link, str) else ""
    except ValueError:
        return ""
