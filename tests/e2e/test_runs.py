"""The list of runs, as a person asks for it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR

if TYPE_CHECKING:
    from tests.served import Repository

pytestmark = pytest.mark.slow


def test_the_runs_are_listed_newest_first(repository: Repository) -> None:
    """With time, plan and outcomes; by environment and vendor where one is named; nothing is no failure."""
    empty = repository.run("runs")
    assert (empty.returncode, empty.stdout) == (0, "No run is recorded here.\n")
    assert repository.run("apply", "--yes").returncode == 0
    repository.define("more", clientId=[])
    second = repository.plan()["digest"]
    assert repository.run("apply", "--yes").returncode == 0

    listed = repository.run("runs")
    runs = json.loads(repository.run("runs", "--format", "json").stdout)["runs"]

    lines = listed.stdout.splitlines()
    assert (listed.returncode, listed.stderr, len(lines)) == (0, "", 4)
    head = rf"20\d{{6}}T\d{{6}}Z-\w{{6}}  20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC  local  {VENDOR}"
    assert all(re.fullmatch(head, line) for line in lines[::2])
    assert lines[1] == f"    plan {second[:12]}: 1 done"
    assert all(len(line) <= 80 for line in lines)
    assert [each["run"] for each in runs] == [line.split()[0] for line in lines[::2]]
    assert (runs[0]["digest"], runs[0]["outcomes"], runs[0]["open"]) == (second, {"done": 1}, 0)
    assert (runs[0]["environment"], runs[0]["vendor"], runs[0]["ended"]) == ("local", VENDOR, True)
    for words in (["-e", "tt02"], ["--vendor", "310000000"]):
        other = repository.run("runs", *words)
        assert (other.returncode, other.stdout) == (0, "No run is recorded here.\n")
        assert other.stderr == "Not shown: 2 runs of another environment or vendor.\n"
    typo = repository.run("runs", "-e", "locl")
    assert (typo.returncode, "Did you mean 'local'?" in typo.stderr) == (2, True)
