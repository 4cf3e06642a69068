"""Differences that somebody let stand: for one value, until the end of one day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.model.canonical_json import digest_json
from reconciler.planning.acceptance import (
    Acceptance,
    Acceptances,
    print_acceptance,
    read_acceptances,
)
from reconciler.planning.diff import FieldChange

DAY = date(2026, 12, 24)
ONE = Acceptance("a", "isVisible", DAY, "the agency asked for it", digest_json(False))  # noqa: FBT003 - the value


@pytest.mark.parametrize(
    ("today", "stands"),
    [(DAY - timedelta(1), True), (DAY, True), (DAY + timedelta(1), False)],
)
def test_it_stands_until_its_last_day_is_over(today: date, *, stands: bool) -> None:
    """T: on the last day it still counts, on the next no more."""
    assert ONE.covers(value=False, today=today) is stands
    assert (Acceptances(today, (ONE,)).find("a", "isVisible", False) is not None) is stands  # noqa: FBT003 - the value


@pytest.mark.parametrize("value", [True, None, "false", 0, [], {}])
def test_it_stands_for_the_value_that_was_accepted(value: object) -> None:
    """Another value is another difference; JSON's false is no 0."""
    assert not ONE.covers(value, DAY)


@pytest.mark.parametrize(("system", "path"), [("b", "isVisible"), ("a", "name.nb"), ("A", "isVisible")])
def test_it_stands_for_one_path_of_one_system(system: str, path: str) -> None:
    """And for nothing beside it."""
    assert Acceptances(DAY, (ONE,)).find(system, path, False) is None  # noqa: FBT003 - the value


def test_the_newest_entry_that_stands_counts() -> None:
    """A later entry for the same value takes the place of an earlier one, unless it has run out."""
    later = Acceptance("a", "isVisible", DAY + timedelta(30), "again", ONE.digest)
    over = Acceptance("a", "isVisible", DAY - timedelta(30), "over", ONE.digest)

    assert Acceptances(DAY, (ONE, later)).find("a", "isVisible", False) == later  # noqa: FBT003 - the value
    assert Acceptances(DAY, (ONE, over)).find("a", "isVisible", False) == ONE  # noqa: FBT003 - as above


def test_the_accepted_fields_are_found_by_path() -> None:
    """It is what the register holds that was accepted, and not what the files ask for."""
    held = FieldChange(("isVisible",), actual=False, expected=True)
    asked = FieldChange(("isVisible",), actual=True, expected=False)
    other = FieldChange(("name", "nb"), "a", "b")

    assert Acceptances(DAY, (ONE,)).find_fields("a", [held, other]) == {"isVisible": ONE}
    assert Acceptances(DAY, (ONE,)).find_fields("a", [asked, other]) == {}
    assert Acceptances(DAY, (ONE,)).find_fields("b", [held]) == {}


@given(st.text(), st.text(), st.dates(), st.text(), st.text())
def test_an_entry_is_read_as_it_was_printed(
    system: str, path: str, until: date, reason: str, digest: str
) -> None:
    """Whatever a system, a path or a reason holds."""
    one = Acceptance(system, path, until, reason, digest)

    assert read_acceptances((print_acceptance(one) + print_acceptance(ONE)).encode()) == (one, ONE)


def test_a_reason_in_norwegian_stays_readable() -> None:
    """People review the file, so only what YAML cannot take is escaped."""
    assert 'reason: "på vent"\n' in print_acceptance(replace(ONE, reason="på vent"))


def test_an_empty_file_accepts_nothing() -> None:
    """Whether it is empty, or an empty list."""
    assert read_acceptances(b"") == read_acceptances(b"[]\n") == ()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a: 1\n", ":1: the file is not a list"),
        (b"x\n", ":1: the file is not a list"),
        (b"- 1\n", ":1: an entry has id, path, until, reason, digest"),
        (b"- {id: a, path: b, until: 2026-12-24, reason: c}\n", ":1: an entry has id, path"),
        (b"- {id: a, path: b, until: tomorrow, reason: c, digest: d}\n", ":1: an entry has id, path"),
        (b"- {id: a, path: b, until: 2026-02-30, reason: c, digest: d}\n", "until is a date"),
        (b"- {id: [a], path: b, until: 2026-12-24, reason: c, digest: d}\n", ":1: an entry has id, path"),
        (b"- [\n", ".accepted.yaml:"),
    ],
)
def test_a_broken_file_is_a_usage_error(content: bytes, told: str) -> None:
    """Each problem with its line; a broken entry never counts as one that stands."""
    with pytest.raises(UsageError) as caught:
        read_acceptances(content)

    assert caught.value.message.startswith("systems/.accepted.yaml:")
    assert told in caught.value.message


def test_every_problem_is_told_at_once() -> None:
    """One on a line."""
    with pytest.raises(UsageError) as caught:
        read_acceptances(print_acceptance(ONE).encode() + b"- 1\n- 2\n")

    assert [line.split(":")[1] for line in caught.value.message.splitlines()] == ["6", "7"]
