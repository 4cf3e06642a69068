"""The HTTP client of the customers' side: system users, requests and change requests.

Nothing of it can write to the register, whatever the code above it does. Each route is called with a token of its
own scope. A write is sent once; after `NoAnswer` the caller looks the row up by its id or triple.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import quote, urlsplit

from reconciler.clients.altinn_api import AltinnApi, ApiRequest, encode_segment, read_next, read_success
from reconciler.clients.http_client import open_client
from reconciler.clients.refusals import explain_refusal
from reconciler.clients.response_body import read_body
from reconciler.clients.throttle import Throttle
from reconciler.errors import CredentialsError, Forbidden, RegisterError, Rejected, Unintelligible
from reconciler.model.customers import (
    AGENT,
    READ,
    WRITE,
    AccessRequest,
    ChangeRequest,
    Listed,
    SystemUser,
    Triple,
    read_change,
    read_request,
    read_user,
)
from reconciler.model.environment import SCOPE, WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from reconciler.clients.maskinporten import TokenSource
    from reconciler.model.canonical_json import Json
    from reconciler.model.environment import Environment
    from reconciler.model.secret import Secret

    Row = TypeVar("Row", SystemUser, AccessRequest, ChangeRequest)

PREFIX = "/authentication/api/v1/systemuser"
"""System users contract §3."""
WRITABLE = (f"{PREFIX}/request/vendor", f"{PREFIX}/changerequest/vendor")
"""The only paths, with what is below them, that anything but a GET is sent to."""

_LOG = logging.getLogger(__name__)


def may_write(path: str) -> bool:
    """Say whether the verbs for customers may write to a path."""
    inside = any(path == each or path.startswith(f"{each}/") for each in WRITABLE)
    return inside and not {".", ".."} & set(path.split("/"))


class SystemUsers:
    """The customers' side of an environment; safe for as many threads as it has workers.

    `tokens` gives a source by scope; `notify` is called with a sentence when something takes long. A route whose
    scope has none raises `CredentialsError`; each can raise `MaskinportenError` and `RegisterError`.
    """

    def __init__(
        self,
        environment: Environment,
        tokens: Mapping[str, TokenSource],
        *,
        read_only: bool,
        workers: int = WORKERS,
        notify: Callable[[str], None] = _LOG.info,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.workers = workers
        self._host = urlsplit(environment.register).netloc
        self._client = open_client(
            environment.register,
            workers=workers,
            read_only=read_only,
            writable=may_write,
            transport=transport,
        )
        throttle = Throttle(workers, notify)
        self._apis = {
            scope: AltinnApi(
                environment, source, self._client, _explain_by(scope), strict=True, throttle=throttle
            )
            for scope, source in tokens.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def list_users(self, system: str) -> tuple[SystemUser, ...]:
        """List the system users of a system, all kinds, each once; needs the register's scope.

        A row that changes while the pages are read can come twice (contract §3.5), and its last state counts.
        """
        listed = self._list(SCOPE, f"{PREFIX}/vendor/bysystem/{encode_segment(system)}", system, read_user)
        return tuple({each.id: each for each in listed.rows if not each.deleted}.values())

    def find_user(self, triple: Triple) -> SystemUser | None:
        """Find the system user of a triple, of either kind; needs the scope `WRITE`, of all."""
        names = ("system-id", "orgno", "external-ref")
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in zip(names, triple, strict=True))
        body = self._read(WRITE, f"{PREFIX}/vendor/byquery?{query}", triple.system)
        return None if body is None else read_user(body)

    def list_requests(self, system: str, kind: str) -> Listed[AccessRequest]:
        """List the requests of a kind for a system; not complete where there is more than one page."""
        return self._list(
            READ,
            f"{find_route(kind)}/bysystem/{encode_segment(system)}",
            system,
            lambda row: read_request(row, kind),
        )

    def read_request(self, key: str, kind: str) -> AccessRequest | None:
        """Read a request by its id; None where no such request of that kind is ours."""
        body = self._read(READ, f"{find_route(kind)}/{encode_segment(key)}", key)
        return None if body is None else read_request(body, kind)

    def find_request(self, triple: Triple, kind: str) -> AccessRequest | None:
        """Find a request by its triple; which one of several is not promised (contract §3.4)."""
        body = self._read(READ, f"{find_route(kind)}/byexternalref/{_join(triple)}", triple.system)
        return None if body is None else read_request(body, kind)

    def create_request(self, body: Mapping[str, Json], kind: str) -> tuple[AccessRequest, bool]:
        """Ask for a system user; true where that made a request, false where an older one came back.

        An older one can have any age and status, and can ask for something else (contract §3.1, row 5).
        """
        response = self._write(ApiRequest("POST", find_route(kind), str(body.get("systemId", "")), body))
        return read_request(read_success(response), kind), response.status_code == 201

    def withdraw_request(self, key: str, kind: str) -> bool:
        """Withdraw a request of ours; false where there is none.

        It is read first: the vendor's own GET is what proves that it is ours.
        """
        if self.read_request(key, kind) is None:
            return False
        self._write(ApiRequest("DELETE", f"{PREFIX}/request/vendor/{encode_segment(key)}", key))
        return True

    def list_changes(self, system: str) -> Listed[ChangeRequest]:
        """List the change requests of a system; the service gives its first page only, again and again."""
        return self._list(
            READ,
            f"{PREFIX}/changerequest/vendor/bysystem/{encode_segment(system)}",
            system,
            read_change,
            pages=1,
        )

    def read_change(self, key: str) -> ChangeRequest | None:
        """Read a change request by its correlation id; None where there is none that is ours."""
        body = self._read(READ, f"{PREFIX}/changerequest/vendor/{encode_segment(key)}", key)
        return None if body is None else read_change(body)

    def find_change(self, triple: Triple) -> ChangeRequest | None:
        """Find one change request of possibly several by its triple; its packages are not shown (contract §3.4)."""
        path = f"{PREFIX}/changerequest/vendor/byexternalref/{_join(triple)}"
        body = self._read(READ, path, triple.system)
        return None if body is None else read_change(body)

    def create_change(self, key: str, user: str, body: Mapping[str, Json]) -> tuple[ChangeRequest, bool]:
        """Ask for a change of a system user under a correlation id; true where that made one.

        False is an older one of the same id, whatever it asks for, or `NoChangeNeeded` (contract §3.3, rows 7 and 8).
        """
        query = f"correlation-id={quote(key, safe='')}&system-user-id={quote(user, safe='')}"
        response = self._write(ApiRequest("POST", f"{PREFIX}/changerequest/vendor?{query}", user, body))
        return read_change(read_success(response)), response.status_code == 201

    def withdraw_change(self, key: str) -> bool:
        """Withdraw a change request of ours, which uses its id up for ever; false where there is none."""
        if self.read_change(key) is None:
            return False
        self._write(ApiRequest("DELETE", f"{PREFIX}/changerequest/vendor/{encode_segment(key)}", key))
        return True

    def _choose(self, scope: str) -> AltinnApi:
        found = self._apis.get(scope)
        if found is None:
            raise CredentialsError(f"There is no token with the scope {scope}.")
        return found

    def _read(self, scope: str, path: str, subject: str) -> Json:
        """Read one thing; None where the service says that there is none."""
        return self._choose(scope).read(ApiRequest("GET", path, subject))

    def _write(self, request: ApiRequest) -> httpx.Response:
        return self._choose(WRITE).write(request)

    def _list(
        self, scope: str, path: str, system: str, read: Callable[[Json], Row], *, pages: int | None = None
    ) -> Listed[Row]:
        """Read a list page by page; only the `token` of a link is used, whose host can be an internal one."""
        rows: dict[str, Row] = {}
        token, seen = "", set[str]()
        while True:
            query = f"?token={quote(token, safe='')}" if token else ""
            body = self._read(scope, f"{path}{query}", system)
            if body is None:
                raise Rejected(f"{self._host} knows no system `{system}` of this vendor.", status=404)
            data = body.get("data") if isinstance(body, dict) else None
            if not isinstance(data, list):
                raise Unintelligible(f"A list of what customers have of `{system}` is not a page.")
            found = [read(each) for each in data]
            rows |= {each.id: each for each in found}
            token = read_next(body)
            if not token:
                return Listed(tuple(rows.values()), complete=not seen or scope == SCOPE)
            if token in seen or (pages is not None and len(seen) + 1 >= pages):
                return Listed(tuple(rows.values()), complete=False)
            seen.add(token)


def find_route(kind: str) -> str:
    """Give the path of the requests of one kind."""
    return f"{PREFIX}/request/vendor{'/agent' if kind == AGENT else ''}"


def _join(triple: Triple) -> str:
    return "/".join(map(encode_segment, triple))


def _explain_by(scope: str) -> Callable[[httpx.Response, str, str, Secret | None], RegisterError]:
    """Make what names a refusal of a route that needs a scope: 403 says that it lacks (contract §2)."""

    def explain(response: httpx.Response, base: str, subject: str, token: Secret | None) -> RegisterError:
        status, body = response.status_code, read_body(response)
        code = body.get("code") if isinstance(body, dict) else None
        if status == 403 and body is None:
            return Forbidden(
                f"{urlsplit(base).netloc} refused the token: it lacks the scope {scope}.",
                hint="Add the scope to the client in Digdir's self-service.",
                status=403,
            )
        refusal = explain_refusal(response, base, subject, token)
        if isinstance(refusal, Rejected) and code and not refusal.codes:
            message, hint, trace = refusal.message, refusal.hint, refusal.trace
            return Rejected(message, hint=hint, status=status, trace=trace, codes=(str(code),))
        return refusal

    return explain
