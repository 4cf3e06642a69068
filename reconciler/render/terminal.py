"""Paints lines on a terminal with rich; anything else gets the words alone, and never loads rich."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from reconciler.render.lines import print_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.render.lines import Line

_STYLES = {
    "create": "green",
    "update": "yellow",
    "delete": "red",
    "blocked": "magenta",
    "keep": "dim",
    "good": "green",
    "bad": "bold red",
    "warn": "yellow",
    "strong": "bold",
    "dim": "dim",
}


def has_colour(stream: TextIO) -> bool:
    """Say whether a stream is a terminal that wants colour (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write_lines(lines: Iterable[Line], stream: TextIO) -> None:
    """Write lines to a stream, painted where it is a terminal."""
    if not has_colour(stream):
        stream.write(print_lines(lines))
        return
    from rich.console import Console  # noqa: PLC0415 - takes 40 ms, and a log needs none of it
    from rich.text import Text  # noqa: PLC0415 - as above

    # What stands in the way of other people's text would also stand in the way of the colours.
    console = Console(file=getattr(stream, "raw", stream), highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*((piece.text, _STYLES.get(piece.style, "")) for piece in line)))
