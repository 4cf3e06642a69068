"""What a plan breaks is approved in git: for that plan, for that many customers, for one time."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.git import git
from tests.served import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.canonical_json import Json
    from tests.served import Served

pytestmark = pytest.mark.slow

FILE = "systems/.approvals.yaml"
SYSTEM = f"{VENDOR}_smartcloud"
PLAN = ("apply", "plan.json", "--yes")


def put_users(served: Served, number: int) -> None:
    """Give the system so many system users."""
    users = [
        {
            "id": f"ca73c480-3a77-476e-9e94-{index:012}",
            "systemId": SYSTEM,
            "reporteeOrgNo": "312605031",
            "supplierOrgno": VENDOR,
            "externalRef": f"ref-{index}",
        }
        for index in range(number)
    ]
    httpx.put(f"{served.base}/control/systemusers", json=users).raise_for_status()


def refuse(repository: Repository, *words: str) -> str:
    """Run what has to be refused before the first write, and give what it says, on one line."""
    done = repository.run(*words)
    assert done.returncode == 4, done.stdout + done.stderr
    return " ".join(done.stderr.split())


def approve(repository: Repository, *more: str, plan: str = "plan.json") -> None:
    """Approve a saved plan."""
    done = repository.run("approve", plan, "--reason", "the customers have moved", *more)
    assert done.returncode == 0, done.stderr


def find_approvals(repository: Repository) -> list[Json]:
    """Plan, and give the approvals that the plan has."""
    found: list[Json] = repository.plan().get("approvals", [])
    return found


@pytest.fixture
def review(repository: Repository, served: Served) -> Repository:
    """Register a system, and commit and plan what takes its client id away."""
    repository.track("plan.json", "again.json", "back.json", "report.json")
    repository.commit("Register")
    assert repository.run("apply", "--yes").returncode == 0
    put_users(served, 0)
    repository.define(clientId=[OTHER_CLIENT])
    repository.commit("Replace the client id")
    assert repository.run("plan", "--out", "plan.json").returncode == 0
    return repository


def test_a_merged_approval_is_what_apply_goes_by(review: Repository, served: Served) -> None:
    """From the refusal to the record; adding the file to the pull request makes no other plan."""
    digest = json.loads((review.root / "plan.json").read_text())["digest"]
    told = refuse(review, *PLAN)
    assert f"--accept {digest[:12]}" in told
    assert "'reconciler approve PLANFILE --reason TEXT' merged" in told

    approve(review)
    assert re.search(f'digest: "{digest}"', (review.root / FILE).read_text())
    assert "it is not committed, so nobody else can have seen it" in refuse(review, *PLAN)
    (waiting,) = find_approvals(review)
    assert "not committed" in waiting["obstacle"]
    assert (
        "No approval in git covers what it breaks: 1 breaking impact."
        in review.run("verify", "plan.json").stdout
    )
    commit = review.commit("Approve")

    plan = review.plan()
    assert plan["digest"] == digest
    until = (datetime.now(UTC).date() + timedelta(14)).isoformat()
    approval = {
        "until": until,
        "reason": "the customers have moved",
        "author": "anna@AUTHOR",
        "commit": commit,
        "obstacle": None,
    }
    assert plan["approvals"] == [approval]
    verified = review.run("verify", "plan.json").stdout
    assert (
        f"covers what it breaks (until {until} by anna@AUTHOR (commit {commit[:12]}): the customers"
        in verified
    )
    done = review.run(*PLAN, "--report", "report.json")
    assert done.returncode == 0, done.stderr
    assert f"Accepted by an approval in {FILE} (until {until} by anna@AUTHOR" in done.stderr
    assert served.read(SYSTEM)["clientId"] == [OTHER_CLIENT]
    how = {"how": "approval", **{name: each for name, each in approval.items() if name != "obstacle"}}
    how["at"] = git(review.root, "log", "-1", "--format=%cI", commit)
    assert json.loads((review.root / "report.json").read_text())["accepted"] == how
    newest = max((review.root / ".reconciler" / "journal").glob("*.jsonl"))
    assert json.loads(newest.read_text().splitlines()[0])["accepted"] == how


def test_an_approval_holds_for_an_order_of_system_users(review: Repository, served: Served) -> None:
    """W5: 0 at the review and 237 at the end is refused everywhere, with both numbers; 37 and 38 are one order."""
    digest = json.loads((review.root / "plan.json").read_text())["digest"]
    approve(review)
    review.commit("Approve")
    put_users(served, 237)
    numbers = r"had 0 system users [a-z ]+, and has 237 system users now"
    for words in (
        ("verify", "plan.json"),
        PLAN,
        (*PLAN, "--accept", digest),
        ("apply", "--yes", "--accept", digest[:12]),
        ("apply", "--yes"),
    ):
        assert re.search(numbers, refuse(review, *words)), words
    (other,) = find_approvals(review)
    assert re.search(numbers, other["obstacle"])
    assert served.read(SYSTEM)["clientId"] == [CLIENT]

    put_users(served, 37)
    assert review.run("plan", "--out", "again.json").returncode == 0
    approve(review, plan="again.json")
    review.commit("Approve")
    put_users(served, 38)
    assert "covers what it breaks" in review.run("verify", "again.json").stdout
    assert [each["obstacle"] for each in find_approvals(review) if not each["obstacle"]] == [None]
    assert review.run("apply", "again.json", "--yes").returncode == 0
    assert served.read(SYSTEM)["clientId"] == [OTHER_CLIENT]


@pytest.mark.parametrize(
    "more", [("apply", "--yes"), ("apply", "plan.json", "--yes", "--accept"), ("apply", "--yes", "--accept")]
)
def test_one_more_customer_voids_nothing(review: Repository, served: Served, more: tuple[str, ...]) -> None:
    """W5: reviewed at 37 and carried out at 38, by each way."""
    put_users(served, 37)
    assert review.run("plan", "--out", "plan.json").returncode == 0
    digest = json.loads((review.root / "plan.json").read_text())["digest"]
    if "--accept" not in more:
        approve(review)
        review.commit("Approve")
    put_users(served, 38)

    done = review.run(*more, *([digest[:12]] if "--accept" in more else []))

    assert done.returncode == 0, done.stderr
    assert served.read(SYSTEM)["clientId"] == [OTHER_CLIENT]


def test_an_approval_is_for_one_time(review: Repository, served: Served) -> None:
    """After a rollback the same documents make the same digest: the journal knows that the approval was used."""
    approve(review)
    review.commit("Approve")
    first = review.plan()["digest"]
    assert review.run(*PLAN).returncode == 0
    run = max((review.root / ".reconciler" / "journal").glob("*.jsonl")).stem
    assert review.run("rollback", run, "--out", "back.json").returncode == 0
    back = json.loads((review.root / "back.json").read_text())["digest"]
    assert review.run("apply", "back.json", "--yes", "--accept", back).returncode == 0
    assert served.read(SYSTEM)["clientId"] == [CLIENT]

    assert review.plan()["digest"] == first
    assert f"the run {run} used it, and an approval is for one time" in refuse(review, "apply", "--yes")
    assert f"spent: the run {run} used it" in review.run("approve", "--list").stdout
    once_more = review.run("approve", "plan.json", "--reason", "the customers have moved")
    assert once_more.returncode == 2
    assert "To do it once more, say in --reason why." in once_more.stderr
    assert review.run("approve", "plan.json", "--reason", "the fault is corrected").returncode == 0
    review.commit("Approve once more")
    pruned = review.run("approve", "--prune")
    assert "1 approval removed, 1 left" in pruned.stdout, pruned.stderr
    assert "the customers have moved" not in (review.root / FILE).read_text()
    assert review.run("apply", "--yes").returncode == 0
    assert served.read(SYSTEM)["clientId"] == [OTHER_CLIENT]


def test_what_does_not_count_says_why(review: Repository) -> None:
    """A day that is over, an entry that somebody edited after it was committed, one that names other impacts."""
    approve(review)
    review.commit("Approve")
    path = review.root / FILE
    text = path.read_text()
    today = datetime.now(UTC).date()
    until = (today + timedelta(14)).isoformat()
    for edited, told in (
        (text.replace(until, (today - timedelta(1)).isoformat()), "its last day is over"),
        (text.replace(until, (today + timedelta(91)).isoformat()), "it holds for more than 90 days"),
        (text.replace("client-id-removed", "client-id-respelt"), "it does not name what the plan breaks"),
    ):
        path.write_text(edited)
        assert "it is not committed" in refuse(review, "apply", "--yes"), told
        review.commit("Edit")
        assert told in refuse(review, "apply", "--yes")
    path.write_text(text.replace("environment: ", "env: "))
    broken = review.run("apply", "--yes")
    assert broken.returncode == 2
    assert f"{FILE}:1: an entry has environment, digest, until, reason, breaking" in broken.stderr
    path.unlink()
    assert "does not count" not in refuse(review, "apply", "--yes")


def test_an_approval_outside_git_does_not_count(repository: Repository, served: Served) -> None:
    """Nothing there shows that a second person saw it."""
    assert repository.run("apply", "--yes").returncode == 0
    repository.define(clientId=[])
    assert repository.run("plan", "--out", "plan.json").returncode == 0
    approve(repository)

    told = refuse(repository, *PLAN)

    assert "this is no git repository, so nobody else can have seen it" in told
    assert served.read(SYSTEM)["clientId"] == [CLIENT]


def test_a_shallow_clone_counts_an_approval_whose_author_it_cannot_know(
    review: Repository, tmp_path: Path
) -> None:
    """What is committed is committed; who did it is left open."""
    approve(review)
    review.commit("Approve")
    (review.root / "README.md").write_text("Something else.\n")
    review.commit("Something else")
    clone = tmp_path / "clone"
    git(review.root, "clone", "-q", "--depth", "1", f"file://{review.root}", str(clone))

    (known,) = find_approvals(Repository(clone, review.environ))

    assert (known["obstacle"], known["author"], known["commit"]) == (None, None, None)


def test_list_and_prune_say_what_is_left(review: Repository) -> None:
    """An entry is spent when its day is over, or when the plan that is named has another digest."""
    assert review.run("approve", "--list").stdout == f"There are no approvals in {FILE}.\n"
    assert review.run("approve", "--prune").stdout == f"0 approvals removed, 0 left in {FILE}.\n"
    approve(review)
    header = "# approvals\n"
    (review.root / FILE).write_text(header + (review.root / FILE).read_text())
    listed = review.run("approve", "--list").stdout
    assert "served: plan " in listed
    assert f'    client-id-removed {SYSTEM} clientId["{CLIENT}"]: 0 system users' in listed
    assert "spent" not in listed
    assert "1 left" in review.run("approve", "plan.json", "--prune").stdout
    review.define(clientId=[])
    review.commit("Another change")
    assert review.run("plan", "--out", "again.json").returncode == 0

    assert "spent: the plan is " in review.run("approve", "again.json", "--list").stdout
    assert "1 approval removed, 0 left" in review.run("approve", "again.json", "--prune").stdout
    assert (review.root / FILE).read_text() == header


UNUSABLE = (
    (("--reason", "x"), "An approval needs a saved plan and a reason."),
    (("plan.json",), "An approval needs a saved plan and a reason."),
    (("plan.json", "--reason", " "), "the reason is empty"),
    (("plan.json", "--reason", "x" * 1001), "the reason has more than 1,000 characters"),
    (("plan.json", "--reason", "x", "--until", "soon"), "'soon' is not a date."),
    (("plan.json", "--reason", "x", "--until", "2020-01-01"), "its last day is over"),
    (("plan.json", "--reason", "x", "--until", "2999-01-01"), "it holds for more than 90 days"),
    (("--list", "--prune"), "--list and --prune stand alone."),
    (("--list", "--reason", "x"), "--list and --prune stand alone."),
)


def test_what_cannot_be_approved_is_a_usage_error(review: Repository) -> None:
    """In one sentence; nothing is written."""
    for words, told in UNUSABLE:
        done = review.run("approve", *words)
        assert (done.returncode, told in done.stderr) == (2, True), (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert not (review.root / FILE).exists()


def test_a_plan_is_approved_once_and_only_where_it_breaks_something(review: Repository) -> None:
    """A second entry for the same plan, and one for a plan that breaks nothing, are refused."""
    approve(review)
    again = review.run("approve", "plan.json", "--reason", "and again")
    assert (again.returncode, "has an approval already" in again.stderr) == (2, True)
    review.define(isVisible=False)
    assert review.run("plan", "--out", "again.json").returncode == 0
    harmless = review.run("approve", "again.json", "--reason", "x")
    assert (harmless.returncode, "breaks nothing" in harmless.stderr) == (2, True)
