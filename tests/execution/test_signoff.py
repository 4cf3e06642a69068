"""What lets a plan with breaking impacts through: its digest on the command line, or an approval as it is committed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Refused, UsageError
from reconciler.execution.journal import RecordedOutcome, now, start_run
from reconciler.execution.journal_reader import read_run
from reconciler.execution.signoff import check_accepted, find_approvals
from reconciler.planning.approval import FILE, Approval, PlanApproval, Signoff, list_breaking, print_approval
from reconciler.planning.impact import Evidence
from reconciler.planning.plan import Target, judge_plan, plan_changes
from tests.builders import VENDOR, a_registered_system, a_resolved
from tests.git import commit_all, git

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.planning.plan import Plan

SYSTEM = f"{VENDOR}_smartcloud"
TODAY = datetime.now(UTC).date()
REASON = "nobody uses it any more"


def a_plan(users: int | None = 0) -> Plan:
    """Make a plan that deletes a system with so many system users."""
    wanted, live = a_resolved(withdrawn=True), {SYSTEM: a_registered_system()}
    made = plan_changes(Target("tt02", "https://register.example", VENDOR), [wanted], live, [])
    return judge_plan(made, {SYSTEM: Evidence(users=users, agents=None if users is None else 0)})


def approve(root: Path, plan: Plan, reason: str = REASON) -> Approval:
    """Write the approval of a plan, for ten days."""
    breaking = list_breaking(plan.writes, plan.impacts)
    made = Approval(plan.target.environment, plan.digest, TODAY + timedelta(10), reason, breaking)
    path = root / FILE
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(print_approval(made))
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make an empty git repository."""
    made = tmp_path / "repository"
    made.mkdir()
    git(made, "init", "-q", "-b", "main", "--template=")
    return made


def _name_obstacles(root: Path, plan: Plan) -> list[str]:
    return [each.obstacle for each in find_approvals(plan, root, root.parent / "journal")]


def test_an_approval_counts_as_it_is_committed(root: Path) -> None:
    """Not before it is; and no more where the working tree has lost it or has another."""
    plan = a_plan()
    assert find_approvals(plan, root, root) == ()
    approve(root, plan)
    assert _name_obstacles(root, plan) == ["it is not committed, so nobody else can have seen it"]
    commit = commit_all(root, "Approve")
    (found,) = find_approvals(plan, root, root)
    at = git(root, "log", "-1", "--format=%cI")
    assert found == PlanApproval(TODAY + timedelta(10), REASON, "anna@AUTHOR", commit, at=at)
    assert check_accepted(plan, "", (found,)) == Signoff("approval", found)

    text = (root / FILE).read_text()
    (root / FILE).write_text(text.replace(REASON, "because"))
    assert _name_obstacles(root, plan) == ["it is not committed, so nobody else can have seen it"]
    (root / FILE).write_text(text.replace("\n", "\r\n"))  # git can be told to write it so
    assert _name_obstacles(root, plan) == [""]
    (root / FILE).unlink()
    assert _name_obstacles(root, plan) == []


def test_each_entry_has_the_commit_that_made_it(root: Path) -> None:
    """Lines that move do not change hands."""
    plan = a_plan()
    approve(root, replace(plan, target=replace(plan.target, environment="prod")))
    first = commit_all(root, "Another environment")
    approve(root, plan, "one")
    second = commit_all(root, "One")
    (root / FILE).write_text("# a comment\n\n" + (root / FILE).read_text())
    commit_all(root, "Comment")
    approve(root, plan, "two")
    third = commit_all(root, "Two")

    assert first not in {second, third}
    assert [(each.reason, each.commit) for each in find_approvals(plan, root, root)] == [
        ("one", second),
        ("two", third),
    ]


