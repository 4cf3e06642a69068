"""What a text has to be before it is read as YAML, and what a mistake in it is.

Pure. What a parser stops at is for `yaml_syntax` and `yaml_reasons`, which are loaded only then.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from reconciler.definitions.yaml_nodes import Position

_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
QUOTE = "Quote a text that holds `: ` or ` #`, or starts with one of `*&!%@[{`."


class Mistake(NamedTuple):
    """What is wrong, where, and what to do."""

    message: str
    position: Position
    hint: str


def find_wrong_encoding(content: bytes) -> Mistake | None:
    """Say what is wrong with bytes that are not UTF-8; None where nothing is."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0\0" in (content[:4:2], content[1:4:2]):
        return Mistake("The file is UTF-16, not UTF-8", Position(1, 1), "Save the file as UTF-8.")
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = content.rfind(b"\n", 0, error.start) + 1
        position = Position(
            content.count(b"\n", 0, error.start) + 1,
            len(content[start : error.start].decode("utf-8-sig", "replace")) + 1,
        )
        meant = bytes([content[error.start]]).decode("cp1252", "replace")
        if meant.isalpha():
            message = (
                f"The file is not UTF-8: byte {error.start + 1:,} is `{meant}` in Latin-1 (Windows-1252)"
            )
            return Mistake(message, position, "Save the file as UTF-8.")
        return Mistake(f"Byte {error.start + 1:,} is not UTF-8", position, "Save the file as UTF-8.")
    return None


def find_other_breaks(text: str) -> Mistake | None:
    """Find a line break of YAML 1.1 that YAML 1.2 and editors do not know: what follows may hide behind a comment."""
    found = _OTHER_BREAKS.search(text)
    if found is None:
        return None
    number = f"{ord(found[0]):04X}"
    hint = f"Remove it, or write `\\u{number}` in double quotes."
    return Mistake(
        f"U+{number} is a line break to some programs only", find_position(text, found.start()), hint
    )


def find_position(text: str, offset: int) -> Position:
    """Give the line and column of an offset."""
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))
