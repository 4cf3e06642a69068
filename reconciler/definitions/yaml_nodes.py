"""What a YAML file holds, as a tree with positions, and how its parts are named in messages."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

LONGEST_SHOWN = 100
"""Characters of a value that a message shows; the longest URN of an access package has 83."""

Path: TypeAlias = tuple[str | int, ...]
"""The way to a node: member names and list indices."""


class Position(NamedTuple):
    """A line and a column, both from 1."""

    line: int
    column: int


class Scalar(NamedTuple):
    """A leaf: its source text, and whether it stood there without quotes."""

    text: str
    plain: bool
    position: Position

    @property
    def is_null(self) -> bool:
        """Say whether YAML reads the text as null (YAML 1.2 core schema §10.3.2)."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}


class Items(NamedTuple):
    """A list."""

    nodes: tuple[Node, ...]
    position: Position


MANY_MEMBERS = 64
"""From so many members on, a mapping is searched by an index: one of 20,000, searched for each, takes minutes."""


class Mapping(NamedTuple):
    """A mapping in the order of the file, repeated keys included."""

    entries: tuple[tuple[Scalar, Node], ...]
    position: Position
    numbers: dict[str, int] | None = None
    """The number of each member by its name; None where there are so few that a search is as fast."""

    def find(self, name: str) -> tuple[Scalar, Node] | None:
        """Find a member by its exact name, else by its name in another letter case."""
        if self.numbers is not None and name in self.numbers:
            return self.entries[self.numbers[name]]
        folded = name.lower()
        near = None
        for entry in self.entries:
            if entry[0].text == name:
                return entry
            if near is None and entry[0].text.lower() == folded:
                near = entry
        return near


Node: TypeAlias = Scalar | Items | Mapping


def make_mapping(entries: tuple[tuple[Scalar, Node], ...], position: Position) -> Mapping:
    """Make a mapping, with an index where it has many members; of a repeated name, the first counts."""
    if len(entries) < MANY_MEMBERS:
        return Mapping(entries, position)
    count = len(entries)
    numbers = {entry[0].text: count - back for back, entry in enumerate(reversed(entries), 1)}
    return Mapping(entries, position, numbers)


def make_printable(text: str) -> str:
    """Cut a long text and escape what does not print: a name in a file cannot fill or redraw a screen."""
    short = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    if short.isprintable():
        return short
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


def quote(value: str) -> str:
    """Quote a text of a file in a message, cut where it is long; a sentence may start with it."""
    return f"`{make_printable(value)}`" if value else "The empty text"


def print_path(path: Path) -> str:
    """Print a path as people write it: `rights[0].resource[0].value`; long names are cut."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{make_printable(step)}" for step in path)
    return "".join(steps).removeprefix(".")
