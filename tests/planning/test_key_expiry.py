"""When the end of a key is worth a word, and that every output says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from reconciler.model.findings import Severity
from reconciler.planning.explanation import find_explanation
from reconciler.planning.key_expiry import find_key_expiry
from reconciler.planning.plan_file import print_plan, read_plan
from reconciler.render.formats import COUNTED, FORMATS, TEXT, load_renderer
from reconciler.render.lines import print_lines
from reconciler.render.text.drift import render_drift
from reconciler.render.text.plan import render_plan
from tests.render.samples import a_quiet_report, an_empty_plan

TODAY = date(2026, 11, 22)
SAYING = [form for form in FORMATS if form not in COUNTED]
ENDING = find_key_expiry(TODAY + timedelta(days=12), TODAY)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (366, ""),
        (31, ""),
        (30, "is in 30 days: 2026-12-22"),
        (2, "is in 2 days: 2026-11-24"),
        (1, "is tomorrow: 2026-11-23"),
        (0, "is today: 2026-11-22"),
        (-1, "was yesterday: 2026-11-21"),
        (-2, "was 2 days ago: 2026-11-20"),
        (-1200, "was 1,200 days ago: 2023-08-10"),
    ],
)
def test_a_month_before_and_for_ever_after(left: int, words: str) -> None:
    """It is a warning from 30 days ahead, says when it is past, and says what to do."""
    found = find_key_expiry(TODAY + timedelta(days=left), TODAY)

    expected = [f"The key's last day {words}, by `key_expires` of the configuration."] if words else []
    assert [each.message for each in found] == expected
    assert all(each.severity is Severity.WARNING and "rotate-keys.md" in each.hint for each in found)


def test_nothing_is_known_where_nothing_is_configured() -> None:
    """Without `key_expires` nobody is warned."""
    assert find_key_expiry(None, TODAY) == ()


@pytest.mark.parametrize("form", SAYING)
def test_every_output_of_drift_says_it(form: str) -> None:
    """The nightly run is where it is seen, whatever reads its output."""
    report = replace(a_quiet_report(), findings=ENDING)
    text = print_lines(render_drift(report)) if form == TEXT else load_renderer(form).render_drift(report)

    assert "last day is in 12 days" in " ".join(text.split())


@pytest.mark.parametrize("form", SAYING)
def test_every_output_of_a_plan_says_it(form: str) -> None:
    """One note, for all of them."""
    plan = replace(an_empty_plan(), findings=ENDING)
    text = print_lines(render_plan(plan)) if form == TEXT else load_renderer(form).render_plan(plan)

    assert "last day is in 12 days" in " ".join(text.split())


def test_it_is_in_a_saved_plan_and_not_in_its_digest() -> None:
    """Whoever applies the plan later is told as well; an approval does not end because a month began."""
    plan = replace(an_empty_plan(), findings=ENDING)

    assert read_plan(print_plan(plan).encode()).findings == ENDING
    assert plan.digest == an_empty_plan().digest


def test_it_has_a_page() -> None:
    """`explain` knows it."""
    (found,) = ENDING
    assert find_explanation(found.rule) is not None
