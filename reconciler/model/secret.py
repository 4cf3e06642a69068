"""A text that must not be seen: how it is kept out of sight, and by what it is known where it does not belong.

Pure.
"""

from __future__ import annotations

import re
from typing import NoReturn

_MARKS = re.compile(
    r"-----(BEGIN|END)"  # PEM
    r"|(?i:PRIVATE.{0,3}KEY)"
    r"|LS0tLS1CRUdJTi"  # PEM in base64
    r"|(?<![A-Za-z0-9])MII[A-Za-z0-9+/_-]{60}"  # DER in base64
    r"|(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{20}"  # JSON in base64, as every JWT begins
    r"|[\"'{,]\s*\\?[\"']?(kty|dp|dq|qi|oth|private_key)\\?[\"']?\s*[:=]"  # JWK
)
_RUN = re.compile(r"[A-Za-z0-9+/_-]{100,}")
"""The shortest run that is looked at; the longest key id in use, a SHA-512 thumbprint, has 86 characters."""


def looks_secret(text: str) -> bool:
    """Say whether a text looks as if it held a key or a token, whatever else it was meant to hold.

    That is a mark of PEM, DER, JWK or JWT, or a long run of letters and digits as random as base64.
    """
    if _MARKS.search(text):
        return True
    compact = re.sub(r"\s|\\[rn]|%0[ad]", "", text, flags=re.IGNORECASE)
    return any(_is_random(each) for each in _RUN.findall(compact))


def _is_random(run: str) -> bool:
    """Say whether small letters, capitals and digits come about as often as chance has them."""
    small, capital, digits = (sum(map(kind, run)) for kind in (str.islower, str.isupper, str.isdigit))
    return min(small, capital) > len(run) * 0.2 and digits > len(run) * 0.06


class Secret:
    """A token, key or assertion; only `reveal` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text, to the one place that sends or signs."""
        return self._text

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret(***)"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")
