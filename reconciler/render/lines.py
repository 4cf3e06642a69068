"""Lines for people, each made of pieces with a style.

Pure. `terminal` paints the styles; a log gets the same words without them. A line never begins with somebody
else's text, since a runner obeys lines that begin with a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconciler.render.escape import LONGEST, escape_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable


class Piece(NamedTuple):
    """A text and how it looks: a style's name, or empty."""

    text: str
    style: str = ""


Line: TypeAlias = tuple[Piece, ...]

LONG = 1000
"""Characters of a sentence that may name several things."""


def make_line(*pieces: str | Piece) -> Line:
    """Make a line of pieces, and of texts without a style."""
    return tuple(piece if isinstance(piece, Piece) else Piece(piece) for piece in pieces)


def make_safe(text: str, longest: int = LONGEST) -> str:
    """Make somebody else's text safe to show in a line: cut where it is long, and escaped."""
    return escape_line(shorten(text, longest))


def print_lines(lines: Iterable[Line]) -> str:
    """Print lines without any style; each ends in a line break."""
    return "".join("".join(piece.text for piece in line).rstrip() + "\n" for line in lines)
