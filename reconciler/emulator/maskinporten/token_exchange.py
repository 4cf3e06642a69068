"""The exchange of a Maskinporten token for one of Altinn's own.

Maskinporten contract §6, from the published source of 2026-07. The incoming token has
been verified before. ID-porten's and Altinn Studio's tokens are not exchanged.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet import json_writer
from reconciler.emulator.dotnet.answers import FRAMEWORK, Formatted, answer_status, answer_text
from reconciler.emulator.dotnet.model_errors import ModelError
from reconciler.emulator.dotnet.query_binding import bind_flag
from reconciler.emulator.dotnet.token_decoding import is_readable
from reconciler.emulator.register.bearer import find_token
from reconciler.emulator.register.consumer_claims import AUTHORITY
from reconciler.emulator.server import missing_routes
from reconciler.emulator.server.routing import Call, Route

if TYPE_CHECKING:
    from starlette.responses import Response

    from reconciler.emulator.dotnet.token_claims import Caller
    from reconciler.emulator.maskinporten.tokens import Issuer

PATH = "/authentication/api/v1/exchange/{tokenProvider}"
TOKEN_SECONDS = 1800
"""Lifetime of an exchanged token (contract §6.4)."""
_DROPPED = frozenset({"aud", "client_amr", "iss", "sid", "iat", "nbf", "exp"})
_OWNERS = {"991825827": "digdir"}
"""Service owners by organisation number; Altinn has the full list."""
_CONSUMER = re.compile(r"0192:([0-9]{9})")
_OWNER_SCOPE = "altinn:serviceowner"
"""The beginning of the scopes of service owners."""
_GONE = {
    "type": "https://docs.altinn.studio",
    "title": "Virksomhetsbruker is no longer available",
    "status": 410,
    "detail": "Virksomhetsbruker (enterprise user) is no longer available. It has been replaced by Systembruker "
    "(system user) or ID-porten, depending on the use case. See https://docs.altinn.studio for migration "
    "guidance.",
}


@dataclass(frozen=True, slots=True)
class TokenExchange:
    """The route of the exchange."""

    issuer: Issuer

    def routes(self) -> list[Route]:
        """List the route; it checks the token itself."""
        return [Route("GET", PATH, self.exchange)]

    async def exchange(self, call: Call) -> Response:
        """Exchange the token of the `Authorization` header; a wrong token is 401."""
        errors: dict[str, list[str]] = {}
        is_test = bind_flag(call.query, "test", errors)
        if errors:
            raise ModelError(errors)
        if not is_readable(find_token(call.request.headers.getlist("authorization"), ())):
            return answer_status(401)
        provider = call.values["tokenProvider"]
        if provider.lower() in {"id-porten", "altinnstudio"}:
            return missing_routes.answer(missing_routes.EXCHANGE, has_token=True)
        if provider.lower() != "maskinporten":
            trusted = "'Maskinporten', 'Id-porten' and 'AltinnStudio'"
            return answer_text(
                400, f"Invalid token provider: {provider}. Trusted token providers are {trusted}."
            )
        org = None if call.caller is None else self._find_org(call.caller)
        if call.caller is None or org is None:
            return answer_status(401)
        if call.request.headers.get("x-altinn-enterpriseuser-authentication"):
            return Formatted(json_writer.write(_GONE), 410, (FRAMEWORK,))
        return answer_text(200, self.issuer.issue(self._claims(call.caller, org, is_test=is_test)))

    def _find_org(self, caller: Caller) -> str | None:
        """Give the organisation of a Maskinporten token that has `exp` and a valid `consumer`, else None."""
        if caller.find("iss") != self.issuer.maskinporten or "exp" not in caller.claims:
            return None
        try:
            consumer = json.loads(caller.find("consumer") or "")
        except ValueError:
            return None
        if not isinstance(consumer, dict) or consumer.get("authority") != AUTHORITY:
            return None
        found = _CONSUMER.fullmatch(str(consumer.get("ID")))
        return None if found is None else found[1]

    def _claims(self, caller: Caller, org: str, *, is_test: bool) -> dict[str, object]:
        now = int(self.issuer.clock.seconds())
        claims = {name: value for name, value in caller.claims.items() if name not in _DROPPED}
        details = claims.get("authorization_details")
        if isinstance(details, list) and len(details) == 1:
            claims["authorization_details"] = details[0]
        is_owner = any(scope.startswith(_OWNER_SCOPE) for scope in caller.scope.split(" "))
        owner = _OWNERS.get(org) if is_owner else None
        if owner is not None:
            claims["urn:altinn:org"] = "ttd" if is_test and owner == "digdir" else owner
        return {
            **claims,
            "urn:altinn:orgNumber": org,
            "urn:altinn:authenticatemethod": "maskinporten",
            "urn:altinn:authlevel": 3,
            "iss": self.issuer.platform,
            "sid": str(uuid.uuid4()),
            "nbf": now,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
