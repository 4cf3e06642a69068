"""From a key to a grant to a token: Maskinporten's JWT-bearer flow.

Every attempt signs a fresh grant, since one can be used once. Nothing here logs a grant or a token.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

import httpx

from reconciler.clients.credentials import Credentials, is_token
from reconciler.clients.grant_refusals import explain_grant_refusal
from reconciler.clients.http_client import TOKEN_BUDGET, Delays, Patience, describe_failure, open_client
from reconciler.clients.response_body import read_body, read_wait
from reconciler.clients.signer import open_signer
from reconciler.clients.token_claims import check_delegation, check_destination, check_form, describe_token
from reconciler.errors import (
    CredentialsError,
    GrantReplayed,
    MaskinportenError,
    MaskinportenUnavailable,
    Unauthorised,
)
from reconciler.model.environment import SCOPE, Delegation, Environment
from reconciler.model.secret import Secret
from reconciler.model.token_address import find_objection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.clients.keys import Signer
    from reconciler.model.canonical_json import Json

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""RFC 7523 §2.1."""
LIFETIME = 120
"""Seconds; https://docs.digdir.no/docs/Maskinporten/maskinporten_protocol_jwtgrant: at most 120."""
BACKDATED = 5
"""Seconds; Maskinporten tolerates a clock that is at most 10 s ahead of its own."""
RENEWAL = 30.0
"""Seconds before its end at which a token counts as stale, or half its life where that is less."""


class Purpose(NamedTuple):
    """What a token is asked for."""

    scope: str = SCOPE
    """One scope, or several with a space between them."""
    details: Json = None
    """`authorization_details`, which name a system user (Maskinporten contract §2.3); None for the client's own."""


REGISTER = Purpose()


class TokenSource(Protocol):
    """Whatever gives tokens."""

    def token(self) -> Secret:
        """Give a token that is not stale."""

    def renew(self, stale: Secret) -> Secret:
        """Give another token than one that the register refused."""


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A ready token out of `RECONCILER_TOKEN`; it cannot be renewed."""

    given: Secret

    def token(self) -> Secret:
        """Give it."""
        return self.given

    def renew(self, stale: Secret) -> Secret:
        """Raise `Unauthorised`: there is no other."""
        del stale
        raise Unauthorised(
            f"The register refused the token in RECONCILER_TOKEN: {describe_token(self.given)}.",
            hint="Fetch a new one, or unset it and give a key.",
            status=401,
        )


class GrantedTokens:
    """Tokens from Maskinporten, each used until it is stale; one request at a time."""

    def __init__(
        self,
        client: httpx.Client,
        issuer: str,
        client_id: str,
        key: Signer,
        delegation: Delegation | None = None,
        *,
        purpose: Purpose = REGISTER,
    ) -> None:
        objection = find_objection("grant", issuer, str(client.base_url.join("token")))
        if objection:
            raise CredentialsError(
                f"No grant is sent to {client.base_url}: {objection}.",
                hint="Check the environment's addresses.",
            )
        self._client = client
        self._issuer = issuer
        self._client_id = client_id
        self._key = key
        self._delegation = delegation
        self._purpose = purpose
        self._lock = Lock()
        self._token: Secret | None = None
        self._stale_at = 0.0
        self._failure: MaskinportenError | None = None
        self._failed_at = 0.0
        self.delays = Delays()
        """Says that a token is asked for again."""

    def token(self) -> Secret:
        """Give a token that is not stale; raises `MaskinportenError`."""
        asked = time.monotonic()
        with self._lock:
            if self._failure and self._failed_at >= asked:
                raise self._failure  # what a thread waited for has failed, and would again
            if self._token is None or time.monotonic() >= self._stale_at:
                try:
                    self._token, self._stale_at = self._fetch()
                except MaskinportenError as error:
                    self._failure, self._failed_at = error, time.monotonic()
                    raise
            return self._token

    def renew(self, stale: Secret) -> Secret:
        """Give another token than a refused one, which another thread may have fetched already."""
        with self._lock:
            if self._token == stale:
                self._token = None
        return self.token()

    def _fetch(self) -> tuple[Secret, float]:
        """Fetch a token, and say when it is stale."""
        patience, replayed = Patience(TOKEN_BUDGET, self.delays), False
        while True:
            sent = time.monotonic()
            try:
                token, lifetime = self._ask(patience)
                check_delegation(token, self._delegation)
            except GrantReplayed:
                if replayed:
                    raise
                replayed = True
            except _Transient as failure:
                message = f"Maskinporten at {self._issuer} gave no token: {failure.reason}."
                if not patience.wait(message, failure.wait):
                    raise MaskinportenUnavailable(
                        message,
                        hint="Check the address and the network; https://status.digdir.no reports outages.",
                    ) from None
            else:
                return token, sent + lifetime - min(RENEWAL, lifetime / 2)

    def _ask(self, patience: Patience) -> tuple[Secret, float]:
        """Ask once, with a grant of its own; gives the token and its lifetime."""
        consumer = self._delegation.consumer if self._delegation else ""
        with patience.excuse(0.0):  # what signs may be a service of its own
            grant = sign_grant(self._key, self._issuer, self._client_id, consumer, self._purpose)
        form = {"grant_type": GRANT_TYPE, "assertion": grant}
        try:
            response = self._client.post("token", data=form, extensions={"seconds": patience.limit()})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Transient(describe_failure(error)) from None
        status, body = response.status_code, read_body(response)
        if status == 200:
            return _read_token(body)
        explained = isinstance(body, dict) and {"error", "error_description"} & body.keys()
        if status == 429 or status >= 500 or not explained:
            raise _Transient(f"it answered {status}", read_wait(response))
        date = response.headers.get("Date", "")
        raise explain_grant_refusal(
            body, self._client_id, self._key.kid, date, consumer=consumer, scope=self._purpose.scope
        )


def _read_token(body: Json) -> tuple[Secret, float]:
    """Read a token and its lifetime in seconds out of a success."""
    try:
        token, lifetime = body["access_token"], float(body["expires_in"])
    except (TypeError, KeyError, ValueError):
        raise _Transient("it answered 200 without a token") from None
    if not isinstance(token, str) or not is_token(token) or not 0 < lifetime < float("inf"):
        raise _Transient("it answered 200 with what is no token")
    return Secret(token), lifetime


class _Transient(MaskinportenUnavailable):
    """A failure that the next attempt may not have; never leaves this module."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


