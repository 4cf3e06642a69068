"""Only the newest commit of the deployed branch may be applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Exit, Refused, UsageError
from reconciler.execution.branch_tip import check_tip
from reconciler.model.revision import Checkout
from reconciler.planning.plan import Plan, Target
from tests.builders import VENDOR
from tests.git import git

if TYPE_CHECKING:
    from pathlib import Path

REMOTE = "refs/remotes/origin/main"


@pytest.fixture
def commits(tmp_path: Path) -> tuple[str, str]:
    """Make a clone with two commits, the newer checked out; give them, the older first."""
    git(tmp_path, "init", "-q", "-b", "main", "--template=")
    found = []
    for message in ("one", "two"):
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", message)
        found.append(git(tmp_path, "rev-parse", "HEAD"))
    return found[0], found[1]


def _a_plan(commit: str) -> Plan:
    return Plan(Target("prod", "https://r.example", VENDOR), revision=Checkout(commit))


def test_the_tip_is_let_through(tmp_path: Path, commits: tuple[str, str]) -> None:
    """With a plan from it, one that does not say where it is from, and without any."""
    _, new = commits
    git(tmp_path, "update-ref", REMOTE, new)

    for plan in (None, _a_plan(new), _a_plan("")):
        check_tip(tmp_path, "origin/main", plan)


def test_an_old_commit_is_refused(tmp_path: Path, commits: tuple[str, str]) -> None:
    """One sentence names both commits, and the hint the way on; the branch comes before a tag of its name."""
    old, new = commits
    git(tmp_path, "update-ref", REMOTE, new)
    git(tmp_path, "checkout", "-q", old)
    git(tmp_path, "tag", "origin/main", old)

    with pytest.raises(Refused) as refused:
        check_tip(tmp_path, "origin/main")

    assert refused.value.exit_code is Exit.REFUSED
    assert refused.value.message == (
        f"The commit here is {old[:12]}, and the tip of origin/main is {new[:12]}; nothing was written."
    )
    assert refused.value.hint == "Check out origin/main, and plan again from there."


def test_a_plan_from_an_old_commit_is_refused(tmp_path: Path, commits: tuple[str, str]) -> None:
    """Although the tip is checked out."""
    old, new = commits
    git(tmp_path, "update-ref", REMOTE, new)

    with pytest.raises(
        Refused, match=f"made from commit {old[:12]}, and the tip of origin/main is {new[:12]};"
    ):
        check_tip(tmp_path, "origin/main", _a_plan(old))


@pytest.mark.usefixtures("commits")
@pytest.mark.parametrize("name", ["origin/main", "--help", "^main", "main..HEAD", "a\nb"])
def test_an_unknown_branch_is_refused(tmp_path: Path, name: str) -> None:
    """With what to do about it; nothing that git takes for a word of its own names a commit."""
    with pytest.raises(Refused, match="is not known; nothing was written") as refused:
        check_tip(tmp_path, name)

    assert refused.value.hint.startswith("Fetch it first: git fetch origin.")


def test_without_a_repository_or_a_commit_it_is_refused(tmp_path: Path) -> None:
    """An empty name is a usage error."""
    with pytest.raises(Refused, match="is no git repository, so it has no main"):
        check_tip(tmp_path, "main")
    git(tmp_path, "init", "-q", "--template=")
    (tmp_path / ".git/objects/pack").mkdir(parents=True, exist_ok=True)
    with pytest.raises(Refused, match="This clone has no main"):
        check_tip(tmp_path, "main")
    with pytest.raises(UsageError, match="--require-tip is empty"):
        check_tip(tmp_path, " ")
