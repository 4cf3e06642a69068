"""Maskinporten: every row of the check list, the tokens it issues, and its settings."""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from reconciler.emulator import start
from tests.emulator.callers import (
    GRANT_TYPE,
    HTTP,
    ORG,
    OTHER_ORG,
    VENDOR,
    WRITE,
    control,
    make_claims,
    make_document,
    make_jwk,
    send_grant,
    sign,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from reconciler.emulator import Emulator

FAILED = "Invalid assertion. Client authentication failed."
READ = "altinn:authentication/systemuser.request.read"
UPIS = "iso6523-actorid-upis"


@dataclass(frozen=True)
class Issuer:
    """An emulator with one client, and the client's key."""

    emulator: Emulator
    key: rsa.RSAPrivateKey
    client_id: str = "client-1"

    def ask(
        self, alg: str = "RS256", header: dict[str, object] | None = None, /, **claims: object
    ) -> httpx.Response:
        """Send a grant that is good but for what is given."""
        made = make_claims(self.emulator, self.client_id, **claims)
        return send_grant(self.emulator, sign(made, self.key, alg, **(header or {})))

    def read(self, **claims: object) -> dict[str, object]:
        """Send a good grant, and give the claims of the token that it earns."""
        token = self.ask(**claims).raise_for_status().json()["access_token"]
        read: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
        return read


@pytest.fixture(scope="module")
def root(private_key: rsa.RSAPrivateKey) -> x509.Certificate:
    """Make a root certificate, signed by the same key as everything else here."""
    return certify(private_key, private_key, "root", None)


@pytest.fixture(scope="module")
def issuer(private_key: rsa.RSAPrivateKey, root: x509.Certificate) -> Iterator[Issuer]:
    """Run an emulator that knows one client with a key and one without."""
    config = {
        "clients": [
            {
                "client_id": "client-1",
                "org": ORG,
                "scopes": [WRITE, READ, "user:login", "not:granted"],
                "jwk": make_jwk(private_key),
                "not_granted": ["not:granted"],
            },
            {"client_id": "certified", "org": ORG, "scopes": [WRITE]},
        ],
        "maskinporten": {
            "user_scopes": ["user:login"],
            "trusted_certificates": root.public_bytes(Encoding.PEM).decode(),
            "delegations": [{"consumer": OTHER_ORG, "supplier": ORG, "scope": "delegated:scope"}],
        },
        "system_users": [
            make_user("ref"),
            make_user(OTHER_ORG, id="00000000-0000-0000-0000-000000000002"),
            make_user("deleted", id="00000000-0000-0000-0000-000000000003", isDeleted=True),
            make_user("gone", id="00000000-0000-0000-0000-000000000004", systemId=f"{ORG}_gone"),
        ],
    }
    seed = [
        make_document(f"{ORG}_x", clientId=["client-1"]),
        {**make_document(f"{ORG}_gone", clientId=["client-1x"]), "isDeleted": True},
    ]
    with start(config, seed=seed) as emulator:
        yield Issuer(emulator, private_key)


def make_user(reference: str, **changes: object) -> dict[str, object]:
    """Make a system user of a customer."""
    user = {
        "id": "00000000-0000-0000-0000-000000000001",
        "systemId": f"{ORG}_x",
        "reporteeOrgNo": OTHER_ORG,
        "supplierOrgno": ORG,
        "externalRef": reference,
    }
    return {**user, **changes}


def certify(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    signer: rsa.RSAPrivateKey,
    name: str,
    org: str | None,
    *,
    days: int = 1,
    oid: x509.ObjectIdentifier = NameOID.ORGANIZATION_IDENTIFIER,
) -> x509.Certificate:
    """Make a certificate for a key, issued by `root`; negative days are in the past."""
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if org is not None:
        prefix = "NTRNO-" if oid == NameOID.ORGANIZATION_IDENTIFIER else ""
        subject.append(x509.NameAttribute(oid, f"{prefix}{org}"))
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=org is None, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def write_chain(*certificates: x509.Certificate) -> list[str]:
    """Write an `x5c` header."""
    return [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in certificates]


def assert_refused(
    answer: httpx.Response, error: str, text: str, code: str | None = None, status: int = 400
) -> None:
    """Assert the whole reply of a refusal: status, error, sentence with a trace id, and the code."""
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), body
    sentence, _, trace = body["error_description"].partition(" (trace_id: ")
    assert sentence == text
    assert len(trace) == 33
    issuer = str(answer.request.url).removesuffix("token")
    assert body.get("error_uri") == (f"{issuer}errors/{code}" if code else None)


