"""JSON as the service writes it: no white space, and the escapes of .NET's relaxed encoder.

System Register contract §0.4. Everything that is answered as JSON goes through `write`; what the store
keeps is written by it too, so that it can be answered as it is.
"""

from __future__ import annotations

import json
import re
from functools import cache

from reconciler.emulator.dotnet.letters import read_ranges

_SMALL_HEX = re.compile(r"\\(?:u00[01][0-9a-f]|.)")
_SHORT = {0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r"}


@cache
def _escaped() -> re.Pattern[str]:
    """What is escaped beside quotes, backslashes and the controls that every writer escapes."""
    return re.compile(f"(?![\\x00-\\x1f])[{read_ranges('escaped')}]|[\\ud800-\\udfff\\U00010000-\\U0010ffff]")


def write(value: object) -> str:
    """Write `value` as JSON text."""
    return _escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def write_indented(value: object) -> str:
    """Write `value` as JSON text, indented by two, as the resource registry does (contract §8.1)."""
    return _escape(json.dumps(value, ensure_ascii=False, indent=2))


def _escape(text: str) -> str:
    if not text.isascii() or "\x7f" in text:
        text = _escaped().sub(_write_escape, text)
    return _SMALL_HEX.sub(_raise_hex, text) if "\\u00" in text else text


def _write_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2]):04X}" for at in range(0, len(units), 2))


def _raise_hex(found: re.Match[str]) -> str:
    return found[0] if len(found[0]) == 2 else f"\\u{found[0][2:].upper()}"
