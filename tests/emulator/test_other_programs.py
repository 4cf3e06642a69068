"""What programs by others need of the emulator, with an address and a key alone changed (rows E21 to E26)."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from reconciler.emulator import start
from tests.emulator.callers import (
    ADMIN,
    HTTP,
    ORG,
    OTHER_ORG,
    VENDOR,
    WRITE,
    connect,
    fetch_token,
    make_claims,
    make_document,
    make_jwk,
    send_grant,
    sign,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from cryptography.hazmat.primitives.asymmetric import rsa
    from starlette.types import Message

    from reconciler.emulator import Emulator

OFFICIAL = "https://test.maskinporten.no/"
BY_SYSTEM = "/authentication/api/v1/systemuser/vendor/bysystem"
GENERATOR = "/api/GetEnterpriseToken"
PUBLIC = "https://register.example:8443/altinn"
SECRET = "let-me-in"


def read(token: str) -> dict[str, object]:
    """Give the claims of a token."""
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def make_client(key: rsa.RSAPrivateKey, **changes: object) -> dict[str, object]:
    """Describe a client of Maskinporten's, as the configuration does."""
    client = {"client_id": "c1", "org": ORG, "scopes": [WRITE], "jwk": make_jwk(key), **changes}
    return {name: value for name, value in client.items() if value is not None}


def ask(
    emulator: Emulator, key: rsa.RSAPrivateKey, client_id: str = "c1", **claims: object
) -> httpx.Response:
    """Ask for a token with a grant that is good but for what is given."""
    return send_grant(emulator, sign(make_claims(emulator, client_id, **claims), key))


def knock(emulator: Emulator, path: str, sender: str = "127.0.0.1", **headers: str) -> int:
    """Give the status that a caller from an address gets."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"env=tt02&scopes=x",
        "headers": [(b"host", b"x"), *((k.encode(), v.encode()) for k, v in headers.items())],
        "client": (sender, 1),
    }
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def visit() -> None:
        await emulator.app(scope, receive, send)

    asyncio.run(visit())
    return statuses[0]


@pytest.fixture(scope="module")
def paged() -> dict[str, object]:
    """Describe a system with two pages of system users."""
    users = [
        {
            "id": f"00000000-0000-0000-0000-{number:012}",
            "systemId": f"{ORG}_x",
            "reporteeOrgNo": OTHER_ORG,
            "supplierOrgno": ORG,
            "externalRef": str(number),
        }
        for number in range(3)
    ]
    return {"system_users": users, "page_size": 2}


@pytest.fixture(scope="module")
def plain(paged: dict[str, object]) -> Iterator[Emulator]:
    """Run an emulator without any address but its own."""
    with start(paged, seed=[make_document(f"{ORG}_x")]) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def official(private_key: rsa.RSAPrivateKey) -> Iterator[Emulator]:
    """Run an emulator that calls itself what the real one is called."""
    rules = {
        "issuer": OFFICIAL,
        "audiences": ["https://maskinporten.no/", "https://ver2.maskinporten.no/"],
    }
    config = {"clients": [make_client(private_key)], "maskinporten": rules}
    with start(config) as emulator:
        yield emulator


class TestLinks:
    """E21: `links.next` leads to where the client already is."""

    def find_next(self, emulator: Emulator, **headers: str) -> str:
        """Give `links.next` of the first page."""
        query = {"env": "tt02", "scopes": ADMIN, "orgNo": ORG}
        shown = {"Authorization": f"Bearer {SECRET}"}
        token = HTTP.get(f"{emulator.local}{GENERATOR}", params=query, headers=shown).raise_for_status().text
        sent = {"Authorization": f"Bearer {token}", **headers}
        page = HTTP.get(f"{emulator.local}{BY_SYSTEM}/{ORG}_x", headers=sent).raise_for_status().json()
        return str(page["links"]["next"])

    def test_followed_to_the_letter(self, plain: Emulator) -> None:
        """E21: the link of a page is the next page, and the last has none."""
        headers = {"Authorization": f"Bearer {fetch_token(plain)}"}
        last = HTTP.get(self.find_next(plain), headers=headers).raise_for_status().json()
        assert [user["externalRef"] for user in last["data"]] == ["2"]
        assert last["links"] == {}

    def test_token_is_not_padded(self, plain: Emulator) -> None:
        """E21: the token is base64url without padding, and is read with or without."""
        link = self.find_next(plain)
        assert link.endswith("?token=Mw")
        headers = {"Authorization": f"Bearer {fetch_token(plain)}"}
        for spelling in (link, link + "=", link + "=="):
            assert len(HTTP.get(spelling, headers=headers).raise_for_status().json()["data"]) == 1

    def test_forwarded(self, plain: Emulator) -> None:
        """E21: of what proxies forward, the nearest one's words count."""
        forwarded = {"X-Forwarded-Host": "evil.example, h.example", "X-Forwarded-Proto": "http, https"}
        assert self.find_next(plain, **forwarded).startswith(f"https://h.example{BY_SYSTEM}/")

    def test_public_address(self, paged: dict[str, object]) -> None:
        """E21, E26: the public address begins every link, whatever was called."""
        seed = [make_document(f"{ORG}_x")]
        with start({**paged, "control_token": SECRET}, seed=seed, public_url=f"{PUBLIC}/") as emulator:
            assert self.find_next(emulator).startswith(f"{PUBLIC}{BY_SYSTEM}/")
            assert self.find_next(emulator, **{"X-Forwarded-Host": "h"}).startswith(f"{PUBLIC}{BY_SYSTEM}/")

    def test_internal_host(self, paged: dict[str, object]) -> None:
        """E21: the internal host of a documentation page is a switch."""
        config = {**paged, "next_links": "internal"}
        with start(config, seed=[make_document(f"{ORG}_x")]) as emulator:
            assert self.find_next(emulator).startswith("http://altinn-authentication.internal/")


