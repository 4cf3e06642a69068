"""The HTTP client of the register and of the two metadata APIs beside it.

Reads are tried again within a budget. A write is sent once, and tried again only where no connection was
made: otherwise the caller finds out what became of it.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from reconciler.clients.http_client import TOKEN_BUDGET, Patience, explain_failure, open_client
from reconciler.clients.problem_details import says_not_found
from reconciler.clients.refusals import explain_forbidden, explain_refusal, is_foreign
from reconciler.clients.response_body import UnreadableJson, list_objects, parse_json, read_body
from reconciler.clients.token_claims import check_destination, is_admin, read_organisation
from reconciler.clients.trace_context import HEADER
from reconciler.errors import (
    NoAnswer,
    NotConnected,
    RegisterError,
    ServerFailed,
    TokenRenewed,
    TooManyRequests,
    Unintelligible,
    WriteRefused,
)
from reconciler.model.document_size import count_look_ups, encode, find_excess, find_seconds
from reconciler.model.environment import WORKERS
from reconciler.model.system import RegisteredSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from types import TracebackType

    from reconciler.clients.maskinporten import TokenSource
    from reconciler.model.canonical_json import Json
    from reconciler.model.environment import Environment
    from reconciler.model.secret import Secret

PREFIX = "/authentication/api/v1/systemregister/vendor"
"""System Register contract §1.1 and §1.2."""
RESOURCE = "/resourceregistry/api/v1/resource"
PACKAGES = "/accessmanagement/api/v1/meta/info/accesspackages"
"""System Register contract §8."""
SYSTEM_USERS = "/authentication/api/v1/systemuser/vendor/bysystem"
"""System Register contract §7."""
LONG = 300.0
"""Seconds from which on a write is announced."""
_LOG = logging.getLogger(__name__)
BUDGET = 10.0
"""Seconds for all attempts at one request, the token that it needs included."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, and the system it is about."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    system: str = ""
    body: Mapping[str, Json] | None = None
    authorised: bool = True
    traceparent: str = ""
    """The id of the request in Altinn's traces; empty makes one for each time that it is sent."""
    language: str = ""
    """Of the texts in the answer; empty leaves it to the server."""


@dataclass(frozen=True, slots=True)
class ListedSystem:
    """What the list shows of a system: half of its document, so that only the id is of use."""

    id: str
    vendor: str
    """The organisation number."""


