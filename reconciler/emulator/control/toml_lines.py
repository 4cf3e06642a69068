"""The line of each key in a TOML file.

`tomllib` gives values without their lines. This module scans the same text for keys only;
it expects text that `tomllib` accepts, and interprets no values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

KeyPath: TypeAlias = "tuple[str | int, ...]"
_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_DOTTED = re.compile(rf"{_KEY.pattern}(?:\.{_KEY.pattern})*")
_VALUE = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}]"
    r"|\n"
    r"|[^\"'\#\[\]{}\n]+",
    re.DOTALL,
)


def find_lines(text: str) -> dict[KeyPath, int]:
    """Map the path of every table and key outside inline values to its line, counted from 1."""
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for line, statement in _statements(text):
        if statement.startswith("[["):
            name = _resolve(_keys(statement[2:]), counts)
            counts[name] = counts.get(name, -1) + 1
            table = (*name, counts[name])
            lines.setdefault(name, line)
            lines[table] = line
        elif statement.startswith("["):
            table = _resolve(_keys(statement[1:]), counts)
            lines.setdefault(table, line)
        else:
            path = table
            for key in _keys(statement):
                path = (*path, key)
                lines.setdefault(path, line)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Split the text at line ends outside strings and brackets."""
    depth, line, start_line, start = 0, 1, 1, 0
    for match in _VALUE.finditer(text):
        piece = match.group()
        if piece in "[{" and (depth or not _opens_table(text, match.start())):
            depth += 1
        elif piece in "]}" and depth:
            depth -= 1
        line += piece.count("\n")
        if piece == "\n" and depth == 0:
            statement = text[start : match.start()].strip()
            if statement and not statement.startswith("#"):
                yield start_line, statement
            start, start_line = match.end(), line
    statement = text[start:].strip()
    if statement and not statement.startswith("#"):
        yield start_line, statement


def _opens_table(text: str, position: int) -> bool:
    """Say whether the bracket starts a table header, which always ends on the same line."""
    before = text[text.rfind("\n", 0, position) + 1 : position]
    return before.strip() in {"", "["}


def _keys(statement: str) -> list[str]:
    dotted = _DOTTED.match(statement)
    keys = _KEY.finditer(dotted[0] if dotted else "")
    return [next(group for group in key.groups() if group is not None) for key in keys]


def _resolve(keys: list[str], counts: dict[KeyPath, int]) -> KeyPath:
    """Resolve the path; arrays of tables on the way, except the last key, mean their newest element."""
    path: KeyPath = ()
    for key in keys[:-1]:
        path = (*path, key)
        if path in counts:
            path = (*path, counts[path])
    return (*path, *keys[-1:])
