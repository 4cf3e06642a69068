"""The HTTP client of the register and of the two metadata APIs beside it.

How often a request is sent is `altinn_api`'s.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import quote

from reconciler.clients.altinn_api import AltinnApi, ApiRequest, encode_segment, read_next
from reconciler.clients.http_client import open_client
from reconciler.clients.refusals import explain_forbidden, is_foreign
from reconciler.clients.response_body import list_objects
from reconciler.clients.throttle import Throttle
from reconciler.clients.token_claims import is_admin, read_organisation
from reconciler.errors import Unintelligible, WriteRefused
from reconciler.model.document_size import count_look_ups, find_excess, find_seconds
from reconciler.model.environment import READERS
from reconciler.model.system import RegisteredSystem, build_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import httpx

    from reconciler.clients.maskinporten import TokenSource
    from reconciler.model.canonical_json import Json
    from reconciler.model.environment import Environment

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
        """How many requests it takes at the same time; fewer later on, where it says that it is too many."""

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


def may_write(path: str) -> bool:
    """Say whether anything but a GET may be sent to a path: systems, and nothing of what customers are asked."""
    inside = path == PREFIX or path.startswith(f"{PREFIX}/")
    return inside and not {".", ".."} & set(path.split("/"))


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
        workers: int = READERS,
        notify: Callable[[str], None] = _LOG.info,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._notify = notify
        self._throttle = Throttle(workers, notify)
        self._base = environment.register
        build_parts()  # before several threads read answers
        self._tokens = tokens
        self._client = open_client(
            environment.register,
            workers=workers,
            read_only=read_only,
            writable=may_write,
            transport=transport,
        )
        self._api = AltinnApi(environment, tokens, self._client, throttle=self._throttle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def workers(self) -> int:
        """How many requests it takes at the same time; fewer later on, where it says that it is too many."""
        return self._throttle.limit

    @property
    def administers(self) -> str:
        """The organisation of an administrator's token, whose systems the list holds; empty for any other token.

        An administrator reads and writes every vendor's systems, and lists their own (contract §1.4).
        """
        token = self._tokens.token()
        return read_organisation(token) if is_admin(token) else ""

    def list_systems(self) -> tuple[ListedSystem, ...]:
        """List the vendor's systems; deleted ones are not among them."""
        body = self._api.read(ApiRequest("GET", PREFIX), members=("systemId", "systemVendorOrgNumber"))
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
        body = self._api.read(ApiRequest("GET", make_path(system), system))
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
        self._write(ApiRequest("POST", PREFIX, str(body.get("id", "")), body, traceparent=traceparent))

    def replace_system(self, system: str, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Replace a system's document; raises `RegisterError`."""
        self._write(ApiRequest("PUT", make_path(system), system, body, traceparent=traceparent))

    def delete_system(self, system: str, *, traceparent: str = "") -> None:
        """Delete a system for ever; a 400 does not say that it was not done (contract §4, Q1)."""
        self._write(ApiRequest("DELETE", make_path(system), system, traceparent=traceparent))

    def read_changes(self, system: str) -> tuple[Mapping[str, Json], ...]:
        """Read a system's change log, newest first; empty where the register does not know it."""
        body = self._api.read(ApiRequest("GET", f"{make_path(system)}/changelog", system))
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
            body = self._api.read(
                ApiRequest("GET", f"{SYSTEM_USERS}/{encode_segment(system)}{query}", system)
            )
            users = body.get("data") if isinstance(body, dict) else None
            if not isinstance(users, list) or not all(isinstance(each, dict) for each in users):
                raise Unintelligible(f"The list of system users of `{system}` is not a page.")
            for place, each in enumerate(users):
                name = str(each.get("id") or f"{len(seen)}.{place}")
                kinds[name] = "" if each.get("isDeleted") else str(each.get("userType") or "standard").lower()
            token = read_next(body)
            if not token:
                return dict(Counter(filter(None, kinds.values())))
            if token in seen:  # a count of half the pages would be taken for all of them
                raise Unintelligible(f"The pages of the system users of `{system}` loop: a token came twice.")
            seen.add(token)

    def read_resource(self, resource: str) -> Mapping[str, Json] | None:
        """Read a resource's metadata, without a token; None where the environment does not know it."""
        return self._read_metadata(f"{RESOURCE}/{encode_segment(resource)}")

    def read_package(self, urn: str) -> Mapping[str, Json] | None:
        """Read an access package's metadata, without a token; None where the environment does not know it."""
        return self._read_metadata(f"{PACKAGES}/package/urn/{encode_segment(urn)}")

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
        return self._api.read(ApiRequest("GET", path, authorised=False, language=language), members=members)

    def _read_metadata(self, path: str) -> Mapping[str, Json] | None:
        body = self.read_metadata(path)
        if body is not None and not isinstance(body, dict):
            raise Unintelligible(f"The metadata at {path} is not an object.")
        return body

    def _write(self, request: ApiRequest) -> None:
        """Send a document that the register can take, and announce one that takes long; raises `RegisterError`."""
        excess = find_excess(request.body)
        if excess:
            raise WriteRefused(
                f"Nothing was sent for `{request.subject}`: {excess}.", hint="Make it smaller."
            )
        if find_seconds(request.body) >= LONG:
            self._notify(
                f"`{request.subject}`: the register looks up its {count_look_ups(request.body)} rights and access "
                f"packages one by one, which can take up to {find_seconds(request.body) / 60:.0f} minutes."
            )
        self._api.write(request)


def make_path(system: str) -> str:
    """Give the path of a system's document."""
    return f"{PREFIX}/{encode_segment(system)}"