class TestGenerator:
    """E22: the generator of tokens takes what Altinn's takes."""

    def ask(self, emulator: Emulator, path: str = GENERATOR, **query: str) -> httpx.Response:
        """Ask with nothing but what is given."""
        return HTTP.get(f"{emulator.base}{path}", params=query)

    @pytest.mark.parametrize("env", ["at22", "tt02", "yt01", "prod", "local", "none"])
    def test_any_environment(self, shared: Emulator, env: str) -> None:
        """E22: every `env` gives a token that the register takes; without `orgNo` it is for a random organisation."""
        token = self.ask(shared, env=env, scopes=WRITE).raise_for_status().text
        assert (
            HTTP.get(f"{shared.base}{VENDOR}", headers={"Authorization": f"Bearer {token}"}).status_code
            == 200
        )
        assert str(read(token)["urn:altinn:orgNumber"]).isdigit()

    def test_claims(self, shared: Emulator) -> None:
        """E22: `org`, `supplierOrgNo` and `delegationSource` become claims."""
        query = {"org": "ttd", "supplierOrgNo": OTHER_ORG, "delegationSource": "https://altinn.example/"}
        claims = read(self.ask(shared, env="tt02", scopes=WRITE, orgNo=ORG, **query).text)
        assert claims["urn:altinn:org"] == "ttd"
        assert claims["supplier"] == {"authority": "iso6523-actorid-upis", "ID": f"0192:{OTHER_ORG}"}
        assert claims["delegation_source"] == "https://altinn.example/"

    def test_errors_by_field(self, shared: Emulator) -> None:
        """E22: what is wrong is said by field."""
        answer = self.ask(shared, orgNo="1", org="a b", ttl="soon", supplierOrgNo="x", delegationSource="x")
        wrong = "Parameter was supplied with an invalid value"
        assert answer.status_code == 400
        assert answer.json() == {
            "env": "Parameter must be supplied",
            "scopes": "Parameter must be supplied",
            "org": wrong,
            "orgNo": wrong,
            "supplierOrgNo": wrong,
            "ttl": wrong,
            "delegationSource": wrong,
        }

    def test_many(self, shared: Emulator) -> None:
        """E22: `bulkCount` gives as many tokens, each by its organisation."""
        tokens = self.ask(shared, env="tt02", scopes=WRITE, bulkCount="3").raise_for_status().json()
        assert len(tokens) == 3
        assert all(read(token)["urn:altinn:orgNumber"] == org for org, token in tokens.items())

    def test_dump(self, shared: Emulator) -> None:
        """E22: `dump` shows the token to people."""
        text = self.ask(shared, env="tt02", scopes=WRITE, orgNo=ORG, dump="true").text
        assert text.index('"alg": "RS256"') < text.index("\n.\n") < text.index(f'"0192:{ORG}"')

    def test_person(self, shared: Emulator) -> None:
        """E22: a person's token opens the portal's routes, as the generator's does."""
        path = "/api/GetPersonalToken"
        query = {"env": "tt02", "scopes": "altinn:portal/enduser", "userId": "7", "partyId": "8"}
        token = self.ask(shared, path, **query, pid="07837399275").raise_for_status().text
        claims = read(token)
        assert (claims["pid"], claims["urn:altinn:userid"], claims["urn:altinn:partyid"]) == (
            "07837399275",
            7,
            8,
        )
        headers = {"Authorization": f"Bearer {token}"}
        assert (
            HTTP.get(f"{shared.base}/authentication/api/v1/systemregister", headers=headers).status_code
            == 200
        )
        wrong = self.ask(shared, path, env="tt02", pid="1", authLvl="9", partyuuid="x")
        assert sorted(wrong.json()) == ["authLvl", "partyuuid", "pid"]


