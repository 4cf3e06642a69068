"""The notes of a plan: which facts matter how much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.findings import Severity
from reconciler.model.revision import Checkout
from reconciler.planning.plan import Plan, Target
from reconciler.render.notes import Note, list_notes
from tests.builders import VENDOR
from tests.render.samples import an_untraced_plan


@pytest.mark.parametrize(
    ("register", "severity"),
    [("https://platform.altinn.no", Severity.WARNING), ("https://platform.tt02.altinn.no", Severity.NOTE)],
    ids=["production", "test"],
)
def test_files_that_are_not_committed_matter_most_in_production(register: str, severity: Severity) -> None:
    """Whatever the environment is called; what is committed, or in no repository, is no note."""
    plan = replace(an_untraced_plan(), target=Target("ours", register, VENDOR))
    commit = "a" * 40

    found = list_notes(replace(plan, revision=Checkout(commit, ("systems/`a`.yaml",))))

    assert found == (Note(severity, "Made from files that are not committed: `systems/'a'.yaml`."),)
    for revision in (Checkout(commit), Checkout(""), None):
        assert list_notes(replace(plan, revision=revision)) == ()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), ""),
        (("a",), "`a` was blocked before this change, so this check does not fail for it."),
        (("a", "b"), "`a`, `b` were blocked before this change, so this check does not fail for them."),
    ],
)
def test_what_was_blocked_before_is_not_held_against_a_change(names: tuple[str, ...], said: str) -> None:
    """With what apply makes of it."""
    plan = Plan(Target("tt02", "https://r.example", VENDOR), blocked_before=names)

    text = " ".join(each.text for each in list_notes(plan))

    assert text.startswith(said)
    assert ("Apply carries out the rest" in text) is bool(names)
