"""Categories and letter cases of characters as in .NET 10: those of Unicode 16, whatever the version of Python.

System Register contract §0.4, §2.4 and §2.5. Categories come from a shipped table, since Python's own
depend on its version. Cases are mapped character by character; no character becomes several.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""The characters that .NET's `Trim()` removes; Python's `strip()` removes four more."""
_UNCASED = frozenset("\u0130\u0131\u017f")
"""Letters whose other case is in ASCII while they are not; .NET's invariant case does not map them."""
_NEWER = {0x019B: 0xA7DC, 0x0264: 0xA7CB, 0x1C8A: 0x1C89, 0xA7CD: 0xA7CC, 0xA7DB: 0xA7DA} | {
    0x10D70 + place: 0x10D50 + place for place in range(22)
}
"""Case pairs of Unicode 16 that Python 3.11 to 3.13 do not have: lower to upper case."""
_NEWER_SMALL = {capital: small for small, capital in _NEWER.items()}
_TOO_NEW = frozenset("\ua7d3\ua7d5")
"""Lower-case letters whose upper case came with Unicode 17."""


@cache
def read_ranges(name: str) -> str:
    """Read one row of the table as the content of a character class of a regular expression."""
    text = files("reconciler.emulator").joinpath("data", "unicode16.tsv").read_text(encoding="utf-8")
    rows = dict(line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    ends = [span.partition("-") for span in rows[name].split(" ")]
    return "".join(f"\\u{int(first, 16):04x}-\\u{int(last or first, 16):04x}" for first, _, last in ends)


@cache
def _letters() -> re.Pattern[str]:
    return re.compile(f"[{read_ranges('letters')}]")


def is_letter(char: str) -> bool:
    """Say whether .NET's `char.IsLetter` holds: one UTF-16 unit of a category L."""
    return bool(_letters().match(char))


def fold(text: str) -> str:
    """Map each character to its single upper case, so that texts compare ignoring case."""
    return text.upper() if text.isascii() else "".join(map(_raise, text))


def lower(text: str) -> str:
    """Lower-case a text as `ToLowerInvariant` does."""
    return text.lower() if text.isascii() else "".join(map(_sink, text))


def _raise(char: str) -> str:
    if char in _UNCASED or char in _TOO_NEW:
        return char
    newer = _NEWER.get(ord(char))
    if newer is not None:
        return chr(newer)
    upper = char.upper()
    # NOTE: where the full upper case has several letters, the simple one, if there is one, is the title case.
    upper = upper if len(upper) == 1 else char.title()
    return upper if len(upper) == 1 else char


def _sink(char: str) -> str:
    newer = _NEWER_SMALL.get(ord(char))
    if newer is not None:
        return chr(newer)
    small = char.lower()
    return char if char in _UNCASED or len(small) != 1 else small
