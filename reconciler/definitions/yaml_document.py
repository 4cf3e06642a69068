"""A YAML file as text, a tree and positions.

With `yaml_spans`, the owner of ruamel.yaml. It builds its tree from the parser's events, without recursion, so that
neither depth nor aliases can exhaust memory or time; it knows nothing of systems, and never reads a disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
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
    LONGEST_SHOWN,
    Items,
    Mapping,
    Node,
    Path,
    Position,
    Scalar,
    make_mapping,
    make_printable,
    print_path,
    quote,
)
from reconciler.definitions.yaml_syntax import (
    Mistake,
    ParseFailure,
    find_mistake,
    find_other_breaks,
    find_wrong_encoding,
)
from reconciler.errors import ReconcilerError

try:  # the C parser is about six times as fast; without it everything works as well
    from _ruamel_yaml import CParser
except ImportError:  # its wheel does not exist for every platform
    CParser = None
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "LONGEST_SHOWN",
    "Document",
    "FaultKind",
    "Items",
    "Mapping",
    "Node",
    "Path",
    "Position",
    "Scalar",
    "YamlFault",
    "make_printable",
    "print_path",
    "quote",
    "read_document",
]

MAX_BYTES = 1024 * 1024
"""A larger file is no definition; files come from pull requests and are not trusted."""
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


@dataclass(frozen=True, slots=True)
class YamlFault:
    """One such fault: a sentence and a position."""

    kind: FaultKind
    message: str
    position: Position
    hint: str = ""
    """What to do, where it is not the same for every fault of the kind."""


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as text, tree and positions; `root` is None where there is no tree."""

    file: str
    """Relative to the root, with forward slashes."""
    text: str
    root: Node | None
    faults: tuple[YamlFault, ...] = ()

    def locate(self, path: Path) -> Position:
        """Find the position of a path: that of the value of a scalar, else the key or the list item.

        Where the path leads nowhere, the position of its longest part that exists.
        """
        *_, position = (Position(1, 1), *(place for place, _ in self._follow(path)))
        return position

    def find(self, path: Path) -> Node | None:
        """Find the node that a path leads to."""
        found = [self.root, *(node for _, node in self._follow(path))]
        return found[-1] if len(found) > len(path) else None

    def _follow(self, path: Path) -> Iterator[tuple[Position, Node]]:
        """Give the place and the node of each part of a path, as far as it leads."""
        node = self.root
        for step in path:
            if isinstance(node, Mapping) and isinstance(step, str):
                entry = node.find(step)
                if entry is None:
                    return
                node = entry[1]
                yield (node if isinstance(node, Scalar) else entry[0]).position, node
            elif isinstance(node, Items) and isinstance(step, int) and step < len(node.nodes):
                node = node.nodes[step]
                yield node.position, node
            else:
                return


