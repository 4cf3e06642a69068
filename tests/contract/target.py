"""The register under test: its address, our vendor and token, and whether systems may be created.

At the emulator any token can be made. At a real register there is one vendor, and systems are created only with
`--create`, since their ids can never be used again.
"""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import jwt
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "/authentication/api/v1/systemregister"
VENDOR = f"{PREFIX}/vendor"
WRITE = "altinn:authentication/systemregister.write"
ADMIN = "altinn:authentication/systemregister.admin"
PORTAL = "altinn:portal/enduser"
ORG = "991825827"
OTHER_ORG = "312605031"
PRODUCTION = "platform.altinn.no"
RIGHT = {"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}]}
PACKAGE = {"urn": "urn:altinn:accesspackage:skattegrunnlag"}
NAMES = {"en": "Name", "nb": "Navn", "nn": "Namn"}


@dataclass(frozen=True)
class Target:
    """A register at an address, and the vendor that the tests are."""

    client: httpx.Client
    org: str
    token: str
    is_emulator: bool
    prefix: str | None = None
    """What ids begin with after the vendor's number; None if nothing may be created."""

    @property
    def base(self) -> str:
        """The address, without a slash at the end."""
        return str(self.client.base_url).rstrip("/")

    def call(
        self,
        method: str,
        path: str,
        token: str | None = None,
        *,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request as the vendor, or with another token; an empty token sends none."""
        bearer = self.token if token is None else token
        sent = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        sent |= headers or {}
        return self.client.request(method, path, json=json, content=content, headers=sent)

    def get(self, system_id: str, part: str = "") -> httpx.Response:
        """Read one system, or a part of it."""
        return self.call("GET", one(system_id, part))

    def post(
        self, document: object, token: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Register a system."""
        return self.call("POST", VENDOR, token, json=document, headers=headers)

    def put(
        self, system_id: str, document: object, part: str = "", token: str | None = None
    ) -> httpx.Response:
        """Replace a system, or a part of it."""
        return self.call("PUT", one(system_id, part), token, json=document)

    def delete(self, system_id: str, token: str | None = None) -> httpx.Response:
        """Delete a system."""
        return self.call("DELETE", one(system_id), token)

    def make_id(self) -> str:
        """Make a new id; skips the test where nothing may be created."""
        if self.prefix is None:
            pytest.skip("creates a system: needs --create PREFIX")
        return f"{self.org}_{self.prefix}{uuid.uuid4().hex[:12]}"

    def document(self, system_id: str, **changes: object) -> dict[str, object]:
        """Make a valid document; a change to None leaves the member out."""
        document: dict[str, object] = {
            "id": system_id,
            "vendor": {"ID": f"0192:{self.org}"},
            "name": NAMES,
            "description": NAMES,
            "rights": [RIGHT],
            "accessPackages": [PACKAGE],
            "clientId": [str(uuid.uuid4())],
            "isVisible": False,
            "allowedRedirectUrls": ["https://smartcloud.example/receipt"],
        }
        return {name: value for name, value in {**document, **changes}.items() if value is not None}

    def create(self, **changes: object) -> dict[str, object]:
        """Register a new system, and give the document that was sent."""
        document = self.document(self.make_id(), **changes)
        self.post(document).raise_for_status()
        return document

    def make_token(self, **claims: object) -> str:
        """Make a token with any claims; skips the test at a real register."""
        if not self.is_emulator:
            pytest.skip("needs a token that only the emulator makes")
        usual = {
            "scope": WRITE,
            "client_id": str(uuid.uuid4()),
            "consumer": {"authority": "iso6523-actorid-upis", "ID": f"0192:{self.org}"},
        }
        answer = self.client.post("/control/tokens", json={"claims": {**usual, **claims}})
        return str(answer.raise_for_status().json()["access_token"])

    def control(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Call the emulator's control endpoint."""
        if not self.is_emulator:
            pytest.skip("needs the emulator's control endpoint")
        return self.client.request(method, f"/control/{path}", json=body).raise_for_status()


@contextmanager
def visit(base: str, org: str = ORG) -> Iterator[Target]:
    """Give the emulator as a target, with a token of an organisation."""
    with connect(base) as client:
        query = {"env": "local", "scopes": WRITE, "orgNo": org, "ttl": "7200"}
        token = client.get("/api/GetEnterpriseToken", params=query).raise_for_status().text
        yield Target(client, org, token, is_emulator=True, prefix="")


def connect(base: str) -> httpx.Client:
    """Open a client; the caller closes it."""
    return httpx.Client(base_url=base, timeout=30)


def one(system_id: str, part: str = "") -> str:
    """Give the path of a system, or of a part of it."""
    return f"{VENDOR}/{quote(system_id, safe='')}{part and f'/{part}'}"


def list_codes(answer: httpx.Response) -> list[str]:
    """List the codes of a validation problem, without their common prefix."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["code"] == "STD-00000", body
    return [error["code"].removeprefix("AUTH.VLD-") for error in body["validationErrors"]]


def is_server_error(answer: httpx.Response) -> bool:
    """Say whether the answer is B-500, the one to an unhandled exception."""
    return answer.status_code == 500 and answer.json()["title"].startswith("An error occurred")


def fetch_token(issuer: str, client_id: str, jwk: str) -> str:
    """Fetch a token from Maskinporten with a client's key."""
    key = jwt.PyJWK.from_json(jwk)
    now = int(time.time())
    claims = {"aud": issuer, "iss": client_id, "scope": WRITE, "iat": now, "exp": now + 60}
    assertion = jwt.encode({**claims, "jti": str(uuid.uuid4())}, key, headers={"kid": key.key_id})
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    return str(httpx.post(f"{issuer}token", data=form).raise_for_status().json()["access_token"])
