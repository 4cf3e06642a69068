"""Patterns of ids."""

from __future__ import annotations

import pytest

from reconciler.model.id_pattern import find_unmatched, fits, is_pattern


@pytest.mark.parametrize(
    ("pattern", "system", "fitting"),
    [
        ("991825827_a", "991825827_a", True),
        ("991825827_a", "991825827_ab", False),
        ("991825827_*", "991825827_a", True),
        ("*_a?", "991825827_ab", True),
        ("*_[ab]", "991825827_b", True),
        ("*_[!ab]", "991825827_b", False),
        ("991825827_A*", "991825827_ab", False),
        ("991825827_[old]", "991825827_[old]", True),
        ("*", "1\n2/3", True),
    ],
)
def test_a_pattern_is_an_id_or_reads_as_a_shells(pattern: str, system: str, *, fitting: bool) -> None:
    """Letter case counts on every platform, and an id that holds brackets is itself."""
    assert fits(system, ["x", pattern]) is fitting


def test_what_fits_nothing_is_named() -> None:
    """In the order of the patterns."""
    assert find_unmatched(["c*", "a*", "b"], ["ab", "bc"]) == ("c*", "b")


def test_a_pattern_is_short_and_simple() -> None:
    """A comparison takes longer with each star."""
    assert [is_pattern(each) for each in ("a*", "", "*" * 11, "a" * 301)] == [True, False, False, False]
