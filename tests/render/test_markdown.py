"""A comment fits, says what it left out, and reads in the order in which a reviewer asks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from reconciler.model.findings import Finding, Location, Severity
from reconciler.planning.drift import Difference, Kind
from reconciler.render.markdown import LONGEST, render_drift, render_findings, render_plan
from tests.render.samples import a_hostile_plan, a_large_plan, a_plan, a_report, an_untraced_plan


@pytest.mark.parametrize("number", [0, 1, 100, 2000])
@pytest.mark.parametrize("longest", [2000, LONGEST])
def test_a_comment_is_never_too_long(number: int, longest: int) -> None:
    """Whole systems are left out and counted, and what breaks something is there as long as it fits."""
    plan = a_large_plan(number)

    text = render_plan(plan, longest)

    shown = text.count("<details")
    assert len(text) <= longest
    assert text.count("</details>") == shown
    assert "- **Breaks** <code>991825827_the_last</code>; how many system users can lose access is" in text
    left_out = number + 1 - shown
    note = f"*{left_out:,} more did not fit here: the run's artifact has everything.*"
    assert (note in text) == (left_out > 0)
    assert f"reconciler apply -e tt02 --accept {plan.short_digest}`" in text


@pytest.mark.slow
def test_one_system_that_is_too_large_is_left_out_alone() -> None:
    """The systems after one that does not fit are still shown."""
    plan = replace(a_hostile_plan("x" * 100_000), elsewhere=())
    large = plan.changes[1]
    many = replace(large, fields=large.fields * 200)
    other = an_untraced_plan().changes[0]

    text = render_plan(replace(plan, changes=(many, other)))

    assert len(text) <= LONGEST
    assert other.id in text
    assert "*1 more did not fit" in text


def test_a_drift_report_is_never_too_long() -> None:
    """Whole systems are left out of a drift report too, those that alarm last."""
    quiet = [Difference(f"quiet{number}", Kind.NOT_APPLIED, "a.yaml", 1) for number in range(2000)]
    alarm = Difference("the_last", Kind.MISSING, "b.yaml", 1)

    text = render_drift(replace(a_report(), differences=(*quiet, alarm)), 5000)

    assert len(text) <= 5000
    assert "the_last" in text
    assert "more did not fit here" in text


def test_a_table_of_findings_is_never_too_long() -> None:
    """Findings that do not fit are counted, the mildest first."""
    note = Finding("spelling", Severity.NOTE, "x" * 500, Location("a.yaml"))
    error = Finding("id-format", Severity.ERROR, "x", Location("b.yaml"))

    text = render_findings([note] * 500 + [error], 2)

    assert len(text) <= LONGEST
    assert text.index("id-format") < text.index("spelling")
    assert "more did not fit here" in text


def test_the_first_line_is_the_mark() -> None:
    """A workflow finds its comment by environment and vendor, and reads the digest from it."""
    plan, report = a_plan(), a_report()

    assert render_plan(plan).splitlines()[0] == (
        f"<!-- reconciler:plan:tt02:991825827 digest={plan.digest} -->"
    )
    assert render_drift(report).splitlines()[0] == "<!-- reconciler:drift:tt02:991825827 -->"


def test_what_this_change_does_comes_first() -> None:
    """What was open already stands below, and a removed file is said to leave its system unmanaged."""
    text = render_plan(a_plan())

    screen, _, below = text.partition("### Notes")
    for part, new, before, title in (
        (
            screen,
            ("_swap_a", "_swap_b", "_gone", "_former"),
            ("_burnt",),
            "### What was blocked before in tt02",
        ),
        (
            below,
            ("_mixed", "_new", "_swap_a", "_swap_b", "_gone"),
            ("_open", "_burnt"),
            "### Details of what was open before in tt02",
        ),
    ):
        first, _, rest = part.partition(title)
        assert [name for name in new if name not in first] == []
        assert [name for name in before if name not in rest] == []
    assert "No longer manages <code>991825827_former</code>" in screen


def test_impacts_come_before_fields() -> None:
    """A breaking impact stands on the first screen; within a system the others come before the lines that change."""
    screen, _, below = render_plan(a_plan()).partition("### Notes")
    section = below[below.index("991825827_swap_a</code> update") :]

    assert screen.index("991825827_swap_a") < screen.index("(client-id-removed)")
    assert "client-id-removed" not in below
    assert section.index("Notable") < section.index("```diff")


def test_the_comment_is_made_of_whole_sections() -> None:
    """A Markdown reader finds every heading and every block of lines, and none of them as a sentence."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render_plan(a_plan()))

    kinds = [token.type for token in tokens]
    assert [token.info for token in tokens if token.type == "fence"] == ["diff"] * 7
    assert [tokens[at + 1].content for at, kind in enumerate(kinds) if kind == "heading_open"][1:] == [
        "What this change does in tt02",
        "What else this change does in tt02",
        "What was blocked before in tt02",
        "What else was open before in tt02",
        "Notes",
        "Details in tt02",
        "Details of what was open before in tt02",
    ]
    note = [token.content for token in tokens if token.type == "inline"]
    assert not any(each.startswith(("|", "+", "- ", "```")) for each in note)