class Register(Protocol):
    """A register, as the operations need it."""

    @property
    def workers(self) -> int:
        """How many requests it takes at the same time."""

    @property
    def administers(self) -> str:
        """The organisation of an administrator's token, whose systems the list holds; empty for any other token."""

    def list_systems(self) -> Sequence[ListedSystem]:
        """List the vendor's systems; deleted ones are not among them."""

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read a system in full, deleted ones too; None where the register does not know it."""

    def create_system(self, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Register a new system; `traceparent` is the id that connects the request with Altinn's traces."""

    def replace_system(self, system: str, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Replace a system's document."""

    def delete_system(self, system: str, *, traceparent: str = "") -> None:
        """Delete a system for ever; the answer does not prove what happened, so read it afterwards."""

    def read_changes(self, system: str) -> Sequence[Mapping[str, Json]]:
        """Read a system's change log, newest first; empty where the register does not know it."""

    def count_system_users(self, system: str) -> dict[str, int]:
        """Count the system users that customers have on a system, by type."""

    def read_resource(self, resource: str) -> Mapping[str, Json] | None:
        """Read a resource's metadata; None where the environment does not know it."""

    def read_package(self, urn: str) -> Mapping[str, Json] | None:
        """Read an access package's metadata; None where the environment does not know it."""

    def list_resources(self, *, apps: bool) -> Sequence[str]:
        """List the ids of the resources, and of the apps beside them."""

    def list_packages(self) -> Sequence[str]:
        """List the URNs of the access packages."""


class HttpRegister:
    """The register of an environment over HTTP; safe for as many threads as it has workers.

    `notify` is called with a sentence when something takes long.
    """

    def __init__(
        self,
        environment: Environment,
        tokens: TokenSource,
        *,
        read_only: bool,
        workers: int = WORKERS,
        notify: Callable[[str], None] = _LOG.info,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._environment = environment
        self._notify = notify
        self.workers = workers
        self._base = environment.register
        self._tokens = tokens
        self._cleared: Secret | None = None
        """The last token that may go to this register."""
        self._client = open_client(
            environment.register, workers=workers, read_only=read_only, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    @property
    def administers(self) -> str:
        """The organisation of an administrator's token, whose systems the list holds; empty for any other token.

        An administrator reads and writes every vendor's systems, and lists their own (contract §1.4).
        """
        token = self._tokens.token()
        return read_organisation(token) if is_admin(token) else ""

    def list_systems(self) -> tuple[ListedSystem, ...]:
        """List the vendor's systems; deleted ones are not among them."""
        body = self._read(_Request("GET", PREFIX), members=("systemId", "systemVendorOrgNumber"))
        if body is None:
            raise Unintelligible(
                f"There is no System Register at {self._base}.", hint="Check the environment's address."
            )
        if not isinstance(body, list) or not all(isinstance(each, dict) for each in body):
            raise Unintelligible("The register's list of systems is not a list.")
        return tuple(
            ListedSystem(str(each.get("systemId", "")), str(each.get("systemVendorOrgNumber", "")))
            for each in body
        )

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read a system in full, deleted ones too; None where the register does not know it."""
        body = self._read(_Request("GET", make_path(system), system))
        if body is None:
            self._check_owner(system)
            return None
        if not isinstance(body, dict) or body.get("id") != system:
            raise Unintelligible(f"The register's answer for `{system}` is not that system's document.")
        return RegisteredSystem(body)

    def _check_owner(self, system: str) -> None:
        """Raise `Forbidden` where an unknown system could not be created either: another organisation owns it.

        The register keeps the systems of others out of the list, and does not answer 403 for what is not there.
        """
        token = self._tokens.token()
        organisation = read_organisation(token)
        if is_foreign(system, organisation) and not is_admin(token):
            raise explain_forbidden(system, organisation)

    def create_system(self, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Register a new system; raises `RegisterError`."""
        self._write(_Request("POST", PREFIX, str(body.get("id", "")), body, traceparent=traceparent))

    def replace_system(self, system: str, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Replace a system's document; raises `RegisterError`."""
        self._write(_Request("PUT", make_path(system), system, body, traceparent=traceparent))

    def delete_system(self, system: str, *, traceparent: str = "") -> None:
        """Delete a system for ever; a 400 does not say that it was not done (contract §4, Q1)."""
        self._write(_Request("DELETE", make_path(system), system, traceparent=traceparent))

    def read_changes(self, system: str) -> tuple[Mapping[str, Json], ...]:
        """Read a system's change log, newest first; empty where the register does not know it."""
        body = self._read(_Request("GET", f"{make_path(system)}/changelog", system))
        if body is not None and not isinstance(body, list):
            raise Unintelligible(f"The change log of `{system}` is not a list.")
        return tuple(each for each in body or () if isinstance(each, dict))

    def count_system_users(self, system: str) -> dict[str, int]:
        """Count the system users that customers have on a system by type (`standard`, `agent`), page by page.

        A row that changes while the pages are read can come twice, so rows are identified by their id. Only the
        `token` of `links.next` is used: the rest of it can be an internal address.
        """
        kinds: dict[str, str] = {}
        token, seen = "", set[str]()
        while True:
            query = f"?token={quote(token, safe='')}" if token else ""
            body = self._read(_Request("GET", f"{SYSTEM_USERS}/{_segment(system)}{query}", system))
            users = body.get("data") if isinstance(body, dict) else None
            if not isinstance(users, list) or not all(isinstance(each, dict) for each in users):
                raise Unintelligible(f"The list of system users of `{system}` is not a page.")
            for place, each in enumerate(users):
                name = str(each.get("id") or f"{len(seen)}.{place}")
                kinds[name] = "" if each.get("isDeleted") else str(each.get("userType") or "standard").lower()
            token = _read_next(body)
            if not token:
                return dict(Counter(filter(None, kinds.values())))
            if token in seen:  # a count of half the pages would be taken for all of them
                raise Unintelligible(f"The pages of the system users of `{system}` loop: a token came twice.")
            seen.add(token)

    def read_resource(self, resource: str) -> Mapping[str, Json] | None:
        """Read a resource's metadata, without a token; None where the environment does not know it."""
        return self._read_metadata(f"{RESOURCE}/{_segment(resource)}")

    def read_package(self, urn: str) -> Mapping[str, Json] | None:
        """Read an access package's metadata, without a token; None where the environment does not know it."""
        return self._read_metadata(f"{PACKAGES}/package/urn/{_segment(urn)}")

    def list_resources(self, *, apps: bool) -> tuple[str, ...]:
        """List the ids of the resources, without a token, and of the apps of app storage beside them."""
        path = f"{RESOURCE}/resourcelist?includeApps={'true' if apps else 'false'}"
        body = self.read_metadata(path, members=("identifier",))
        return tuple(str(each.get("identifier", "")) for each in list_objects(body))

    def list_packages(self) -> tuple[str, ...]:
        """List the URNs of the access packages, without a token."""
        body = self.read_metadata(f"{PACKAGES}/export")
        areas = [area for group in list_objects(body) for area in list_objects(group.get("areas"))]
        packages = [each for area in areas for each in list_objects(area.get("packages"))]
        return tuple(str(each.get("urn", "")) for each in packages)

    def read_metadata(self, path: str, *, members: Collection[str] = (), language: str = "") -> Json:
        """Read metadata without a token, in a language, and of its objects only some members; None for 404."""
        return self._read(_Request("GET", path, authorised=False, language=language), members=members)

    def _read_metadata(self, path: str) -> Mapping[str, Json] | None:
        body = self.read_metadata(path)
        if body is not None and not isinstance(body, dict):
            raise Unintelligible(f"The metadata at {path} is not an object.")
        return body

    def _read(self, request: _Request, *, members: Collection[str] = ()) -> Json:
        """Read, and try again within the budget where that can help; None for 404."""
        patience = Patience(BUDGET)
        while True:
            try:
                response = self._send(request, patience)
                if response.status_code != 404:
                    return _read_json(response, members)
                if not request.authorised and not says_not_found(read_body(response)):
                    raise Unintelligible(
                        f"{urlsplit(self._base).netloc} answered 404, but not as the metadata APIs do.",
                        hint="Check the environment's address.",
                    )
                return None  # noqa: TRY300 - an answer like the other one
            except (NotConnected, NoAnswer, ServerFailed, TooManyRequests) as failure:
                if not patience.wait(_asked(failure)):
                    raise

    def _write(self, request: _Request) -> None:
        """Send a write, once: only where no connection was made is it tried again.

        An answer of 401 or 429 can be untrue, so the caller has to find out whether to send the write again.
        """
        excess = find_excess(request.body)
        if excess:
            raise WriteRefused(f"Nothing was sent for `{request.system}`: {excess}.", hint="Make it smaller.")
        if find_seconds(request.body) >= LONG:
            self._notify(
                f"`{request.system}`: the register looks up its {count_look_ups(request.body)} rights and access "
                f"packages one by one, which can take up to {find_seconds(request.body) / 60:.0f} minutes."
            )
        patience = Patience(BUDGET)
        while True:
            try:
                self._send(request, patience)
            except NotConnected:
                if not patience.wait():
                    raise
            else:
                return

    def _send(self, request: _Request, patience: Patience) -> httpx.Response:
        """Send one request; a read once more with another token after 401."""
        with patience.excuse(TOKEN_BUDGET):  # what signs a grant may be slower than Maskinporten
            token = self._tokens.token() if request.authorised else None
        response = self._exchange(request, token, patience)
        if response.status_code == 401 and token:
            refused = explain_refusal(response, self._base, request.system, token)
            token = self._tokens.renew(token)
            if request.method != "GET":
                raise TokenRenewed(refused.message, hint=refused.hint, status=401)
            response = self._exchange(request, token, patience)
        if response.status_code < 300 or (response.status_code == 404 and request.method == "GET"):
            return response
        raise explain_refusal(response, self._base, request.system, token)

    def _exchange(self, request: _Request, token: Secret | None, patience: Patience) -> httpx.Response:
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
                request.path,
                content=content,
                headers=headers,
                extensions={"seconds": seconds},
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise explain_failure(error, self._base) from None

    def _clear(self, token: Secret) -> str:
        """Reveal a token that may go to this register; raises `CredentialsError` for any other."""
        if token != self._cleared:
            check_destination(token, self._environment)
            self._cleared = token
        return token.reveal()


def _segment(text: str) -> str:
    """Encode a text as one segment of a path, `.` and `..` included."""
    return quote(text, safe="") if text.strip(".") else "%2E" * len(text)


def make_path(system: str) -> str:
    """Give the path of a system's document."""
    return f"{PREFIX}/{_segment(system)}"


def _asked(failure: RegisterError) -> float | None:
    return failure.wait if isinstance(failure, TooManyRequests) else None


def _read_next(page: Json) -> str:
    """Read the token of the next page; empty on the last."""
    links = page.get("links") if isinstance(page, dict) else None
    link = links.get("next") if isinstance(links, dict) else None
    try:
        return parse_qs(urlsplit(link).query).get("token", [""])[0] if isinstance(link, str) else ""
    except ValueError:
        return ""


def _read_json(response: httpx.Response, members: Collection[str]) -> Json:
    """Read a success; a body that is cut off or no JSON is no usable answer, and one out of bounds none at all."""
    try:
        return parse_json(response.content, members=members)
    except UnreadableJson as error:
        message = f"The register's answer {error.message}."
        if error.damaged:
            raise NoAnswer(message, hint="Try again later.") from None
        raise Unintelligible(message, hint="Check the environment's address.") from None
