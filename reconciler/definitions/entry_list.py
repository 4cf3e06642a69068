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
_EMPTY = re.compile(r"^\[ *\][ \t]*\r?\n?", re.MULTILINE)
"""A list of nothing, as it is written."""


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
    return _replace_entries(file, content, dict.fromkeys(lines, ""), hint=hint)


def put_entry(file: str, content: bytes, printed: str, *, instead_of: int = 0, hint: str) -> str:
    """Give the file's text with a printed entry at its end, or in place of the one that begins in a line.

    It gets the line ends and the indentation of the file. Raises `UsageError` as `remove_entries` does.
    """
    if instead_of:
        return _replace_entries(file, content, {instead_of: printed}, hint=hint)
    entries = read_entries(file, content, lambda entry: entry, hint=hint)
    text = content.decode()
    if not entries:
        text = _EMPTY.sub("", text, count=1)
    end = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    gap = end if text.strip("\ufeff") and not text.endswith("\n") else ""
    indent = _find_indent(text.split("\n")[entries[-1].line - 1]) if entries else ""
    (added,) = read_entries(file, printed.encode(), lambda entry: entry, hint=hint)
    whole = text + gap + end.join(_indent(printed, indent)) + end
    return _check(file, whole, [*entries, added], hint=hint)


def _replace_entries(file: str, content: bytes, printed: types.Mapping[int, str], *, hint: str) -> str:
    """Put printed entries in place of those that begin in some lines; an empty text takes one out."""
    entries = read_entries(file, content, lambda entry: entry, hint=hint)
    rows = content.decode().split("\n")
    starts = [each.line for each in entries]
    wanted: list[Entry] = []
    for each, end in reversed(list(zip(entries, [*starts, len(rows) + 1][1:], strict=True))):
        if each.line not in printed:
            wanted.append(each)
            continue
        kept = next((at for at in range(end - 1, each.line, -1) if not _is_between(rows[at - 1])), each.line)
        new = printed[each.line]
        wanted += read_entries(file, new.encode(), lambda entry: entry, hint=hint)
        first = rows[each.line - 1]
        carriage = "\r" if first.endswith("\r") else ""
        rows[each.line - 1 : kept] = [row + carriage for row in _indent(new, _find_indent(first))]
    if len(set(starts)) < len(starts):
        raise _refuse(file)
    return _check(file, "\n".join(rows), wanted[::-1], hint=hint)


def _find_indent(row: str) -> str:
    return row[: len(row) - len(row.lstrip(" "))]


def _indent(printed: str, indent: str) -> list[str]:
    return [indent + row for row in printed.split("\n")[:-1]]


def _check(file: str, text: str, wanted: Sequence[Entry], *, hint: str) -> str:
    """Read a changed file back: what is written in another style than an entry a line is not guessed at."""
    try:
        left = read_entries(file, text.encode(), lambda entry: entry, hint=hint)
    except UsageError:
        left = ()
    if [(each.values, each.lists) for each in left] != [(each.values, each.lists) for each in wanted]:
        raise _refuse(file)
    return text


def _refuse(file: str) -> UsageError:
    return UsageError(
        f"{file} is not written an entry a line, so single entries cannot be changed here.",
        hint="Change it by hand, or begin each entry with `- ` on a line of its own.",
    )


def _is_between(row: str) -> bool:
    return not row.strip() or row.lstrip().startswith("#")
