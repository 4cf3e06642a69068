"""The smallest edit that makes a definition file state given values.

Pure: text to text. Comments, order, quotes, indentation, line ends, a byte order mark and a missing last line end stay
as they are outside the lines of members that differ. What was written is read again: if it does not say exactly what
is wanted, or any other member has changed, the edit is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.definitions import flow_edits
from reconciler.definitions.definition import REQUESTS, TEMPLATE_NAMES
from reconciler.definitions.meaning import find_meaning, read_value, shorten
from reconciler.definitions.text_edits import TextEdits
from reconciler.definitions.yaml_document import read_document
from reconciler.definitions.yaml_nodes import Items, Mapping, Scalar, print_path
from reconciler.definitions.yaml_spans import Form, Span, describe_aliases, find_colon, read_spans
from reconciler.definitions.yaml_writer import (
    DOUBLE,
    Layout,
    is_literal,
    write_below,
    write_flow,
    write_items,
    write_literal,
    write_member,
    write_scalar,
)
from reconciler.errors import EditRefused
from reconciler.model.system import LANGUAGES, SENT

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict
    from collections.abc import Sequence

    from reconciler.definitions.yaml_nodes import Node, Path
    from reconciler.model.canonical_json import Json

ENVIRONMENTS = "environments"
ORDER = (*SENT, "isAssignable", "withdrawn", REQUESTS, "allow", ENVIRONMENTS)
"""The members of a definition in their canonical order."""
LAYERS: Dict[str, tuple[str, ...]] = {ENVIRONMENTS: ORDER, REQUESTS: TEMPLATE_NAMES}
"""The members that hold mappings by a name of their own, and in order what stands in each of those."""
MARK = "\ufeff"
"""The byte order mark."""

_WRITE_OUT = "Write out what each alias stands for, and run it again; or change the file by hand."


def edit_definition(
    text: str, members: Dict[str, Json], overlays: Dict[str, Dict[str, Json]] | None = None
) -> str:
    """Make a definition state some members at its top level, and others under `environments`.

    `members` and `overlays` hold whole values by canonical names: each member that is named says exactly that
    afterwards, each overlay that is named exists, and all others stay as they are. Raises `EditRefused` with the
    reason where the text cannot be changed so.
    """
    mark = MARK if text.startswith(MARK) else ""
    body = text.removeprefix(MARK)
    before = read_text(body)
    wanted: dict[str, Json] = dict(members)
    if overlays:
        wanted[ENVIRONMENTS] = dict(overlays)
    try:
        after = _edit(body, before, wanted)
        _check(before, read_text(after), wanted)
    except EditRefused as error:
        raise _explain(body, error) from error
    return mark + after


def read_text(text: str) -> Mapping:
    """Read a definition file's text; raises `EditRefused` where it is none."""
    document = read_document("", text.encode(errors="surrogatepass"))
    if document.faults or not isinstance(document.root, Mapping):
        reason = document.faults[0].message if document.faults else "it is no mapping"
        raise EditRefused(f"the file cannot be read: {reason}")
    return document.root


def find_end(text: str) -> str:
    """Find how a text ends its lines; raises `EditRefused` where that is not one of the two usual ways."""
    if re.search(r"\r(?!\n)", text):
        raise EditRefused("a line ends with a carriage return alone")
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def _edit(text: str, before: Mapping, wanted: Dict[str, Json]) -> str:
    end = find_end(text)
    added = "" if text.endswith("\n") else end
    root = read_spans(text + added)
    if root is None or root.form is not Form.MAPPING:
        raise EditRefused("the places of its members cannot be found")
    edits = TextEdits(text + added, end)
    _Editor(edits, _find_layout(edits, root)).change_mapping(root, before, wanted, ())
    after = edits.apply()
    return after.removesuffix(end) if added else after


def _find_layout(edits: TextEdits, root: Span) -> Layout:
    """Find how the file is laid out, by the first mapping and the first list in it."""
    if root.flow:
        return Layout(quote=DOUBLE if root.keys and root.keys[0].style == DOUBLE else "")
    step, dash = 2, 2
    column = _find_column(edits, root.start)
    for each in reversed(root.parts):
        if not each.flow and each.form is Form.MAPPING and each.keys:
            step = _find_column(edits, each.keys[0].start) - column
        elif not each.flow and each.form is Form.LIST and each.parts:
            dash = _find_column(edits, _find_dash(edits, each, 0)) - column
    return Layout(max(step, 1), max(dash, 0))


