"""A YAML file that is a list of entries, which the tool writes and people review: read, printed, shortened.

`systems/.accepted.yaml` is one. An entry has texts, and perhaps a list of rows that have texts; what they mean is
known to whoever asks for them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from reconciler.definitions.yaml_document import Items, Mapping, Scalar, read_document
from reconciler.errors import UsageError

if TYPE_CHECKING:
    import collections.abc as types
    from collections.abc import Callable, Collection, Sequence

    from reconciler.definitions.yaml_document import Node

    Row = types.Mapping[str, str]

T = TypeVar("T")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML 1.2 §5.1 takes in quotes only escaped, or reads as a line's end, beyond what JSON escapes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in the file."""

    line: int
    last: int
    """The line that its last text begins on."""
    values: Row = field(default_factory=dict)
    """The members that are texts."""
    lists: types.Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """The members that are lists of rows; a row of another shape is an empty one."""
    others: tuple[str, ...] = ()
    """The members that are something else."""

    def check_members(
        self, needed: Sequence[str], lists: Sequence[str] = (), optional: Sequence[str] = ()
    ) -> None:
        """Raise `UsageError` where a member is missing, unknown or of another shape."""
        texts = set(self.values)
        if self.others or set(self.lists) != set(lists) or not set(needed) <= texts <= {*needed, *optional}:
            raise UsageError(f"an entry has {', '.join([*needed, *lists])}")


def read_entries(file: str, content: bytes, read: Callable[[Entry], T], *, hint: str) -> tuple[T, ...]:
    """Read every entry with `read`, which raises `UsageError` for one that it cannot use.

    Raises `UsageError` with every problem of the file on a line of its own: its name, the line, a sentence.
    """
    document = read_document(file, content)
    problems = [f"{file}:{fault.position.line}: {fault.message}" for fault in document.faults]
    found: list[T] = []
    if document.root is not None and not isinstance(document.root, Items) and not problems:
        problems.append(f"{file}:1: the file is not a list")
    for node in document.root.nodes if isinstance(document.root, Items) else ():
        try:
            found.append(read(_read_entry(node)))
        except UsageError as error:
            problems.append(f"{file}:{node.position.line}: {error.message}")
    if problems:
        raise UsageError("\n".join(problems), hint=hint)
    return tuple(found)


def _read_entry(node: Node) -> Entry:
    members = node.entries if isinstance(node, Mapping) else ()
    lists = {
        key.text: tuple(_read_texts(row) for row in value.nodes)
        for key, value in members
        if isinstance(value, Items)
    }
    others = tuple(key.text for key, value in members if isinstance(value, Mapping))
    return Entry(node.position.line, _find_last_line(node), _read_texts(node), lists, others)


def _find_last_line(node: Node) -> int:
    """Find the line that the last text of a node begins on; an alias leads to where it stands first."""
    last, left = node.position.line, [node]
    while left:
        each = left.pop()
        last = max(last, each.position.line)
        if isinstance(each, Mapping):
            left += [value for _, value in each.entries]
        elif isinstance(each, Items):
            left += each.nodes
    return last


def _read_texts(node: Node) -> Row:
    members = node.entries if isinstance(node, Mapping) else ()
    return {key.text: value.text for key, value in members if isinstance(value, Scalar)}


def print_entry(
    values: Row, lists: types.Mapping[str, Sequence[types.Mapping[str, str | int]]] | None = None
) -> str:
    """Print an entry as a file holds it; each list stands behind the texts, a row a line, numbers unquoted."""
    rows = [f"{name}: {quote_text(value)}" for name, value in values.items()]
    for name, members in (lists or {}).items():
        rows.append(f"{name}:")
        rows += [f"  - {{{_print_row(each)}}}" for each in members]
    return "- " + "\n  ".join(rows) + "\n"


def _print_row(row: types.Mapping[str, str | int]) -> str:
    values = {name: quote_text(value) if isinstance(value, str) else value for name, value in row.items()}
    return ", ".join(f"{name}: {value}" for name, value in values.items())


def quote_text(text: str) -> str:
    """Quote a text for YAML, which takes JSON's form, but for some characters only where they are escaped."""
    whole = text.encode("utf-8", "replace").decode()
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(whole, ensure_ascii=False))


def remove_entries(file: str, content: bytes, lines: Collection[int], *, hint: str) -> str:
    """Give the file's text without the entries that begin in some lines; everything else stays as it is.

    What stands between two entries as blank lines and comments is taken to belong to the second one. Raises
    `UsageError` where the others would not be left as they are: the list is written in another style then.
    """
    entries = read_entries(file, content, lambda entry: entry, hint=hint)
    rows = content.decode().split("\n")
    starts = [each.line for each in entries]
    for start, end in reversed(list(zip(starts, [*starts[1:], len(rows) + 1], strict=True))):
        if start in lines:
            kept = next((at for at in range(end - 1, start, -1) if not _is_between(rows[at - 1])), start)
            del rows[start - 1 : kept]
    text = "\n".join(rows)
    wanted = [(each.values, each.lists) for each in entries if each.line not in lines]
    try:
        left = read_entries(file, text.encode(), lambda entry: (entry.values, entry.lists), hint=hint)
    except UsageError:
        left = ()
    if len(set(starts)) < len(starts) or list(left) != wanted:
        raise UsageError(
            f"{file} is not written an entry a line, so none can be removed here.",
            hint="Remove by hand what is over.",
        )
    return text


def _is_between(row: str) -> bool:
    return not row.strip() or row.lstrip().startswith("#")
