"""JSON within bounds: how deep, how many values, and what is none."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clients.response_body import DEEPEST, MOST_VALUES, UnreadableJson, find_depth, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def measure_depth(value: object) -> int:
    """Measure the depth of a value in the plain way."""
    if isinstance(value, dict):
        return 1 + max(map(measure_depth, value.values()), default=0)
    return 1 + max(map(measure_depth, value), default=0) if isinstance(value, list) else 0


@given(JSON)
def test_the_depth_is_found_without_building_anything(value: object) -> None:
    """W7: brackets in texts do not count, whatever is escaped in them."""
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        assert find_depth(text) == measure_depth(value)


@pytest.mark.parametrize("depth", [DEEPEST + 1, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_too_deep_is_an_error(depth: int, opening: bytes, closing: bytes) -> None:
    """W7: 900 levels are parsed by Python, and break what comes after."""
    with pytest.raises(UnreadableJson) as caught:
        parse_json(opening * depth + b"1" + closing * depth)

    assert caught.value.message == "is nested more than 64 levels deep"
    assert not caught.value.damaged


def test_json_as_deep_as_allowed_is_read() -> None:
    """W7: 64 levels are read."""
    assert parse_json(b"[" * DEEPEST + b"]" * DEEPEST) is not None


@pytest.mark.parametrize("content", [b"[" + b"[]," * MOST_VALUES, b"[" + b"1," * MOST_VALUES])
def test_json_of_too_many_values_is_an_error(content: bytes) -> None:
    """W7: a small body of empty lists would fill the memory."""
    with pytest.raises(UnreadableJson, match="more than 5,000,000 values"):
        parse_json(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"a": ',
        b"nothing",
        b"[NaN]",
        b"[Infinity]",
        b"[1e999]",
        b"\xff\xfe\x00",
        b"9" * 5000,
        b'"\xff"',
        b"]]][",
    ],
)
def test_what_is_no_json_is_damaged(content: bytes) -> None:
    """W7: another answer may be better."""
    with pytest.raises(UnreadableJson) as caught:
        parse_json(content)

    assert caught.value.damaged


@pytest.mark.parametrize(
    "content", [b'"' + b'\\"' * 500_000, b'"' * 1_000_001, b'"' + b"\\" * 1_000_001, b"[" * 10**6]
)
def test_no_text_makes_the_search_for_brackets_slow(content: bytes) -> None:
    """W7: a text without an end is searched once."""
    started = time.monotonic()
    find_depth(content)

    assert time.monotonic() - started < 5