class TestIssuer:
    """E23: Maskinporten goes by other names."""

    @pytest.mark.parametrize(
        "audience", [OFFICIAL, "https://maskinporten.no/", "https://ver2.maskinporten.no/"]
    )
    def test_audiences(self, official: Emulator, private_key: rsa.RSAPrivateKey, audience: str) -> None:
        """E23: `aud` may be the issuer, any further audience, and the emulator's own address."""
        for one in (audience, official.maskinporten):
            assert ask(official, private_key, aud=one).status_code == 200
        refused = ask(official, private_key, aud="https://other.example/")
        assert "Invalid JWT claim aud" in refused.json()["error_description"]

    def test_token(self, official: Emulator, private_key: rsa.RSAPrivateKey) -> None:
        """E23: tokens name that issuer, and the register takes them."""
        token = ask(official, private_key).raise_for_status().json()["access_token"]
        assert read(token)["iss"] == OFFICIAL
        headers = {"Authorization": f"Bearer {token}"}
        assert HTTP.get(f"{official.base}{VENDOR}", headers=headers).status_code == 200

    @pytest.mark.parametrize("folder", ["/", "/maskinporten/"])
    def test_stand_in(self, official: Emulator, private_key: rsa.RSAPrivateKey, folder: str) -> None:
        """E23: the endpoints hang under the issuer's own path too, for those who direct its host here."""
        metadata = HTTP.get(f"{official.base}{folder}.well-known/oauth-authorization-server").json()
        assert metadata["issuer"] == OFFICIAL
        assert metadata["token_endpoint"] == f"{official.base}/maskinporten/token"
        assert HTTP.get(f"{official.base}{folder}jwk").json()["keys"]
        grant = sign(make_claims(official, "c1", aud=OFFICIAL), private_key)
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": grant}
        assert HTTP.post(f"{official.base}{folder}token", data=form).status_code == 200

    def test_one_name_by_default(self, private_key: rsa.RSAPrivateKey) -> None:
        """E23: an official address is no audience unless it is set."""
        with start({"clients": [make_client(private_key)]}) as emulator:
            assert ask(emulator, private_key, aud=OFFICIAL).status_code == 400
            assert HTTP.get(f"{emulator.base}/jwk").status_code == 404


