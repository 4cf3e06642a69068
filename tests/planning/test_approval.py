"""Approvals in git: for one plan, for what it breaks, until the end of one day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.planning.approval import (
    FILE,
    Approval,
    ApprovedImpact,
    PlanApproval,
    describe_approval,
    find_change,
    is_about,
    list_breaking,
    print_approval,
    read_approvals,
)
from reconciler.planning.change import Delete, Impact, Weight

DAY = date(2026, 12, 24)
DIGEST = "0123456789abcdef" * 4
GONE = ApprovedImpact("system-deleted", "991825827_old", "withdrawn", 37)
MASS = ApprovedImpact("mass-change", "", "", None)
ONE = Approval("prod", DIGEST, DAY, "the customers have moved", (MASS, GONE))
TEXT = print_approval(ONE)

IMPACTS = st.builds(ApprovedImpact, st.text(), st.text(), st.text(), st.none() | st.integers(0, 999_999_999))


@given(
    st.text(), st.dates(), st.text(min_size=1).filter(str.strip), st.lists(IMPACTS, min_size=1, max_size=4)
)
def test_an_entry_is_read_as_it_was_printed(
    environment: str, until: date, reason: str, breaking: list[ApprovedImpact]
) -> None:
    """Whatever a reason, a system or a path holds."""
    one = Approval(environment, DIGEST, until, reason, tuple(breaking))

    assert read_approvals((print_approval(one) + TEXT).encode()) == (one, ONE)


def test_people_can_review_the_file() -> None:
    """Each breaking impact stands on a line of its own, with its system and its number."""
    assert TEXT.splitlines() == [
        '- environment: "prod"',
        f'  digest: "{DIGEST}"',
        '  until: "2026-12-24"',
        '  reason: "the customers have moved"',
        "  breaking:",
        '    - {rule: "mass-change", system: "", path: "", system_users: "not known"}',
        '    - {rule: "system-deleted", system: "991825827_old", path: "withdrawn", system_users: 37}',
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (DIGEST, DIGEST[:12], "the digest of a plan has 64 digits"),
        (DIGEST, DIGEST.upper(), "the digest of a plan has 64 digits"),
        ("the customers have moved", " ", "the reason is empty"),
        ("2026-12-24", "soon", "until is a date"),
        (
            '  reason: "the customers have moved"\n',
            "",
            "an entry has environment, digest, until, reason, breaking",
        ),
        ("until:", "untill:", "an entry has environment"),
        ("37", "-1", "each of breaking has rule, system, path, system_users"),
        ("37", "many", "each of breaking has"),
        ('path: "withdrawn", ', "", "each of breaking has"),
        ("breaking:", "broken:", "an entry has environment"),
        (TEXT[TEXT.index("breaking:") :], "breaking: []\n", "breaking names nothing"),
        (TEXT[TEXT.index("breaking:") :], "breaking: all\n", "an entry has environment"),
    ],
)
def test_a_broken_entry_is_a_usage_error(before: str, after: str, told: str) -> None:
    """With the file and the line, so that it never counts as one that stands."""
    with pytest.raises(UsageError) as caught:
        read_approvals(TEXT.replace(before, after).encode())

    assert caught.value.message.startswith(f"{FILE}:1: {told}")


def test_a_plan_is_the_approved_one_while_digest_and_magnitude_hold() -> None:
    """37 and 38 are of one order; an entry that names something else than the plan breaks counts for no plan."""
    assert find_change(ONE, DIGEST, [GONE, MASS]) == ""
    assert find_change(ONE, DIGEST, [replace(GONE, users=38), MASS]) == ""
    assert find_change(ONE, DIGEST, [GONE]) == "it does not name what the plan breaks"
    assert find_change(ONE, DIGEST, [GONE, GONE, MASS]) == "it does not name what the plan breaks"
    assert (
        find_change(ONE, "f" * 64, [MASS, GONE])
        == "it is for plan 0123456789ab, and this is plan ffffffffffff"
    )


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (0, 237, "had 0 system users when it was approved, and has 237 system users now"),
        (1, 10, "had 1 system user when it was approved, and has 10 system users now"),
        (1500, None, "had 1,500 system users when it was approved, and has a number of system users that is"),
        (None, 3, "had a number of system users that is not known when it was approved, and has 3 system"),
    ],
)
def test_another_order_of_system_users_is_told_with_both_numbers(
    before: int | None, now: int | None, told: str
) -> None:
    """W5: also where the digest is another for that reason alone."""
    one = replace(ONE, breaking=(replace(GONE, users=before),))

    assert f"{GONE.system} {told}" in find_change(one, "f" * 64, [replace(GONE, users=now)])
    assert is_about(one, "f" * 64, [replace(GONE, users=now)])
    assert not is_about(one, "f" * 64, [replace(GONE, system="another")])


def test_an_approval_is_described_on_one_line() -> None:
    """A reason of several lines cannot look like a message of ours."""
    one = PlanApproval(DAY, "moved\nerror: all is lost", "Anna\n", "0123456789abcdef", "its last day is over")

    assert describe_approval(one) == (
        "its last day is over (until 2026-12-24 by Anna (commit 0123456789ab): moved error: all is lost)"
    )


def test_what_a_plan_breaks_is_listed_with_its_systems() -> None:
    """What is only notable is not."""
    deleted = Impact(GONE.rule, Weight.BREAKING, "Deleted", GONE.path, 37)
    notable = Impact("text-changed", Weight.NOTE, "x", "name")
    change = Delete(id=GONE.system, impacts=(deleted, notable))
    mass = Impact(MASS.rule, Weight.BREAKING, "5 of 6")

    assert list_breaking([change], [mass]) == (MASS, GONE)
