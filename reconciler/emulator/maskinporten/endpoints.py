"""Maskinporten's endpoints: metadata, `/token`, `/jwk`.

A valid grant becomes an access token, an error Maskinporten's reply (Maskinporten contract §3, §4).
`grant_validation` checks grants.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response

from reconciler.emulator.dotnet.answers import answer_json, write_json
from reconciler.emulator.maskinporten.authorization_details import TYPE, write_details
from reconciler.emulator.maskinporten.grant_validation import GRANT_TYPE, Grant, GrantValidator
from reconciler.emulator.maskinporten.token_errors import TokenError
from reconciler.emulator.maskinporten.tokens import Issuer, make_jti
from reconciler.emulator.register.claims import make_consumer
from reconciler.emulator.server.routing import Call, Route

ADDRESS = "/maskinporten/"
"""The path of the endpoints on the emulator."""
_JSON = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Maskinporten:
    """The token endpoint, the metadata and the keys."""

    issuer: Issuer
    validator: GrantValidator

    def routes(self) -> list[Route]:
        """List the routes, also under the path of a configured issuer."""
        other = urlsplit(self.issuer.maskinporten).path.rstrip("/")
        paths = dict.fromkeys((ADDRESS, f"{other}/"))
        return [
            route
            for path in paths
            for route in (
                Route("GET", f"{path}.well-known/oauth-authorization-server", self.describe),
                Route("POST", f"{path}token", self.issue),
                Route("GET", f"{path}jwk", self.publish),
            )
        ]

    async def describe(self, _call: Call) -> Response:
        """Publish the metadata document (Maskinporten contract §1.1)."""
        address = self.issuer.address.maskinporten
        return answer_json(
            {
                "issuer": self.issuer.maskinporten,
                "token_endpoint": f"{address}token",
                "jwks_uri": f"{address}jwk",
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
            grant = self.validator.validate(content_type, await call.request.body())
        except TokenError as refusal:
            return self._refuse(refusal)
        scope = " ".join(grant.scopes)
        body = {
            "access_token": self.issuer.issue(self._claims(grant, scope)),
            "token_type": "Bearer",
            "expires_in": grant.client.access_token_seconds,
            "scope": scope,
        }
        return Response(write_json(body), media_type=_JSON, headers={"Cache-Control": "no-store"})

    def _refuse(self, refusal: TokenError) -> Response:
        description = f"{refusal.description} (trace_id: {secrets.token_hex(16)})"
        body = {"error": refusal.error, "error_description": description}
        if refusal.code is not None:
            body["error_uri"] = f"{self.issuer.maskinporten.rstrip('/')}/errors/{refusal.code}"
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
            claims["delegation_source"] = f"{self.issuer.address.base}/"
        if "resource" in grant.claims:
            claims["aud"] = grant.claims["resource"]
        if "pid" in grant.claims:
            claims["pid"] = grant.claims["pid"]
        if grant.system_user is not None:
            claims["authorization_details"] = write_details(grant.system_user)
        return claims