class TestRows:
    """Maskinporten contract §2.6, row by row."""

    @pytest.mark.parametrize("content_type", ["application/json", "", "text/plain"])
    def test_01_content_type(self, issuer: Issuer, content_type: str) -> None:
        """Row 1: the body is a form."""
        headers = {"Content-Type": content_type}
        answer = HTTP.post(f"{issuer.emulator.maskinporten}token", content=b"{}", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    def test_01_method(self, issuer: Issuer) -> None:
        """Row 1: the method is POST."""
        assert HTTP.get(f"{issuer.emulator.maskinporten}token").status_code == 405

    @pytest.mark.parametrize("form", [{}, {"grant_type": "password"}, {"assertion": "x"}])
    def test_02_grant_type(self, issuer: Issuer, form: dict[str, str]) -> None:
        """Row 2: the grant type is the URN."""
        answer = HTTP.post(f"{issuer.emulator.maskinporten}token", data={"x": "y", **form})
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")

    @pytest.mark.parametrize(
        "assertion", ["", "x", "a.b", "a.b.c", "bnVsbA.bnVsbA.eA", "e30.W10.eA", "é.é.é"]
    )
    def test_03_no_token(self, issuer: Issuer, assertion: str) -> None:
        """Row 3: the assertion is a JWS with a JSON object in it."""
        answer = send_grant(issuer.emulator, assertion)
        assert_refused(answer, "invalid_request", "Invalid assertion. Invalid parameter value", "MP-011")

    def test_03_two_assertions(self, issuer: Issuer) -> None:
        """Row 3: there is one assertion."""
        content = f"grant_type={GRANT_TYPE}&assertion=x&assertion=y".replace(":", "%3A").encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        answer = HTTP.post(f"{issuer.emulator.maskinporten}token", content=content, headers=headers)
        assert answer.json()["error_uri"].endswith("MP-011")

    @pytest.mark.parametrize("name", ["consumer", "jku", "anything"])
    def test_04_unknown_claims(self, issuer: Issuer, name: str) -> None:
        """Row 4: only known claims, and those that are tolerated."""
        answer = issuer.ask(**{name: "x"})
        assert "Invalid assertion" in answer.json()["error_description"]
        assert answer.status_code == 400

    @pytest.mark.parametrize(
        "claims",
        [
            *({name: None} for name in ("aud", "iss", "scope", "iat", "exp")),
            {"exp": "1"},
            {"exp": 1.5},
            {"iat": True},
            {"scope": [WRITE]},
            {"scope": " "},
            {"jti": 1},
            {"iss": 1},
            {"aud": 1},
            {"resource": 1},
            {"resource": "no uri"},
            {"consumer_org": 991825827},
        ],
    )
    def test_05_required_claims(self, issuer: Issuer, claims: dict[str, object]) -> None:
        """Row 5: the required claims are there, each with its JSON type."""
        answer = issuer.ask(**claims)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert answer.json()["error_description"].startswith("Invalid assertion")

    def test_06_client(self, issuer: Issuer) -> None:
        """Row 6: the issuer is a client."""
        assert_refused(issuer.ask(iss="nobody"), "invalid_grant", FAILED, "MP-100")

    def test_07_none(self, issuer: Issuer) -> None:
        """Row 7: an unsigned grant is refused."""
        head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"key-1"}').rstrip(b"=").decode()
        claims = json.dumps(make_claims(issuer.emulator, issuer.client_id)).encode()
        payload = base64.urlsafe_b64encode(claims).rstrip(b"=").decode()
        answer = send_grant(issuer.emulator, f"{head}.{payload}.")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_07_other_algorithms(self, issuer: Issuer) -> None:
        """Row 7: HS256 with the public key, PS256 and ES256 are refused."""
        claims = make_claims(issuer.emulator, issuer.client_id)
        public = issuer.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assertions = [
            jwt.encode(claims, public.hex(), "HS256", headers={"kid": "key-1"}),
            jwt.encode(claims, issuer.key, "PS256", headers={"kid": "key-1"}),
            jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "key-1"}),
        ]
        for assertion in assertions:
            answer = send_grant(issuer.emulator, assertion)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_08_no_kid(self, issuer: Issuer, root: x509.Certificate) -> None:
        """Row 8: a client with registered keys names one, a certificate does not help."""
        text = f"{FAILED} Invalid JWT. The client requires pre-registered jwk and no key identifier (kid) "
        text += "provided"
        claims = make_claims(issuer.emulator, issuer.client_id)
        assertion = jwt.encode(claims, issuer.key, "RS256")
        assert_refused(send_grant(issuer.emulator, assertion), "invalid_grant", text)
        assertion = jwt.encode(claims, issuer.key, "RS256", headers={"x5c": write_chain(root)})
        assert_refused(send_grant(issuer.emulator, assertion), "invalid_grant", text)

    def test_08_both(self, issuer: Issuer, root: x509.Certificate) -> None:
        """Row 8: kid and certificate together are one too many."""
        answer = issuer.ask("RS256", {"x5c": write_chain(root)})
        assert answer.json()["error"] == "invalid_grant"

    def test_09_unknown_kid(self, issuer: Issuer) -> None:
        """Row 9: the key belongs to this client."""
        text = f"{FAILED} Unknown key identifier (kid) for client."
        assert_refused(issuer.ask("RS256", {"kid": "foreign"}), "invalid_grant", text)
        assert_refused(issuer.ask(iss="certified"), "invalid_grant", text)

    def test_12_signature(self, issuer: Issuer) -> None:
        """Row 12: the key made the signature."""
        other = rsa.generate_private_key(65537, 2048)
        claims = make_claims(issuer.emulator, issuer.client_id)
        answer = send_grant(issuer.emulator, sign(claims, other))
        assert_refused(answer, "invalid_grant", f"{FAILED} Invalid JWT signature.", "MP-124")

    @pytest.mark.parametrize("form", ["{0}token", "{1}", "https://test.maskinporten.no/", ""])
    def test_13_audience(self, issuer: Issuer, form: str) -> None:
        """Row 13: the audience is the issuer, with its slash."""
        name = issuer.emulator.maskinporten
        answer = issuer.ask(aud=form.format(name, name.rstrip("/")))
        assert_refused(answer, "invalid_grant", f"{FAILED} Invalid JWT claim aud.", "MP-110")

    def test_13_audience_list(self, issuer: Issuer) -> None:
        """Row 13: a list of one value is one value, a list of two is not."""
        name = issuer.emulator.maskinporten
        assert issuer.ask(aud=[name]).status_code == 200
        answer = issuer.ask(aud=[name, name])
        assert_refused(answer, "invalid_grant", f"{FAILED} Invalid JWT claim aud.", "MP-110")

    @pytest.mark.parametrize(
        ("iat", "lifetime", "refusal"),
        [
            (0, 120, None),
            (0, 121, "JWT has too long lifetime."),
            (0, 181, "JWT has too long lifetime."),
            (8, 100, None),
            (13, 100, "Issue time is in the future."),
            (13, 130, "JWT has too long lifetime."),
            (-128, 120, None),
            (-132, 120, "JWT has expired."),
            (-3000, 10, "JWT has expired."),
        ],
    )
    def test_14_clock(self, issuer: Issuer, iat: int, lifetime: int, refusal: str | None) -> None:
        """Row 14: lifetime, then the future, then the past, with ten seconds to spare for clocks only."""
        issued = int(time.time()) + iat
        answer = issuer.ask(iat=issued, exp=issued + lifetime)
        if refusal is None:
            assert answer.status_code == 200
        else:
            code = "MP-130" if "expired" in refusal else None
            assert_refused(answer, "invalid_grant", refusal, code)

    def test_15_replay(self, issuer: Issuer) -> None:
        """Row 15: neither the same grant nor the same `jti` under a new signature is good twice."""
        claims = make_claims(issuer.emulator, issuer.client_id)
        assertion = sign(claims, issuer.key)
        assert send_grant(issuer.emulator, assertion).status_code == 200
        again = send_grant(issuer.emulator, assertion)
        assert_refused(again, "invalid_grant", "Grant is used before", "MP-012")
        resigned = sign({**claims, "exp": int(time.time()) + 60}, issuer.key)
        assert_refused(
            send_grant(issuer.emulator, resigned), "invalid_grant", "Grant is used before", "MP-012"
        )

    def test_15_refused_grants_are_used_up(self, issuer: Issuer) -> None:
        """Row 15: a grant that a later check refuses is used all the same."""
        claims = make_claims(issuer.emulator, issuer.client_id, scope="no:such")
        assertion = sign(claims, issuer.key)
        assert send_grant(issuer.emulator, assertion).json()["error_uri"].endswith("MP-200")
        assert send_grant(issuer.emulator, assertion).json()["error_uri"].endswith("MP-012")

    def test_15_no_jti(self, issuer: Issuer) -> None:
        """Row 15: without a `jti` the grant itself is remembered."""
        claims = make_claims(issuer.emulator, issuer.client_id, jti=None)
        assertion = sign(claims, issuer.key)
        assert [send_grant(issuer.emulator, assertion).status_code for _ in range(2)] == [200, 400]

    def test_16_scope(self, issuer: Issuer) -> None:
        """Row 16: every scope is registered on the client."""
        text = "Token request contains invalid scopes for client, no:such"
        assert_refused(issuer.ask(scope=f"{WRITE} no:such"), "invalid_scope", text, "MP-200")

    def test_17_integration_type(self, issuer: Issuer) -> None:
        """Row 17: a scope for user login is not for Maskinporten."""
        text = "Token request contains scopes not allowed for maskinporten"
        assert_refused(issuer.ask(scope="user:login"), "invalid_scope", text, "MP-201")

    def test_18_granted(self, issuer: Issuer) -> None:
        """Row 18: the scope's owner has granted it to the organisation."""
        text = "Consumer has not been granted access to the scope not:granted."
        assert_refused(issuer.ask(scope="not:granted"), "forbidden", text, "MP-250", 403)

    def test_18_delegated_to_the_client(self, issuer: Issuer) -> None:
        """Row 18: a scope that is only delegated, asked for without `consumer_org` (§4.2)."""
        text = "Consumer has not been granted access to the scope delegated:scope."
        assert_refused(issuer.ask(scope="delegated:scope"), "forbidden", text, "MP-250", 403)

    def test_19_own_organisation(self, issuer: Issuer) -> None:
        """Row 19: `consumer_org` is another organisation."""
        answer = issuer.ask(consumer_org=ORG)
        assert answer.json()["error"] == "invalid_request"
        assert "The combination consumer_org in claim" in answer.json()["error_description"]

    def test_19_not_delegated(self, issuer: Issuer) -> None:
        """Row 19: the delegation exists."""
        text = f"Consumer {OTHER_ORG} has not delegated access to the scope {WRITE} to supplier {ORG}."
        assert_refused(issuer.ask(consumer_org=OTHER_ORG), "forbidden", text, "MP-251", 403)

    def test_19_delegated(self, issuer: Issuer) -> None:
        """Row 19: a delegated scope need not stand on the client; the customer becomes the consumer."""
        claims = issuer.read(consumer_org=OTHER_ORG, scope="delegated:scope")
        assert claims["consumer"] == {"authority": UPIS, "ID": f"0192:{OTHER_ORG}"}
        assert claims["supplier"] == {"authority": UPIS, "ID": f"0192:{ORG}"}
        assert claims["delegation_source"] == f"{issuer.emulator.base}/"


