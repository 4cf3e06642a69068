"""What a job knows of the runs before it: their journals, and those that are missing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.served import Repository

pytestmark = pytest.mark.slow


def _apply(repository: Repository, run: str, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {
        **repository.environ,
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": run,
        "GITHUB_RUN_ATTEMPT": "1",
    }
    return replace(repository, environ=environ).run("apply", "--yes", "--journal", "kept", *words)


def test_a_missing_journal_stops_apply_until_somebody_lets_it_pass(repository: Repository) -> None:
    """4, before anything is written; each job leaves a journal, also one that sent nothing."""
    done = _apply(repository, "7")
    lost = _apply(repository, "8", "--expect-journal", "7-1", "--expect-journal", "6-1")
    passed = _apply(repository, "9", "--expect-journal", "6-1", "--without-journal", "6-1")
    later = _apply(repository, "10", *(f"--expect-journal={each}" for each in ("6-1", "7-1", "8-1", "9-1")))

    codes = [each.returncode for each in (done, lost, passed, later)]
    assert codes == [0, 4, 0, 0], [each.stderr for each in (done, lost, passed, later)]
    assert "The earlier run 6-1 may have written, and has left no journal in kept; nothing" in lost.stderr
    assert "go on with --without-journal 6-1." in lost.stderr
    kept = (repository.root / "kept").glob("*.jsonl")
    lines = [json.loads(path.read_text().splitlines()[1]) for path in kept]
    assert sorted(f"{each['job']}-{each['attempt']}" for each in lines) == ["10-1", "7-1", "8-1", "9-1"]
