"""The places that are kept of a file are those that its tree has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from reconciler.definitions import yaml_places
from reconciler.definitions.yaml_document import Tree, _locate, read_document
from reconciler.definitions.yaml_nodes import Items, Node, Path, Position, Scalar, make_mapping
from reconciler.definitions.yaml_places import keep_places

if TYPE_CHECKING:
    import pytest

positions = st.builds(Position, st.integers(1, 9), st.integers(1, 9))
names = st.sampled_from(["a", "A", "b", "B", "name"])
scalars = st.builds(Scalar, names, st.booleans(), positions)


def _nest(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    keys = st.lists(scalars, max_size=4, unique_by=lambda each: each.text)
    mappings = keys.flatmap(
        lambda found: st.builds(
            make_mapping, st.tuples(*(st.tuples(st.just(each), inner) for each in found)), positions
        )
    )
    return mappings | st.builds(Items, st.lists(inner, max_size=3).map(tuple), positions)


trees = st.recursive(scalars, _nest, max_leaves=12)
paths = st.lists(names | st.integers(0, 3), max_size=3).map(tuple)


@given(trees, st.lists(paths, min_size=1, max_size=8))
def test_what_is_kept_is_what_the_tree_says(root: Node, asked: list[Path]) -> None:
    """Of two levels everything, in whatever letter case a name is asked for; of what lies deeper nothing."""
    kept = keep_places(root)

    for path in asked:
        found = kept.find(path) if kept else None
        assert found in {None, _locate(root, path)}
        assert found is not None or kept is None or len(path) > 2


def test_a_line_is_found_without_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that was read once is not composed again to say where a value stands; what lies deeper is."""
    document = read_document("a.yaml", b"id: x\nname:\n  nb: y\nrights:\n  - {action: read, resource: [z]}\n")
    assert document.faults == ()
    composed: list[str] = []

    def compose(text: str, _parser: object) -> Tree:
        composed.append(text)
        return Tree(None)

    monkeypatch.setattr("reconciler.definitions.yaml_document.compose_text", compose)

    places = [
        document.locate(each) for each in (("id",), ("name", "nb"), ("rights", 0), ("NAME",), ("none",))
    ]
    assert places == [(1, 5), (3, 7), (5, 5), (2, 1), (1, 1)]
    assert composed == []
    document.locate(("rights", 0, "action"))
    assert composed == [document.text]


def test_what_is_too_much_to_keep_is_left_to_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many entries, long lines, and a shape that is one too many."""
    many = Items(
        tuple(Scalar("a", plain=True, position=Position(each, 1)) for each in range(1, 300)), Position(1, 1)
    )
    key = Scalar("a", plain=True, position=Position(1, 1))
    far = Scalar("a", plain=True, position=Position(1, 70_000))

    assert keep_places(make_mapping(((key, many),), Position(1, 1))) is None
    assert keep_places(make_mapping(((key, far),), Position(1, 1))) is None
    assert keep_places(make_mapping(((key, key),), Position(1, 1))) is not None
    monkeypatch.setattr(yaml_places, "_MOST_SHAPES", 0)
    monkeypatch.setattr(yaml_places, "_shapes", {})
    assert keep_places(make_mapping(((key, key),), Position(1, 1))) is None
    assert [keep_places(each) for each in (None, key, many)] == [None, None, None]
