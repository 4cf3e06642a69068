"""A vendor's program and its customers, at an emulator of its own."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.contract.target import NAMES, ORG, OTHER_ORG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

    from reconciler.emulator import Emulator

PREFIX = "/authentication/api/v1/systemuser"
REGISTER = "/authentication/api/v1/systemregister/vendor"
W, R = (f"altinn:authentication/systemuser.request.{each}" for each in ("write", "read"))
SR = "altinn:authentication/systemregister.write"
LOOK_UP = "altinn:maskinporten/systemuser.read"
FIRST, SECOND = "ske-krav-og-betalinger", "kravogbetaling"
ASSIGNABLE, OTHER = "urn:altinn:accesspackage:skattegrunnlag", "urn:altinn:accesspackage:a-ordning"
FOR_CLIENTS = "urn:altinn:accesspackage:regnskapsforer-lonn"
NOT_DELEGABLE = "urn:altinn:accesspackage:ffor-tilgangsstyrer-nuf"
CLIENT = "11111111-1111-4111-8111-111111111111"
URL = "https://smartcloud.example/receipt"


def right(*values: str) -> dict[str, object]:
    """Make a right of one or more resources."""
    return {"resource": [{"id": "urn:altinn:resource", "value": value} for value in values]}


def package(urn: str) -> dict[str, object]:
    """Make an access package."""
    return {"urn": urn}


def a_system(name: str, **changes: object) -> dict[str, object]:
    """Make a system that has everything the tests ask for."""
    org = str(changes.pop("org", ORG))
    return {
        "id": f"{org}_{name}",
        "vendor": {"ID": f"0192:{org}"},
        "name": NAMES,
        "description": NAMES,
        "rights": [right(FIRST), right(SECOND)],
        "accessPackages": [package(each) for each in (ASSIGNABLE, OTHER, FOR_CLIENTS, NOT_DELEGABLE)],
        "clientId": [],
        "isVisible": False,
        "allowedRedirectUrls": [URL],
        **changes,
    }


SYSTEM = f"{ORG}_all"
SYSTEMS = (
    a_system("all", clientId=[CLIENT]),
    a_system("no_urls", allowedRedirectUrls=[]),
    a_system("bare", rights=[], accessPackages=[]),
    a_system("theirs", org=OTHER_ORG),
    {**a_system("deleted"), "isDeleted": True},
)


@dataclass
class Vendor:
    """A vendor's program with one token for each set of claims."""

    emulator: Emulator
    http: httpx.Client
    orgs: Iterator[int] = field(default_factory=lambda: itertools.count(310_100_000))
    _tokens: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def customer(self) -> str:
        """Give a customer that nobody has asked yet."""
        return str(next(self.orgs))

    def token(self, scope: str = f"{W} {R} {SR}", org: str | None = ORG) -> str:
        """Give a token; without an organisation it has no `consumer`."""
        if (scope, org) not in self._tokens:
            consumer = None if org is None else {"authority": "iso6523-actorid-upis", "ID": f"0192:{org}"}
            claims = {"scope": scope, "client_id": "a-client", "consumer": consumer}
            made = self.http.post("/control/tokens", json={"claims": claims, "lifetime": 600})
            self._tokens[scope, org] = made.json()["access_token"]
        return self._tokens[scope, org]

    def call(
        self, method: str, path: str, body: object = None, *, token: str | None = "", **query: str
    ) -> httpx.Response:
        """Call a route below `PREFIX`; an empty token is our own, None is none."""
        held = self.token() if token == "" else token
        headers = {} if held is None else {"Authorization": f"Bearer {held}"}
        where = path if path.startswith("/authentication") else f"{PREFIX}/{path}"
        names = {name.replace("_", "-"): value for name, value in query.items()}
        return self.http.request(method, where, json=body, headers=headers, params=names or None)

    def ask(
        self,
        org: str = "",
        *,
        agent: bool = False,
        token: str | None = "",
        **changes: Any,  # noqa: ANN401 - a body
    ) -> httpx.Response:
        """Ask a new customer, or that one, for a system user; None as a change leaves a member out."""
        asked: Mapping[str, object] = (
            {"accessPackages": [package(FOR_CLIENTS)]} if agent else {"rights": [right(FIRST)]}
        )
        body = {"systemId": SYSTEM, "partyOrgNo": org or self.customer(), **asked, **changes}
        kept = {name: value for name, value in body.items() if value is not None}
        return self.call("POST", f"request/vendor{'/agent' if agent else ''}", kept, token=token)

    def act(self, **words: object) -> httpx.Response:
        """Have a customer do something; gives the answer of the control endpoint."""
        return self.http.post("/control/customer", json=words).raise_for_status()

    def decide(self, **words: object) -> tuple[int, object]:
        """Have a customer do something; gives the portal's status, and its code or else its body."""
        answer = self.act(**words).json()
        body = answer["body"]
        return answer["status"], body.get("code", body) if isinstance(body, dict) else body

    def set_up(self, **words: object) -> None:
        """Lay or change rows."""
        self.http.post("/control/setup", json=words).raise_for_status()

    def user(self, *, agent: bool = False, **changes: Any) -> dict[str, str]:  # noqa: ANN401 - a body
        """Ask and approve: gives the request of a new system user."""
        request: dict[str, str] = self.ask(agent=agent, **changes).json()
        assert self.decide(do="approve", request=request["id"]) == (200, True)
        return request

    def change(self, user: str, body: object, *, key: str = "", token: str | None = "") -> httpx.Response:
        """Ask for a change under a new correlation id, or that one."""
        query = {"correlation_id": key or str(uuid.uuid4()), "system_user_id": user}
        return self.call("POST", "changerequest/vendor", body, token=token, **query)


def show(answer: httpx.Response) -> tuple[int, str]:
    """Give the status of an answer with its code; empty for what has none."""
    try:
        body = answer.json()
    except ValueError:
        return answer.status_code, ""
    return answer.status_code, str(body.get("code", "")) if isinstance(body, dict) else ""
