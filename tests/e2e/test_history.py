"""The history of a system whose definition was edited and not committed yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR

if TYPE_CHECKING:
    from tests.served import Repository

pytestmark = pytest.mark.slow

ONE = f"{VENDOR}_smartcloud"
_NAMED = f"equals systems/{ONE}.yaml as it is here, not committed"


def _list_sources(repository: Repository) -> list[str]:
    """List what each write equals, oldest first."""
    done = repository.run("history", ONE)
    assert done.returncode == 0, done.stderr
    return [line.strip() for line in done.stdout.splitlines() if line.startswith("    equals ")]


def test_the_working_tree_is_found_too(repository: Repository) -> None:
    """What was applied from files that nobody committed is no unknown state; a comment alone is no other state."""
    path = repository.define()
    assert repository.run("apply", "--yes").returncode == 0
    outside = _list_sources(repository)
    repository.track()
    commit = repository.commit("Define a system")
    repository.define(isVisible=False)
    assert repository.run("apply", "--yes").returncode == 0

    edited = _list_sources(repository)
    as_json = json.loads(repository.run("history", ONE, "--format", "json").stdout)["chapters"]
    second = repository.commit("Hide it")
    path.write_text(path.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    committed = _list_sources(repository)

    assert outside == [_NAMED]
    assert (edited[0][:36], edited[1]) == (f"equals the definition at {commit[:11]}", _NAMED)
    assert [each["uncommitted"] for each in as_json] == [None, f"systems/{ONE}.yaml"]
    assert [each["revision"] is None for each in as_json] == [False, True]
    assert [each[25:37] for each in committed] == [commit[:12], second[:12]]
