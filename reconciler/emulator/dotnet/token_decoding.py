"""Decoding of a token, before its signature is checked.

System Register contract §6.5: text that is not readable as a token counts as no token (401); a readable one
that cannot be decoded is 500 on every route.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from typing import NamedTuple

_SIGNED = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_ENCRYPTED = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*")
_LATEST = 2**63 - 1


class Undecodable(Exception):
    """The text is readable as a token, and the token library fails on it."""


class Decoded(NamedTuple):
    """A decoded token that has not been verified."""

    header: dict[str, object]
    claims: dict[str, object]
    signed: bytes
    signature: bytes


def is_readable(text: str) -> bool:
    """Say whether a text is readable as a token: three or five parts."""
    return bool(_SIGNED.fullmatch(text) or _ENCRYPTED.fullmatch(text))


def decode(text: str) -> Decoded | None:
    """Decode a readable text; None if it cannot be verified. Raises `Undecodable`."""
    parts = text.split(".")
    header = _read_object(parts[0])
    if len(parts) != 3:
        return None
    claims = _read_object(parts[1])
    _check_types(claims)
    try:
        signature = _decode_part(parts[2])
    except ValueError:
        return None
    return Decoded(header, claims, f"{parts[0]}.{parts[1]}".encode(), signature)


def read_time(claims: dict[str, object], name: str) -> float | None:
    """Give a time in seconds since the epoch, None if the claim is absent; raises `Undecodable`."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LATEST:
        raise Undecodable
    return float(value)


def _check_types(claims: dict[str, object]) -> None:
    """Check the types of the claims that the token library reads; raises `Undecodable`."""
    for name in ("exp", "nbf", "iat"):
        read_time(claims, name)
    if not isinstance(claims.get("iss"), str | None):
        raise Undecodable
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if any(not isinstance(one, str | None) for one in listed):
        raise Undecodable
    if isinstance(claims.get("sub"), list | dict) or not isinstance(claims.get("jti"), str | None):
        raise Undecodable


def _read_object(part: str) -> dict[str, object]:
    try:
        value = json.loads(_decode_part(part).decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Undecodable from error
    if not isinstance(value, dict):
        raise Undecodable
    return value


def _decode_part(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _refuse(constant: str) -> object:
    raise ValueError(constant)
