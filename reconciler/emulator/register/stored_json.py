"""Reads JSON text of `json_writer`, element by element.

No other thread runs while Python's own parser reads a text; here other threads run between the elements of a long
one. The text is valid and holds no white space.
"""

from __future__ import annotations

import json

from reconciler.emulator.server.portions import LARGE

_READ = json.JSONDecoder().raw_decode
_DEEPEST = 4
"""Levels of a document with lists of many entries, down to the attributes of a right."""


def read(text: str) -> object:
    """Parse a text."""
    if len(text) < LARGE:
        return json.loads(text)
    return _read(text, 0, _DEEPEST)[0]


def _read(text: str, at: int, depth: int) -> tuple[object, int]:
    """Parse the value at `at`; gives it and the offset behind it."""
    if depth > 0 and text.startswith("[", at):
        return _read_list(text, at + 1, depth - 1)
    if depth > 0 and text.startswith("{", at):
        return _read_object(text, at + 1, depth - 1)
    return _READ(text, at)


def _read_list(text: str, at: int, depth: int) -> tuple[list[object], int]:
    elements: list[object] = []
    while text[at] != "]":
        element, at = _read(text, at + (text[at] == ","), depth)
        elements.append(element)
    return elements, at + 1


def _read_object(text: str, at: int, depth: int) -> tuple[dict[str, object], int]:
    members: dict[str, object] = {}
    while text[at] != "}":
        name, at = _READ(text, at + (text[at] == ","))
        members[name], at = _read(text, at + 1, depth)
    return members, at + 1
