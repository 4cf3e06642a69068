"""A YAML file as text, and as a tree with positions.

With `yaml_composer` and `yaml_spans`, the owner of ruamel.yaml. It knows nothing of systems, and never reads a disk.
A tree takes fifteen times the memory of its text, so documents keep the text and make the tree when it is asked for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import ScalarEvent

from reconciler.definitions.yaml_composer import (
    LONG_TEXT,
    MAX_DEPTH,
    MAX_NODES,
    MAX_VALUES,
    Composer,
    FaultKind,
    Unreadable,
    YamlFault,
    locate,
)
from reconciler.definitions.yaml_nodes import (
    LONGEST_SHOWN,
    Items,
    Mapping,
    Node,
    Path,
    Position,
    Scalar,
    make_printable,
    print_path,
    quote,
)
from reconciler.definitions.yaml_places import Places, keep_places
from reconciler.definitions.yaml_text import Mistake, find_other_breaks, find_wrong_encoding
from reconciler.errors import ReconcilerError

try:  # the C parser is about six times as fast; without it everything works as well
    from _ruamel_yaml import CParser
except ImportError:  # its wheel does not exist for every platform
    CParser = None
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "LONGEST_SHOWN",
    "LONG_TEXT",
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_VALUES",
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
KEPT_TREES = 4
"""How many trees are kept at a time: a rule or a change looks at one document, and at one beside it."""
_ID: Path = ("id",)


class Tree(NamedTuple):
    """What a text is as YAML; `root` is None where there is no tree."""

    root: Node | None
    faults: tuple[YamlFault, ...] = ()


class Document:
    """A YAML file as text, with its tree made when it is asked for."""

    __slots__ = ("_faults", "_id", "_places", "file", "text", "unread")

    def __init__(self, file: str, text: str, unread: tuple[YamlFault, ...] = ()) -> None:
        self.file = file
        """Relative to the root, with forward slashes."""
        self.text = text
        self.unread = unread
        """Why the text is not read as YAML at all; empty where it is."""
        self._faults: tuple[YamlFault, ...] | None = None
        self._id: Position | None = None
        """Where the id stands, which is asked of every document, also when its tree is gone."""
        self._places: Places | None = None
        """Where the rest stands, likewise; None where that is too much to keep."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    def __repr__(self) -> str:
        return f"Document{self._said!r}"

    @property
    def _said(self) -> tuple[object, ...]:
        return self.file, self.text, self.unread

    @property
    def root(self) -> Node | None:
        """The tree; None where there is none."""
        return None if self.unread else self._compose().root

    @property
    def faults(self) -> tuple[YamlFault, ...]:
        """What is wrong with it as YAML."""
        if self._faults is None:
            return self.unread or self._compose().faults
        return self._faults

    def locate(self, path: Path) -> Position:
        """Find the position of a path: that of the value of a scalar, else the key or the list item.

        Where the path leads nowhere, the position of its longest part that exists.
        """
        if path == _ID and self._id is not None:
            return self._id
        kept = self._places.find(path) if self._places else None
        return kept or _locate(self.root, path)

    def find(self, path: Path) -> Node | None:
        """Find the node that a path leads to."""
        root = self.root
        found = [root, *(node for _, node in _follow(root, path))]
        return found[-1] if len(found) > len(path) else None

    def _compose(self) -> Tree:
        """Give the tree, and keep of it what is asked of every document."""
        tree = compose_text(self.text, CParser)
        if self._faults is None:
            self._id, self._places = _locate(tree.root, _ID), keep_places(tree.root)
            self._faults = tree.faults
        return tree


def _locate(root: Node | None, path: Path) -> Position:
    *_, position = (Position(1, 1), *(place for place, _ in _follow(root, path)))
    return position


def _follow(root: Node | None, path: Path) -> Iterator[tuple[Position, Node]]:
    """Give the place and the node of each part of a path, as far as it leads."""
    node = root
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


class _Unsure(ReconcilerError):
    """The fast parser stopped where the other one may go on; never leaves this module."""


