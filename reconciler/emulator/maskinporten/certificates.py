"""Enterprise certificates in a grant's `x5c` header: the chain, its dates and its organisation.

Only the configured roots are trusted; revocation lists are not fetched
(Maskinporten contract §2.2, §2.6 row 11).
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence


class BadHeader(ValueError):
    """`x5c` is not an array of certificates: MP-123."""


class BadCertificate(ValueError):
    """The chain does not lead to a trusted root, or has expired: MP-120."""


@dataclass(frozen=True, slots=True)
class CertificateHolder:
    """The key and the organisation of a certificate."""

    key: rsa.RSAPublicKey
    org: str


def read_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read the trusted roots from PEM; raises ValueError."""
    return tuple(x509.load_pem_x509_certificates(pem))


def read_chain(header: object, roots: Sequence[x509.Certificate], now: float) -> CertificateHolder:
    """Read an `x5c` header and verify its chain up to a root; raises `BadHeader` or `BadCertificate`."""
    if not isinstance(header, list) or not header:
        raise BadHeader("x5c is an array")
    try:
        chain = [x509.load_der_x509_certificate(b64decode(str(one), validate=True)) for one in header]
    except (binascii.Error, ValueError) as error:
        raise BadHeader("x5c holds base64 of DER") from error
    _check_chain(chain, roots, datetime.fromtimestamp(now, UTC))
    key = chain[0].public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadCertificate("only RSA keys sign grants")
    return CertificateHolder(key, _find_org(chain[0]))


def _check_chain(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], moment: datetime
) -> None:
    for certificate, issuer in pairwise(chain):
        if not _is_issued_by(certificate, issuer):
            raise BadCertificate("a certificate was not issued by the next one")
    last = chain[-1]
    if last not in roots and not any(_is_issued_by(last, root) for root in roots):
        raise BadCertificate("the chain leads to no trusted root")
    for certificate in chain:
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            raise BadCertificate("a certificate is out of date")


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _find_org(certificate: x509.Certificate) -> str:
    """Find the organisation number: `NTRNO-` and the number in SEID 2.0, the bare number in SEID 1.0."""
    for oid in (NameOID.ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER):
        for attribute in certificate.subject.get_attributes_for_oid(oid):
            match = re.fullmatch(r"(?:NTRNO-)?([0-9]{9})", str(attribute.value))
            if match:
                return match[1]
    return ""
