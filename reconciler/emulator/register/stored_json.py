"""JSON text that `json_writer` has written, read back element by element.

No other thread runs while Python's own reader reads a text; here they run between two elements of a long one. There is
no white space in such a text, and nothing wrong with it.
"""

from __future__ import annotations

import json

from reconciler.emulator.register.portions import LARGE

_READ = json.JSONDecoder().raw_decode
_DEEPEST = 4
"""Levels of a document at which many entries may stand: those of the attributes of a right."""


def read(text: str) -> object:
    """Give the value of a text."""
    if len(text) < LARGE:
        return json.loads(text)
    return _read(text, 0, _DEEPEST)[0]


def _read(text: str, at: int, depth: int) -> tuple[object, int]:
    """Read the value that begins here; gives where it ends, too."""
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