def read_document(file: str, content: bytes) -> Document:
    """Read a YAML file; whatever is wrong with it is in `faults`, and nothing is raised."""
    if len(content) > MAX_BYTES:
        message = f"The file has more than {MAX_BYTES:,} bytes"
        return Document(file, "", (YamlFault(FaultKind.SIZE, message, Position(1, 1)),))
    mistake = find_wrong_encoding(content)
    if mistake is not None:
        return Document(file, "", (_report(mistake),))
    text = content.decode("utf-8-sig")
    mistake = find_other_breaks(text)
    return Document(file, text, () if mistake is None else (_report(mistake),))


@lru_cache(maxsize=KEPT_TREES)
def compose_text(text: str, parser: Any) -> Tree:  # noqa: ANN401 - the library has no types
    """Make the tree of a text with the C library's parser, or without it where that is None."""
    if parser is not None:
        try:
            return _compose(text, _parse_fast(text), unsure=(_UNEXPECTED_COLON, _SURROGATE_ESCAPE))
        except _Unsure:
            if not _UNSURE.search(text):
                tree = _compose(text, _parse_colons(text))
                if not tree.faults:
                    return tree
    return _compose(text, _parse_slowly(text))


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
    return iter(CParser(text).get_event, None)  # it gives None behind the end of the stream


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
            if type(event) is ScalarEvent and re.search(_SURROGATE, event.value):
                event.value = re.sub(_PAIR, _join_surrogates, event.value)
                lone = re.search(_SURROGATE, event.value)
                if lone:
                    message = f"The escape `\\u{ord(lone[0]):04X}` is a lone surrogate"
                    hint = "Write the character itself, or both of its escapes."
                    raise Unreadable(FaultKind.SYNTAX, message, locate(event), hint=hint)
            yield event
    except (ArithmeticError, AssertionError, LookupError, ValueError) as error:
        # It has no guards of its own: an escape like "\UFFFFFFFF" overflows.
        from reconciler.definitions.yaml_reasons import explain_crash  # noqa: PLC0415 - as in `_explain`

        found = explain_crash(text)
        raise Unreadable(FaultKind.SYNTAX, found.message, found.position, hint=found.hint) from error


_SURROGATE, _PAIR = "[\ud800-\udfff]", "[\ud800-\udbff][\udc00-\udfff]"
"""Compiled when they are first needed."""


def _join_surrogates(match: re.Match[str]) -> str:
    return match[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _compose(text: str, events: Iterator[Any], *, unsure: tuple[str, ...] = ()) -> Tree:
    """Build a tree; raises `_Unsure` where the parser stops at what the other one may read."""
    composer = Composer()
    root: Node | None = None
    try:
        root = composer.compose(events)
    except Unreadable as error:
        composer.faults.append(error.fault)
    except YAMLError as error:
        if str(getattr(error, "problem", "")).startswith(unsure or "\0"):
            raise _Unsure(str(error)) from error
        composer.faults.append(_explain(error, text))
    return Tree(root, tuple(composer.faults))


def _read_mark(mark: Any, text: str) -> Position:  # noqa: ANN401 - the library has no types
    """Read where a parser stopped; past the end it is the end of the last line."""
    if not mark:
        return Position(1, 1)
    last = text.count("\n")
    if mark.line > last:
        return Position(last + 1, len(text) - text.rfind("\n"))
    return Position(mark.line + 1, mark.column + 1)


def _report(mistake: Mistake) -> YamlFault:
    return YamlFault(FaultKind.SYNTAX, mistake.message, mistake.position, mistake.hint)


def _explain(error: YAMLError, text: str) -> YamlFault:
    from reconciler.definitions.yaml_reasons import explain_reason  # noqa: PLC0415 - most files can be read
    from reconciler.definitions.yaml_syntax import ParseFailure, find_mistake  # noqa: PLC0415 - as above

    if isinstance(error, MarkedYAMLError):
        position = _read_mark(error.problem_mark or error.context_mark, text)
        start = _read_mark(error.context_mark, text) if error.context_mark else None
        problem = " ".join(str(part) for part in (error.context, error.problem) if part)
        failure = ParseFailure(position, problem, start)
        return _report(find_mistake(text, failure) or explain_reason(text, failure))
    offset = getattr(error, "position", 0) or 0
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    character = getattr(error, "character", None)
    shown = f"U+{character:04X}" if isinstance(character, int) else repr(character)
    message = f"The control character {shown} may not stand in YAML"
    return YamlFault(FaultKind.SYNTAX, message, Position(line, column), "Remove it.")