class _Unreadable(ReconcilerError):
    """The rest of the file is not read; never leaves this module."""

    def __init__(self, kind: FaultKind, message: str, position: Position, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.fault = YamlFault(kind, message, position, hint)


class _Unsure(ReconcilerError):
    """The fast parser stopped where the other one may go on; never leaves this module."""


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being read."""

    position: Position
    anchor: str | None
    is_mapping: bool
    nodes: list[Node] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True)
class _Composer:
    """Builds the tree from events, and counts what an expansion of all aliases would cost."""

    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    faults: list[YamlFault] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    roots: list[Node] = field(default_factory=list)
    expanded: int = 0
    """What the aliases met so far stand for, each as often as it is used."""
    values: int = 0

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
                self.faults.append(YamlFault(FaultKind.DOCUMENTS, message, _position(event)))
                break
        return self.roots[0] if self.roots else None

    def _open(self, event: Any, *, is_mapping: bool) -> None:  # noqa: ANN401 - the library has no types
        _refuse_tag(event)
        if len(self.stack) >= MAX_DEPTH:
            message = f"Nested deeper than {MAX_DEPTH} levels"
            raise _Unreadable(FaultKind.SYNTAX, message, _position(event), hint="A definition needs six.")
        self.stack.append(_Open(_position(event), event.anchor, is_mapping))

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
            raise _Unreadable(FaultKind.SYNTAX, message, _position(event), hint=hint)
        node, size = self.anchors[event.anchor]
        self.expanded += size
        if self.expanded > MAX_NODES:
            message = f"The aliases stand for more than {MAX_NODES:,} values"
            raise _Unreadable(FaultKind.ALIASES, message, _position(event))
        self._add(node, size, None)

    def _add(self, node: Node, size: int, anchor: str | None) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            message = f"The file holds more than {MAX_VALUES:,} values"
            raise _Unreadable(FaultKind.SIZE, message, node.position)
        if anchor is not None:
            self.anchors[anchor] = (node, size)
        if self.stack:
            self.stack[-1].nodes.append(node)
            self.stack[-1].size += size
        else:
            self.roots.append(node)


def read_document(file: str, content: bytes) -> Document:
    """Read a YAML file; whatever is wrong with it is in `faults`, and nothing is raised."""
    if len(content) > MAX_BYTES:
        message = f"The file has more than {MAX_BYTES:,} bytes"
        return Document(file, "", None, (YamlFault(FaultKind.SIZE, message, Position(1, 1)),))
    mistake = find_wrong_encoding(content)
    if mistake is not None:
        return Document(file, "", None, (_report(mistake),))
    text = content.decode("utf-8-sig")
    mistake = find_other_breaks(text)
    if mistake is not None:
        return Document(file, text, None, (_report(mistake),))
    if CParser is not None:
        try:
            return _compose(file, text, _parse_fast(text), unsure=(_UNEXPECTED_COLON, _SURROGATE_ESCAPE))
        except _Unsure:
            if not _UNSURE.search(text):
                document = _compose(file, text, _parse_colons(text))
                if not document.faults:
                    return document
    return _compose(file, text, _parse_slowly(text))


_UNEXPECTED_COLON = "found unexpected ':'"
"""The C parser's error for `[urn:x]`: it knows YAML 1.1, where a flow list could not hold a colon."""
_SURROGATE_ESCAPE = "found invalid Unicode character escape"
"""Its error for an emoji in JSON's escapes, `\\uD83C\\uDF89`, which YAML 1.2 has to read as JSON does."""
_INNER_COLON = re.compile(r"(?<=[0-9A-Za-z]):(?=[0-9A-Za-z/])")
"""A colon that YAML 1.2 §7.3.3 reads as a letter like any other: in a URN, a URL or a time."""
_PLACEHOLDER = "\ue000"
"""As wide as a colon, so that every position stays the same."""
_UNSURE = re.compile(rf"(?:^|[\s,\[\]{{}}]):\S|{_PLACEHOLDER}|\\(?:u|U0000)[eE]000")
"""What the two libraries read differently beside such colons: one that begins a text, and the placeholder itself."""


def _parse_fast(text: str) -> Iterator[Any]:
    parser = CParser(text)
    while parser.check_event():
        yield parser.get_event()


def _parse_colons(text: str) -> Iterator[Any]:
    """Parse with the C library, inner colons replaced by a letter.

    Where lists such as `[urn:altinn:accesspackage:x]` are common, 1,000 definitions are validated in 1.3 s of user
    time instead of 2.9 s (median of five runs).
    """
    for event in _parse_fast(_INNER_COLON.sub(_PLACEHOLDER, text)):
        if type(event) is ScalarEvent:
            event.value = event.value.replace(_PLACEHOLDER, ":")
        yield event


def _parse_slowly(text: str) -> Iterator[Any]:
    """Parse without the C library, and refuse what that one refuses."""
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            if type(event) is ScalarEvent and _SURROGATE.search(event.value):
                event.value = _PAIR.sub(_join_surrogates, event.value)
                lone = _SURROGATE.search(event.value)
                if lone:
                    message = f"The escape `\\u{ord(lone[0]):04X}` is a lone surrogate"
                    hint = "Write the character itself, or both of its escapes."
                    raise _Unreadable(FaultKind.SYNTAX, message, _position(event), hint=hint)
            yield event
    except (ArithmeticError, AssertionError, LookupError, ValueError) as error:
        # It has no guards of its own: an escape like "\UFFFFFFFF" overflows.
        message = f"This is not YAML: {make_printable(str(error))}"
        raise _Unreadable(FaultKind.SYNTAX, message, Position(1, 1)) from error


_SURROGATE = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def _join_surrogates(match: re.Match[str]) -> str:
    return match[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _compose(file: str, text: str, events: Iterator[Any], *, unsure: tuple[str, ...] = ()) -> Document:
    """Build a document; raises `_Unsure` where the parser stops at what the other one may read."""
    composer = _Composer()
    root: Node | None = None
    try:
        root = composer.compose(events)
    except _Unreadable as error:
        composer.faults.append(error.fault)
    except YAMLError as error:
        if str(getattr(error, "problem", "")).startswith(unsure or "\0"):
            raise _Unsure(str(error)) from error
        composer.faults.append(_explain(error, text))
    return Document(file, text, root, tuple(composer.faults))


def _read_scalar(event: Any) -> Scalar:  # noqa: ANN401 - the library has no types
    _refuse_tag(event)
    return Scalar(event.value, not event.style and event.ctag is None, _position(event))


def _refuse_tag(event: Any) -> None:  # noqa: ANN401 - the library has no types
    """Refuse `!tags`: they mean something to a program, and a definition is read by people."""
    tag = event.ctag
    if tag is not None and str(tag) not in {"!", "tag:yaml.org,2002:str"}:
        shown = str(tag).replace("tag:yaml.org,2002:", "!!")
        message = f"The tag {quote(shown)} has no meaning here"
        hint = "Remove it, or quote the text that starts with `!`."
        raise _Unreadable(FaultKind.SYNTAX, message, _position(event), hint=hint)


def _position(event: Any) -> Position:  # noqa: ANN401 - the library has no types
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


def _read_mark(mark: Any, text: str) -> Position:  # noqa: ANN401 - the library has no types
    """Read where a parser stopped; past the end it is the last line."""
    return Position(min(mark.line, text.count("\n")) + 1, mark.column + 1) if mark else Position(1, 1)


def _report(mistake: Mistake) -> YamlFault:
    return YamlFault(FaultKind.SYNTAX, mistake.message, mistake.position, mistake.hint)


def _explain(error: YAMLError, text: str) -> YamlFault:
    if isinstance(error, MarkedYAMLError):
        position = _read_mark(error.problem_mark or error.context_mark, text)
        start = _read_mark(error.context_mark, text) if error.context_mark else None
        problem = " ".join(make_printable(str(part)) for part in (error.context, error.problem) if part)
        found = find_mistake(text, ParseFailure(position, problem, start))
        return (
            _report(found) if found else YamlFault(FaultKind.SYNTAX, f"This is not YAML: {problem}", position)
        )
    offset = getattr(error, "position", 0) or 0
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    character = getattr(error, "character", None)
    shown = f"U+{character:04X}" if isinstance(character, int) else repr(character)
    message = f"The control character {shown} may not stand in YAML"
    return YamlFault(FaultKind.SYNTAX, message, Position(line, column), "Remove it.")