class TestCertificates:
    """Maskinporten contract §2.6 row 11."""

    def send(self, issuer: Issuer, chain: object, key: rsa.RSAPrivateKey | None = None) -> httpx.Response:
        """Send a grant of the client without keys, under a chain."""
        claims = make_claims(issuer.emulator, "certified")
        assertion = jwt.encode(claims, key or issuer.key, "RS256", headers={"x5c": chain})
        return send_grant(issuer.emulator, assertion)

    def test_leaf_and_chain(self, issuer: Issuer, root: x509.Certificate) -> None:
        """A leaf alone and a whole chain are good, and the token says how the client authenticated."""
        leaf = certify(issuer.key, issuer.key, "leaf", ORG)
        for chain in (write_chain(leaf), write_chain(leaf, root)):
            token = self.send(issuer, chain).raise_for_status().json()["access_token"]
            claims = jwt.decode(token, options={"verify_signature": False})
            assert claims["client_amr"] == "virksomhetssertifikat"

    @pytest.mark.parametrize("chain", ["a string", [], ["!"], ["eA=="], [1], None])
    def test_header(self, issuer: Issuer, chain: object) -> None:
        """`x5c` is an array of base64 of DER."""
        answer = self.send(issuer, chain)
        if chain is None:
            assert "no key identifier (kid) provided" in answer.json()["error_description"]
        else:
            assert_refused(answer, "invalid_grant", "Invalid JWT header x5c", "MP-123")

    def test_untrusted(self, issuer: Issuer, root: x509.Certificate) -> None:
        """A leaf that no trusted root issued, and a chain with a break, are refused."""
        other = rsa.generate_private_key(65537, 2048)
        stranger = certify(issuer.key, other, "leaf", ORG)
        text = f"{FAILED} The JWT is signed with an invalid certificate."
        for chain in (write_chain(stranger), write_chain(stranger, root)):
            assert_refused(self.send(issuer, chain), "invalid_grant", text, "MP-120")

    def test_out_of_date(self, issuer: Issuer) -> None:
        """An expired certificate is refused."""
        old = certify(issuer.key, issuer.key, "leaf", ORG, days=-1)
        text = f"{FAILED} The JWT is signed with an invalid certificate."
        assert_refused(self.send(issuer, write_chain(old)), "invalid_grant", text, "MP-120")

    def test_other_organisation(self, issuer: Issuer) -> None:
        """The certificate's organisation is the client's."""
        leaf = certify(issuer.key, issuer.key, "leaf", OTHER_ORG)
        text = "Invalid JWT. Invalid organization number for client. Does not match certificate orgno"
        assert_refused(self.send(issuer, write_chain(leaf)), "invalid_grant", text, "MP-122")

    def test_other_names_of_an_organisation(self, issuer: Issuer) -> None:
        """SEID 1.0 has the bare number as the serial number; a certificate without one is refused."""
        text = "Invalid JWT. Invalid organization number for client. Does not match certificate orgno"
        for name, is_good in ((ORG, True), ("9578-4050-1", False)):
            leaf = certify(issuer.key, issuer.key, "leaf", name, oid=NameOID.SERIAL_NUMBER)
            answer = self.send(issuer, write_chain(leaf))
            if is_good:
                assert answer.status_code == 200
            else:
                assert_refused(answer, "invalid_grant", text, "MP-122")

    def test_other_keys(self, issuer: Issuer) -> None:
        """A certificate for a key that is not RSA signs no grants."""
        leaf = certify(ec.generate_private_key(ec.SECP256R1()), issuer.key, "leaf", ORG)
        text = f"{FAILED} The JWT is signed with an invalid certificate."
        assert_refused(self.send(issuer, write_chain(leaf)), "invalid_grant", text, "MP-120")

    def test_signature(self, issuer: Issuer) -> None:
        """The certified key made the signature."""
        leaf = certify(issuer.key, issuer.key, "leaf", ORG)
        other = rsa.generate_private_key(65537, 2048)
        answer = self.send(issuer, write_chain(leaf), other)
        assert_refused(answer, "invalid_grant", f"{FAILED} Invalid JWT signature.", "MP-124")