class TestResources:
    """E24: resources that public clients name."""

    def post(self, emulator: Emulator, *resources: str) -> httpx.Response:
        """Register a system with rights to some resources."""
        rights = [{"resource": [{"id": "urn:altinn:resource", "value": value}]} for value in resources]
        with connect(emulator) as client:
            return client.post(VENDOR, json=make_document(rights=rights))

    def test_shipped(self, shared: Emulator) -> None:
        """E24: those of Altinn's own collections and of Wenche are there."""
        answer = self.post(shared, "vegardtestressurs", "app_skd_formueinntekt-skattemelding-v2")
        assert answer.status_code == 200, answer.text
        path = "/resourceregistry/api/v1/resource/app_skd_formueinntekt-skattemelding-v2"
        assert HTTP.get(f"{shared.base}{path}").json()["resourceType"] == "AltinnApp"

    def test_patterns(self) -> None:
        """E24: a pattern makes whatever fits it known, an exact id comes first."""
        resources = {"app_*": "AltinnApp", "app_a_b": "Consent", "x-?": "MaskinportenSchema"}
        with start({"resources": resources}) as emulator:
            assert self.post(emulator, "app_brg_new-thing").status_code == 200
            assert "AUTH.VLD-00017" in self.post(emulator, "app_a_b").text
            assert "AUTH.VLD-00017" in self.post(emulator, "x-1").text
            assert "AUTH.VLD-00003" in self.post(emulator, "x-12").text
            address = f"{emulator.base}/resourceregistry/api/v1/resource"
            assert HTTP.get(f"{address}/app_brg_new-thing").json()["identifier"] == "app_brg_new-thing"
            assert "*" not in HTTP.get(f"{address}/resourcelist").text

    def test_any(self, shared: Emulator) -> None:
        """E24: a switch makes every resource known; without it an unknown one is 00003."""
        assert "AUTH.VLD-00003" in self.post(shared, "nobody-knows").text
        with start({"unknown_resources": "accept"}) as emulator:
            assert self.post(emulator, "nobody-knows", "app_ttd_anything").status_code == 200
            assert "AUTH.VLD-00017" in self.post(emulator, "ttd-am-k6").text


class TestTolerated:
    """E25: claims that NAV's, Altinn's and Wenche's grants hold."""

    def test_by_default(self, private_key: rsa.RSAPrivateKey) -> None:
        """E25: `sub` and `nbf` are taken, and no other claim."""
        with start({"clients": [make_client(private_key)]}) as emulator:
            assert ask(emulator, private_key, sub="c1", nbf=int(time.time())).status_code == 200
            refused = ask(emulator, private_key, other="x")
            assert "Invalid assertion" in refused.json()["error_description"]

    @pytest.mark.parametrize("name", ["sub", "nbf"])
    def test_strict(self, private_key: rsa.RSAPrivateKey, name: str) -> None:
        """E25: an empty list refuses both, as the documentation says."""
        config = {"clients": [make_client(private_key)], "maskinporten": {"tolerated_claims": []}}
        with start(config) as emulator:
            assert ask(emulator, private_key, **{name: "c1"}).status_code == 400


