"""Values as YAML text: plain where that is safe, else quoted; in lines, or in brackets.

Pure. What it writes is read back as the same value by YAML 1.2, and as a text by programs that know YAML 1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.canonical_json import Json

_PLAIN = re.compile(r"[\w/(«][^\t]*")
"""What begins with anything else is quoted, although YAML would allow some of it."""
_CUT = re.compile(r":(?: |\Z)| #| \Z")
"""What ends a plain text, or turns it into a member."""
_BRACKETS = re.compile(r"[\[\]{},?]")
"""What is quoted in brackets; YAML 1.2 allows a `?` there, and libyaml takes it for a key."""
_OTHER_TYPE = re.compile(
    r"""null | true | false | yes | no | on | off | y | n
      | [-+]?[0-9_]+ | 0x[0-9a-f_]+ | 0o?[0-7_]+ | 0b[01_]+
      | [-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:e[-+]?[0-9]+)?
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t\ ].*)?""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
"""Texts that YAML reads as something else (YAML 1.2 §10.3.2; YAML 1.1's types at https://yaml.org/type/)."""
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
DOUBLE, SINGLE = '"', "'"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out."""

    step: int = 2
    """Spaces by which a mapping stands deeper than its member."""
    dash: int = 2
    """Spaces by which the dashes of a list stand deeper than its member."""
    quote: str = ""
    """The quote around every text and name, as in JSON; empty where only what needs one has it."""


def is_plain(text: str, *, flow: bool = False) -> bool:
    """Say whether a text can stand without quotes, in brackets too if `flow`."""
    return (
        _PLAIN.fullmatch(text) is not None
        and text.isprintable()
        and not _CUT.search(text)
        and not _OTHER_TYPE.fullmatch(text)
        and not (flow and _BRACKETS.search(text))
    )


def write_scalar(value: Json, style: str = "", *, flow: bool = False) -> str:
    """Write a text or a truth on one line; a text in the wanted quotes where they can hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if style == SINGLE and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style != DOUBLE and is_plain(text, flow=flow):
        return text
    return DOUBLE + "".join(map(_escape, text)) + DOUBLE


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"


def write_flow(value: Json, quote: str = "") -> str:
    """Write a value in brackets, on one line."""
    if isinstance(value, dict):
        members = (f"{write_scalar(k, quote, flow=True)}: {write_flow(v, quote)}" for k, v in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(write_flow(each, quote) for each in value) + "]"
    return write_scalar(value, quote, flow=True)


def write_member(name: str, value: Json, indent: int, layout: Layout) -> Iterator[str]:
    """Write a member of a mapping as lines, without their ends."""
    start = " " * indent + write_scalar(name, layout.quote) + ":"
    if value and isinstance(value, (dict, list, tuple)):
        yield start
        yield from write_below(value, indent, layout)
    elif isinstance(value, (dict, list, tuple)):
        yield f"{start} {write_flow(value)}"
    elif isinstance(value, str) and is_literal(value) and not layout.quote:
        yield from write_literal(f"{start} ", value, indent + layout.step)
    else:
        yield f"{start} {write_scalar(value, layout.quote)}"


def write_below(value: Json, indent: int, layout: Layout) -> Iterator[str]:
    """Write what stands below the line of a member that is so far indented."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from write_member(name, each, indent + layout.step, layout)
    else:
        yield from write_items(value, indent + layout.dash, layout)


def write_items(values: Sequence[Json], indent: int, layout: Layout) -> Iterator[str]:
    """Write the entries of a list as lines, each behind its dash."""
    for value in values:
        if isinstance(value, dict) and value:
            yield from _put_dash(value, indent, layout)
        else:
            yield " " * indent + "- " + write_flow(value, layout.quote)


def _put_dash(value: Mapping[str, Json], indent: int, layout: Layout) -> Iterator[str]:
    lines = (line for k, v in value.items() for line in write_member(k, v, indent + 2, layout))
    for number, line in enumerate(lines):
        yield line if number else f"{' ' * indent}- {line[indent + 2 :]}"


def is_literal(text: str) -> bool:
    """Say whether a text of several lines can be written as they are, behind `|` or `|-`."""
    lines = text.removesuffix("\n").split("\n")
    return (
        "\n" in text
        and bool(lines[0])
        and bool(lines[-1])
        and not lines[0].startswith(" ")
        and all(line.isprintable() and not line.endswith(" ") for line in lines)
    )


def write_literal(start: str, text: str, indent: int) -> Iterator[str]:
    """Write a text of several lines as they are."""
    yield start + ("|" if text.endswith("\n") else "|-")
    for line in text.removesuffix("\n").split("\n"):
        yield " " * indent + line if line else ""
