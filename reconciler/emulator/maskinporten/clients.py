"""The clients that Maskinporten knows: their organisation, scopes and registered keys.

Clients can be added, replaced and removed while the emulator runs (Maskinporten contract §1.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric import rsa

ACCESS_TOKEN_SECONDS = 120
"""Lifetime of an access token unless the client sets one (Maskinporten contract §3.3)."""

ANY_KID = ""
"""The id of a key that was registered without one."""


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """One registered public key; the times are seconds since the epoch."""

    public: rsa.RSAPublicKey
    known_from: float = 0.0
    """When the token endpoint gets to know the key."""
    expires: float = float("inf")


@dataclass(frozen=True, slots=True)
class Client:
    """One client of one organisation."""

    client_id: str
    org: str
    scopes: frozenset[str]
    keys: Mapping[str, RegisteredKey] = field(default_factory=dict)
    not_granted: frozenset[str] = frozenset()
    """Scopes of the client that their owner has not granted to the organisation."""
    access_token_seconds: int = ACCESS_TOKEN_SECONDS

    def find_key(self, kid: str) -> RegisteredKey | None:
        """Find a key by its id; a key without an id fits every id."""
        return self.keys.get(kid) or self.keys.get(ANY_KID)


class Delegation(NamedTuple):
    """A scope that one organisation has delegated to another."""

    consumer: str
    supplier: str
    scope: str
