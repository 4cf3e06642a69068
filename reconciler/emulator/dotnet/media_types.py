"""Media types as ASP.NET's formatters parse them: from the front, up to the first error.

System Register contract §0.4 and §1.8. `Content-Type` and `Accept` have the same parser. Its only
error is a header that ends where a value should start.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110 §5.6.2."""
_BLANKS = re.compile(r"[ \t]*")
_QUOTED_PAIR = re.compile(r"\\[\x00-\x7f]")


class EndsTooSoon(Exception):
    """The header ends where the value of a parameter should start; ASP.NET raises there too."""


class Parameter(NamedTuple):
    """One parameter; the value is None if it could not be parsed."""

    name: str
    value: str | None


class MediaType(NamedTuple):
    """A media type in lower case, and where parsing stopped."""

    type: str
    subtype: str
    end: int
    """The offset behind the subtype and the blanks after it."""

    @property
    def suffix(self) -> str | None:
        """The part of the subtype behind its last plus."""
        _, plus, suffix = self.subtype.rpartition("+")
        return suffix if plus else None


def read(text: str, at: int = 0) -> MediaType | None:
    """Parse type and subtype from `at`; None if there are none."""
    kind = TOKEN.match(text, _past_blanks(text, at))
    if kind is None:
        return None
    at = _past_blanks(text, kind.end())
    if text[at : at + 1] != "/":
        return None
    subtype = TOKEN.match(text, _past_blanks(text, at + 1))
    if subtype is None:
        return None
    return MediaType(kind[0].lower(), subtype[0].lower(), _past_blanks(text, subtype.end()))


def read_parameter(text: str, at: int) -> tuple[Parameter, int] | None:
    """Parse one `; name=value`; gives it and the offset of the next, None at the end."""
    name = TOKEN.match(text, _past_blanks(text, at + 1)) if text[at : at + 1] == ";" else None
    if name is None:
        return None
    at = _past_blanks(text, name.end())
    if at == len(text) and name[0] == "*":
        return Parameter("*", None), at
    if text[at : at + 1] != "=":
        return None
    value, end = _read_value(text, _past_blanks(text, at + 1))
    return Parameter(name[0].lower(), value), at if value is None else _past_blanks(text, end)


def _read_value(text: str, start: int) -> tuple[str | None, int]:
    token = TOKEN.match(text, start)
    if token is not None:
        return token[0], token.end()
    if start == len(text):
        raise EndsTooSoon
    end = _find_quote(text, start)
    return (None, start) if end is None else (text[start + 1 : end - 1], end)


def find_parameter(text: str, media: MediaType, name: str) -> str | None:
    """Find the value of the first parameter of that name, None if there is none."""
    at = media.end
    while True:
        found = read_parameter(text, at)
        if found is None:
            return None
        parameter, at = found
        if parameter.name == name:
            return parameter.value


def _find_quote(text: str, start: int) -> int | None:
    """Find the end of a quoted string; a quote behind a backslash does not end it."""
    if text[start] != '"':
        return None
    at = start + 1
    while at < len(text):
        if at + 2 < len(text) and _QUOTED_PAIR.match(text, at):
            at += 2
        elif text[at] == '"':
            return at + 1
        else:
            at += 1
    return None


def _past_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at
