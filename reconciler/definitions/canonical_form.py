"""The canonical form of a definition file: names, short forms and the order of members.

Pure: text to text. Comments stay with the member that they belong to: those right above it, and those below it that
stand deeper. Lists keep their order, and texts their quotes. What has no member that this tool knows stays where it
is, behind the member before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.definitions.definition import LISTS, PARTS
from reconciler.definitions.editor import LAYERS, MARK, ORDER, find_end, rank_name, read_text
from reconciler.definitions.flow_edits import list_extents
from reconciler.definitions.meaning import find_meaning, read_value, shorten, shorten_entry
from reconciler.definitions.part_order import sort_parts
from reconciler.definitions.text_edits import TextEdits
from reconciler.definitions.yaml_nodes import Items, Mapping, Scalar
from reconciler.definitions.yaml_spans import Form, read_spans
from reconciler.definitions.yaml_writer import write_scalar
from reconciler.errors import EditRefused
from reconciler.model.system import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.definitions.yaml_nodes import Node, Path
    from reconciler.definitions.yaml_spans import Span

_AUTHORITY = "iso6523-actorid-upis"
"""What the register assumes for a vendor (System Register contract §2.1)."""
_COMMENT = re.compile(r"(?:^|[ \t])#", re.MULTILINE)
_HEAD = re.compile(r"---|%|# yaml-language-server:|[ \t\r]*$")
"""Lines that end the head of a file, which stays at its top."""
_TEXTS = ("name", "description")
_STEPS = 2
"""On the way to an overlay, and from there or the top to a template: a member, and a name in it."""


def format_definition(text: str) -> str:
    """Give a definition file in its canonical form; what it says is not changed.

    Raises `EditRefused` where the file cannot be read, or be changed so.
    """
    mark = MARK if text.startswith(MARK) else ""
    body = text.removeprefix(MARK)
    before = read_text(body)
    end = find_end(body)
    added = "" if body.endswith("\n") else end
    after = body + added
    if _is_misspelt(before):
        after = _spell(after, before)
    after = sort_parts(after)
    root = before if after == body + added else read_text(after)
    for path in list(_list_mappings(before)):
        if not _is_sorted(root, path):
            after = _sort(after, path)
            root = read_text(after)
    if root is not before and _list_meanings(before) != _list_meanings(root):
        raise EditRefused("the file would not say the same")
    return mark + (after.removesuffix(end) if added else after)


def _is_misspelt(root: Mapping, order: Sequence[str] = ORDER) -> bool:
    """Say whether a name may need another spelling, or a value a short form."""
    names = {name.lower(): name for name in order}
    for key, value in root.entries:
        name = names.get(key.text.lower(), key.text)
        entries = value.nodes if isinstance(value, Items) else (value,)
        if name != key.text or (name in PARTS and any(isinstance(each, Mapping) for each in entries)):
            return True
        if name in LAYERS and isinstance(value, Mapping):
            layers = (each for _, each in value.entries if isinstance(each, Mapping))
            if any(_is_misspelt(each, LAYERS[name]) for each in layers):
                return True
    return False


def _is_sorted(root: Mapping, path: Path) -> bool:
    node: Node | None = root
    for step in path:
        entry = node.find(str(step)) if isinstance(node, Mapping) else None
        node = entry[1] if entry else None
    return not isinstance(node, Mapping) or _is_ordered(_rank_members(node, _find_names(path)))


def _find_names(path: Path) -> tuple[str, ...]:
    if not path:
        return ORDER
    return LAYERS[str(path[-2])] if len(path) % _STEPS == 0 else LANGUAGES


def _is_ordered(ranks: Sequence[int]) -> bool:
    return list(ranks) == sorted(ranks)


def _list_mappings(root: Mapping) -> Iterator[Path]:
    """Give the paths of the mappings whose members have an order, the innermost first."""
    for path in (*_list_layers(root), ()):
        yield from ((*path, name) for name in _TEXTS)
        yield path


def _list_layers(root: Mapping) -> Iterator[Path]:
    """Give the paths of the overlays and of the templates, at the top or in an overlay; the innermost first."""
    for member in LAYERS:
        found = root.find(member)
        if found and isinstance(found[1], Mapping):
            for key, value in found[1].entries:
                if isinstance(value, Mapping):
                    yield from ((member, key.text, *path) for path in _list_layers(value))
                yield (member, key.text)


def _follow(span: Span, node: Node, path: Path) -> tuple[Span, Node] | None:
    """Find a part of a file by its path, unless an alias stands on the way."""
    for step in path:
        entry = node.find(str(step)) if isinstance(node, Mapping) and span.keys else None
        if entry is None or not isinstance(node, Mapping):
            return None
        number = node.entries.index(entry)
        span, node = span.parts[number], entry[1]
    return None if span.form is Form.ALIAS else (span, node)


def _parse(text: str) -> tuple[Span, Mapping]:
    root, span = read_text(text), read_spans(text)
    if span is None:
        raise EditRefused("the places of its members cannot be found")
    return span, root


def _spell(text: str, root: Mapping) -> str:
    """Give names their spelling, and values their short form."""
    edits = TextEdits(text, find_end(text))
    span, _ = _parse(text)
    _spell_members(edits, span, root, ORDER)
    for path in _list_layers(root):
        found = _follow(span, root, path)
        if found and isinstance(found[1], Mapping) and found[0].form is Form.MAPPING and found[0].keys:
            _spell_members(edits, found[0], found[1], _find_names(path))
    return edits.apply()


def _spell_members(edits: TextEdits, span: Span, node: Mapping, order: Sequence[str]) -> None:
    names = {name.lower(): name for name in order}
    flow = span.flow
    for place, value, (key, inner) in zip(span.keys, span.parts, node.entries, strict=True):
        name = names.get(key.text.lower())
        if name is None:
            continue
        _rename(edits, place, name, key.text)
        if value.form in {Form.MAPPING, Form.LIST} and name in PARTS:
            _shorten_value(edits, value, inner, name, place, flow=flow)


def _rename(edits: TextEdits, place: Span, name: str, written: str) -> None:
    if name != written and place.form is Form.SCALAR:
        edits.replace(place.start, place.end, write_scalar(name, place.style))


def _shorten_value(edits: TextEdits, span: Span, node: Node, member: str, key: Span, *, flow: bool) -> None:
    """Write a value in its short form where nothing is lost, comments included; else give its names their spelling."""
    if isinstance(node, Items):
        for place, each in zip(span.parts, node.nodes, strict=True):
            short = shorten_entry(member, read_value(each, member, listed=True))
            if place.form is Form.MAPPING and isinstance(short, str) and _is_bare(edits.text, place):
                edits.replace(place.start, place.end, write_scalar(short, flow=span.flow))
            else:
                _spell_parts(edits, place, each, member)
        return
    short = shorten(member, read_value(node, member))
    if isinstance(short, str) and _is_bare(edits.text, span) and not _has_other_authority(node):
        if span.flow:
            edits.replace(span.start, span.end, write_scalar(short, flow=flow))
            return
        between = edits.text[key.end : span.start]
        if not _COMMENT.search(between) and "&" not in between:
            start = key.end + between.index(":") + 1
            edits.replace(start, span.end, f" {write_scalar(short)}")
            return
    _spell_parts(edits, span, node, member)


def _has_other_authority(node: Node) -> bool:
    found = node.find("authority") if isinstance(node, Mapping) else None
    return found is not None and not (isinstance(found[1], Scalar) and found[1].text == _AUTHORITY)


def _is_bare(text: str, span: Span) -> bool:
    """Say whether a value holds no comment, no anchor and no alias."""
    named = any(each.name for each in span.walk())
    return not named and not _COMMENT.search(text[span.start : span.end])


def _spell_parts(edits: TextEdits, span: Span, node: Node, member: str) -> None:
    """Give the names in a part of the document their spelling."""
    if isinstance(node, Items) and span.form is Form.LIST:
        for place, each in zip(span.parts, node.nodes, strict=True):
            _spell_parts(edits, place, each, member)
    if not isinstance(node, Mapping) or span.form is not Form.MAPPING or member not in PARTS:
        return
    names = {name.lower(): name for name in PARTS[member]}
    for place, value, (key, each) in zip(span.keys, span.parts, node.entries, strict=True):
        name = names.get(key.text.lower())
        if name is not None:
            _rename(edits, place, name, key.text)
            if name in LISTS:
                _spell_parts(edits, value, each, name)


def _sort(text: str, path: Path) -> str:
    """Put the members of a mapping in their order; where an alias would then stand before its anchor, leave them."""
    span, root = _parse(text)
    found = _follow(span, root, path)
    place, node = found or (span, None)
    if not isinstance(node, Mapping) or not place.keys:
        return text
    order = _rank_members(node, _find_names(path))
    wanted = sorted(range(len(order)), key=lambda number: order[number])
    edits = TextEdits(text, find_end(text))
    after = _sort_flow(edits, place, wanted) if place.flow else _sort_lines(edits, place, wanted)
    try:
        same = _list_meanings(root) == _list_meanings(read_text(after))
    except EditRefused:
        return text
    return after if same else text


def _rank_members(node: Mapping, names: Sequence[str]) -> list[int]:
    """Give each member its place in the order; an unknown one belongs to the member before it."""
    ranks: list[int] = []
    for key, _ in node.entries:
        rank = rank_name(key.text, names)
        ranks.append(rank if rank < len(names) else ranks[-1] if ranks else -1)
    return ranks


def _sort_flow(edits: TextEdits, span: Span, wanted: Sequence[int]) -> str:
    """Sort what stands in brackets, unless a comment could lose its member."""
    if _COMMENT.search(edits.text[span.start : span.end]):
        return edits.text
    extents = list_extents(span)
    for extent, number in zip(extents, wanted, strict=True):
        edits.replace(*extent, edits.text[extents[number].start : extents[number].end])
    return edits.apply()


def _sort_lines(edits: TextEdits, span: Span, wanted: Sequence[int]) -> str:
    """Sort members that have lines of their own, each with the comments that belong to it."""
    try:
        indent = edits.find_indent(span.keys[0].start)
        starts = [edits.find_line(key.start) for key in span.keys if edits.find_indent(key.start) == indent]
    except EditRefused:
        return edits.text
    ends = [edits.skip_comments(edits.find_next_line(each.end), indent) for each in span.parts]
    first = _find_head(edits, span, starts[0])
    gaps = [edits.text[a:b] for a, b in zip([first, *ends], starts, strict=False)]
    blanks = gaps[wanted[0]][: len(gaps[wanted[0]]) - len(gaps[wanted[0]].lstrip("\r\n"))]
    gaps[wanted[0]] = gaps[wanted[0]].removeprefix(blanks)
    if wanted[0]:
        gaps[0] = blanks + gaps[0]
    chunks = [gap + edits.text[a:b] for gap, a, b in zip(gaps, starts, ends, strict=True)]
    edits.replace(first, ends[-1], "".join(chunks[number] for number in wanted))
    return edits.apply()


def _find_head(edits: TextEdits, span: Span, first: int) -> int:
    """Find where the comments of the first member begin: behind the head of the file, or below the member around it."""
    start = edits.find_next_line(span.start) if edits.find_line(span.start) < first else 0
    place = first
    while place > start:
        before = edits.find_line(place - 1)
        line = edits.text[before:place]
        if _HEAD.match(line) or not line.lstrip().startswith("#"):
            break
        place = before
    return place


def _list_meanings(node: Mapping, order: Sequence[str] = ORDER) -> dict[str, object]:
    """Give what a file says, whatever its spelling and its order."""
    names = {name.lower(): name for name in order}
    found: dict[str, object] = {}
    for key, value in node.entries:
        name = names.get(key.text.lower(), key.text)
        if name in LAYERS and isinstance(value, Mapping):
            found[name] = {
                each.text: _list_meanings(inner, LAYERS[name])
                if isinstance(inner, Mapping)
                else read_value(inner, "")
                for each, inner in value.entries
            }
        else:
            found[name] = _find_sound_meaning(name, value)
    return found


def _find_sound_meaning(name: str, node: Node) -> object:
    """Give the meaning of a value; of one that has none, what stands there."""
    value = read_value(node, name)
    meaning = find_meaning(name, value)
    return meaning if meaning == meaning else value  # noqa: PLR0124 - what is unsound equals nothing
