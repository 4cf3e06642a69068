"""The check list for a JWT-bearer grant, row by row in the order of Maskinporten contract §2.6.

It says what a grant is good for, or raises `Refused` with the reply; it issues nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

from reconciler.emulator import keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.emulator.clients import Client
    from reconciler.emulator.clock import Clock

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SKEW_SECONDS = 10
"""How far a clock may be off, both ways (Maskinporten contract §2.4)."""
_CLAIMS = frozenset(
    {
        "aud",
        "iss",
        "scope",
        "iat",
        "exp",
        "jti",
        "resource",
        "pid",
        "consumer_org",
        "iss_onbehalfof",
        "authorization_details",
    }
)
_FAILED = "Invalid assertion. Client authentication failed."


class Refused(Exception):
    """The reply to a grant that is not good: status, OAuth error, description, and the MP code if there is one."""

    def __init__(self, error: str, description: str, code: str | None = None, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.code = code
        self.status = status


class Rules(NamedTuple):
    """The switches that Maskinporten contract §11 leaves open; the defaults are the strict reading."""

    max_lifetime: int = 120
    tolerated_claims: frozenset[str] = frozenset()
    accept_token_url: bool = False
    accept_bare_issuer: bool = False
    user_scopes: frozenset[str] = frozenset()
    """Scopes that are for user login only, so never for Maskinporten (row 17)."""


class Grant(NamedTuple):
    """A grant that passed: whose it is, what it asks for, and its claims."""

    client: Client
    scopes: tuple[str, ...]
    claims: Mapping[str, object]


@dataclass(slots=True)
class Examiner:
    """Checks grants for one issuer."""

    issuer: str
    clients: Mapping[str, Client]
    clock: Clock
    rules: Rules
    _used: dict[str, float] = field(default_factory=dict)

    def examine(self, content_type: str, body: bytes) -> Grant:
        """Check a whole token request, rows 1–18."""
        token, text = self._read(content_type, body)
        self._check_claims(token.claims)
        client = self.clients.get(str(token.claims["iss"]))
        if client is None:
            raise Refused("invalid_grant", _FAILED, "MP-100")
        self._check_signature(token, client)
        self._check_audience(token.claims["aud"])
        self._check_times(token.claims)
        self._check_replay(token.claims, text)
        scopes = tuple(str(token.claims["scope"]).split())
        self._check_scopes(scopes, client)
        return Grant(client, scopes, token.claims)

    def _read(self, content_type: str, body: bytes) -> tuple[keys.Token, str]:
        if content_type.split(";", maxsplit=1)[0].strip().lower() != "application/x-www-form-urlencoded":
            raise Refused("invalid_request", "Content type 'application/x-www-form-urlencoded' is required")
        form = parse_qs(body.decode("utf-8", "replace"))
        if form.get("grant_type") != [GRANT_TYPE]:
            raise Refused("unsupported_grant_type", "Unsupported grant_type")
        assertions = form.get("assertion", [])
        try:
            if len(assertions) != 1:
                raise keys.NotAToken("one assertion is needed")
            return keys.read_token(assertions[0]), assertions[0]
        except keys.NotAToken as error:
            raise Refused(
                "invalid_request", "Invalid assertion. Invalid parameter value", "MP-011"
            ) from error

    def _check_claims(self, claims: Mapping[str, object]) -> None:
        unknown = sorted(set(claims) - _CLAIMS - self.rules.tolerated_claims)
        if unknown:
            raise Refused("invalid_request", f"Invalid assertion. Unknown claim {unknown[0]}")
        for name in ("iss", "scope"):
            value = claims.get(name)
            if not isinstance(value, str) or not value.strip():
                raise Refused("invalid_request", f"Invalid assertion. Invalid claim {name}")
        if not isinstance(claims.get("aud"), str | list):
            raise Refused("invalid_request", "Invalid assertion. Invalid claim aud")
        for name in ("iat", "exp"):
            value = claims.get(name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise Refused("invalid_request", f"Invalid assertion. Invalid claim {name}")
        for name in ("jti", "pid", "consumer_org", "iss_onbehalfof"):
            if not isinstance(claims.get(name, ""), str):
                raise Refused("invalid_request", f"Invalid assertion. Invalid claim {name}")

    def _check_signature(self, token: keys.Token, client: Client) -> None:
        if token.header.get("alg") not in keys.HASHES:
            raise Refused("invalid_grant", f"{_FAILED} Invalid JWT. Unsupported algorithm")
        kid = token.header.get("kid")
        if kid is None:
            raise Refused(
                "invalid_grant",
                f"{_FAILED} Invalid JWT. The client requires pre-registered jwk and no key identifier (kid) provided",
            )
        key = client.keys.get(str(kid))
        if key is None or self.clock.seconds() < key.known_from:
            raise Refused("invalid_grant", f"{_FAILED} Unknown key identifier (kid) for client.")
        if self.clock.seconds() >= key.expires:
            raise Refused("invalid_grant", f"{_FAILED} Expired key.", "MP-121")
        if not token.is_signed_by(key.public):
            raise Refused("invalid_grant", f"{_FAILED} Invalid JWT signature.", "MP-124")

    def _check_audience(self, audience: object) -> None:
        values = audience if isinstance(audience, list) else [audience]
        accepted = {self.issuer}
        if self.rules.accept_token_url:
            accepted.add(f"{self.issuer}token")
        if self.rules.accept_bare_issuer:
            accepted.add(self.issuer.rstrip("/"))
        if len(values) != 1 or values[0] not in accepted:
            raise Refused("invalid_grant", f"{_FAILED} Invalid JWT claim aud.", "MP-110")

    def _check_times(self, claims: Mapping[str, object]) -> None:
        issued, expires = int(str(claims["iat"])), int(str(claims["exp"]))
        now = self.clock.seconds()
        if expires - issued > self.rules.max_lifetime:
            raise Refused("invalid_grant", "JWT has too long lifetime.")
        if now + SKEW_SECONDS < issued:
            raise Refused("invalid_grant", "Issue time is in the future.")
        if now - SKEW_SECONDS > expires:
            raise Refused("invalid_grant", "JWT has expired.", "MP-130")

    def _check_replay(self, claims: Mapping[str, object], text: str) -> None:
        """A grant is used up here, whatever a later check says (Maskinporten contract §2.5)."""
        now = self.clock.seconds()
        self._used = {mark: until for mark, until in self._used.items() if until >= now}
        marks = [hashlib.sha256(text.encode()).hexdigest()]
        if "jti" in claims:
            marks.append(f"{claims['iss']} {claims['jti']}")
        if any(mark in self._used for mark in marks):
            raise Refused("invalid_grant", "Grant is used before", "MP-012")
        self._used.update(dict.fromkeys(marks, int(str(claims["exp"])) + SKEW_SECONDS))

    def _check_scopes(self, scopes: tuple[str, ...], client: Client) -> None:
        for scope in scopes:
            if scope not in client.scopes:
                message = f"Token request contains invalid scopes for client, {scope}"
                raise Refused("invalid_scope", message, "MP-200")
        if not self.rules.user_scopes.isdisjoint(scopes):
            message = "Token request contains scopes not allowed for maskinporten"
            raise Refused("invalid_scope", message, "MP-201")
        for scope in scopes:
            if scope in client.not_granted:
                message = f"Consumer has not been granted access to the scope {scope}."
                raise Refused("forbidden", message, "MP-250", 403)
