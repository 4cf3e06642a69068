"""RSA keys, JWKs and compact JWS, with `cryptography` only.

Grants are signed with RS256, RS384 or RS512 (Maskinporten contract §2.2).
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from collections.abc import Mapping

HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}


_XML_SIGNATURE = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha"
_XML_SIGNATURE_PSS = "http://www.w3.org/2007/05/xmldsig-more#sha"
ALGORITHMS: Mapping[str, tuple[hashes.HashAlgorithm, bool]] = {
    name: (made, is_pss)
    for bits, made in (("256", hashes.SHA256()), ("384", hashes.SHA384()), ("512", hashes.SHA512()))
    for name, is_pss in (
        (f"RS{bits}", False),
        (f"{_XML_SIGNATURE}{bits}", False),
        (f"PS{bits}", True),
        (f"{_XML_SIGNATURE_PSS}{bits}-rsa-MGF1", True),
    )
}
"""The algorithms that the register accepts, with hash and whether it is PSS (System Register contract §6.1)."""


class NotAToken(ValueError):
    """The text is not a compact JWS with a JSON object for header and payload."""


class Token(NamedTuple):
    """A decoded compact JWS that has not been verified."""

    header: dict[str, object]
    claims: dict[str, object]
    signed: bytes
    signature: bytes

    def is_signed_by(self, key: rsa.RSAPublicKey) -> bool:
        """Say whether `key` made the signature."""
        algorithm = HASHES.get(str(self.header.get("alg")))
        if algorithm is None:
            return False
        try:
            key.verify(self.signature, self.signed, padding.PKCS1v15(), algorithm)
        except InvalidSignature:
            return False
        return True


def read_token(text: str) -> Token:
    """Decode a compact JWS; raises `NotAToken`."""
    parts = text.split(".")
    if len(parts) != 3:
        raise NotAToken("a compact JWS has three parts")
    try:
        header, claims = json.loads(decode(parts[0])), json.loads(decode(parts[1]))
        signature = decode(parts[2])
    except (ValueError, RecursionError) as error:
        raise NotAToken("a part is not base64url, or not JSON") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise NotAToken("header and payload are JSON objects")
    return Token(header, claims, f"{parts[0]}.{parts[1]}".encode(), signature)


def verify(signed: bytes, signature: bytes, key: rsa.RSAPublicKey, algorithm: str) -> bool:
    """Say whether `key` made the signature, by any algorithm that the register accepts."""
    known = ALGORITHMS.get(algorithm)
    if known is None:
        return False
    made, is_pss = known
    scheme = padding.PSS(padding.MGF1(made), padding.PSS.DIGEST_LENGTH) if is_pss else padding.PKCS1v15()
    try:
        key.verify(signature, signed, scheme, made)
    except InvalidSignature:
        return False
    return True


def sign(claims: Mapping[str, object], key: rsa.RSAPrivateKey, kid: str) -> str:
    """Sign `claims` with RS256."""
    header = {"kid": kid, "alg": "RS256"}
    signed = b".".join(encode(json.dumps(part).encode()).encode() for part in (header, claims))
    signature = key.sign(signed, padding.PKCS1v15(), HASHES["RS256"])
    return f"{signed.decode()}.{encode(signature)}"


def show(text: str) -> str:
    """Show the header and the payload of a token as indented JSON."""
    parts = [json.loads(decode(part)) for part in text.split(".")[:2]]
    return "\n.\n".join(json.dumps(part, indent=2, ensure_ascii=False) for part in parts)


def make_key() -> rsa.RSAPrivateKey:
    """Make a new RSA key of 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def write_key(key: rsa.RSAPrivateKey) -> str:
    """Write a private key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def read_key(pem: str) -> rsa.RSAPrivateKey:
    """Read a private key that `write_key` wrote."""
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the kept signing key is not RSA")
    return key


def read_public(pem: bytes) -> rsa.RSAPublicKey:
    """Read the public half of a PEM: a private or public key, or a certificate; raises ValueError."""
    public = _load_public(pem)
    if not isinstance(public, rsa.RSAPublicKey):
        raise ValueError("only an RSA key can be registered")  # noqa: TRY004 - callers catch ValueError alone
    return public


def _load_public(pem: bytes) -> object:
    if b"-----BEGIN CERTIFICATE" in pem:
        return x509.load_pem_x509_certificate(pem).public_key()
    if b"PRIVATE KEY-----" not in pem:
        return serialization.load_pem_public_key(pem)
    try:
        return serialization.load_pem_private_key(pem, password=None).public_key()
    except TypeError as error:
        raise ValueError("the key is encrypted") from error


def write_jwk(key: rsa.RSAPublicKey, kid: str) -> dict[str, str]:
    """Write a public key as a JWK."""
    numbers = key.public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": kid,
        "alg": "RS256",
        "n": encode(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
        "e": encode(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8)),
    }


def read_jwk(jwk: Mapping[str, object]) -> rsa.RSAPublicKey:
    """Read the public half of an RSA JWK, private ones included; raises ValueError for anything else."""
    modulus, exponent = jwk.get("n"), jwk.get("e")
    if jwk.get("kty") != "RSA" or not isinstance(modulus, str) or not isinstance(exponent, str):
        raise ValueError("only an RSA key with `n` and `e` can be registered")
    numbers = rsa.RSAPublicNumbers(int.from_bytes(decode(exponent)), int.from_bytes(decode(modulus)))
    return numbers.public_key()


def encode(data: bytes) -> str:
    """Encode as base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Decode base64url, or the standard alphabet, with or without padding."""
    bare = text.rstrip("=").replace("+", "-").replace("/", "_")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", bare):
        raise binascii.Error("not base64url")
    return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