class TestSystemUsers:
    """Maskinporten contract §2.3, §2.6 row 20."""

    def detail(self, org: object = f"0192:{OTHER_ORG}", **changes: object) -> dict[str, object]:
        """Make an element of `authorization_details`."""
        detail = {
            "type": "urn:altinn:systemuser",
            "systemuser_org": {"authority": UPIS, "ID": org},
            "externalRef": "ref",
        }
        return {name: value for name, value in {**detail, **changes}.items() if value is not None}

    def test_found(self, issuer: Issuer) -> None:
        """The token names the system user and its system; the reference is not echoed."""
        claims = issuer.read(authorization_details=[self.detail()])
        assert claims["authorization_details"] == [
            {
                "type": "urn:altinn:systemuser",
                "systemuser_org": {"authority": UPIS, "ID": f"0192:{OTHER_ORG}"},
                "systemuser_id": ["00000000-0000-0000-0000-000000000001"],
                "system_id": f"{ORG}_x",
            }
        ]

    def test_default_reference(self, issuer: Issuer) -> None:
        """Without a reference the owner's number is the reference."""
        claims = issuer.read(authorization_details=[self.detail(externalRef=None)])
        assert "00000000-0000-0000-0000-000000000002" in str(claims["authorization_details"])

    @pytest.mark.parametrize("details", [{}, [], "x", [1]])
    def test_shape(self, issuer: Issuer, details: object) -> None:
        """The claim is an array of one object."""
        answer = issuer.ask(authorization_details=details)
        assert answer.json()["error"] == "invalid_request"
        answer = issuer.ask(authorization_details=[self.detail()] * 2)
        assert answer.json()["error"] == "invalid_request"

    def test_type(self, issuer: Issuer) -> None:
        """The type is known."""
        answer = issuer.ask(authorization_details=[self.detail(type="urn:other")])
        text = "Unknown authorization details type"
        assert_refused(answer, "invalid_authorization_details", text, "MP-301")

    def test_members(self, issuer: Issuer) -> None:
        """The members are known."""
        answer = issuer.ask(authorization_details=[self.detail(systemuserorg={})])
        text = "Unknown fields in the authorization details"
        assert_refused(answer, "invalid_authorization_details", text, "MP-302")

    @pytest.mark.parametrize(
        "changes",
        [
            {"org": OTHER_ORG},
            {"org": "0192:1"},
            {"org": "0192:310000000"},
            {"externalRef": "other"},
            {"externalRef": "REF"},
            {"externalRef": 1},
            {"externalRef": "deleted"},
            {"externalRef": "gone"},
            {"systemuser_org": {"authority": "x", "ID": f"0192:{OTHER_ORG}"}},
            {"systemuser_org": "x"},
        ],
    )
    def test_values(self, issuer: Issuer, changes: dict[str, object]) -> None:
        """The system user exists, its system is not deleted, and the system lists the client."""
        answer = issuer.ask(authorization_details=[self.detail(**changes)])
        text = "Invalid authorization details values"
        assert_refused(answer, "invalid_altinn_customer_configuration", text, "MP-303")


