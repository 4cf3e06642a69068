"""Maskinporten's endpoints: metadata, `/token`, `/jwk`; and the generator of tokens for tests.

It turns a grant that passed into an access token, and a refusal into Maskinporten's reply
(Maskinporten contract §3, §4, §7). The checks themselves are in `grants`.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from reconciler.emulator.authorization import TYPE, write_details
from reconciler.emulator.grants import GRANT_TYPE, Examiner, Grant
from reconciler.emulator.metadata import KEYS
from reconciler.emulator.refusals import Refused
from reconciler.emulator.register.answers import answer_json, answer_text, write_json
from reconciler.emulator.register.claims import make_consumer
from reconciler.emulator.routing import Call, Route
from reconciler.emulator.tokens import Issuer, make_jti

if TYPE_CHECKING:
    from collections.abc import Mapping

_JSON = "application/json;charset=UTF-8"
GENERATOR_PATH = "/api/GetEnterpriseToken"
TEST_TOKEN_SECONDS = 1800
"""What a token of the test-token generator lives unless asked otherwise (Maskinporten contract §7)."""


@dataclass(frozen=True, slots=True)
class Maskinporten:
    """The token endpoint and what belongs to it."""

    issuer: Issuer
    examiner: Examiner

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", "/maskinporten/.well-known/oauth-authorization-server", self.describe),
            Route("POST", "/maskinporten/token", self.issue),
            Route("GET", KEYS, self.publish),
            Route("GET", GENERATOR_PATH, self.issue_for_test),
        ]

    async def describe(self, _call: Call) -> Response:
        """Publish the metadata document (Maskinporten contract §1.1)."""
        issuer = self.issuer.maskinporten
        return answer_json(
            {
                "issuer": issuer,
                "token_endpoint": f"{issuer}token",
                "jwks_uri": f"{issuer}jwk",
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "grant_types_supported": [GRANT_TYPE],
                "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "RS512"],
                "authorization_details_types_supported": [TYPE],
            }
        )

    async def publish(self, _call: Call) -> Response:
        """Publish the keys that sign access tokens."""
        return answer_json(self.issuer.publish())

    async def issue(self, call: Call) -> Response:
        """Exchange a grant for an access token."""
        try:
            content_type = call.request.headers.get("content-type", "")
            grant = self.examiner.examine(content_type, await call.request.body())
        except Refused as refusal:
            return self._refuse(refusal)
        scope = " ".join(grant.scopes)
        body = {
            "access_token": self.issuer.issue(self._claims(grant, scope)),
            "token_type": "Bearer",
            "expires_in": grant.client.access_token_seconds,
            "scope": scope,
        }
        return Response(write_json(body), media_type=_JSON, headers={"Cache-Control": "no-store"})

    def _refuse(self, refusal: Refused) -> Response:
        description = f"{refusal.description} (trace_id: {secrets.token_hex(16)})"
        body = {"error": refusal.error, "error_description": description}
        if refusal.code is not None:
            body["error_uri"] = f"{self.issuer.maskinporten}errors/{refusal.code}"
        return Response(
            write_json(body), refusal.status, media_type=_JSON, headers={"Cache-Control": "no-store"}
        )

    def _claims(self, grant: Grant, scope: str) -> dict[str, object]:
        now = int(self.issuer.clock.seconds())
        claims: dict[str, object] = {
            "scope": scope,
            "iss": self.issuer.maskinporten,
            "client_amr": grant.method,
            "token_type": "Bearer",
            "exp": now + grant.client.access_token_seconds,
            "iat": now,
            "client_id": grant.client.client_id,
            "jti": make_jti(),
            "consumer": make_consumer(str(grant.claims.get("consumer_org", grant.client.org))),
        }
        if "consumer_org" in grant.claims:
            claims["supplier"] = make_consumer(grant.client.org)
            claims["delegation_source"] = f"{self.issuer.base}/"
        if "resource" in grant.claims:
            claims["aud"] = grant.claims["resource"]
        if "pid" in grant.claims:
            claims["pid"] = grant.claims["pid"]
        if grant.system_user is not None:
            claims["authorization_details"] = write_details(grant.system_user)
        return claims

    async def issue_for_test(self, call: Call) -> Response:
        """Hand out a token for tests without any grant, as Altinn's generator does (contract §7)."""
        query = {name.lower(): value for name, value in call.request.query_params.items()}
        wrong = _check_test_query(query)
        if wrong:
            return Response(write_json({"errors": wrong}), 400, media_type=_JSON)
        now = int(self.issuer.clock.seconds())
        org = query["orgno"]
        claims: dict[str, object] = {
            "scope": " ".join(query["scopes"].replace(",", " ").split()),
            "iss": self.issuer.platform,
            "actual_iss": "altinn-test-tools",
            "token_type": "Bearer",
            "client_id": query.get("clientid") or str(uuid.uuid4()),
            "consumer": make_consumer(org),
            "urn:altinn:orgNumber": org,
            "urn:altinn:authenticatemethod": "maskinporten",
            "urn:altinn:authlevel": 3,
            "jti": make_jti(),
            "nbf": now,
            "iat": now,
            "exp": now + int(query.get("ttl") or TEST_TOKEN_SECONDS),
        }
        return answer_text(200, self.issuer.issue(claims))


def _check_test_query(query: Mapping[str, str]) -> list[str]:
    wrong = [
        f"Missing parameter: {name}" for name in ("env", "scopes", "orgNo") if not query.get(name.lower())
    ]
    if query.get("env", "local") != "local":
        wrong.append("Invalid env: only 'local' is served here")
    org = query.get("orgno", "000000000")
    if not (org.isascii() and org.isdigit() and len(org) == 9):
        wrong.append("Invalid orgNo: nine digits are expected")
    ttl = query.get("ttl") or "0"
    if not (ttl.removeprefix("-").isascii() and ttl.removeprefix("-").isdigit()):
        wrong.append("Invalid ttl: seconds are expected")
    return wrong
