"""Builds the tree of a YAML file from the events of a parser.

It works without recursion, so that neither depth nor aliases can exhaust memory or time.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.definitions.yaml_nodes import (
    Items,
    Node,
    Position,
    Scalar,
    make_mapping,
    make_printable,
    quote,
)
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 32
"""The register itself reads JSON to a depth of 32 (System Register contract §2.1)."""
MAX_NODES = 50_000
"""Nodes that the aliases of a file may stand for, each counted as often as it is used."""
MAX_VALUES = 50_000
"""Values, members and names that a file may hold, written out; a large definition has a thousand."""
LONG_TEXT = 100
"""A text counts as one more node for every so many characters, so that long texts cannot multiply either."""


class FaultKind(StrEnum):
    """What can be wrong with a file as YAML."""

    SYNTAX = "syntax"
    SIZE = "size"
    ALIASES = "aliases"
    DOCUMENTS = "documents"
    DUPLICATE = "duplicate"


class YamlFault(NamedTuple):
    """One such fault: a sentence and a position."""

    kind: FaultKind
    message: str
    position: Position
    hint: str = ""
    """What to do, where it is not the same for every fault of the kind."""


class Unreadable(ReconcilerError):
    """The rest of the file is not read; `yaml_document` makes a fault of it."""

    def __init__(self, kind: FaultKind, message: str, position: Position, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.fault = YamlFault(kind, message, position, hint)


class _Open:
    """A list or mapping that is still being read."""

    __slots__ = ("anchor", "is_mapping", "nodes", "position", "size")

    def __init__(self, position: Position, anchor: str | None, *, is_mapping: bool) -> None:
        self.position = position
        self.anchor = anchor
        self.is_mapping = is_mapping
        self.nodes: list[Node] = []
        self.size = 1


class Composer:
    """Builds the tree from events, and counts what an expansion of all aliases would cost."""

    __slots__ = ("anchors", "expanded", "faults", "roots", "stack", "values")

    def __init__(self) -> None:
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.faults: list[YamlFault] = []
        self.stack: list[_Open] = []
        self.roots: list[Node] = []
        self.expanded = 0
        """What the aliases met so far stand for, each as often as it is used."""
        self.values = 0

    def compose(self, events: Iterator[Any]) -> Node | None:
        """Read all events; only the first document becomes a tree."""
        for event in events:
            kind = type(event)
            if kind is ScalarEvent:
                self._add(_read_scalar(event), 1 + len(event.value) // LONG_TEXT, event.anchor)
            elif kind in (MappingStartEvent, SequenceStartEvent):
                self._open(event, is_mapping=kind is MappingStartEvent)
            elif kind in (MappingEndEvent, SequenceEndEvent):
                self._close()
            elif kind is AliasEvent:
                self._add_alias(event)
            elif kind is DocumentStartEvent and self.roots:
                message = "The file holds more than one YAML document"
                self.faults.append(YamlFault(FaultKind.DOCUMENTS, message, locate(event)))
                break
        return self.roots[0] if self.roots else None

    def _open(self, event: Any, *, is_mapping: bool) -> None:  # noqa: ANN401 - the library has no types
        _refuse_tag(event)
        if len(self.stack) >= MAX_DEPTH:
            message = f"Nested deeper than {MAX_DEPTH} levels"
            raise Unreadable(FaultKind.SYNTAX, message, locate(event), hint="A definition needs six.")
        self.stack.append(_Open(locate(event), event.anchor, is_mapping=is_mapping))

    def _close(self) -> None:
        done = self.stack.pop()
        node: Node = Items(tuple(done.nodes), done.position)
        if done.is_mapping:
            node = make_mapping(tuple(self._pair(done.nodes)), done.position)
        self._add(node, done.size, done.anchor)

    def _pair(self, nodes: list[Node]) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Position] = {}
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                message = "A member's name has to be plain text, not a list or a mapping"
                hint = "Write the name of a member, and a colon."
                self.faults.append(YamlFault(FaultKind.SYNTAX, message, key.position, hint))
                continue
            if key.text in seen:
                message = f"{quote(key.text)} stands twice; the first is in line {seen[key.text].line}"
                self.faults.append(YamlFault(FaultKind.DUPLICATE, message, key.position))
                continue
            seen[key.text] = key.position
            if isinstance(value, Scalar) and value.plain and not value.text:
                # The parsers do not agree on where an empty value stands; the pure one puts it at the next member.
                column = key.position.column + len(key.text) + (1 if key.plain else 3)
                value = value._replace(position=Position(key.position.line, column))  # noqa: PLW2901 - as it was
            yield key, value

    def _add_alias(self, event: Any) -> None:  # noqa: ANN401 - the library has no types
        if event.anchor not in self.anchors:
            name = make_printable(event.anchor)
            message = f"The alias `*{name}` has no anchor `&{name}` before it"
            hint = "Write the value out, or quote a text that starts with `*`."
            raise Unreadable(FaultKind.SYNTAX, message, locate(event), hint=hint)
        node, size = self.anchors[event.anchor]
        self.expanded += size
        if self.expanded > MAX_NODES:
            message = f"The aliases stand for more than {MAX_NODES:,} values"
            raise Unreadable(FaultKind.ALIASES, message, locate(event))
        self._add(node, size, None)

    def _add(self, node: Node, size: int, anchor: str | None) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            message = f"The file holds more than {MAX_VALUES:,} values"
            raise Unreadable(FaultKind.SIZE, message, node.position)
        if anchor is not None:
            self.anchors[anchor] = (node, size)
        if self.stack:
            self.stack[-1].nodes.append(node)
            self.stack[-1].size += size
        else:
            self.roots.append(node)


def _read_scalar(event: Any) -> Scalar:  # noqa: ANN401 - the library has no types
    tag, mark = event.ctag, event.start_mark
    if tag is not None:
        _refuse_tag(event)
    return Scalar(event.value, not event.style and tag is None, Position(mark.line + 1, mark.column + 1))


def _refuse_tag(event: Any) -> None:  # noqa: ANN401 - the library has no types
    """Refuse `!tags`: they mean something to a program, and a definition is read by people."""
    tag = event.ctag
    if tag is not None and str(tag) not in {"!", "tag:yaml.org,2002:str"}:
        shown = str(tag).replace("tag:yaml.org,2002:", "!!")
        message = f"The tag {quote(shown)} has no meaning here"
        hint = "Remove it, or quote the text that starts with `!`."
        raise Unreadable(FaultKind.SYNTAX, message, locate(event), hint=hint)


def locate(event: Any) -> Position:  # noqa: ANN401 - the library has no types
    """Give where an event begins."""
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)