class TestTokens:
    """Maskinporten contract §3."""

    def test_response(self, issuer: Issuer) -> None:
        """The answer has four members and is not to be stored."""
        answer = issuer.ask(scope=f"{WRITE}  {READ}")
        body = answer.json()
        token = body.pop("access_token")
        assert body == {"token_type": "Bearer", "expires_in": 120, "scope": f"{WRITE} {READ}"}
        assert answer.headers["cache-control"] == "no-store"
        headers = {"Authorization": f"Bearer {token}"}
        assert HTTP.get(f"{issuer.emulator.base}{VENDOR}", headers=headers).status_code == 200

    def test_claims(self, issuer: Issuer) -> None:
        """The token has the documented claims and no others."""
        now = time.time()
        claims = issuer.read()
        assert isinstance(claims["jti"], str)
        assert len(claims["jti"]) == 43
        assert abs(float(str(claims["iat"])) - now) < 5
        assert claims == {
            "scope": WRITE,
            "iss": issuer.emulator.maskinporten,
            "client_amr": "private_key_jwt",
            "token_type": "Bearer",
            "exp": int(str(claims["iat"])) + 120,
            "iat": claims["iat"],
            "client_id": "client-1",
            "jti": claims["jti"],
            "consumer": {"authority": UPIS, "ID": f"0192:{ORG}"},
        }

    @pytest.mark.parametrize("resource", ["https://api.example/", ["https://a/", "urn:x"]])
    def test_resource(self, issuer: Issuer, resource: object) -> None:
        """`resource`, text or list, becomes the audience."""
        assert issuer.read(resource=resource)["aud"] == resource

    def test_pid(self, issuer: Issuer) -> None:
        """`pid` is copied."""
        assert issuer.read(pid="01010199999")["pid"] == "01010199999"

    @pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512"])
    def test_algorithms(self, issuer: Issuer, alg: str) -> None:
        """Grants may be signed with RS256, RS384 and RS512."""
        assert issuer.ask(alg).status_code == 200

    def test_published_key(self, issuer: Issuer) -> None:
        """The token is signed by a published key, under its kid."""
        token = issuer.ask().json()["access_token"]
        jwks = jwt.PyJWKSet.from_dict(HTTP.get(f"{issuer.emulator.maskinporten}jwk").json())
        key = jwks[jwt.get_unverified_header(token)["kid"]]
        assert jwt.decode(token, key, ["RS256"])["client_id"] == "client-1"

    def test_metadata(self, issuer: Issuer) -> None:
        """§1.1: the metadata document leads to the endpoints."""
        name = issuer.emulator.maskinporten
        body = HTTP.get(f"{name}.well-known/oauth-authorization-server").json()
        assert (body["issuer"], body["token_endpoint"], body["jwks_uri"]) == (
            name,
            f"{name}token",
            f"{name}jwk",
        )
        assert body["grant_types_supported"] == [GRANT_TYPE]
        assert body["token_endpoint_auth_signing_alg_values_supported"] == ["RS256", "RS384", "RS512"]