def _find_column(edits: TextEdits, place: int) -> int:
    return place - edits.find_line(place)


_DASH = re.compile(r"^[ ]*(-)(?=[ \t\r\n])", re.MULTILINE)


def _find_dash(edits: TextEdits, span: Span, number: int) -> int:
    """Find the dash of an entry of a list without brackets."""
    from_ = span.parts[number - 1].end if number else max(0, edits.find_line(span.start))
    found = [each.start(1) for each in _DASH.finditer(edits.text, edits.find_line(from_))]
    inside = [each for each in found if from_ <= each < max(span.parts[number].end, span.parts[number].start)]
    if number == 0:
        inside = inside[:1]
    if not inside:
        raise EditRefused("the dash of an entry cannot be found")
    return inside[0]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A member of a mapping: where it stands, what it says, and where it leads."""

    key: Span
    value: Span
    node: Node
    path: Path
    flow: bool
    """Whether the mapping around it is written in brackets."""


@dataclass(frozen=True, slots=True)
class _Editor:
    """Collects the replacements that make a file say what is wanted."""

    edits: TextEdits
    layout: Layout

    def change_mapping(self, span: Span, node: Mapping, wanted: Dict[str, Json], path: Path) -> None:
        """Change members of a mapping; those of a text or of `allow` that are not wanted are dropped."""
        names = [key.text for key, _ in node.entries]
        found: dict[str, int] = {}
        for name in wanted:
            near = node.find(name) if _is_folded(path) else None
            if name in names:
                found[name] = names.index(name)
            elif near is not None:
                found[name] = names.index(near[0].text)
        for name, number in found.items():
            entry_path = (*path, name)
            entry = _Entry(
                span.keys[number], span.parts[number], node.entries[number][1], entry_path, span.flow
            )
            self.change_member(entry, wanted[name])
        dropped = [] if _is_partial(path) else [n for n in range(len(names)) if n not in found.values()]
        missing = {name: value for name, value in wanted.items() if name not in found}
        if span.flow:
            self._change_flow_members(span, dropped, missing)
            return
        for number in dropped:
            self._drop_part(span, number)
        if missing:
            self._add_members(span, names, missing, path)

    def _change_flow_members(self, span: Span, dropped: Sequence[int], missing: Dict[str, Json]) -> None:
        quote = DOUBLE if self.layout.quote or (span.keys and span.keys[0].style == DOUBLE) else ""
        added = [write_flow({name: value}, quote)[1:-1] for name, value in missing.items()]
        if dropped or added:
            flow_edits.change_entries(self.edits, span, dropped, added)

    def _add_members(self, span: Span, names: Sequence[str], missing: Dict[str, Json], path: Path) -> None:
        """Add members, each behind the last one that comes before it in the canonical order."""
        indent = self.edits.find_indent(span.keys[0].start)
        order = _find_order(path)
        ranks = [rank_name(name, order) for name in names]
        for name in sorted(missing, key=lambda each: rank_name(each, order)):
            rank = rank_name(name, order)
            earlier = [number for number, other in enumerate(ranks) if other <= rank and other < len(order)]
            last = rank == len(order) or name in {"allow", ENVIRONMENTS}
            if last:
                earlier = [number for number, other in enumerate(ranks) if other <= rank]
            if earlier:
                best = max(earlier, key=lambda number: (0 if last else ranks[number], number))
                place = self.edits.find_next_line(span.parts[best].end)
                place = self.edits.skip_comments(place, indent)
            else:
                place = self.edits.find_line(span.keys[0].start)
            self.edits.add_lines(place, write_member(name, missing[name], indent, self.layout))

    def change_member(self, entry: _Entry, wanted: Json) -> None:
        """Make one member say what is wanted."""
        if _is_container(entry.path):
            self._change_container(entry, wanted)
        elif not _means(entry.node, entry.path, wanted) and not self._change_inside(entry, wanted):
            self._put(entry, wanted)

    def _change_container(self, entry: _Entry, wanted: Dict[str, Json]) -> None:
        """Change parts of `environments`, or of an overlay; what is not wanted of it stays."""
        if not wanted:
            return
        if entry.value.form is Form.ALIAS:
            raise EditRefused(f"`{print_path(entry.path)}` is an alias")
        if isinstance(entry.node, Mapping) and entry.node.entries:
            self.change_mapping(entry.value, entry.node, wanted, entry.path)
        else:
            self._put(entry, wanted)

    def _change_inside(self, entry: _Entry, wanted: Json) -> bool:
        """Change what stands there already, where it has the form of what is wanted; else say no."""
        value, node = entry.value, entry.node
        if value.form is Form.MAPPING and isinstance(node, Mapping) and isinstance(wanted, dict):
            if node.entries and wanted:
                self.change_mapping(value, node, wanted, entry.path)
                return True
        elif value.form is Form.LIST and isinstance(node, Items) and isinstance(wanted, (list, tuple)):
            if node.nodes and (wanted or value.flow):
                self._change_list(entry, node, wanted)
                return True
        elif value.form is Form.SCALAR and isinstance(wanted, (str, bool)) and value.end > value.start:
            self._change_scalar(entry, wanted)
            return True
        return False

    def _change_list(self, entry: _Entry, node: Items, wanted: Sequence[Json]) -> None:
        """Drop the entries that are not wanted, and add those that are missing."""
        member = str(entry.path[-1])
        held = [find_meaning(member, [read_value(each, member, listed=True)]) for each in node.nodes]
        asked = [find_meaning(member, [each]) for each in wanted]
        dropped = [number for number, each in enumerate(held) if each not in asked]
        added = [each for each, meaning in zip(wanted, asked, strict=True) if meaning not in held]
        span = entry.value
        if span.flow:
            quote = self.layout.quote or next((each.style for each in span.parts if each.style), "")
            flow_edits.change_entries(
                self.edits, span, dropped, [write_flow(shorten(member, [e])[0], quote) for e in added]
            )
            return
        indent = self.edits.find_indent(_find_dash(self.edits, span, 0))
        for number in dropped:
            self._drop_part(span, number)
        place = self.edits.find_next_line(span.parts[-1].end)
        self.edits.add_lines(place, write_items(added, indent, self.layout))

    def _drop_part(self, span: Span, number: int) -> None:
        """Drop the lines of one part of what is written without brackets; comments between parts stay."""
        start = span.keys[number].start if span.keys else _find_dash(self.edits, span, number)
        self.edits.find_indent(start)
        self.edits.drop_lines(start, max(span.parts[number].end, start))

    def _change_scalar(self, entry: _Entry, wanted: str | bool) -> None:  # noqa: FBT001 - a value, no switch
        value = entry.value
        if value.style in {"|", ">"}:
            if isinstance(wanted, str) and is_literal(wanted):
                indent = self.edits.find_indent(entry.key.start) + self.layout.step
                lines = write_literal("", wanted, indent)
                self.edits.replace(value.start, value.end, self.edits.end.join(lines))
                return
            self.edits.replace(value.start, value.end, write_scalar(wanted))
            return
        flow = entry.flow
        self.edits.replace(value.start, value.end, write_scalar(wanted, value.style, flow=flow))

    def _put(self, entry: _Entry, wanted: Json) -> None:
        """Put a value of another kind, or of another form, in the place of the one that stands there."""
        key, value = entry.key, entry.value
        colon = find_colon(self.edits.text, key)
        nested = bool(wanted) and isinstance(wanted, (dict, list, tuple))
        if entry.flow:
            name = self.edits.text[key.start : key.end]
            quote = DOUBLE if self.layout.quote or key.style == DOUBLE else ""
            end = max(value.end, colon)
            self.edits.replace(key.start, end, f"{name}: {write_flow(wanted, quote)}")
            return
        indent = self.edits.find_indent(key.start)
        in_lines = value.form in {Form.LIST, Form.MAPPING} and not value.flow
        written = write_below(wanted, indent, self.layout) if nested else ()
        if not nested:
            text = (
                f" {write_flow(wanted)}" if isinstance(wanted, (dict, list)) else f" {write_scalar(wanted)}"
            )
            self.edits.replace(colon, colon if in_lines else value.end, text)
        elif not in_lines:
            self.edits.replace(colon, max(value.end, colon), "")
        if in_lines:
            for number in range(len(value.parts)):
                self._drop_part(value, number)
        if nested:
            self.edits.add_lines(self.edits.find_next_line(max(value.end, colon)), written)


def _is_container(path: Path) -> bool:
    """Say whether a path leads to what holds overlays, or to an overlay, of which only some parts are wanted."""
    return path[:1] == (ENVIRONMENTS,) and len(path) <= 2


def _is_partial(path: Path) -> bool:
    return not path or _is_container(path)


def _is_folded(path: Path) -> bool:
    """Say whether the names in a mapping are members, which are read in any letter case."""
    return not path or (path[0] == ENVIRONMENTS and len(path) == 2)


def _find_order(path: Path) -> tuple[str, ...]:
    if _is_folded(path):
        return ORDER
    return LANGUAGES if path[-1] in {"name", "description"} else ()


def rank_name(name: str, order: Sequence[str]) -> int:
    """Find a name in an order, else its end; members are read in any letter case, and languages are not."""
    is_folded = order in LAYERS.values()
    wanted = name.lower() if is_folded else name
    known = [each.lower() for each in order] if is_folded else order
    return known.index(wanted) if wanted in known else len(order)


def _means(node: Node, path: Path, wanted: Json) -> bool:
    """Say whether a value says already what is wanted."""
    member = str(path[-1]) if _is_folded(path[:-1]) else ""
    return find_meaning(member, read_value(node, member)) == find_meaning(member, wanted)


def _check(before: Mapping, after: Mapping, wanted: Dict[str, Json]) -> None:
    """See that the text says what is wanted, and everything else as before; else raise `EditRefused`."""
    overlays = wanted.get(ENVIRONMENTS, {})
    _check_members(before, after, {k: v for k, v in wanted.items() if k != ENVIRONMENTS}, overlays, ())
    if not overlays:
        return
    olds, news = before.find(ENVIRONMENTS), after.find(ENVIRONMENTS)
    old, new = (each[1] if each else None for each in (olds, news))
    if not isinstance(new, Mapping):
        raise EditRefused("the overlays could not be written")
    empty = Mapping((), new.position)
    held = old if isinstance(old, Mapping) else empty
    _check_names(held, new, set(overlays))
    for key, node in new.entries:
        entry = held.find(key.text)
        was = entry[1] if entry is not None and isinstance(entry[1], Mapping) else empty
        now = node if isinstance(node, Mapping) else empty
        _check_members(was, now, overlays.get(key.text, {}), {}, (ENVIRONMENTS, key.text))


def _check_members(
    old: Mapping, new: Mapping, wanted: Dict[str, Json], apart: Dict[str, Json], path: Path
) -> None:
    _check_names(old, new, {*wanted, *([ENVIRONMENTS] if apart else [])})
    for key, node in new.entries:
        if apart and key.text.lower() == ENVIRONMENTS:
            continue
        name = next((each for each in wanted if each.lower() == key.text.lower()), "")
        entry = old.find(key.text)
        if name and not _means(node, (*path, name), wanted[name]):
            raise EditRefused(f"`{print_path((*path, name))}` would not say what is wanted")
        if not name and (entry is None or _strip(entry[1]) != _strip(node)):
            raise EditRefused(f"`{print_path((*path, key.text))}` would change too")


def _check_names(old: Mapping, new: Mapping, wanted: set[str]) -> None:
    before = {key.text.lower() for key, _ in old.entries} | {each.lower() for each in wanted}
    after = {key.text.lower() for key, _ in new.entries}
    if before != after:
        raise EditRefused("other members would come or go")


def _strip(node: Node) -> object:
    """Give what a node says, without its places."""
    if isinstance(node, Scalar):
        return (node.text, node.plain)
    if isinstance(node, Items):
        return [_strip(each) for each in node.nodes]
    return [(key.text, _strip(value)) for key, value in node.entries]


def _explain(text: str, error: EditRefused) -> EditRefused:
    """Say why an edit is refused; an anchor in use is the usual reason."""
    root = read_spans(text)
    shown = describe_aliases(text, root) if root else ""
    if shown:
        return EditRefused(f"The file uses {shown}, and {error.message}", hint=_WRITE_OUT)
    return EditRefused(f"The file cannot be changed in place: {error.message}", hint="Change it by hand.")
