"""Maskinporten contract §6: a Maskinporten token for one of Altinn's own, as programs by others ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest

from reconciler.emulator.maskinporten import token_exchange
from tests.emulator.callers import HTTP, ORG, VENDOR, WRITE, control, fetch_token

if TYPE_CHECKING:
    import httpx

    from reconciler.emulator import Emulator

UPIS = "iso6523-actorid-upis"


def make_token(emulator: Emulator, **claims: object) -> str:
    """Sign a Maskinporten token; None leaves a claim out."""
    usual = {"scope": WRITE, "client_id": "c1", "consumer": {"authority": UPIS, "ID": f"0192:{ORG}"}}
    body = {
        "claims": {**usual, "jti": "j", "client_amr": "private_key_jwt", "aud": "x", "sid": "s", **claims}
    }
    return str(control(emulator, "POST", "tokens", body).json()["access_token"])


def ask(emulator: Emulator, token: str, provider: str = "maskinporten", **headers: str) -> httpx.Response:
    """Exchange a token."""
    path = token_exchange.PATH.replace("{tokenProvider}", provider)
    return HTTP.get(f"{emulator.base}{path}", headers={"Authorization": f"Bearer {token}", **headers})


def read(token: str) -> dict[str, object]:
    """Give the claims of a token."""
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_claims(shared: Emulator) -> None:
    """§6.4: what is kept, dropped and added; the register takes the result."""
    details = {"type": "urn:altinn:systemuser", "system_id": "x"}
    token = ask(shared, make_token(shared, authorization_details=[details])).raise_for_status().text
    claims = read(token)
    assert claims.pop("sid") != "s"
    begins, ends = claims.pop("nbf"), claims.pop("exp")
    assert claims.pop("iat") == begins
    assert isinstance(begins, int)
    assert ends == begins + 1800
    assert claims == {
        "scope": WRITE,
        "client_id": "c1",
        "consumer": {"authority": UPIS, "ID": f"0192:{ORG}"},
        "jti": "j",
        "authorization_details": details,
        "iss": f"{shared.base}/authentication/api/v1/openid/",
        "urn:altinn:orgNumber": ORG,
        "urn:altinn:authenticatemethod": "maskinporten",
        "urn:altinn:authlevel": 3,
    }
    headers = {"Authorization": f"Bearer {token}"}
    assert HTTP.get(f"{shared.base}{VENDOR}", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("accept", "quoted"), [("*/*", False), ("text/plain", False), ("application/json", True)]
)
def test_negotiation(shared: Emulator, accept: str, *, quoted: bool) -> None:
    """§6.3: the bare token, or a JSON string in quotes where JSON is asked for."""
    text = ask(shared, make_token(shared), "Maskinporten", Accept=accept).text
    assert text.startswith('"ey' if quoted else "ey")


@pytest.mark.parametrize(
    ("query", "org"),
    [("", "digdir"), ("?test=true", "ttd"), ("?TEST=True", "ttd"), ("?test=false", "digdir")],
)
def test_service_owner(shared: Emulator, query: str, org: str) -> None:
    """§6.1: `test` makes ttd of digdir, and has no effect without a service owner's scope."""
    token = make_token(shared, scope="altinn:serviceowner/instances.read")
    assert read(ask(shared, token, f"maskinporten{query}").text)["urn:altinn:org"] == org
    for other in (WRITE, "x.altinn:serviceowner"):
        token = make_token(shared, scope=other)
        assert "urn:altinn:org" not in read(ask(shared, token, f"maskinporten{query}").text)


@pytest.mark.parametrize(
    "claims",
    [
        {"consumer": None},
        {"consumer": "x"},
        {"consumer": [1]},
        {"consumer": {"authority": "x", "ID": f"0192:{ORG}"}},
        {"consumer": {"authority": UPIS, "ID": ORG}},
        {"consumer": {"authority": UPIS, "ID": f"9908:{ORG}"}},
        {"consumer": {"authority": UPIS}},
        {"exp": None},
        {"exp": 1},
        {"iss": "https://other.example/"},
    ],
)
def test_refused(shared: Emulator, claims: dict[str, object]) -> None:
    """§6.2: whatever is wrong with the token is 401, with the framework's body."""
    answer = ask(shared, make_token(shared, **claims))
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


@pytest.mark.parametrize("provider", ["maskinporten", "nobody"])
@pytest.mark.parametrize("token", ["-", "x", "a.b"])
def test_no_token(shared: Emulator, provider: str, token: str) -> None:
    """§6.2: what is no token is 401, before the provider is looked at."""
    assert ask(shared, token, provider).status_code == 401


def test_twice(shared: Emulator) -> None:
    """§6.2: an exchanged token, and a generator's, are no longer Maskinporten's."""
    exchanged = ask(shared, make_token(shared)).text
    for token in (exchanged, fetch_token(shared)):
        assert ask(shared, token).status_code == 401


def test_providers(shared: Emulator) -> None:
    """§6.3, E26: an unknown provider is 400 in words; the two others are a gap that is named."""
    token = make_token(shared)
    answer = ask(shared, token, "nobody")
    assert (answer.status_code, answer.text[:32]) == (400, "Invalid token provider: nobody. ")
    for provider in ("id-porten", "AltinnStudio"):
        assert ask(shared, token, provider).status_code == 501


def test_enterprise_user(shared: Emulator) -> None:
    """§6.1: the header of a feature that was removed is 410."""
    header = {"X-Altinn-EnterpriseUser-Authentication": "x"}
    answer = ask(shared, make_token(shared), **header)
    assert answer.status_code == 410
    assert answer.json()["title"] == "Virksomhetsbruker is no longer available"
    assert ask(shared, "x", **header).status_code == 401


def test_bad_query(shared: Emulator) -> None:
    """§6.1: `test` is a boolean."""
    answer = ask(shared, make_token(shared), "maskinporten?test=1")
    assert answer.json()["errors"] == {"test": ["The value '1' is not valid."]}
