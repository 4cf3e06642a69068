"""Properties of the smallest edit, over random files in every layout."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.definitions.editor import edit_definition
from reconciler.definitions.meaning import find_meaning, read_value
from reconciler.definitions.yaml_document import Mapping, read_document
from reconciler.definitions.yaml_spans import read_spans
from reconciler.errors import EditRefused
from tests.odd_files import MEMBERS, files

if TYPE_CHECKING:
    from reconciler.definitions.yaml_document import Node
    from reconciler.definitions.yaml_spans import Span
    from reconciler.model.canonical_json import Json


def _read(text: str) -> Mapping:
    document = read_document("a.yaml", text.encode())
    assert document.faults == (), (text, document.faults)
    assert isinstance(document.root, Mapping)
    return document.root


def _find(text: str, path: tuple[str, ...]) -> object:
    node: object = _read(text)
    for step in path:
        entry = node.find(step) if isinstance(node, Mapping) else None
        if entry is None:
            return None
        node = entry[1]
    assert node is not None
    return find_meaning(path[-1], read_value(node, path[-1]))  # type: ignore[arg-type]  # a node since it was found


def _find_lines(text: str, differing: set[tuple[str, ...]]) -> list[str]:
    """Give the lines that belong to no member that differs."""
    body = text.removeprefix("\ufeff")
    root, tree = read_spans(body), _read(text)
    assert root is not None
    taken: set[int] = set()

    def take(span: object, node: object, path: tuple[str, ...]) -> None:
        for (key, inner), place, value in zip(node.entries, span.keys, span.parts, strict=True):  # type: ignore[attr-defined]  # both are mappings
            here = (
                *path,
                next((n for n in [*MEMBERS, "environments"] if n.lower() == key.text.lower()), key.text),
            )
            if here in differing:
                first, last = (body.count("\n", 0, each) for each in (place.start, value.end))
                taken.update(range(first, last + 1))
            elif here[0] == "environments" and len(here) <= 2 and isinstance(inner, Mapping) and value.keys:
                take(value, inner, here)

    take(root, tree, ())
    lines = [line for number, line in enumerate(body.split("\n")) if number not in taken]
    return [line.rstrip("\r") for line in lines if line.strip() and not line.lstrip().startswith("# ")]


def _list_comments(text: str) -> list[str]:
    """Give the comments that stand on lines of their own, which always stay."""
    return [line.strip() for line in text.split("\n") if line.lstrip().startswith("# ")]


def _locate(span: Span | None, node: Node, path: tuple[str, ...]) -> Span | None:
    """Find where a member stands; None where it does not."""
    for step in path:
        names = [key.text.lower() for key, _ in node.entries] if isinstance(node, Mapping) else []
        if span is None or step.lower() not in names or not span.keys or not isinstance(node, Mapping):
            return None
        number = names.index(step.lower())
        span, node = span.parts[number], node.entries[number][1]
    return span


def _list_inside(text: str, differing: set[tuple[str, ...]]) -> list[str]:
    """Give the comments within single entries of lists that differ, which go with their entry."""
    body = text.removeprefix("\ufeff")
    found: list[str] = []
    for path in differing:
        place = _locate(read_spans(body), _read(text), path)
        for each in place.parts if place else ():
            found += _list_comments(body[each.start : each.end])
    return found


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Json]:
    """Draw what some members are to say."""
    names = draw(st.lists(st.sampled_from([*MEMBERS]), unique=True, max_size=4))
    return {name: draw(MEMBERS[name]) for name in names}


@given(text=files(), members=wishes(), overlay=wishes(), environment=st.sampled_from(["tt02", "prod"]))
def test_only_the_lines_of_members_that_differ_change(
    text: str, members: dict[str, Json], overlay: dict[str, Json], environment: str
) -> None:
    """The file says what is wanted afterwards, and no other line is touched."""
    overlays = {environment: overlay} if overlay else None
    try:
        after = edit_definition(text, members, overlays)
    except EditRefused:
        assert "*texts" in text  # nothing else is a reason
        return
    wanted: dict[tuple[str, ...], Json] = {(name,): value for name, value in members.items()}
    wanted |= {("environments", environment, name): value for name, value in overlay.items()}
    differing = {path for path, value in wanted.items() if _find(text, path) != find_meaning(path[-1], value)}
    for path, value in wanted.items():
        assert _find(after, path) == find_meaning(path[-1], value)
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    assert after.endswith("\n") == text.endswith("\n")
    assert ("\r\n" in after) == ("\r\n" in text)
    assert after.count("\r") in {0, after.count("\n")}
    if any(path[0] == "environments" for path in differing) and _shares_a_line(text):
        differing |= {("environments",)}
    if overlays and _find(text, ("environments", environment)) in (None, {}):
        differing |= {("environments", environment)}
    if overlays and _find(text, ("environments",)) is None:
        differing |= {("environments",)}
    before_lines, after_lines = _find_lines(text, differing), _find_lines(after, differing)
    assert before_lines == after_lines
    lost = Counter(_list_comments(text)) - Counter(_list_comments(after))
    assert lost <= Counter(_list_inside(text, differing))
    if not lost:
        assert _list_comments(text) == _list_comments(after)
    if not differing:
        assert after == text


def _shares_a_line(text: str) -> bool:
    """Say whether the overlays are written in brackets, so that members share lines."""
    root = read_spans(text.removeprefix("\ufeff"))
    tree = _read(text)
    assert root is not None
    numbers = [n for n, (key, _) in enumerate(tree.entries) if key.text.lower() == "environments"]
    return any(each.flow for n in numbers for each in root.parts[n].walk())


@given(text=files())
def test_to_state_what_a_file_says_changes_nothing(text: str) -> None:
    """Equal values leave every byte, whatever their spelling here and there."""
    tree = _read(text)
    members = {name: read_value(entry[1], name) for name in MEMBERS if (entry := tree.find(name)) is not None}
    assume(members)

    assert edit_definition(text, members) == text
