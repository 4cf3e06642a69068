"""Changes what stands in brackets: entries of a list, and members of a mapping, between their commas.

Pure. Comments stay, and so does whatever is not the entry that changes or its comma; one behind an entry on a line of
its own goes with it, as in a list without brackets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.definitions.text_edits import TextEdits
    from reconciler.definitions.yaml_spans import Span

_GAP = re.compile(r"(?P<comment>#[^\n]*)|(?P<comma>,)")


class Extent(NamedTuple):
    """From where to where an entry stands."""

    start: int
    end: int


def list_extents(span: Span) -> list[Extent]:
    """Give the places of the entries of a list or mapping in brackets."""
    if not span.keys:
        return [Extent(each.start, each.end) for each in span.parts]
    return [Extent(k.start, max(k.end, v.end)) for k, v in zip(span.keys, span.parts, strict=True)]


def change_entries(edits: TextEdits, span: Span, dropped: Sequence[int], added: Sequence[str]) -> None:
    """Drop some entries, by their number, and add others at the end."""
    places = list_extents(span)
    kept = [number for number in range(len(places)) if number not in set(dropped)]
    last = kept[-1] if kept else -1
    inner = [number for number in dropped if number < last or (added and number < len(places) - 1)]
    if not kept and not added and "#" not in edits.text[span.start : span.end]:
        edits.replace(span.start + 1, span.end - 1, "")
        return
    for number in inner:
        _drop_inner(edits, places, number, span)
    if added and last < len(places) - 1:
        edits.replace(*places[-1], _find_gap(edits, span, places[-1]).join(added))
    elif added:
        _add(edits, span, places, added)
    elif last < len(places) - 1:
        _drop_tail(edits, span, places, range(last + 1, len(places)))


def _find_gap(edits: TextEdits, span: Span, last: Extent) -> str:
    """Give what stands between two entries: a line end, where the last one has a line of its own."""
    line = edits.find_line(last.start)
    pad = edits.text[line : last.start]
    return ", " if pad.strip() or line <= span.start else f",{edits.end}{pad}"


def _find_comma(text: str, start: int, end: int) -> int | None:
    """Find the comma of a gap, and not one in a comment."""
    for found in _GAP.finditer(text, start, end):
        if found["comma"]:
            return found.start()
    return None


def _drop_inner(edits: TextEdits, places: Sequence[Extent], number: int, span: Span) -> None:
    """Drop an entry with the comma behind it, and the line if nothing else stands there."""
    text, (start, end) = edits.text, places[number]
    comma = _find_comma(text, end, places[number + 1].start if number + 1 < len(places) else span.end)
    after = end if comma is None or text[end:comma].strip() else comma + 1
    while text[after : after + 1] in {" ", "\t"}:
        after += 1
    line, following = edits.find_line(start), edits.find_next_line(after)
    behind = text[after:following].strip()
    if not text[line:start].strip() and (not behind or behind.startswith("#")) and line > span.start:
        edits.replace(line, following, "")
    else:
        edits.replace(start, after, "")


def _drop_tail(edits: TextEdits, span: Span, places: Sequence[Extent], tail: Sequence[int]) -> None:
    """Drop the last entries; without a comma behind them, the one before them goes too."""
    text, first, end = edits.text, places[tail[0]], places[tail[-1]].end
    before = places[tail[0] - 1].end if tail[0] else span.start + 1
    comma = _find_comma(text, before, first.start)
    commented = "#" in text[before : first.start]
    if _find_comma(text, end, span.end) is None and comma is not None and not commented:
        edits.replace(comma, end, "")
        return
    for number in tail:
        _drop_inner(edits, places, number, span)


def _add(edits: TextEdits, span: Span, places: Sequence[Extent], added: Sequence[str]) -> None:
    """Add entries behind the last one: on lines of their own where the others have them."""
    text, last = edits.text, places[-1]
    comma = _find_comma(text, last.end, span.end)
    gap = _find_gap(edits, span, last)
    at = last.end if comma is None else comma + 1
    if gap == ", ":
        joined = gap.join(added)
        edits.replace(at, at, f", {joined}" if comma is None else f" {joined},")
        return
    if comma is None:
        edits.replace(last.end, last.end, ",")
    end = edits.find_next_line(at)
    if end > span.end:  # the bracket closes on the same line
        edits.replace(at, at, " " + ", ".join(added) + ("," if comma is not None else ""))
        return
    pad = gap.rpartition("\n")[2]
    lines = [f"{pad}{each}," for each in added]
    if comma is None:
        lines[-1] = lines[-1][:-1]
    edits.add_lines(end, lines)
