"""A large object in pieces is the text that it would be at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.canonical_json import digest_json
from reconciler.model.json_pieces import print_digested, print_indented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.canonical_json import Json

MEMBERS: dict[str, Json] = {
    "z": None,
    "list": [],
    "a": {"æ": [1, {"deep": "line\nbreak"}]},
    "e": {},
    "m": "x",
}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_it_is_indented_as_the_library_does(value: Json) -> None:
    """Every letter of it, whatever the value."""
    assert print_indented(value) == json.dumps(value, indent=2, ensure_ascii=False)


@pytest.mark.parametrize("value", [(), (1, ()), {1: {True: [None]}}, {"a": '\ud800\x00\u2028"\\/'}])
def test_what_is_no_json_of_its_own(value: Json) -> None:
    """Tuples are lists, names are texts, and a letter that hides is left to whoever prints."""
    assert print_indented(value) == json.dumps(value, indent=2, ensure_ascii=False)


@pytest.mark.parametrize("entries", [[], [{}], [{"b": 1, "a": [2, []]}, "ø", [1, {"c": None}]]])
def test_pieces_are_the_text_of_the_whole(entries: list[Json]) -> None:
    """The order of the members is kept in the text, and the digest is that of the canonical form."""
    whole = {**MEMBERS, "list": entries}
    text = "".join(print_digested(MEMBERS, "list", iter(entries), "digest"))

    assert text == json.dumps({**whole, "digest": digest_json(whole)}, indent=2, ensure_ascii=False) + "\n"


def test_an_entry_is_made_when_it_is_its_turn() -> None:
    """So no more than one of them is in memory."""
    made: list[int] = []

    def make() -> Iterator[Json]:
        for number in range(3):
            made.append(number)
            yield number

    pieces = print_digested({"list": []}, "list", make(), "digest")
    seen = [(piece.strip(",[\n "), len(made)) for piece in pieces]

    assert [each for each in seen if each[0].isdigit()] == [("0", 1), ("1", 2), ("2", 3)]