class TestSwitches:
    """What Maskinporten contract §11 leaves open."""

    def run(self, key: rsa.RSAPrivateKey, **rules: object) -> Emulator:
        """Run an emulator with one client and some rules; the caller closes it."""
        client = {
            "client_id": "client-1",
            "org": ORG,
            "scopes": [WRITE],
            "jwk": make_jwk(key),
            "access_token_lifetime": 7200,
        }
        return start({"clients": [client], "maskinporten": rules})

    def test_lifetime(self, private_key: rsa.RSAPrivateKey) -> None:
        """The longest grant may be 180 seconds instead of 120."""
        with self.run(private_key, max_lifetime=180) as emulator:
            issuer = Issuer(emulator, private_key)
            now = int(time.time())
            statuses = [issuer.ask(iat=now, exp=now + length).status_code for length in (180, 181)]
            assert statuses == [200, 400]

    def test_tolerated_claims(self, private_key: rsa.RSAPrivateKey) -> None:
        """Claims that live clients send may be tolerated."""
        with self.run(private_key, tolerated_claims=["nbf", "sub"]) as emulator:
            issuer = Issuer(emulator, private_key)
            assert issuer.ask(nbf=1, sub="x").status_code == 200
            assert issuer.ask(other="x").status_code == 400

    def test_audiences(self, private_key: rsa.RSAPrivateKey) -> None:
        """The token address, and the issuer without its slash, may be accepted as the audience."""
        with self.run(private_key, accept_token_url=True, accept_bare_issuer=True) as emulator:
            issuer = Issuer(emulator, private_key)
            name = emulator.maskinporten
            for audience in (f"{name}token", name.rstrip("/"), name):
                assert issuer.ask(aud=audience).status_code == 200

    def test_token_lifetime(self, private_key: rsa.RSAPrivateKey) -> None:
        """§3.3: the token lives as long as the client says."""
        with self.run(private_key) as emulator:
            claims = Issuer(emulator, private_key).read()
            assert int(str(claims["exp"])) - int(str(claims["iat"])) == 7200


