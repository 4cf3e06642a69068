"""The generator of test tokens: an access token without a grant.

It answers as Altinn's generator does (Maskinporten contract §7, `github.com/Altinn/AltinnTestTools` of 2026-05):
the same parameters, claims and errors by field. Every `env` is accepted; the issuer is always the emulator's.
"""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import Response

from reconciler.emulator.dotnet.answers import answer_json, answer_text, write_json
from reconciler.emulator.maskinporten import keys
from reconciler.emulator.maskinporten.tokens import Issuer, make_jti
from reconciler.emulator.register.claims import make_consumer
from reconciler.emulator.server.routing import Call, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "/api/get"
"""The beginning of the generator's paths, in lower case."""
TOKEN_SECONDS = 1800
"""Lifetime of a token unless `ttl` is given."""
MOST_AT_ONCE = 1000
"""Most tokens for one call; Altinn's generator gives one for each of its organisations."""
_MISSING = "Parameter must be supplied"
_WRONG = "Parameter was supplied with an invalid value"
_ORG = re.compile(r"[0-9]{9}")
_PID = re.compile(r"[0-9]{11}")
_COUNT = re.compile(r"[0-9]{1,9}")
_SECONDS = re.compile(r"-?[0-9]{1,9}")
_SCOPES = re.compile(r"[a-z0-9:/_\-,. ]+")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,50}")
_ACR = {"3": "idporten-loa-substantial", "4": "idporten-loa-high"}


@dataclass(slots=True)
class _Query:
    """The parameters of a call, with names in any letter case, and the errors in them."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def read(
        self, name: str, fits: Callable[[str], object], default: str = "", *, needed: bool = False
    ) -> str:
        """Give one parameter, None if it is absent or empty."""
        value = self.values.get(name.lower(), "")
        if not value:
            if needed:
                self.errors[name] = _MISSING
            return default
        if not fits(value):
            self.errors[name] = _WRONG
        return value


@dataclass(frozen=True, slots=True)
class TokenGenerator:
    """Tokens for an organisation and for a person."""

    issuer: Issuer

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", "/api/GetEnterpriseToken", self.issue_for_enterprise),
            Route("GET", "/api/GetPersonalToken", self.issue_for_person),
        ]

    async def issue_for_enterprise(self, call: Call) -> Response:
        """Issue a token for an organisation, a random one unless given."""
        query = _read(call)
        query.read("env", bool, needed=True)
        claims = {"scope": _read_scopes(query, needed=True)}
        org_name = query.read("org", _NAME.fullmatch)
        org = query.read("orgNo", _ORG.fullmatch)
        count = query.read("bulkCount", _COUNT.fullmatch, "0")
        supplier = query.read("supplierOrgNo", _ORG.fullmatch)
        seconds = query.read("ttl", _SECONDS.fullmatch, str(TOKEN_SECONDS))
        source = query.read("delegationSource", lambda text: urlsplit(text).scheme)
        client_id = query.read("clientId", bool)
        if query.errors:
            return _refuse(query)
        more: dict[str, object] = {}
        if org_name:
            more["urn:altinn:org"] = org_name
        if supplier:
            more["supplier"] = make_consumer(supplier)
        if source:
            more["delegation_source"] = source

        def issue(owner: str) -> str:
            return self._issue(
                {
                    **claims,
                    "client_id": client_id or str(uuid.uuid4()),
                    "jti": make_jti(),
                    "consumer": make_consumer(owner),
                    "urn:altinn:orgNumber": owner,
                    "urn:altinn:authenticatemethod": "maskinporten",
                    "urn:altinn:authlevel": 3,
                    **more,
                },
                int(seconds),
            )

        if int(count):
            owners = [make_org() for _ in range(min(int(count), MOST_AT_ONCE))]
            return answer_json({owner: issue(owner) for owner in owners})
        return _answer(query, issue(org or make_org()))

    async def issue_for_person(self, call: Call) -> Response:
        """Issue a token for a person, a random one unless given, with the scope `altinn:enduser`."""
        query = _read(call)
        query.read("env", bool, needed=True)
        scope = _read_scopes(query, needed=False)
        user = query.read("userId", _COUNT.fullmatch)
        party = query.read("partyId", _COUNT.fullmatch)
        pid = query.read("pid", _PID.fullmatch)
        level = query.read("authLvl", {"1", "2", "3", "4"}.__contains__, "3")
        consumer = query.read("consumerOrgNo", lambda text: _ORG.fullmatch(text) or _PID.fullmatch(text))
        party_uuid = query.read("partyuuid", _is_uuid)
        seconds = query.read("ttl", _SECONDS.fullmatch, str(TOKEN_SECONDS))
        if query.errors:
            return _refuse(query)
        claims: dict[str, object] = {
            "urn:altinn:authenticatemethod": "NotDefined",
            "urn:altinn:authlevel": level,
            "client_amr": "virksomhetssertifikat",
            "pid": pid or f"{secrets.randbelow(10**11):011}",
            "client_id": str(uuid.uuid4()),
            "acr": _ACR.get(level, "idporten-loa-low"),
            "scope": scope,
        }
        if consumer:
            claims["client_orgno"] = claims["consumer"] = make_consumer(consumer)
        if user:
            claims["nameid"] = claims["urn:altinn:userid"] = int(user)
        if party:
            claims["urn:altinn:partyid"] = int(party)
        if party_uuid:
            claims["urn:altinn:party:uuid"] = party_uuid
        return _answer(query, self._issue(claims, int(seconds)))

    def _issue(self, claims: Mapping[str, object], seconds: int) -> str:
        now = int(self.issuer.clock.seconds())
        times = {"exp": now + seconds, "iat": now, "nbf": now}
        who = {"iss": self.issuer.platform, "actual_iss": "altinn-test-tools", "token_type": "Bearer"}
        return self.issuer.issue({**claims, **who, **times})


def make_org() -> str:
    """Make a random organisation number for tests: nine digits, the first is 3."""
    return f"3{secrets.randbelow(10**8):08}"


def _read(call: Call) -> _Query:
    return _Query({name.lower(): value for name, value in call.request.query_params.items()})


def _read_scopes(query: _Query, *, needed: bool) -> str:
    text = query.read("scopes", _SCOPES.fullmatch, "altinn:enduser", needed=needed)
    return " ".join(text.replace(",", " ").split())


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _refuse(query: _Query) -> Response:
    return Response(write_json(query.errors), 400, media_type="application/json; charset=utf-8")


def _answer(query: _Query, token: str) -> Response:
    if query.values.get("dump"):
        return answer_text(200, keys.show(token))
    return answer_text(200, token)
