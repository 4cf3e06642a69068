"""The exchange of a Maskinporten token for one of Altinn's own (Maskinporten contract §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from reconciler.clients.credentials import is_token
from reconciler.clients.http_client import Patience, explain_failure, open_client
from reconciler.clients.refusals import explain_refusal
from reconciler.clients.response_body import read_body
from reconciler.clients.token_claims import check_destination
from reconciler.errors import NoAnswer, NotConnected, ServerFailed, TooManyRequests, Unintelligible
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from reconciler.clients.maskinporten import TokenSource
    from reconciler.model.environment import Environment

PATH = "/authentication/api/v1/exchange/maskinporten"
_BUDGET = 10.0
"""Seconds for all attempts at one exchange."""


class ExchangedTokens:
    """Altinn's tokens in place of Maskinporten's, each exchanged when it is needed."""

    def __init__(
        self, environment: Environment, tokens: TokenSource, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._environment = environment
        self._tokens = tokens
        self._transport = transport
        self._last = (Secret(""), Secret(""))

    def token(self) -> Secret:
        """Give an exchanged token; raises `RegisterError`, `MaskinportenError` or `CredentialsError`."""
        own = self._tokens.token()
        if self._last[0] != own:
            self._last = (own, exchange_token(self._environment, own, self._transport))
        return self._last[1]

    def renew(self, stale: Secret) -> Secret:
        """Give another token than one that was refused, out of another one of Maskinporten's."""
        if stale == self._last[1]:
            self._tokens.renew(self._last[0])
        return self.token()


def exchange_token(
    environment: Environment, token: Secret, transport: httpx.BaseTransport | None = None
) -> Secret:
    """Exchange a token at the environment's platform.

    Raises `RegisterError`, and `CredentialsError` for a token that must not be sent there.
    """
    check_destination(token, environment)
    patience = Patience(_BUDGET)
    with open_client(environment.register, read_only=True, transport=transport) as client:
        while True:
            try:
                return _ask(client, environment.register, token, patience)
            except (NotConnected, NoAnswer, ServerFailed, TooManyRequests) as failure:
                asked = failure.wait if isinstance(failure, TooManyRequests) else None
                if not patience.wait(failure.message, asked):
                    raise


def _ask(client: httpx.Client, base: str, token: Secret, patience: Patience) -> Secret:
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    try:
        response = client.get(PATH, headers=headers, extensions={"seconds": patience.limit()})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise explain_failure(error, base) from None
    if response.status_code != 200:
        raise explain_refusal(response, base, "", token)
    body = read_body(response)  # a text in quotation marks or bare, by what the client accepts
    if not isinstance(body, str) or not is_token(body.strip()):
        raise Unintelligible(
            f"{urlsplit(base).netloc} answered an exchange of tokens with what is no token.",
            hint="Check the environment's address.",
        )
    return Secret(body.strip())
