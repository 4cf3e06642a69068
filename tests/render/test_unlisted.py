"""What the register could not list is in every output."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.findings import finding_to_json
from reconciler.planning.explanation import find_explanation
from reconciler.render.annotations import annotate_drift, annotate_plan
from reconciler.render.formats import COUNTED, FORMATS, TEXT, load_renderer
from reconciler.render.lines import print_lines
from reconciler.render.text.drift import render_drift
from reconciler.render.text.plan import render_plan
from tests.render.samples import a_quiet_report, an_empty_plan

UNLISTED = "the register answered 500"
SAYING = [form for form in FORMATS if form not in COUNTED]
"""The outputs that say anything; the others are counts."""


@pytest.mark.parametrize("form", SAYING)
def test_a_plan_says_what_was_not_listed(form: str) -> None:
    """A plan without the unmanaged systems is no whole plan, and a pipeline sees that."""
    plan = replace(an_empty_plan(), unlisted=UNLISTED)
    text = print_lines(render_plan(plan)) if form == TEXT else load_renderer(form).render_plan(plan)

    assert UNLISTED in text


@pytest.mark.parametrize("form", SAYING)
def test_a_drift_report_says_what_was_not_listed(form: str) -> None:
    """No drift among the systems that were seen is no proof that there is none."""
    report = replace(a_quiet_report(), unlisted=UNLISTED)
    text = print_lines(render_drift(report)) if form == TEXT else load_renderer(form).render_drift(report)

    assert UNLISTED in text


def test_it_is_a_warning_with_a_page() -> None:
    """It fails no run, as before, and `explain` knows its id."""
    (planned,) = annotate_plan(replace(an_empty_plan(), unlisted=UNLISTED))
    (drifted,) = annotate_drift(replace(a_quiet_report(), unlisted=UNLISTED))

    assert finding_to_json(planned.finding) == finding_to_json(drifted.finding)
    assert planned.finding.severity == "warning"
    assert find_explanation(planned.finding.rule) is not None
