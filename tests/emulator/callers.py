"""Vendors with tokens, clients with keys, and their documents."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING

import httpx
import jwt
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from reconciler.emulator import Emulator

WRITE = "altinn:authentication/systemregister.write"
ADMIN = "altinn:authentication/systemregister.admin"
PORTAL = "altinn:portal/enduser"
REGISTER = "/authentication/api/v1/systemregister"
VENDOR = f"{REGISTER}/vendor"
ORG = "991825827"
OTHER_ORG = "312605031"
HTTP = httpx.Client(timeout=30)
"""The shared client: making one reads all certificates of the machine."""
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def fetch_token(emulator: Emulator, org: str = ORG, scopes: str = WRITE, client_id: str = "") -> str:
    """Fetch a token from the emulator's generator."""
    query = {"env": "local", "scopes": scopes, "orgNo": org, "clientId": client_id}
    return HTTP.get(f"{emulator.base}/api/GetEnterpriseToken", params=query).raise_for_status().text


def connect(emulator: Emulator, org: str = ORG, scopes: str = WRITE, client_id: str = "") -> httpx.Client:
    """Open a client with an organisation's token; the caller closes it."""
    token = fetch_token(emulator, org, scopes, client_id)
    return httpx.Client(base_url=emulator.base, headers={"Authorization": f"Bearer {token}"}, timeout=10)


def control(emulator: Emulator, method: str, path: str, body: object = None) -> httpx.Response:
    """Call the control endpoint; raises unless it succeeds."""
    return HTTP.request(method, f"{emulator.base}/control/{path}", json=body).raise_for_status()


def make_id(org: str = ORG) -> str:
    """Make a new system id."""
    return f"{org}_{uuid.uuid4().hex[:12]}"


def make_document(system_id: str = "", **changes: object) -> dict[str, object]:
    """Make a document that POST takes; None as a change leaves the member out."""
    system_id = system_id or make_id()
    document: dict[str, object] = {
        "id": system_id,
        "vendor": {"ID": f"0192:{system_id.partition('_')[0]}"},
        "name": {"nb": "Navn", "nn": "Namn", "en": "Name"},
        "description": {"nb": "Beskrivelse", "nn": "Beskriving", "en": "Description"},
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}]}],
        "accessPackages": [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}],
        "clientId": [str(uuid.uuid4())],
        "isVisible": True,
        "allowedRedirectUrls": ["https://smartcloud.example/receipt"],
    }
    return {name: value for name, value in {**document, **changes}.items() if value is not None}


def make_jwk(key: rsa.RSAPrivateKey, kid: str = "key-1") -> dict[str, object]:
    """Write the public half of a key as a client registers it."""
    jwk: dict[str, object] = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return {**jwk, "kid": kid, "use": "sig", "alg": "RS256"}


def make_claims(emulator: Emulator, client_id: str, **changes: object) -> dict[str, object]:
    """Make the claims of a good grant; None as a change leaves the claim out."""
    now = int(time.time())
    claims: dict[str, object] = {
        "aud": emulator.maskinporten,
        "iss": client_id,
        "scope": WRITE,
        "iat": now,
        "exp": now + 120,
        "jti": str(uuid.uuid4()),
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def send_grant(emulator: Emulator, assertion: str) -> httpx.Response:
    """Ask Maskinporten for a token."""
    form = {"grant_type": GRANT_TYPE, "assertion": assertion}
    return HTTP.post(f"{emulator.maskinporten}token", data=form)


def sign(claims: dict[str, object], key: rsa.RSAPrivateKey, alg: str = "RS256", **header: object) -> str:
    """Sign a grant with a key, and a header that names `key-1` unless it is changed."""
    text = json.dumps(claims).encode()
    return jwt.api_jws.encode(text, key, alg, headers={"kid": "key-1", **header})
