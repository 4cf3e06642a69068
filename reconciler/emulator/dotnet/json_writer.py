"""JSON as the service writes it: no white space, and the escapes of .NET's relaxed encoder.

System Register contract §0.4. All JSON answers are written here, and the store's documents too, so that they
are answered as they are stored.
"""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.characters import read_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMALL_HEX = re.compile(r"\\(?:u00[01][0-9a-f]|.)")
_MANY = 500
"""Entries that are written at once; of characters a thousand times as many."""
_DEEPEST = 4
"""Levels of a document with lists of many entries, down to the attributes of a right."""
_SHORT = {0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r"}


@cache
def _escaped() -> re.Pattern[str]:
    """Match what is escaped besides quotes, backslashes and control characters."""
    return re.compile(f"(?![\\x00-\\x1f])[{read_ranges('escaped')}]|[\\ud800-\\udfff\\U00010000-\\U0010ffff]")


def write(value: object) -> str:
    """Write `value` as JSON text."""
    return _escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def write_in_portions(value: object) -> str:
    """Write as `write` does; other threads run between the portions of a value with many entries."""
    return "".join(_write_portions(value, _DEEPEST))


def write_indented(value: object) -> str:
    """Write `value` as JSON text, indented by two, as the resource registry does (contract §8.1)."""
    return _escape(json.dumps(value, ensure_ascii=False, indent=2))


def _write_portions(value: object, depth: int) -> Iterator[str]:
    if not _is_large(value, depth):
        yield write(value)
    elif isinstance(value, dict):
        yield from _write_members(value, depth - 1)
    elif isinstance(value, list):
        yield from _write_elements(value, depth - 1)


def _write_members(value: dict[str, object], depth: int) -> Iterator[str]:
    mark = "{"
    entries = iter(value.items())
    while batch := dict(islice(entries, _MANY)):
        if any(_is_large(one, depth) for one in batch.values()):
            for name, one in batch.items():
                yield f"{mark}{write(name)}:"
                yield from _write_portions(one, depth)
                mark = ","
        else:
            yield mark + write(batch)[1:-1]
        mark = ","
    yield "}"


def _write_elements(value: list[object], depth: int) -> Iterator[str]:
    mark = "["
    for start in range(0, len(value), _MANY):
        batch = value[start : start + _MANY]
        if any(_is_large(one, depth) for one in batch):
            for one in batch:
                yield mark
                yield from _write_portions(one, depth)
                mark = ","
        else:
            yield mark + write(batch)[1:-1]
        mark = ","
    yield "]"


def _is_large(value: object, depth: int) -> bool:
    """Say whether a value has many entries, or one that has."""
    if depth == 0 or not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return len(value) > _MANY or any(_is_large(one, depth - 1) for one in inner)


def _escape(text: str) -> str:
    if not text.isascii() or "\x7f" in text:
        width = 1000 * _MANY
        parts = (text[at : at + width] for at in range(0, len(text), width))
        text = "".join(_escaped().sub(_write_escape, part) for part in parts)
    return _SMALL_HEX.sub(_raise_hex, text) if "\\u00" in text else text


def _write_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2]):04X}" for at in range(0, len(units), 2))


def _raise_hex(found: re.Match[str]) -> str:
    return found[0] if len(found[0]) == 2 else f"\\u{found[0][2:].upper()}"
