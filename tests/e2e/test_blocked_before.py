"""A blocked system stops neither the others nor a change that has nothing to do with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR
from tests.git import git

if TYPE_CHECKING:
    from tests.served import Repository

pytestmark = pytest.mark.slow
ONE = f"{VENDOR}_smartcloud"


def test_only_what_a_change_blocks_fails_it(repository: Repository) -> None:
    """A pull request beside a blocked system passes and says so; one that touches it fails; apply does the rest."""
    repository.track("*.json")
    assert repository.run("apply", "--yes").returncode == 0
    repository.define(rights=...)  # left out, and the register holds some
    repository.commit("Leave the rights out")
    git(repository.root, "checkout", "-qb", "change")
    repository.define("more", clientId=[])
    repository.commit("Add one")

    beside = repository.run(
        "plan", "--base", "main", "--all", "--format", "text", "--format", "json=seen.json"
    )
    alone = repository.run("plan", "--base", "main")
    touched = repository.define(rights=..., isVisible=False)
    fails = repository.run("plan", "--base", "main")
    touched.write_text(git(repository.root, "show", f"HEAD:systems/{ONE}.yaml") + "\n")
    saved = repository.run("plan", "--out", "plan.json")
    applied = repository.run("apply", "plan.json", "--yes")

    text = " ".join(beside.stdout.split())
    assert (beside.returncode, fails.returncode, saved.returncode) == (0, 1, 1), beside.stdout
    assert (alone.returncode, "1 to create, 1 not compared" in alone.stdout) == (0, True), alone.stdout
    assert f"Warning: '{ONE}' was blocked before this change, so this check does not fail for it." in text
    assert "does not fail for it" not in " ".join(fails.stdout.split())
    assert json.loads((repository.root / "seen.json").read_text())["blocked_before"] == [ONE]
    assert (applied.returncode, applied.stdout.splitlines()[-1]) == (
        1,
        "Apply: 1 done; 1 blocked and never sent.",
    ), applied.stderr
