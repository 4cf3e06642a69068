"""The form of a ready token, and the last check before it leaves the process."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.clients.credentials import Credentials
from reconciler.clients.http_client import open_client
from reconciler.clients.keys import Key
from reconciler.clients.maskinporten import GrantedTokens, open_tokens
from reconciler.clients.register import HttpRegister
from reconciler.clients.token_claims import check_destination, check_form
from reconciler.errors import CredentialsError
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json

ISSUER = "https://maskinporten.example/"
OWN = Environment("own", "https://register.example", ISSUER)


def encode(value: Json) -> str:
    """Encode one part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def make_token(issuer: Json = ISSUER) -> Secret:
    """Make an unsigned token of an issuer."""
    return Secret(f"{encode({'alg': 'RS256'})}.{encode({'iss': issuer})}.c2lnbmF0dXJl")


def test_a_whole_token_passes() -> None:
    """R4: three parts, two of them objects, and an issuer."""
    check_form(make_token())


@pytest.mark.parametrize(
    "text",
    [
        "opaque",
        f"{encode({})}.{encode({'iss': ISSUER})}",
        f"{encode({})}.{encode({'iss': ISSUER})}.s.t",
        f"{encode({})}.{encode({'iss': ISSUER})}.s.t.u",
        f"{encode({'alg': 'x'})}.{encode({'iss': ISSUER})}.",
        f"{encode({'alg': 'x'})}.{encode({'iss': ISSUER})[:-5]}.c2ln",
        f"{encode({'alg': 'x'})[3:]}.{encode({'iss': ISSUER})}.c2ln",
        f"{encode(None)}.{encode({'iss': ISSUER})}.c2ln",
        f"{encode({'alg': 'x'})}.{encode([ISSUER])}.c2ln",
        f"{encode({'alg': 'x'})}.{encode({'iss': ISSUER})}=.c2ln",
        f"{encode({'alg': 'x'})}.{encode({'iss': ISSUER})}.c2+n",
        f"{encode({'alg': 'x'})}.{encode({'client_id': 'x'})}.c2ln",
        f"{encode({'alg': 'x'})}.{encode({'iss': 5})}.c2ln",
        f"{encode({'alg': 'x'})}.{'W' * 4000}.c2ln",
    ],
)
def test_a_damaged_token_is_refused_before_the_first_request(text: str) -> None:
    """R4: what the register would answer 500 without a body is named here, and not quoted."""
    with pytest.raises(CredentialsError) as caught, open_tokens(OWN, Credentials(token=Secret(text))):
        pass

    assert "RECONCILER_TOKEN" in caught.value.message
    assert not any(part in caught.value.message for part in text.split(".") if len(part) > 8)
    assert caught.value.hint


def test_a_ready_token_of_another_issuer_is_refused_before_the_first_request() -> None:
    """W3: `iss` is compared with the environment when the token is read."""
    tt02 = Environment("tt02", "https://platform.tt02.altinn.no", "https://test.maskinporten.no/")
    for environment, issuer in (
        (OWN, "https://test.maskinporten.no/"),
        (OWN, "https://other.example/"),
        (tt02, "https://maskinporten.no/"),
        (tt02, ISSUER),
    ):
        with (
            pytest.raises(CredentialsError) as caught,
            open_tokens(environment, Credentials(token=make_token(issuer))),
        ):
            pass
        assert environment.register in caught.value.message
    for environment, issuer in ((OWN, ISSUER), (tt02, "https://test.maskinporten.no/")):
        with open_tokens(environment, Credentials(token=make_token(issuer))) as tokens:
            assert tokens.token()


class Tokens:
    """Gives one token."""

    def __init__(self, given: Secret) -> None:
        self.given = given

    def token(self) -> Secret:
        """Give it."""
        return self.given

    def renew(self, stale: Secret) -> Secret:
        """Give it again."""
        del stale
        return self.given


@pytest.mark.parametrize("issuer", ["https://maskinporten.no/", "https://test.maskinporten.no/", "x"])
def test_the_register_sends_no_token_that_belongs_elsewhere(issuer: str) -> None:
    """W3: whoever gave the token, it is looked at again where it leaves the process; nothing is sent."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    transport = httpx.MockTransport(answer)
    with HttpRegister(OWN, Tokens(make_token(issuer)), read_only=False, transport=transport) as register:
        for ask in (register.list_systems, lambda: register.delete_system("x")):
            with pytest.raises(CredentialsError):
                ask()
        assert sent == []
        assert register.read_resource("a-resource") == {}  # metadata take no token

    assert ["Authorization" in each.headers for each in sent] == [False]


def test_an_opaque_token_counts_as_its_givers() -> None:
    """W3: a token that says nothing came from the environment's own issuer."""
    check_destination(Secret("opaque"), OWN)
    with pytest.raises(CredentialsError):
        check_destination(
            Secret("opaque"), Environment("own", "https://register.example", "https://maskinporten.no/")
        )


def test_a_grant_is_signed_for_its_endpoint_alone(private_key: RSAPrivateKey) -> None:
    """W3: a client of another host than the issuer's makes no source of tokens."""
    with open_client("https://elsewhere.example/") as client, pytest.raises(CredentialsError) as caught:
        GrantedTokens(client, "https://maskinporten.no/", "a-client", Key(private_key, "a-kid", "RS256"))

    assert "elsewhere.example" in caught.value.message
