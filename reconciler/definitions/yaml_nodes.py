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


class Mapping(NamedTuple):
    """A mapping in the order of the file, repeated keys included."""

    entries: tuple[tuple[Scalar, Node], ...]
    position: Position

    def find(self, name: str) -> tuple[Scalar, Node] | None:
        """Find a member by its exact name, else by its name in another letter case."""
        folded = name.lower()
        near = None
        for entry in self.entries:
            if entry[0].text == name:
                return entry
            if near is None and entry[0].text.lower() == folded:
                near = entry
        return near


Node: TypeAlias = Scalar | Items | Mapping


def make_printable(text: str) -> str:
    """Cut a long text and escape what does not print: a name in a file cannot fill or redraw a screen."""
    short = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


def quote(value: str) -> str:
    """Quote a text of a file in a message, cut where it is long; a sentence may start with it."""
    return f"`{make_printable(value)}`" if value else "The empty text"


def print_path(path: Path) -> str:
    """Print a path as people write it: `rights[0].resource[0].value`; long names are cut."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{make_printable(step)}" for step in path)
    return "".join(steps).removeprefix(".")
