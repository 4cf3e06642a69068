"""Differences that somebody let stand: for one value, until the end of one day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import UsageError
from reconciler.model.canonical_json import digest_json
from reconciler.planning.acceptance import (
    Acceptance,
    Acceptances,
    Standing,
    explain_term,
    find_last_day,
    read_path,
)
from reconciler.planning.diff import FieldChange

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

DAY = date(2026, 12, 24)
HIDDEN: Json = False
ONE = Acceptance("tt02", "a", "isVisible", DAY, "the agency asked for it", digest_json(HIDDEN))


@pytest.mark.parametrize(
    ("today", "stands"),
    [(DAY - timedelta(1), True), (DAY, True), (DAY + timedelta(1), False)],
)
def test_it_stands_until_its_last_day_is_over(today: date, *, stands: bool) -> None:
    """T: on the last day it still counts, on the next no more."""
    assert ONE.covers(value=False, today=today) is stands
    assert (Acceptances(today, (ONE,)).find("a", "isVisible", HIDDEN) is not None) is stands


@pytest.mark.parametrize("value", [True, None, "false", 0, [], {}])
def test_it_stands_for_the_value_that_was_accepted(value: object) -> None:
    """Another value is another difference; JSON's false is no 0."""
    assert not ONE.covers(value, DAY)


@pytest.mark.parametrize(("system", "path"), [("b", "isVisible"), ("a", "name.nb"), ("A", "isVisible")])
def test_it_stands_for_one_path_of_one_system(system: str, path: str) -> None:
    """And for nothing beside it."""
    assert Acceptances(DAY, (ONE,)).find(system, path, HIDDEN) is None


def test_the_standing_fields_are_found() -> None:
    """It is what the register holds that was accepted, and not what the files ask for."""
    held = FieldChange(("isVisible",), actual=False, expected=True)
    asked = FieldChange(("isVisible",), actual=True, expected=False)
    other = FieldChange(("name", "nb"), "a", "b")

    assert Acceptances(DAY, (ONE,)).find_fields("a", [held, other]) == (Standing(ONE, held),)
    assert Acceptances(DAY, (ONE,)).find_fields("a", [asked, other]) == ()
    assert Acceptances(DAY, (ONE,)).find_fields("b", [held]) == ()
    whole = replace(ONE, path="missing", digest=digest_json(None))
    assert Acceptances(DAY, (whole,)).find_whole("a", "missing") == (Standing(whole),)
    assert Acceptances(DAY, (whole,)).find_whole("a", "deleted") == ()


@pytest.mark.parametrize(
    ("today", "last"),
    [(date(2026, 11, 21), date(2027, 11, 21)), (date(2028, 2, 29), date(2029, 2, 28))],
)
def test_the_last_day_is_a_year_ahead(today: date, last: date) -> None:
    """T: that day can be named, the next cannot; the 29th of February is followed by a 28th."""
    assert find_last_day(today) == last
    assert explain_term(last, today) == ""
    assert str(last) in explain_term(last + timedelta(1), today)


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("isVisible", "isVisible"),
        ("name.en", "name.en"),
        ('name[""]', 'name[""]'),
        ('rights["ske-krav"]', 'rights["ske-krav"]'),
        (r'clientId["\u00e5"]', 'clientId["å"]'),
        (
            'allowedRedirectUrls["https://a.example/?b=\\"c"]',
            'allowedRedirectUrls["https://a.example/?b=\\"c"]',
        ),
        ("unmanaged", "unmanaged"),
        ("missing", "missing"),
        ("deleted", "deleted"),
    ],
)
def test_a_path_has_one_spelling(path: str, canonical: str) -> None:
    """It is the one that drift prints."""
    assert read_path(path) == canonical


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("", "is no path"),
        ("rights[", "is no path"),
        ("rights", 'write it like `rights["…"]`'),
        ("rights.a", ""),
        ("name", "write it like `name.en`"),
        ("isVisible.x", "write it like `isVisible`"),
        ("isDeleted", "`isDeleted` is no member"),
        ("colour", "`colour` is no member"),
        ("withdrawn", "a deletion that the files ask for cannot be accepted away"),
        ("vendor.ID", "a system cannot change vendor"),
        ("id", "an id is no field"),
    ],
)
def test_what_is_no_single_difference_is_refused(path: str, told: str) -> None:
    """A deletion above all: an acceptance never hides one."""
    if not told:
        assert read_path(path) == 'rights["a"]'
        return
    with pytest.raises(UsageError) as caught:
        read_path(path)
    assert told in caught.value.message