class TestPublished:
    """E26: an emulator that others can reach, and its control endpoint."""

    @pytest.mark.parametrize("path", ["/control/clock", GENERATOR, "/control/faults"])
    def test_closed_without_a_token(self, path: str) -> None:
        """E26: as soon as the host is not loopback everyone is refused, this machine too."""
        with start(host="0.0.0.0") as emulator:  # noqa: S104 - that is the case
            assert emulator.is_closed
            assert emulator.base.startswith("http://127.0.0.1:")
            assert knock(emulator, path) == 403
            assert knock(emulator, path, "10.0.0.1") == 403
            assert HTTP.get(f"{emulator.base}/health").text == "Healthy"

    @pytest.mark.parametrize(
        "headers", [{"x-forwarded-for": "10.0.0.1"}, {"forwarded": "for=10.0.0.1"}, {"via": "1.1 proxy"}]
    )
    def test_not_through_a_proxy(self, shared: Emulator, headers: dict[str, str]) -> None:
        """E26: a proxy on this machine does not open the control endpoint to others."""
        assert knock(shared, "/control/clock", **headers) == 403

    def test_closed_behind_a_public_address(self) -> None:
        """E26: a public address closes it as well, since something here calls for others."""
        with start(public_url=PUBLIC) as emulator:
            assert knock(emulator, "/control/clock") == 403

    @pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - that is the case
    @pytest.mark.parametrize("path", ["/control/clock", GENERATOR])
    def test_control_token(self, host: str, path: str) -> None:
        """E26: with a control token only callers who send it are let in, as Bearer token or as password."""
        basic = base64.b64encode(f"anybody:{SECRET}".encode()).decode()
        with start({"control_token": SECRET}, host=host) as emulator:
            assert not emulator.is_closed
            for good in (f"Bearer {SECRET}", f"bearer {SECRET}", f"Basic {basic}"):
                assert knock(emulator, path, "10.0.0.1", authorization=good) == 200
            for bad in ("", f"Bearer {SECRET}x", "Basic !", "Basic 4pi6", f"Digest {SECRET}", SECRET):
                assert knock(emulator, path, authorization=bad) == 401
            assert knock(emulator, path) == 401

    def test_public_address(self, private_key: rsa.RSAPrivateKey) -> None:
        """E26: the public address is the issuer, and stands in the metadata, in tokens and in `aud`."""
        config = {"clients": [make_client(private_key)], "control_token": SECRET}
        with start(config, public_url=f"{PUBLIC}/") as emulator:
            assert (emulator.base, emulator.maskinporten) == (PUBLIC, f"{PUBLIC}/maskinporten/")
            here = f"{emulator.local}/maskinporten"
            metadata = HTTP.get(f"{here}/.well-known/oauth-authorization-server").json()
            assert metadata["issuer"] == f"{PUBLIC}/maskinporten/"
            assert metadata["token_endpoint"] == f"{PUBLIC}/maskinporten/token"
            grant = sign(make_claims(emulator, "c1"), private_key)
            form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": grant}
            token = HTTP.post(f"{here}/token", data=form).raise_for_status().json()["access_token"]
            assert read(token)["iss"] == f"{PUBLIC}/maskinporten/"

    @pytest.mark.parametrize(
        "url", ["register.example", "ftp://x", "https://", "https://x/?a=b", "http://x:y"]
    )
    def test_wrong_public_address(self, url: str) -> None:
        """E26: what is no address is said at the start."""
        with pytest.raises(ValueError, match="public_url"):
            start(public_url=url)

    def test_empty_control_token(self) -> None:
        """E26: an empty token stops the start."""
        with pytest.raises(ValueError, match="control_token"):
            start({"control_token": " "})