class TestKeys:
    """§8.2: rotation of keys on both sides."""

    def put(self, emulator: Emulator, jwks: list[dict[str, object]], **more: object) -> None:
        """Register the client's keys again."""
        client = {"org": ORG, "scopes": [WRITE], "jwks": {"keys": jwks}, **more}
        control(emulator, "PUT", "clients/client-1", client)

    def test_rotation(self, emulator: Emulator, private_key: rsa.RSAPrivateKey) -> None:
        """Two keys are good at once; putting a set replaces all others."""
        issuer = Issuer(emulator, private_key)
        self.put(emulator, [make_jwk(private_key, "old"), make_jwk(private_key, "new")])
        assert [issuer.ask("RS256", {"kid": kid}).status_code for kid in ("old", "new")] == [200, 200]
        self.put(emulator, [make_jwk(private_key, "new")])
        assert [issuer.ask("RS256", {"kid": kid}).status_code for kid in ("old", "new")] == [400, 200]

    def test_not_propagated(self, emulator: Emulator, private_key: rsa.RSAPrivateKey) -> None:
        """A key is unknown until it has reached the token endpoint."""
        issuer = Issuer(emulator, private_key)
        self.put(emulator, [make_jwk(private_key)], propagation=60)
        text = f"{FAILED} Unknown key identifier (kid) for client."
        assert_refused(issuer.ask(), "invalid_grant", text)
        control(emulator, "PUT", "clock", {"offset": 61})
        now = int(time.time()) + 61
        assert issuer.ask(iat=now, exp=now + 60).status_code == 200

    def test_expired_key(self, emulator: Emulator, private_key: rsa.RSAPrivateKey) -> None:
        """Row 10: a key has expired after its `exp`."""
        self.put(emulator, [{**make_jwk(private_key), "exp": int(time.time()) - 1}])
        answer = Issuer(emulator, private_key).ask()
        assert_refused(answer, "invalid_grant", f"{FAILED} Expired key.", "MP-121")

    def test_client_is_forgotten(self, emulator: Emulator, private_key: rsa.RSAPrivateKey) -> None:
        """A client that is removed is unknown at once."""
        self.put(emulator, [make_jwk(private_key)])
        control(emulator, "DELETE", "clients/client-1")
        assert Issuer(emulator, private_key).ask().json()["error_uri"].endswith("MP-100")

    def test_signing_key(self, emulator: Emulator, private_key: rsa.RSAPrivateKey) -> None:
        """Maskinporten's own key rotates; tokens of the old key stay good, both are published."""
        self.put(emulator, [make_jwk(private_key)])
        issuer = Issuer(emulator, private_key)
        old = issuer.ask().json()["access_token"]
        kid = control(emulator, "POST", "keys").json()["kid"]
        new = issuer.ask().json()["access_token"]
        assert jwt.get_unverified_header(new)["kid"] == kid
        assert len(HTTP.get(f"{emulator.maskinporten}jwk").json()["keys"]) == 2
        for token in (old, new):
            headers = {"Authorization": f"Bearer {token}"}
            assert HTTP.get(f"{emulator.base}{VENDOR}", headers=headers).status_code == 200


