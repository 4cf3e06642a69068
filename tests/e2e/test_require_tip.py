"""An old run cannot roll back what was merged since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.git import git

if TYPE_CHECKING:
    from tests.served import Repository

pytestmark = pytest.mark.slow


def test_an_old_checkout_or_plan_writes_nothing(repository: Repository) -> None:
    """Refused with 4 before any register is asked, with a plan and without; the tip is applied."""
    repository.track("plan.json")
    old = repository.commit("one")
    assert repository.run("plan", "--out", "plan.json").returncode == 0
    repository.define(isVisible=False)
    new = repository.commit("two")
    git(repository.root, "update-ref", "refs/remotes/origin/main", new)
    words = ("--yes", "--require-tip", "origin/main")

    stale = repository.run("apply", "plan.json", *words)
    git(repository.root, "checkout", "-q", old)
    refused = [repository.run("apply", *words), repository.run("apply", "plan.json", *words), stale]
    git(repository.root, "checkout", "-q", "main")
    unknown = repository.run("apply", "--yes", "--require-tip", "origin/mian")
    done = repository.run("apply", *words)

    assert [each.returncode for each in refused] == [4, 4, 4]
    here = f"The commit here is {old[:12]}, and the tip of origin/main is {new[:12]}; nothing was written.\n"
    made = f"The plan was made from commit {old[:12]}, and the tip of origin/main is {new[:12]};"
    assert [each.stderr.startswith(f"error: {here}") for each in refused] == [True, True, False]
    assert stale.stderr.startswith(f"error: {made}")
    assert (unknown.returncode, "git fetch origin" in unknown.stderr) == (4, True), unknown.stderr
    assert (done.returncode, done.stdout[-15:]) == (0, "Apply: 1 done.\n"), done.stderr
