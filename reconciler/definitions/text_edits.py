"""Replacements in a text, collected first and made at once, so that whatever they leave alone stays byte for byte.

Pure. Offsets are those of the text as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.errors import EditRefused

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class TextEdits:
    """A text whose every line has an end, and what is to be replaced in it."""

    text: str
    end: str
    """Of its lines."""
    _made: list[tuple[int, int, str]] = field(default_factory=list)

    def replace(self, start: int, end: int, new: str) -> None:
        """Put a text in the place of another; several at one place stand in the order in which they are made."""
        self._made.append((start, end, new))

    def add_lines(self, place: int, lines: Iterable[str]) -> None:
        """Put lines before the line that begins at a place."""
        self.replace(place, place, "".join(line + self.end for line in lines))

    def drop_lines(self, start: int, end: int) -> None:
        """Take out the lines from that of one place to that of another."""
        self.replace(self.find_line(start), self.find_next_line(end), "")

    def find_line(self, place: int) -> int:
        """Find where the line of a place begins."""
        return self.text.rfind("\n", 0, place) + 1

    def find_next_line(self, place: int) -> int:
        """Find where the line after that of a place begins."""
        return self.text.find("\n", place) + 1 or len(self.text)

    def find_indent(self, place: int) -> int:
        """Count the spaces before a place; raises `EditRefused` where something else stands there."""
        before = self.text[self.find_line(place) : place]
        if before.strip(" "):
            raise EditRefused("the line holds something else before the member")
        return len(before)

    def skip_comments(self, place: int, indent: int) -> int:
        """Find the end of the comments that follow a line, and stand deeper than so many spaces."""
        end = place
        while place < len(self.text):
            after = self.find_next_line(place)
            line = self.text[place:after]
            bare = line.lstrip(" ")
            place = after
            if bare.startswith("#") and len(line) - len(bare) > indent:
                end = after
            elif bare.strip():
                break
        return end

    def apply(self) -> str:
        """Make all replacements; raises `EditRefused` where two of them overlap."""
        parts: list[str] = []
        done = 0
        for start, end, new in sorted(self._made, key=lambda each: (each[0], each[1] > each[0])):
            if start < done:
                raise EditRefused("two changes meet in one place")
            parts += [self.text[done:start], new]
            done = end
        return "".join([*parts, self.text[done:]])