def test_clock_offset(private_key: rsa.RSAPrivateKey) -> None:
    """The emulator's clock has an offset: grants are checked by it, and `Date` shows it."""
    client = {"client_id": "client-1", "org": ORG, "scopes": [WRITE], "jwk": make_jwk(private_key)}
    with start({"clients": [client], "clock_offset": -60}) as emulator:
        issuer = Issuer(emulator, private_key)
        answer = issuer.ask()
        assert_refused(answer, "invalid_grant", "Issue time is in the future.")
        told = datetime.strptime(answer.headers["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        assert abs(told.timestamp() - time.time() + 60) < 3
        now = int(time.time()) - 60
        assert issuer.ask(iat=now, exp=now + 120).status_code == 200


class TestGenerator:
    """Maskinporten contract §7."""

    def ask(self, emulator: Emulator, **query: str) -> httpx.Response:
        """Ask the generator for a token."""
        usual = {"env": "local", "scopes": WRITE, "orgNo": ORG}
        return HTTP.get(f"{emulator.base}/api/GetEnterpriseToken", params={**usual, **query})

    def test_claims(self, shared: Emulator) -> None:
        """The token looks like one of Altinn's own."""
        answer = self.ask(shared, scopes=f"{WRITE},{READ}", clientId="c", ttl="60")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        claims = jwt.decode(answer.text, options={"verify_signature": False})
        uuid_free = {
            name: value for name, value in claims.items() if name not in {"jti", "iat", "nbf", "exp"}
        }
        assert uuid_free == {
            "scope": f"{WRITE} {READ}",
            "iss": f"{shared.base}/authentication/api/v1/openid/",
            "actual_iss": "altinn-test-tools",
            "token_type": "Bearer",
            "client_id": "c",
            "consumer": {"authority": UPIS, "ID": f"0192:{ORG}"},
            "urn:altinn:orgNumber": ORG,
            "urn:altinn:authenticatemethod": "maskinporten",
            "urn:altinn:authlevel": 3,
        }
        assert claims["exp"] - claims["iat"] == 60

    def test_defaults(self, shared: Emulator) -> None:
        """By default it lives half an hour, for a random client."""
        claims = jwt.decode(self.ask(shared).text, options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == 1800
        uuid.UUID(claims["client_id"])

    @pytest.mark.parametrize(
        "query", [{"env": ""}, {"scopes": ""}, {"orgNo": "1"}, {"ttl": "x"}, {"scopes": "ÆØÅ"}]
    )
    def test_refusals(self, shared: Emulator, query: dict[str, str]) -> None:
        """Bad parameters are 400, each by its name."""
        answer = self.ask(shared, **query)
        assert answer.status_code == 400
        assert list(answer.json()) == list(query)

    def test_expired(self, shared: Emulator) -> None:
        """A token that was born expired is 401."""
        headers = {"Authorization": f"Bearer {self.ask(shared, ttl='-60').text}"}
        assert HTTP.get(f"{shared.base}{VENDOR}", headers=headers).status_code == 401
