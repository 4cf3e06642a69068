"""Lines for people, each made of pieces with a style.

Pure. `terminal` paints the styles; a log gets the same words without them. A line never begins with somebody
else's text, since a runner obeys lines that begin with a command.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconciler.render.escape import LONGEST, escape_line, quote_code, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Piece(NamedTuple):
    """A text and how it looks: a style's name, or empty."""

    text: str
    style: str = ""


Line: TypeAlias = tuple[Piece, ...]

WIDTH = 80
"""Columns of a terminal."""
LONG = 1000
"""Characters of a sentence that may name several things."""


def make_line(*pieces: str | Piece) -> Line:
    """Make a line of pieces, and of texts without a style."""
    return tuple(piece if isinstance(piece, Piece) else Piece(piece) for piece in pieces)


def make_safe(text: str, longest: int = LONGEST) -> str:
    """Make somebody else's text safe to show in a line: cut where it is long, and escaped."""
    return escape_line(shorten(text, longest))


def make_sentence(sentence: str, longest: int = LONG) -> str:
    """Make a sentence safe to show in a line; what it marks as code stands in quotes."""
    return make_safe(quote_code(shorten(sentence, longest)), 2 * longest)


def wrap_sentence(
    sentence: str, indent: str = "", style: str = "", *, is_code: bool = False
) -> Iterator[Line]:
    """Break a sentence into lines of 80 columns where its words allow it; what it marks as code stands in quotes.

    Where all of it is code, a backtick is a letter.
    """
    shown = shorten(sentence, LONG)
    text = escape_line(shown if is_code else quote_code(shown))
    rows = textwrap.wrap(text, WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    for row in rows:
        # A word of somebody else's may now begin a line.
        yield make_line(Piece(escape_line(f"{indent}{row}"), style))


def wrap_behind(begin: Line, sentence: str) -> Iterator[Line]:
    """Put a sentence behind the beginning of a line, and break it so that its rows stand below each other."""
    width = sum(len(piece.text) for piece in begin)
    first, *others = wrap_sentence(sentence, " " * width) if sentence.strip() else [make_line("")]
    yield make_line(*begin, first[0].text[width:])
    yield from others


def print_lines(lines: Iterable[Line]) -> str:
    """Print lines without any style; each ends in a line break."""
    return "".join("".join(piece.text for piece in line).rstrip() + "\n" for line in lines)