class TestClients:
    """E26: clients as people have them."""

    @pytest.mark.parametrize("kind", ["PKCS8", "TraditionalOpenSSL", "public"])
    @pytest.mark.parametrize("kid", ["key-1", None])
    def test_pem(self, private_key: rsa.RSAPrivateKey, tmp_path: Path, kind: str, kid: str | None) -> None:
        """E26: a key in a PEM file is enough; without a `kid` it fits each one."""
        pem = tmp_path / "key.pem"
        encoding, public = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        if kind == "public":
            pem.write_bytes(private_key.public_key().public_bytes(encoding, public))
        else:
            private = getattr(serialization.PrivateFormat, kind)
            pem.write_bytes(private_key.private_bytes(encoding, private, serialization.NoEncryption()))
        client = make_client(private_key, jwk=None, pem_file=str(pem), kid=kid)
        with start({"clients": [client]}) as emulator:
            assert ask(emulator, private_key).status_code == 200
            other = send_grant(emulator, sign(make_claims(emulator, "c1"), private_key, kid="other"))
            assert other.status_code == (200 if kid is None else 400)

    @pytest.mark.parametrize(
        ("content", "said"),
        [("nonsense", "cannot be read"), (None, "cannot be read"), ("ec", "only an RSA key")],
    )
    def test_wrong_pem(self, tmp_path: Path, content: str | None, said: str) -> None:
        """E26: a file that holds no RSA key is said at the start."""
        if content is not None:
            (tmp_path / "key.pem").write_text(EC_KEY if content == "ec" else content)
        client = {"client_id": "c", "org": ORG, "scopes": [], "pem_file": str(tmp_path / "key.pem")}
        with pytest.raises(ValueError, match=said):
            start({"clients": [client]})

    def test_unknown(self, private_key: rsa.RSAPrivateKey) -> None:
        """E26: unknown clients are refused, or taken with whatever key and scopes they come."""
        with start() as emulator:
            assert ask(emulator, private_key, "nobody").json()["error_uri"].endswith("MP-100")
        config = {"unknown_clients": "accept", "unknown_clients_org": OTHER_ORG}
        with start({**config, "clients": [make_client(private_key)]}) as emulator:
            token = ask(emulator, private_key, "nobody", scope=ADMIN).json()["access_token"]
            claims = read(token)
            assert (claims["client_id"], claims["scope"]) == ("nobody", ADMIN)
            assert claims["consumer"] == {"authority": "iso6523-actorid-upis", "ID": f"0192:{OTHER_ORG}"}
            assert ask(emulator, private_key, "nobody", aud="https://x/").status_code == 400
            assert ask(emulator, private_key, "c1", scope=ADMIN).json()["error_uri"].endswith("MP-200")


class TestGaps:
    """E26: what is missing says so."""

    PATHS = (
        "/authentication/api/v1/systemuser/request/10000401/0b8f7d0e-2f0e-4a57-9d0a-0b7a2f9c1d11/approve",
        "/authentication/api/v1/systemuser/changerequest/10000401/0b8f7d0e-2f0e-4a57-9d0a-0b7a2f9c1d11/reject",
        "/Authentication/api/v1/refresh",
        "/authentication/api/v1/systemuser/312605031",
        "/storage/api/v1/instances",
        "/accessmanagement/api/v1/enduser/connections",
    )

    @pytest.mark.parametrize("path", PATHS)
    def test_named(self, shared: Emulator, path: str) -> None:
        """E26: 401 without a token, with one a 501 that names the gap."""
        assert HTTP.post(f"{shared.base}{path}").status_code == 401
        with connect(shared) as client:
            answer = client.post(path, json={})
        assert answer.status_code == 501
        assert "The emulator does not have " in answer.json()["detail"]

    @pytest.mark.parametrize("path", ["/api/GetSystemUserToken", "/authentication/swagger/v1/swagger.json"])
    def test_open(self, shared: Emulator, path: str) -> None:
        """E26: where no token is needed, none is asked for."""
        assert HTTP.get(f"{shared.base}{path}").status_code == 501

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/nothing",
            "/authentication/api/v1/systemregister/vendor/x/nothing",
            "/authentication/api/v1/systemregisters",
            "/accessmanagement/api/v1/meta/nothing",
            "/resourceregistry/api/v1/nothing",
        ],
    )
    def test_no_gap(self, vendor: httpx.Client, path: str) -> None:
        """E26, §1.7: what the service itself does not have stays 404, without a body."""
        answer = vendor.get(path)
        assert (answer.status_code, answer.content) == (404, b"")

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
    def test_health(self, shared: Emulator, method: str) -> None:
        """E26, §1.7: `/health` is the service's, with its headers."""
        answer = HTTP.request(method, f"{shared.base}/Health")
        assert answer.status_code == 200
        assert answer.text == ("" if method == "HEAD" else "Healthy")
        assert answer.headers["content-type"] == "text/plain"
        assert answer.headers["cache-control"] == "no-store, no-cache"
        assert answer.headers["expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"


EC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
"""
