"""The vendor's program with a system user: a grant, the exchange of its token, and what it opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.clients.credentials import (
    Credentials,
    drop_secrets,
    read_runtime_credentials,
)
from reconciler.clients.exposure import check_exposed
from reconciler.clients.maskinporten import GivenToken
from reconciler.clients.runtime import AsSystemUser, make_details, open_as_system_user
from reconciler.clients.token_exchange import PATH, ExchangedTokens, exchange_token
from reconciler.emulator import start
from reconciler.errors import (
    CredentialsError,
    Forbidden,
    Rejected,
    SystemUserRefused,
    Unauthorised,
    Unintelligible,
    UsageError,
)
from reconciler.model.authorized_parties import AuthorizedParty
from reconciler.model.customers import Triple
from reconciler.model.environment import PARTIES, Environment
from reconciler.model.secret import Secret
from tests.builders import CLIENT, VENDOR, a_live_document
from tests.emulator.callers import control, fetch_token, make_jwk
from tests.served import KID, export_pem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.emulator import Emulator

SYSTEM, ORG = f"{VENDOR}_smartcloud", "310904473"
TRIPLE = Triple(SYSTEM, ORG, "reconciler-check")
USER = {
    "id": "0b8f7d0e-0000-4a57-9d0a-0b7a2f9c1d11",
    "systemId": SYSTEM,
    "reporteeOrgNo": ORG,
    "supplierOrgno": VENDOR,
    "externalRef": TRIPLE.reference,
    "rights": a_live_document()["rights"],
    "accessPackages": a_live_document()["accessPackages"],
}


@pytest.fixture(scope="module")
def emulator(private_key: RSAPrivateKey) -> Iterator[Emulator]:
    """Start an embedded register with a customer's system user."""
    client = {
        "client_id": CLIENT,
        "org": VENDOR,
        "scopes": [PARTIES, "other:scope"],
        "jwk": make_jwk(private_key, KID),
    }
    with start({"clients": [client]}, seed=[a_live_document(id=SYSTEM, clientId=[CLIENT])]) as started:
        control(started, "POST", "setup", {"systemUsers": [USER]})
        yield started


@pytest.fixture
def environment(emulator: Emulator) -> Environment:
    """Name its environment."""
    return Environment("served", emulator.base, emulator.maskinporten, test=True)


@pytest.fixture
def credentials(private_key: RSAPrivateKey) -> Credentials:
    """Give those of the runtime client."""
    return Credentials(CLIENT, Secret(export_pem(private_key)), KID)


def test_a_token_and_what_it_opens(environment: Environment, credentials: Credentials) -> None:
    """The grant names the system user, and its access is what was given to it."""
    with open_as_system_user(environment, credentials, TRIPLE, [PARTIES]) as program:
        (detail,) = program.read_claims()["authorization_details"]
        found = program.list_parties()

    assert (detail["systemuser_id"], detail["system_id"]) == ([USER["id"]], SYSTEM)
    assert found.complete
    assert found.parties == (
        AuthorizedParty(ORG, frozenset({"skattegrunnlag"}), frozenset({"ske-krav-og-betalinger"})),
    )


def test_nobody_has_that_reference(environment: Environment, credentials: Credentials) -> None:
    """MP-303, by the code that Maskinporten gives."""
    other = TRIPLE._replace(reference="other")
    with (
        open_as_system_user(environment, credentials, other, [PARTIES]) as program,
        pytest.raises(SystemUserRefused) as caught,
    ):
        program.read_claims()

    assert caught.value.code == "MP-303"


def test_without_the_scope(environment: Environment, credentials: Credentials) -> None:
    """The call is refused, and the scope that lacks is named."""
    with (
        open_as_system_user(environment, credentials, TRIPLE, ["other:scope"]) as program,
        pytest.raises(Forbidden, match=PARTIES),
    ):
        program.list_parties()


def test_a_token_that_is_no_system_users(emulator: Emulator, environment: Environment) -> None:
    """It is exchanged, and then opens nothing."""
    token = Secret(fetch_token(emulator, VENDOR, PARTIES))
    with pytest.raises((Unauthorised, Rejected)):
        AsSystemUser(environment, GivenToken(token)).list_parties()


def test_a_ready_token_is_no_credential(environment: Environment) -> None:
    """A system user's token is fetched by the check itself."""
    with (
        pytest.raises(CredentialsError),
        open_as_system_user(environment, Credentials(token=Secret("a.b.c")), TRIPLE, [PARTIES]),
    ):
        pass


def test_a_grant_names_the_reference() -> None:
    """Where it is not the customer's own number, which stands for itself (Maskinporten contract §2.3)."""
    (given,) = make_details(TRIPLE)
    (usual,) = make_details(TRIPLE._replace(reference=ORG))

    assert given["externalRef"] == "reconciler-check"
    assert given["systemuser_org"] == {"authority": "iso6523-actorid-upis", "ID": f"0192:{ORG}"}
    assert "externalRef" not in usual


