"""Reads the private key of a Maskinporten client, in any of its usual forms.

A message about a key never quotes it.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from jwt import InvalidKeyError
from jwt.algorithms import RSAAlgorithm

from reconciler.clients.credentials import ALGORITHMS, is_kid
from reconciler.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    from reconciler.model.canonical_json import Json
    from reconciler.model.secret import Secret

HASHES: Mapping[str, HashAlgorithm] = dict(zip(ALGORITHMS, (SHA256(), SHA384(), SHA512()), strict=True))
"""What each algorithm hashes with; all of them pad by PKCS #1 v1.5 (RFC 7518 §3.3)."""
SMALLEST = 2048
"""Bits; https://docs.digdir.no, Maskinporten client registration."""
_READY = "Give a private RSA key: a JWK, its base64, or a PEM."
_CONVERT = "Convert it first: openssl pkcs12 -in FILE -nodes -nocerts, or openssl pkey -inform DER -in FILE."
_PUBLIC = "The key is the public half only."


class Signer(Protocol):
    """Whatever signs with a private key: the id under which its public half is registered, and its algorithm."""

    @property
    def kid(self) -> str:
        """The id."""

    @property
    def algorithm(self) -> str:
        """One of `ALGORITHMS`."""

    def sign(self, data: bytes) -> bytes:
        """Sign a text; raises `SignerFailed`."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A private RSA key, the id under which its public half is registered, and its algorithm."""

    private: RSAPrivateKey
    kid: str
    algorithm: str
    form: str = "PEM"
    """How it was given."""
    made: float | None = None
    """When it was made, in seconds since 1970, where a JWK says so."""

    def __repr__(self) -> str:
        return f"Key(kid={self.kid!r}, algorithm={self.algorithm!r})"

    def sign(self, data: bytes) -> bytes:
        """Sign a text."""
        return self.private.sign(data, PKCS1v15(), HASHES[self.algorithm])


def read_key(secret: Secret, kid: str = "") -> Key:
    """Read a key from a JWK, a set or list of JWKs, a PEM, or the base64 of one of them.

    `kid` is needed for a PEM, and chooses from a set. Raises `CredentialsError` for anything that
    Maskinporten would refuse: EC keys, public halves, fewer than 2048 bits, no kid.
    """
    text = _decode(secret.reveal().strip("\ufeff \t\r\n"))
    is_json = text.startswith(("{", "["))
    key = _read_jwk(_choose(_parse(text), kid), kid) if is_json else _read_pem(text, kid)
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
    if _is_plain(text):
        return text
    compact = re.sub(r"\s|\\r|\\n", "", text).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        decoded = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except ValueError:  # its text could quote the key
        raise CredentialsError(
            "The key is neither JSON, nor PEM, nor the base64 of one.", hint=_READY
        ) from None
    try:
        result = decoded.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        result = ""
    if decoded.startswith(b"\x30"):  # the sequence that every DER structure is
        raise CredentialsError("The base64 of the key holds a PKCS#12 or DER file.", hint=_CONVERT)
    if not _is_plain(result):
        raise CredentialsError("The base64 of the key holds neither JSON nor PEM.", hint=_READY)
    return result


def _is_plain(text: str) -> bool:
    """Say whether a text is JSON or a PEM; OpenSSL prints a bag's attributes above the latter."""
    return text.startswith(("{", "[")) or "-----BEGIN" in text


def _parse(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # its text would quote the key
        raise CredentialsError("The key is not well-formed JSON.", hint=_READY) from None


def _choose(value: Json, kid: str) -> dict[str, Json]:
    """Choose the private key of a set or list: by kid, else the only one."""
    keys = value.get("keys", [value]) if isinstance(value, dict) else value
    there = [each for each in keys if isinstance(each, dict)] if isinstance(keys, list) else []
    private = [each for each in there if "d" in each]
    if not private:
        if len(there) == 1:
            return there[0]  # `_read_jwk` says what is wrong with it
        message = _PUBLIC if there else "There is no key in the JSON."
        raise CredentialsError(message, hint=_READY)
    if len(private) == 1:
        return private[0]
    named = [each for each in private if kid and str(each.get("kid")) == kid]
    if len(named) != 1:
        detail = f", and {len(named) or 'none'} of them has the kid `{kid}`" if kid else " to choose from"
        raise CredentialsError(
            f"There are {len(private)} private keys{detail}.",
            hint="Set MASKINPORTEN_KID to the kid of one of them.",
        )
    return named[0]


def _read_jwk(jwk: dict[str, Json], kid: str) -> Key:
    if jwk.get("kty") != "RSA":
        kind = f"of type {jwk['kty']}" if jwk.get("kty") in ("EC", "OKP", "oct") else "no RSA key"
        raise CredentialsError(
            f"The key is {kind}, and Maskinporten takes RSA only.",
            hint=_READY,
        )
    if "d" not in jwk:
        raise CredentialsError(_PUBLIC, hint=_READY)
    named = str(jwk.get("kid") or "")
    if named and not is_kid(named):
        raise CredentialsError(
            "What the JWK holds as `kid` is no key id; it is not used, and not shown.",
            hint="A key id has at most 200 printable characters on one line.",
        )
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
        raise CredentialsError(_PUBLIC, hint=_READY)
    made = jwk.get("iat")
    return Key(
        private,
        named or kid,
        algorithm if algorithm in ALGORITHMS else ALGORITHMS[0],
        form="JWK",
        made=float(made) if isinstance(made, (int, float)) else None,
    )


def _read_pem(text: str, kid: str) -> Key:
    pem = text.replace("\\r", "").replace("\\n", "\n")
    if "ENCRYPTED" in pem:
        raise CredentialsError(
            "The key is encrypted.", hint="Decrypt it: openssl pkey -in key.pem -out plain.pem"
        )
    try:
        private = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # its text could quote the key
        message = _PUBLIC if "PUBLIC KEY-----" in pem else "The PEM does not hold a private key."
        raise CredentialsError(message, hint=_READY) from None
    if not isinstance(private, RSAPrivateKey):
        raise CredentialsError("The key is no RSA key, and Maskinporten takes RSA only.", hint=_READY)
    return Key(private, kid, ALGORITHMS[0])


def read_public_key(secret: Secret, kid: str) -> RSAPublicKey:
    """Read the public half of a key from a PEM, a JWK or a set of JWKs, from which the kid chooses.

    Raises `CredentialsError` for anything else, private halves included: where a command signs, none belongs here.
    """
    text = secret.reveal().strip("\ufeff \t\r\n")
    public = _load_public_jwk(_parse(text), kid) if text.startswith(("{", "[")) else _load_public_pem(text)
    if not isinstance(public, RSAPublicKey):
        raise CredentialsError(
            "MASKINPORTEN_PUBLIC_KEY holds no public RSA key; what it holds is not shown.",
            hint="Give the public half as a PEM or a JWK, or the path of its file.",
        )
    return public


def _load_public_jwk(value: Json, kid: str) -> object:
    keys = value.get("keys", [value]) if isinstance(value, dict) else value
    there = [each for each in keys if isinstance(each, dict)] if isinstance(keys, list) else []
    named = [each for each in there if each.get("kid") == kid] or there
    if len(named) != 1 or "d" in named[0]:
        return None
    try:
        return RSAAlgorithm.from_jwk({name: named[0].get(name) for name in ("kty", "n", "e")})
    except (InvalidKeyError, ValueError, TypeError, KeyError):
        return None


def _load_public_pem(text: str) -> object:
    try:
        return load_pem_public_key(text.replace("\\r", "").replace("\\n", "\n").encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
