"""Access tokens: the keys that sign them, and the verification of the token of each request.

Two issuers share the keys: Maskinporten and Altinn's platform; a token of any other issuer is refused. Each
request's token is checked for signature, issuer and times (System Register contract §6.1); verified tokens are
cached.
"""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.token_claims import Caller
from reconciler.emulator.dotnet.token_decoding import decode, is_readable, read_time
from reconciler.emulator.maskinporten import keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric import rsa

    from reconciler.emulator.register.store import Store
    from reconciler.emulator.server.addresses import Address
    from reconciler.emulator.server.clock import Clock

SKEW_SECONDS = 10
"""How long after `exp`, and before `nbf`, a token is accepted (System Register contract §6.1)."""
_CACHED = 4096
_KEPT_NAME = "signing-keys"


@dataclass(slots=True)
class Issuer:
    """Signs and checks access tokens; keys are made when first needed and stored in the state."""

    address: Address
    maskinporten: str
    """The issuer of Maskinporten's tokens, with a slash at the end."""
    clock: Clock
    store: Store
    _keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    _seen: dict[str, Caller] = field(default_factory=dict)
    _expired: set[str] = field(default_factory=set)

    @property
    def platform(self) -> str:
        """The issuer of Altinn's own tokens."""
        return f"{self.address.base}/authentication/api/v1/openid/"

    def issue(self, claims: Mapping[str, object]) -> str:
        """Sign an access token."""
        kid, key = list(self._load().items())[-1]
        return keys.sign(claims, key, kid)

    def rotate(self) -> str:
        """Make a new signing key and sign with it from now on; the old ones stay published. Gives its kid."""
        self._load()
        kid = f"emulator-{uuid.uuid4()}"
        self._keys[kid] = keys.make_key()
        self.store.keep(_KEPT_NAME, json.dumps({kid: keys.write_key(key) for kid, key in self._keys.items()}))
        return kid

    def publish(self) -> dict[str, object]:
        """Write the public keys as a JWKS."""
        return {"keys": [keys.write_jwk(key.public_key(), kid) for kid, key in self._load().items()]}

    def check(self, text: str) -> Caller | None:
        """Check the token of a request, empty for none; None means 401. Raises `Undecodable` for 500."""
        caller = self._seen.get(text)
        if caller is None:
            caller = self._read(text) if is_readable(text) else None
            if caller is None:
                return None
            if len(self._seen) >= _CACHED:
                self._seen.clear()
            self._seen[text] = caller
        now = self.clock.seconds()
        is_early, is_late = caller.not_before > now + SKEW_SECONDS, caller.expires < now - SKEW_SECONDS
        return None if is_early or is_late or text in self._expired else caller

    def expire(self, token: str) -> None:
        """Treat a token as expired from now on."""
        self._expired.add(token)

    def expire_all(self) -> None:
        """Treat every token that has been used so far as expired."""
        self._expired.update(self._seen)

    def _read(self, text: str) -> Caller | None:
        token = decode(text)
        if token is None or token.claims.get("iss") not in {self.maskinporten, self.platform}:
            return None
        algorithm = str(token.header.get("alg"))
        if not any(
            keys.verify(token.signed, token.signature, key.public_key(), algorithm)
            for key in self._load().values()
        ):
            return None
        expires, not_before = read_time(token.claims, "exp"), read_time(token.claims, "nbf")
        return Caller(token.claims, float("inf") if expires is None else expires, not_before or 0.0)

    def _load(self) -> dict[str, rsa.RSAPrivateKey]:
        if not self._keys:
            kept = self.store.read_kept(_KEPT_NAME)
            if kept is None:
                kid, key = f"emulator-{uuid.uuid4()}", keys.make_key()
                self._keys[kid] = key
                self.store.keep(_KEPT_NAME, json.dumps({kid: keys.write_key(key)}))
            else:
                self._keys.update({kid: keys.read_key(pem) for kid, pem in json.loads(kept).items()})
        return self._keys


def make_jti() -> str:
    """Make a random `jti` of 43 base64url characters, as Maskinporten's are."""
    return secrets.token_urlsafe(32)