def test_a_broken_file_at_the_last_commit_approves_nothing(root: Path) -> None:
    """What the working tree holds instead was seen by nobody; and a broken working tree stops whoever reads it."""
    plan = a_plan()
    (root / "systems").mkdir()
    (root / FILE).write_text("- broken\n")
    commit_all(root, "Break")
    (root / FILE).unlink()
    approve(root, plan)
    assert _name_obstacles(root, plan) == ["it is not committed, so nobody else can have seen it"]
    (root / FILE).write_text("- broken\n")
    with pytest.raises(UsageError, match=r"\.approvals\.yaml:1: an entry has environment"):
        find_approvals(plan, root, root)


@pytest.mark.parametrize(
    ("outcomes", "how", "spent"),
    [
        ([], "approval", False),
        (["failed", "not tried"], "approval", False),
        (["stale"], "approval", False),
        (["failed", "done"], "approval", True),
        (["unknown"], "approval", True),
        (["done"], "option", True),
        (["done"], None, False),
    ],
)
def test_an_approval_is_spent_by_a_run_that_did_something(
    root: Path, outcomes: list[str], how: str | None, *, spent: bool
) -> None:
    """Also where the option was given besides it; a run of which every request failed can be tried again."""
    plan = a_plan()
    approve(root, plan)
    commit_all(root, "Approve")
    folder = root.parent / "journal"
    (approval,) = find_approvals(plan, root, folder)
    accepted = None if how is None else Signoff("option" if how == "option" else "approval", approval)
    journal = start_run(folder, plan.target, digest=plan.digest, version="1", accepted=accepted)
    for step, outcome in enumerate(outcomes, 1):
        journal.record_outcome(RecordedOutcome(step, SYSTEM, outcome, "", None, None, "apply", now()))
    journal.end()

    run = read_run(journal.path)
    assert run is not None
    assert run.start.accepted == (accepted.to_json() if accepted else None)
    (obstacle,) = _name_obstacles(root, plan)
    assert (obstacle == f"the run {run.start.run} used it, and an approval is for one time") is spent
    assert (obstacle == "") is not spent
    (continued,) = find_approvals(plan, root, folder, continued=[run.start.run])
    assert continued.obstacle == ""
    if spent:
        approve(root, plan, "once more, since the first was put back")
        commit_all(root, "Approve again")
        assert _name_obstacles(root, plan)[1] == ""


def test_the_refusal_names_every_way(root: Path) -> None:
    """The option with its digits, the approval, and why one that is there does not count."""
    plan = a_plan()
    approve(root, plan)
    with pytest.raises(Refused) as caught:
        check_accepted(plan, "", find_approvals(plan, root, root))

    assert f"An approval in {FILE} does not count: it is not committed" in caught.value.message
    assert f"--accept {plan.short_digest}, or save the plan" in caught.value.hint
    assert "`reconciler approve PLANFILE --reason TEXT` merged" in caught.value.hint
    assert check_accepted(plan, plan.short_digest.upper(), ()) == Signoff("option")
    assert check_accepted(replace(plan, changes=()), "", ()) is None


@pytest.mark.parametrize(
    ("before", "now_", "told"),
    [
        (0, 237, "had 0 system users in that plan, and has 237 system users now"),
        (7, 12, "had 1 to 9 system users in that plan, and has 12 system users now"),
        (1500, 3, "had 1,000 to 9,999 system users in that plan, and has 3 system users now"),
        (None, 1, "had a number of system users that is not known in that plan, and has 1 system user now"),
    ],
)
def test_the_digest_of_a_plan_with_other_system_users_is_known(
    before: int | None, now_: int, told: str
) -> None:
    """W5: whoever accepts by the digest alone gets both numbers too."""
    with pytest.raises(Refused) as caught:
        check_accepted(a_plan(now_), a_plan(before).digest[:12], ())
    assert f"`{SYSTEM}` {told}." in caught.value.message
    with pytest.raises(Refused) as caught:
        check_accepted(a_plan(now_), "f" * 64, ())
    assert "system user" not in caught.value.message