def answer(*responses: httpx.Response) -> httpx.MockTransport:
    """Answer requests in order."""
    rest = iter(responses)

    def handle(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("GET", PATH)
        return next(rest)

    return httpx.MockTransport(handle)


TOKEN = Secret("a.b.c")
OWN = Environment("own", "https://register.example", "https://maskinporten.example/", test=True)


@pytest.mark.parametrize("text", ["x.y.z", '"x.y.z"', "x.y.z\n"], ids=["bare", "quoted", "line"])
def test_both_forms_of_an_exchanged_token(text: str) -> None:
    """As a JSON text and as it is (Maskinporten contract §6)."""
    assert exchange_token(OWN, TOKEN, answer(httpx.Response(200, text=text))) == Secret("x.y.z")


@pytest.mark.parametrize(
    "text", ["", "{}", "<html>", '"a b"', "[1]"], ids=["empty", "object", "page", "blank", "list"]
)
def test_what_is_no_token(text: str) -> None:
    """It is not sent anywhere."""
    with pytest.raises(Unintelligible, match="no token"):
        exchange_token(OWN, TOKEN, answer(httpx.Response(200, text=text)))


def test_an_exchange_is_tried_again() -> None:
    """It is a read; a refusal is final."""
    assert exchange_token(OWN, TOKEN, answer(httpx.Response(503), httpx.Response(200, text="x.y.z")))
    with pytest.raises(Unauthorised):
        exchange_token(OWN, TOKEN, answer(httpx.Response(401)))


def test_a_token_goes_only_where_it_belongs(emulator: Emulator) -> None:
    """A token of another issuer is not exchanged: nothing is sent."""
    foreign = Secret(fetch_token(emulator, VENDOR, PARTIES))
    with pytest.raises(CredentialsError, match="not sent"):
        exchange_token(OWN, foreign, answer())


def test_a_token_is_exchanged_once() -> None:
    """And again when it was refused."""
    tokens = iter([Secret("a.b.c"), Secret("d.e.f")])

    class Source:
        """Gives another token when one was refused."""

        last = next(tokens)

        def token(self) -> Secret:
            """Give it."""
            return self.last

        def renew(self, stale: Secret) -> Secret:
            """Give another."""
            assert stale == self.last
            self.last = next(tokens)
            return self.last

    exchanged = ExchangedTokens(
        OWN, Source(), answer(*(httpx.Response(200, text=f"{each}.y.z") for each in "pq"))
    )
    assert exchanged.token() == exchanged.token() == Secret("p.y.z")
    assert exchanged.renew(Secret("p.y.z")) == Secret("q.y.z")


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "missing: RECONCILER_CHECK_CLIENT_ID, RECONCILER_CHECK_CLIENT_JWK"),
        ({"RECONCILER_CHECK_CLIENT_ID": CLIENT}, "missing: RECONCILER_CHECK_CLIENT_JWK"),
        ({"RECONCILER_CHECK_CLIENT_JWK": "k"}, "missing: RECONCILER_CHECK_CLIENT_ID"),
        ({"RECONCILER_CHECK_CLIENT_ID": "a b", "RECONCILER_CHECK_CLIENT_JWK": "k"}, "is no client id"),
        (
            {"MASKINPORTEN_CLIENT_ID": CLIENT, "MASKINPORTEN_CLIENT_JWK": "k"},
            "missing: RECONCILER_CHECK_CLIENT_ID",
        ),
    ],
    ids=["none", "no key", "no client", "no id", "the vendor's"],
)
def test_credentials_of_the_runtime_client(environ: dict[str, str], told: str) -> None:
    """They are its own: those that write to the register do not stand for them."""
    with pytest.raises(CredentialsError, match=told):
        read_runtime_credentials(environ)
    whole = {"RECONCILER_CHECK_CLIENT_ID": CLIENT, "RECONCILER_CHECK_CLIENT_JWK": "k"}
    assert read_runtime_credentials(whole) == Credentials(CLIENT, Secret("k"))


def test_the_key_of_the_runtime_client_is_kept_from_sight() -> None:
    """It is handed to no other program, and refused where no key belongs, without being shown."""
    given = {"RECONCILER_CHECK_CLIENT_JWK": "k", "RECONCILER_CHECK_CLIENT_JWK_PATH": "k.jwk"}
    assert drop_secrets({**given, "PATH": "/bin"}) == {"PATH": "/bin"}

    secret = '{"kty": "RSA", "d": "hunter2"}'
    for name in ("RECONCILER_CHECK_CLIENT_ID", "RECONCILER_CHECK_CLIENT_JWK_PATH"):
        with pytest.raises(UsageError, match=name) as caught:
            check_exposed([], {name: secret})
        assert "hunter2" not in f"{caught.value.message}{caught.value.hint}"


def test_the_key_of_the_runtime_client_in_a_file(tmp_path: Path) -> None:
    """Named by its path; and one that differs from the variable's is refused."""
    path = tmp_path / "runtime.jwk"
    path.write_text("from a file\n", encoding="utf-8")
    given = {"RECONCILER_CHECK_CLIENT_ID": CLIENT, "RECONCILER_CHECK_CLIENT_JWK_PATH": str(path)}

    assert read_runtime_credentials(given).key == Secret("from a file")
    with pytest.raises(CredentialsError, match="hold different keys"):
        read_runtime_credentials({**given, "RECONCILER_CHECK_CLIENT_JWK": "another"})
