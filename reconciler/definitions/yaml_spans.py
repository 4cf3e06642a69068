"""Where each part of a YAML file stands in its text: from which character to which, and in which style.

Beside `yaml_document`, which says what a file means, the one user of ruamel.yaml. Offsets count characters, from 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

try:  # as in `yaml_document`
    from _ruamel_yaml import CParser
except ImportError:
    CParser = None
if TYPE_CHECKING:
    from collections.abc import Iterator

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t\r\n]*)*")
"""The anchor and the tag in front of a value (YAML 1.2 §6.9)."""
_COLON = re.compile(r"[ \t]*:(?=[\s,\[\]{}]|\Z)|[ \t]*:")


class Form(StrEnum):
    """What stands there."""

    SCALAR = "scalar"
    LIST = "list"
    MAPPING = "mapping"
    ALIAS = "alias"


@dataclass(slots=True)
class Span:
    """A part of a file: its characters, and its parts."""

    form: Form
    start: int
    """Behind the anchor and the tag, where there are any."""
    end: int
    """Behind the last character of what it says; comments and blank lines behind it are not part of it."""
    flow: bool = False
    """Of a list or mapping: whether it is written in brackets."""
    style: str = ""
    """Of a scalar: empty, a quote, `|` or `>`."""
    name: str = ""
    """The anchor that it carries, or the one that an alias names."""
    keys: list[Span] = field(default_factory=list)
    """Of a mapping; as many as `parts`."""
    parts: list[Span] = field(default_factory=list)

    def walk(self) -> Iterator[Span]:
        """Give the span and all below it."""
        yield self
        for each in (*self.keys, *self.parts):
            yield from each.walk()


def describe_aliases(text: str, root: Span) -> str:
    """Name the aliases of a file with the lines where they stand and where their anchors are; empty without one."""
    places: dict[str, list[int]] = {}
    anchors: dict[str, int] = {}
    for each in root.walk():
        line = text.count("\n", 0, each.start) + 1
        if each.form is Form.ALIAS:
            places.setdefault(each.name, []).append(line)
        elif each.name:
            anchors.setdefault(each.name, line)
    return ", ".join(
        f"`*{name}` (line {' and '.join(map(str, lines))}, set in line {anchors.get(name, 0)})"
        for name, lines in sorted(places.items())
    )


def read_spans(text: str) -> Span | None:
    """Find where everything in a readable file stands; None where there is nothing, or no parser reads it."""
    for parse in (_parse_fast, _parse_slowly) if CParser is not None else (_parse_slowly,):
        try:
            return _build(text, list(parse(text)))
        except (YAMLError, ArithmeticError, AssertionError, LookupError, ValueError):
            continue  # the C parser knows YAML 1.1 only, and the other one stumbles over tabs and escapes
    return None


_INNER_COLON = re.compile(r"(?<=[0-9A-Za-z]):(?=[0-9A-Za-z/])")


def _parse_fast(text: str) -> Iterator[Any]:
    """Parse with the C library; a letter stands for each colon inside a text, which it would not take in brackets."""
    parser = CParser(_INNER_COLON.sub("x", text))
    while parser.check_event():
        yield parser.get_event()


def _parse_slowly(text: str) -> Iterator[Any]:
    yield from YAML(typ="safe", pure=True).parse(text)


def _build(text: str, events: list[Any]) -> Span | None:
    """Build the tree of the first document."""
    roots: list[Span] = []
    stack: list[tuple[Span, list[Span]]] = []
    for event in events:
        kind = type(event)
        if kind in (MappingStartEvent, SequenceStartEvent):
            start = _skip_properties(text, event.start_mark.index)
            made = Span(Form.MAPPING if kind is MappingStartEvent else Form.LIST, start, start)
            made.flow, made.name = bool(event.flow_style), event.anchor or ""
            stack.append((made, []))
            continue
        if kind in (MappingEndEvent, SequenceEndEvent):
            made = _close(text, *stack.pop(), event.end_mark.index)
        elif kind is ScalarEvent:
            made = _read_scalar(text, event)
        elif kind is AliasEvent:
            made = Span(Form.ALIAS, event.start_mark.index, event.end_mark.index, name=event.anchor)
        else:
            continue
        (stack[-1][1] if stack else roots).append(made)
    return roots[0] if roots else None


def _skip_properties(text: str, start: int) -> int:
    found = _PROPERTIES.match(text, start)
    return found.end() if found else start


def _read_scalar(text: str, event: Any) -> Span:  # noqa: ANN401 - the library has no types
    style, end = event.style or "", event.end_mark.index
    start = min(_skip_properties(text, event.start_mark.index), end)
    if style in {"|", ">"}:
        end = start + len(text[start:end].rstrip())
    return Span(Form.SCALAR, start, end, style=style, name=event.anchor or "")


def _close(text: str, made: Span, parts: list[Span], end: int) -> Span:
    """Give a list or mapping its parts; one without brackets ends with the last of them."""
    if made.form is Form.MAPPING:
        made.keys, made.parts = parts[::2], parts[1::2]
        for key, value in zip(made.keys, made.parts, strict=True):
            if value.form is Form.SCALAR and not value.style and value.start == value.end:
                # The parsers do not agree on where an empty value stands: here it is behind the colon.
                value.start = value.end = find_colon(text, key)
    else:
        made.parts = parts
    made.end = end if made.flow else max((each.end for each in parts), default=made.start)
    return made


def find_colon(text: str, key: Span) -> int:
    """Find where the colon of a member ends; where it has none, the end of its name."""
    found = _COLON.match(text, key.end)
    return found.end() if found else key.end
