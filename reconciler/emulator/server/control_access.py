"""Who may use the control endpoint and the token generator, which give out any token and any system.

With a control token only callers who send it. Without one only callers on this machine, and only if no other
machine can reach the emulator: it listens on loopback, has no public URL, and no proxy forwarded the request.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.answers import answer_text
from reconciler.emulator.server.addresses import is_forwarded, is_loopback

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_CHALLENGE = 'Bearer realm="emulator", Basic realm="emulator"'
_CLOSED = "Only this machine may ask here. Set control_token to let others in."


@dataclass(frozen=True, slots=True)
class ControlAccess:
    """Checks callers of the control endpoint."""

    token: str | None
    """The control token: as Bearer token, or as the password of any user."""
    is_closed: bool

    def refuse(self, request: Request) -> Response | None:
        """Give the answer that refuses a caller, None for one who is allowed."""
        if self.token is not None:
            shown = _read_secret(request.headers.get("authorization", ""))
            if secrets.compare_digest(shown.encode(), self.token.encode()):
                return None
            response = answer_text(401, "The control token is missing or wrong.")
            response.headers["WWW-Authenticate"] = _CHALLENGE
            return response
        is_here = request.client is not None and is_loopback(request.client.host)
        if not self.is_closed and is_here and not is_forwarded(request):
            return None
        return answer_text(403, _CLOSED)


def _read_secret(authorization: str) -> str:
    """Read the secret of a caller: a Bearer token, or the password of Basic authentication."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        text = base64.b64decode(rest.strip() + "=" * (-len(rest.strip()) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text.partition(":")[2]
