"""The checks of a JWT-bearer grant, in the order of the rows of Maskinporten contract §2.6.

A failed check raises `TokenError` with the reply. Texts and codes are those of §4.2; where that has none, the
text is our own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from reconciler.emulator.maskinporten import certificates, keys
from reconciler.emulator.maskinporten.authorization_details import check_details
from reconciler.emulator.maskinporten.clients import Client
from reconciler.emulator.maskinporten.token_errors import FAILED, TokenError, refuse_claim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509 import Certificate

    from reconciler.emulator.maskinporten.clients import Delegation
    from reconciler.emulator.server.clock import Clock
    from reconciler.emulator.systemusers.endpoints import SystemUsers
    from reconciler.emulator.systemusers.rows import SystemUser

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SKEW_SECONDS = 10
"""Tolerated difference of clocks, both ways (Maskinporten contract §2.4)."""
_TEXT_CLAIMS = ("jti", "pid", "consumer_org", "iss_onbehalfof")
_CLAIMS = frozenset({"aud", "iss", "scope", "iat", "exp", "resource", "authorization_details", *_TEXT_CLAIMS})
TOLERATED = frozenset({"nbf", "sub"})
"""Claims that are not documented, but sent by many clients."""


class GrantSettings(NamedTuple):
    """The settings of `[maskinporten]`: what Maskinporten contract §11 leaves open, strict by default.

    Except `nbf` and `sub`: NAV's, Altinn's and Wenche's grants hold them, and Maskinporten accepts them (§2.3).
    """

    max_lifetime: int = 120
    tolerated_claims: frozenset[str] = TOLERATED
    audiences: frozenset[str] = frozenset()
    """Further issuers that are accepted in `aud`."""
    unknown_org: str | None = None
    """The organisation of clients that are not registered; None if they are refused."""
    accept_token_url: bool = False
    accept_bare_issuer: bool = False
    user_scopes: frozenset[str] = frozenset()
    """Scopes for user login, which Maskinporten refuses (row 17)."""
    roots: tuple[Certificate, ...] = ()
    """The trusted roots of enterprise certificates."""
    delegations: frozenset[Delegation] = frozenset()


class Grant(NamedTuple):
    """A valid grant: its client, its scopes and claims, and what else goes into the token."""

    client: Client
    scopes: tuple[str, ...]
    claims: Mapping[str, object]
    method: str
    """How the client authenticated, for `client_amr`."""
    system_user: SystemUser | None


@dataclass(slots=True)
class GrantValidator:
    """Checks grants for one issuer under all its names."""

    issuers: frozenset[str]
    clients: dict[str, Client]
    clock: Clock
    settings: GrantSettings
    system_users: SystemUsers
    _used: dict[str, float] = field(default_factory=dict)

    def validate(self, content_type: str, body: bytes) -> Grant:
        """Check a token request; raises `TokenError`."""
        text = _read_assertion(content_type, body)
        try:
            token = keys.read_token(text)
        except keys.NotAToken as error:
            raise TokenError(
                "invalid_request", "Invalid assertion. Invalid parameter value", "MP-011"
            ) from error
        claims = token.claims
        self._check_claims(claims)
        scopes = tuple(str(claims["scope"]).split())
        client = self.clients.get(str(claims["iss"]))
        if client is None and self.settings.unknown_org is not None:
            # NOTE: an unregistered client has no key here, so that its signature is not checked.
            client = Client(str(claims["iss"]), self.settings.unknown_org, frozenset(scopes))
            method = "private_key_jwt"
        elif client is None:
            raise TokenError("invalid_grant", FAILED, "MP-100")
        else:
            method = self._check_signature(token, client)
        self._check_audience(claims["aud"])
        self._check_times(claims)
        self._check_replay(claims, text)
        self._check_scopes(scopes, client, claims.get("consumer_org"))
        details = claims.get("authorization_details")
        user = None if details is None else check_details(details, client, self.system_users)
        return Grant(client, scopes, claims, method, user)

    def _check_claims(self, claims: Mapping[str, object]) -> None:
        """Rows 4 and 5."""
        unknown = sorted(set(claims) - _CLAIMS - self.settings.tolerated_claims)
        if unknown:
            raise refuse_claim(unknown[0])
        for name in ("iss", "scope"):
            value = claims.get(name)
            if not isinstance(value, str) or not value.strip():
                raise refuse_claim(name)
        if not isinstance(claims.get("aud"), str | list):
            raise refuse_claim("aud")
        for name in ("iat", "exp"):
            value = claims.get(name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise refuse_claim(name)
        for name in _TEXT_CLAIMS:
            if not isinstance(claims.get(name, ""), str):
                raise refuse_claim(name)
        resource = claims.get("resource", [])
        values = resource if isinstance(resource, list) else [resource]
        if not all(isinstance(value, str) and urlsplit(value).scheme for value in values):
            raise refuse_claim("resource")

    def _check_signature(self, token: keys.Token, client: Client) -> str:
        """Rows 7 to 12; gives how the client authenticated."""
        if token.header.get("alg") not in keys.HASHES:
            raise TokenError("invalid_grant", f"{FAILED} Invalid JWT. Unsupported algorithm")
        kid, chain = token.header.get("kid"), token.header.get("x5c")
        if kid is None and (chain is None or client.keys):
            raise TokenError(
                "invalid_grant",
                f"{FAILED} Invalid JWT. The client requires pre-registered jwk and no key identifier (kid) "
                "provided",
            )
        if kid is not None and chain is not None:
            raise TokenError("invalid_grant", f"{FAILED} Invalid JWT. Exactly one of kid and x5c is expected")
        key = self._find_key(str(kid), client) if chain is None else self._read_chain(chain, client)
        if not token.is_signed_by(key):
            raise TokenError("invalid_grant", f"{FAILED} Invalid JWT signature.", "MP-124")
        return "private_key_jwt" if chain is None else "virksomhetssertifikat"

    def _find_key(self, kid: str, client: Client) -> rsa.RSAPublicKey:
        now, key = self.clock.seconds(), client.find_key(kid)
        if key is None or now < key.known_from:
            raise TokenError("invalid_grant", f"{FAILED} Unknown key identifier (kid) for client.")
        if now >= key.expires:
            raise TokenError("invalid_grant", f"{FAILED} Expired key.", "MP-121")
        return key.public

    def _read_chain(self, chain: object, client: Client) -> rsa.RSAPublicKey:
        try:
            holder = certificates.read_chain(chain, self.settings.roots, self.clock.seconds())
        except certificates.BadHeader as error:
            raise TokenError("invalid_grant", "Invalid JWT header x5c", "MP-123") from error
        except certificates.BadCertificate as error:
            text = f"{FAILED} The JWT is signed with an invalid certificate."
            raise TokenError("invalid_grant", text, "MP-120") from error
        if holder.org != client.org:
            text = "Invalid JWT. Invalid organization number for client. Does not match certificate orgno"
            raise TokenError("invalid_grant", text, "MP-122")
        return holder.key

    def _check_audience(self, audience: object) -> None:
        """Row 13; an array of one value counts as one value."""
        values = audience if isinstance(audience, list) else [audience]
        accepted = {*self.issuers, *self.settings.audiences}
        if self.settings.accept_token_url:
            accepted |= {f"{issuer}token" for issuer in self.issuers}
        if self.settings.accept_bare_issuer:
            accepted |= {issuer.rstrip("/") for issuer in self.issuers}
        if len(values) != 1 or values[0] not in accepted:
            raise TokenError("invalid_grant", f"{FAILED} Invalid JWT claim aud.", "MP-110")

    def _check_times(self, claims: Mapping[str, object]) -> None:
        """Row 14: lifetime, future, past (contract §2.4)."""
        issued, expires = int(str(claims["iat"])), int(str(claims["exp"]))
        now = self.clock.seconds()
        if expires - issued > self.settings.max_lifetime:
            raise TokenError("invalid_grant", "JWT has too long lifetime.")
        if now + SKEW_SECONDS < issued:
            raise TokenError("invalid_grant", "Issue time is in the future.")
        if now - SKEW_SECONDS > expires:
            raise TokenError("invalid_grant", "JWT has expired.", "MP-130")

    def _check_replay(self, claims: Mapping[str, object], text: str) -> None:
        """Row 15: a grant counts as used even if a later check fails (contract §2.5)."""
        now = self.clock.seconds()
        self._used = {mark: until for mark, until in self._used.items() if until >= now}
        marks = [hashlib.sha256(text.encode()).hexdigest()]
        if "jti" in claims:
            marks.append(f"{claims['iss']} {claims['jti']}")
        if any(mark in self._used for mark in marks):
            raise TokenError("invalid_grant", "Grant is used before", "MP-012")
        self._used.update(dict.fromkeys(marks, int(str(claims["exp"])) + SKEW_SECONDS))

    def _check_scopes(self, scopes: tuple[str, ...], client: Client, consumer: object) -> None:
        """Rows 16 to 19; a delegated scope need not be registered on the client."""
        if consumer == client.org:
            raise TokenError(
                "invalid_request",
                "Validation of JWT claim failed: The combination consumer_org in claim and delegation scope "
                "on client is invalid",
            )
        delegated = {each.scope for each in self.settings.delegations if each.supplier == client.org}
        for scope in scopes if consumer is None else ():
            if scope not in client.scopes and scope not in delegated:
                text = f"Token request contains invalid scopes for client, {scope}"
                raise TokenError("invalid_scope", text, "MP-200")
        if not self.settings.user_scopes.isdisjoint(scopes):
            text = "Token request contains scopes not allowed for maskinporten"
            raise TokenError("invalid_scope", text, "MP-201")
        for scope in scopes:
            if consumer is None and (scope in client.not_granted or scope not in client.scopes):
                text = f"Consumer has not been granted access to the scope {scope}."
                raise TokenError("forbidden", text, "MP-250", 403)
            if consumer is not None and (consumer, client.org, scope) not in self.settings.delegations:
                text = f"Consumer {consumer} has not delegated access to the scope {scope} "
                text += f"to supplier {client.org}."
                raise TokenError("forbidden", text, "MP-251", 403)


def _read_assertion(content_type: str, body: bytes) -> str:
    """Rows 1 to 3."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise TokenError("invalid_request", "Content type 'application/x-www-form-urlencoded' is required")
    form = parse_qs(body.decode("utf-8", "replace"))
    if form.get("grant_type") != [GRANT_TYPE]:
        raise TokenError("unsupported_grant_type", "Unsupported grant_type")
    assertions = form.get("assertion", [])
    if len(assertions) != 1:
        raise TokenError("invalid_request", "Invalid assertion. Invalid parameter value", "MP-011")
    return assertions[0]
