"""The order of the members inside a vendor, a right, its resource and an access package.

Pure: text to text. Where a comment could lose its member, or an alias would stand before its anchor, a part stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from reconciler.definitions.definition import LISTS, PARTS
from reconciler.definitions.editor import LAYERS, ORDER, find_end, rank_name, read_text
from reconciler.definitions.flow_edits import list_extents
from reconciler.definitions.text_edits import TextEdits
from reconciler.definitions.yaml_nodes import Items, Mapping
from reconciler.definitions.yaml_spans import Form, read_spans
from reconciler.errors import EditRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.definitions.yaml_nodes import Node
    from reconciler.definitions.yaml_spans import Span

_COMMENT = re.compile(r"(?:^|[ \t])#", re.MULTILINE)
_BLANK = re.compile(r"^[ \t\r]*\n", re.MULTILINE)
_RESOURCE = "resource"
"""The one part that stands in another one, so it is sorted first."""


class _Part(NamedTuple):
    """A mapping of a known kind."""

    member: str
    """What holds it: a key of `PARTS`."""
    node: Mapping
    span: Span | None
    """Where it stands, where that was asked for."""


def sort_parts(text: str) -> str:
    """Put the members of every part in their order; all lines end, and the text can be read."""
    for inner in (True, False):
        text = _sort_some(text, inner=inner)
    return text


def _sort_some(text: str, *, inner: bool) -> str:
    """Sort the parts that stand in other ones, or the others: no two of them overlap."""
    root = read_text(text)
    if all(_is_sorted(each) for each in _list_all(root, None)):
        return text
    edits = TextEdits(text, find_end(text))
    for part in _list_all(root, read_spans(text)):
        if part.span is not None and (part.member == _RESOURCE) is inner and not _is_sorted(part):
            _sort(edits, part.span, _rank(part))
    after = edits.apply()
    try:
        read_text(after)
    except EditRefused:
        return text
    return after


def _list_all(root: Mapping, span: Span | None, order: Sequence[str] = ORDER) -> Iterator[_Part]:
    """List the parts of the top level, overlays and templates; each has its place where the file's is given."""
    names = {name.lower(): name for name in order}
    for number, (key, node) in enumerate(root.entries):
        name = names.get(key.text.lower(), "")
        below = span.parts[number] if span is not None and span.keys else None
        if name in LAYERS and isinstance(node, Mapping):
            for place, (_, layer) in enumerate(node.entries):
                inside = below.parts[place] if below is not None and below.keys else None
                if isinstance(layer, Mapping) and (span is None or inside is not None):
                    yield from _list_all(layer, inside, LAYERS[name])
        elif name in PARTS and (span is None or below is not None):
            yield from _list_parts(name, node, below)


def _list_parts(member: str, node: Node, span: Span | None) -> Iterator[_Part]:
    if isinstance(node, Items) and (span is None or span.form is Form.LIST):
        for number, each in enumerate(node.nodes):
            yield from _list_parts(member, each, span.parts[number] if span else None)
    elif isinstance(node, Mapping) and (span is None or (span.form is Form.MAPPING and span.keys)):
        for number, (key, each) in enumerate(node.entries):
            if key.text in LISTS:
                yield from _list_parts(key.text, each, span.parts[number] if span else None)
        yield _Part(member, node, span)


def _rank(part: _Part) -> list[int]:
    """Give each member its place in the order; an unknown one belongs to the member before it."""
    names = PARTS[part.member]
    ranks: list[int] = []
    for key, _ in part.node.entries:
        rank = rank_name(key.text, names)
        ranks.append(rank if rank < len(names) else ranks[-1] if ranks else -1)
    return ranks


def _is_sorted(part: _Part) -> bool:
    ranks = _rank(part)
    return ranks == sorted(ranks)


def _sort(edits: TextEdits, span: Span, ranks: Sequence[int]) -> None:
    """Sort the members of one part, unless something stands between them."""
    wanted = sorted(range(len(ranks)), key=lambda number: ranks[number])
    if span.flow:
        if not _COMMENT.search(edits.text[span.start : span.end]):
            extents = list_extents(span)
            for extent, number in zip(extents, wanted, strict=True):
                edits.replace(*extent, edits.text[extents[number].start : extents[number].end])
        return
    first, end = span.keys[0].start, edits.find_next_line(span.parts[-1].end)
    indent = first - edits.find_line(first)
    starts = [key.start for key in span.keys]
    alone = all(
        start - edits.find_line(start) == indent and not edits.text[start - indent : start].strip(" ")
        for start in starts[1:]
    )
    whole = edits.text[first:end]
    if not alone or _COMMENT.search(whole) or _BLANK.search(whole):
        return
    ends = [*(start - indent for start in starts[1:]), end]
    chunks = [edits.text[start:stop] for start, stop in zip(starts, ends, strict=True)]
    edits.replace(first, end, (" " * indent).join(chunks[number] for number in wanted))
