"""The evidence of a run, as a job puts it together and an auditor checks it."""

from __future__ import annotations

import json
import re
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.served import Repository

pytestmark = pytest.mark.slow


def test_a_run_is_put_into_one_file_and_checked(repository: Repository, tmp_path: Path) -> None:
    """The plan as it was saved, the report as apply wrote it; the register shows what the file says."""
    repository.track()
    commit = repository.commit("A system")
    assert repository.run("plan", "--out", "plan.json").returncode == 0
    applied = repository.run(
        *("apply", "plan.json", "-e", "local", "--yes", "--report", "report.json"),
        GITHUB_ACTIONS="true",
        GITHUB_ACTOR="anna",
        GITHUB_REF_TYPE="branch",
        GITHUB_SHA=commit,
        GITHUB_REF_NAME="main",
    )
    assert applied.returncode == 0, applied.stderr

    made = repository.run("evidence", "latest", "--out", "run.zip")

    assert made.returncode == 0, made.stderr
    digest, _, name = made.stdout.strip().partition("  ")
    assert (re.fullmatch("[0-9a-f]{64}", digest) is not None, name) == (True, "run.zip")
    with zipfile.ZipFile(repository.root / "run.zip") as file:
        for each in ("plan.json", "report.json"):
            assert file.read(each) == (repository.root / each).read_bytes()
        report = json.loads(file.read("report.json"))
    assert (report["actor"], report["commit"], report["branch"]) == ("anna", commit, "main")
    checked = repository.run("evidence", "--verify", "run.zip", "-e", "local")
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (
        0,
        "The file is sound, and the register shows what it says.",
    )
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    words = ["--verify", str(repository.root / "run.zip"), "--format", "json"]
    offline = repository.run("evidence", *words, "--offline", "--root", str(repository.root))
    assert json.loads(offline.stdout)["sha256"] == digest
    content = (repository.root / "run.zip").read_bytes()
    (repository.root / "run.zip").write_bytes(content.replace(b"anna", b"Anna", 1))
    changed = repository.run("evidence", "--verify", "run.zip", "-e", "local")
    assert (changed.returncode, changed.stderr) == (1, "")
    first, *_, last = changed.stdout.splitlines()
    assert first == "wrong   journal.jsonl: its SHA-256 is not the one that the manifest says."
    assert last == "The file does not prove anything: it is not as it was written."


def test_a_write_by_others_is_no_fault_of_the_file(repository: Repository) -> None:
    """It is named; and a register that has lost the entries shows that the file is of another."""
    assert repository.run("apply", "--yes").returncode == 0
    assert repository.run("evidence", "latest", "--out", "run.zip").returncode == 0
    repository.define(isVisible=False)
    assert repository.run("apply", "--yes").returncode == 0

    later = repository.run("evidence", "--verify", "run.zip", "-e", "local")
    assert later.returncode == 0, later.stdout
    assert "it was written since: client " in later.stdout
    for each in (repository.root / ".reconciler" / "local").rglob("*"):
        if each.is_file() and "key" not in each.name:
            each.unlink()
    lost = repository.run("evidence", "--verify", "run.zip", "-e", "local")
    assert lost.returncode == 1, lost.stdout
    assert "its change log has no entry of" in lost.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "Name a run, or a file with --verify."),
        (["latest", "--verify", "run.zip"], 2, "Name a run, or a file with --verify."),
        (["latest"], 2, "No run is recorded in "),
        (["latest", "--offline"], 2, "--offline and --format json go with --verify."),
        (["--verify", "run.zip", "--out", "x.zip"], 2, "--out and --plan go with a run"),
        (["--verify", "run.zip"], 2, "run.zip cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(repository: Repository, words: list[str], code: int, said: str) -> None:
    """In one sentence, with the usage code, and nothing is written."""
    done = repository.run("evidence", *words)

    assert (done.returncode, said in done.stderr, done.stdout) == (code, True, "")
    assert list(repository.root.glob("*.zip")) == []