def sign_grant(
    key: Signer, issuer: str, client_id: str, consumer: str = "", purpose: Purpose = REGISTER
) -> str:
    """Sign a fresh grant: `aud` the issuer with its slash, `kid` in the header, a new `jti`; raises `SignerFailed`.

    `consumer` is the organisation on whose behalf a delegated scope is asked for; empty for the client's own.
    """
    issued = int(time.time()) - BACKDATED
    claims = {
        "aud": issuer,
        "iss": client_id,
        "scope": purpose.scope,
        "iat": issued,
        "exp": issued + LIFETIME,
        "jti": str(uuid.uuid4()),
        **({"consumer_org": consumer} if consumer else {}),
        **({"authorization_details": purpose.details} if purpose.details else {}),
    }
    header = {"alg": key.algorithm, "kid": key.kid, "typ": "JWT"}
    text = b".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return b".".join((text, _encode(key.sign(text)))).decode()


def _encode(part: bytes) -> bytes:
    """Encode one part of a JWS: base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(part).rstrip(b"=")


@contextmanager
def open_tokens(
    environment: Environment,
    credentials: Credentials,
    delegation: Delegation | None = None,
    *,
    purpose: Purpose = REGISTER,
    notify: Callable[[str], None] | None = None,
) -> Iterator[TokenSource]:
    """Give the source of tokens for an environment, by a delegation or by the client's own right.

    `notify` is called with a sentence when Maskinporten takes long.
    Raises `CredentialsError` for an unusable key, and `DelegationRefused` for a ready token that is another's.
    """
    if credentials.token:
        check_form(credentials.token)
        check_destination(credentials.token, environment)
        check_delegation(credentials.token, delegation)
        yield GivenToken(credentials.token)
        return
    key = open_signer(credentials)
    with open_client(environment.maskinporten) as client:
        granted = GrantedTokens(
            client, environment.maskinporten, credentials.client_id, key, delegation, purpose=purpose
        )
        if notify:
            granted.delays = Delays(notify)
        yield granted
