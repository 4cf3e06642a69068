"""The private key of a Maskinporten client, in any of the forms in which people hold one.

It loads and refuses; a message about a key never quotes it.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt import InvalidKeyError
from jwt.algorithms import RSAAlgorithm

from reconciler.errors import CredentialsError

if TYPE_CHECKING:
    from reconciler.model import Json
    from reconciler.secret import Secret

ALGORITHMS = ("RS256", "RS384", "RS512")
"""https://docs.digdir.no/docs/Maskinporten/maskinporten_protocol_jwtgrant: RSA only."""
SMALLEST = 2048
"""Bits; https://docs.digdir.no, Maskinporten client registration."""
_READY = "Give a private RSA key: a JWK, its base64, or a PEM."


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A private RSA key, the id under which its public half is registered, and its algorithm."""

    private: RSAPrivateKey
    kid: str
    algorithm: str

    def __repr__(self) -> str:
        return f"Key(kid={self.kid!r}, algorithm={self.algorithm!r})"


def read_key(secret: Secret, kid: str = "") -> Key:
    """Read a key from a JWK, a set or list of JWKs, a PEM, or the base64 of one of them.

    `kid` is needed for a PEM, and chooses from a set. Raises `CredentialsError` for anything that
    Maskinporten would refuse: EC keys, public halves, fewer than 2048 bits, no kid.
    """
    text = _decode(secret.reveal().strip())
    key = (
        _read_pem(text, kid) if text.startswith("-----BEGIN") else _read_jwk(_choose(_parse(text), kid), kid)
    )
    if key.private.key_size < SMALLEST:
        raise CredentialsError(
            f"The key has {key.private.key_size} bits.", hint=f"Use {SMALLEST} bits or more."
        )
    if not key.kid:
        raise CredentialsError(
            "The key has no id.", hint="Set MASKINPORTEN_KID to the kid under which it is registered."
        )
    return key


def _decode(text: str) -> str:
    """Undo base64, where the text is neither JSON nor PEM."""
    if text.startswith(("{", "[", "-----BEGIN")):
        return text
    compact = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        decoded = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
        result = decoded.decode("utf-8").strip()
    except (binascii.Error, UnicodeDecodeError) as error:
        hint = f"A PKCS#12 or DER file has to be converted first. {_READY}"
        raise CredentialsError(
            "The key is neither JSON, nor PEM, nor the base64 of one.", hint=hint
        ) from error
    if not result.startswith(("{", "[", "-----BEGIN")):
        raise CredentialsError("The base64 of the key holds neither JSON nor PEM.", hint=_READY)
    return result


def _parse(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:  # its text would quote the key
        raise CredentialsError("The key is not well-formed JSON.", hint=_READY) from None


def _choose(value: Json, kid: str) -> dict[str, Json]:
    """Choose the private key of a set: by kid, else the only one."""
    keys = value.get("keys", [value]) if isinstance(value, dict) else value
    found = [each for each in keys if isinstance(each, dict) and ("d" in each or len(keys) == 1)]
    if kid and len(found) > 1:
        found = [each for each in found if each.get("kid") == kid]
    if len(found) != 1:
        raise CredentialsError(
            f"There are {len(found)} private keys to choose from.",
            hint="Set MASKINPORTEN_KID to the one to use.",
        )
    return found[0]


def _read_jwk(jwk: dict[str, Json], kid: str) -> Key:
    if jwk.get("kty") != "RSA":
        raise CredentialsError(
            f"The key is of type {str(jwk.get('kty', 'unknown'))[:10]}, and Maskinporten takes RSA only.",
            hint=_READY,
        )
    if "d" not in jwk:
        raise CredentialsError("The key is the public half only.", hint=_READY)
    named = str(jwk.get("kid") or "")
    if kid and named and kid != named:
        raise CredentialsError(
            f"MASKINPORTEN_KID says `{kid}`, and the key itself `{named}`.", hint="Unset one, or correct it."
        )
    algorithm = jwk.get("alg")
    # NOTE: PyJWT refuses every key with `oth`, and .NET's tools write an empty one.
    numbers = {name: value for name, value in jwk.items() if name != "oth"}
    try:
        private = RSAAlgorithm.from_jwk(numbers)
    except (InvalidKeyError, ValueError, TypeError, KeyError):  # its text could quote the key
        raise CredentialsError("The numbers of the JWK are not a private RSA key.", hint=_READY) from None
    if not isinstance(private, RSAPrivateKey):
        raise CredentialsError("The key is the public half only.", hint=_READY)
    return Key(private, named or kid, algorithm if algorithm in ALGORITHMS else ALGORITHMS[0])


def _read_pem(text: str, kid: str) -> Key:
    pem = text.replace("\\r", "").replace("\\n", "\n")
    if "ENCRYPTED" in pem:
        raise CredentialsError(
            "The key is encrypted.", hint="Decrypt it: openssl pkey -in key.pem -out plain.pem"
        )
    try:
        private = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):  # its text could quote the key
        raise CredentialsError("The PEM does not hold a private key.", hint=_READY) from None
    if not isinstance(private, RSAPrivateKey):
        raise CredentialsError("The key is no RSA key, and Maskinporten takes RSA only.", hint=_READY)
    return Key(private, kid, ALGORITHMS[0])
