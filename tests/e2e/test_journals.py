"""What lies in the folder of journals and is none, or is damaged: said, and never in the way of what is whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR

if TYPE_CHECKING:
    from pathlib import Path

    from tests.served import Repository


@pytest.fixture
def journal(repository: Repository) -> Path:
    """Apply once, and give the journal."""
    done = repository.run("apply", "--yes")
    assert done.returncode == 0, done.stderr
    (path,) = (repository.root / ".reconciler/journal").glob("*.jsonl")
    return path


@pytest.mark.slow
def test_a_damaged_line_is_said_until_recover_has_looked(repository: Repository, journal: Path) -> None:
    """W13: apply refuses and names the line; recover says that it is unknown, 5; then apply goes on."""
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text(lines[0] + "\0" * 40 + "\n" + "".join(lines[2:]))
    repository.define(isVisible=False)

    refused = repository.run("apply", "--yes")
    assert refused.returncode == 4, refused.stderr
    assert f"{journal}, line 2, cannot be read." in refused.stderr
    assert "Run 'reconciler recover' first; nothing was written." in refused.stderr

    recovered = repository.run("recover")
    assert recovered.returncode == 5, recovered.stderr
    assert "line 2 cannot be read" in recovered.stdout

    done = repository.run("apply", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"done: {VENDOR}_smartcloud" in done.stderr


@pytest.mark.slow
def test_apply_settles_first_where_it_is_asked_to(repository: Repository, journal: Path) -> None:
    """What an earlier run left open is found out, nothing is sent for it again, and the rest is applied."""
    kept = [line for line in journal.read_text().splitlines() if '"kind":"outcome"' not in line]
    journal.write_text("\n".join([*kept[:-1], ""]))  # as where it was killed
    repository.define("more", clientId=[])

    refused = repository.run("apply", "--yes")
    done = repository.run("apply", "--yes", "--recover", "--patience", "0")

    assert (refused.returncode, done.returncode) == (4, 0), done.stderr
    assert f"done      create {VENDOR}_smartcloud\n" in done.stderr
    assert done.stdout.endswith("Apply: 1 done.\n")


@pytest.mark.slow
def test_apply_stops_where_what_it_settles_stays_unknown(repository: Repository, journal: Path) -> None:
    """With 5 and before anything is written; what is unknown is said once, and then apply goes on."""
    journal.write_text(journal.read_text().splitlines()[0] + "\n\0\n")
    repository.define(isVisible=False)

    stopped, done = (repository.run("apply", "--yes", "--recover") for _ in range(2))

    assert (stopped.returncode, stopped.stdout) == (5, ""), stopped.stderr
    assert "line 2 cannot be read" in stopped.stderr
    assert "\nNothing was written: what became of an earlier run's request stays unknown.\n" in stopped.stderr
    assert (done.returncode, "Apply: 1 done." in done.stdout) == (0, True), done.stderr


@pytest.mark.slow
def test_what_is_no_journal_is_named_and_passed_over(repository: Repository, journal: Path) -> None:
    """W13: neither hangs nor stops apply or recover."""
    folder = journal.parent
    (folder / "folder.jsonl").mkdir()
    (folder / "link.jsonl").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "foreign.jsonl").write_text('{"level": "info"}\n')
    (folder / "later.jsonl").write_text('{"kind": "run", "format": 99}\n')
    repository.define(isVisible=False)

    for words in (("recover",), ("apply", "--yes")):
        done = repository.run(*words)

        assert done.returncode == 0, done.stderr
        for name in ("folder", "link", "pipe", "foreign", "later"):
            assert done.stderr.count(f"Passed over: {folder / name}.jsonl ") == 1, name


def test_a_repository_cannot_lead_the_journal_elsewhere(repository: Repository, tmp_path: Path) -> None:
    """S3: a link in the place of the folder is refused before the first write."""
    (tmp_path / "outside").mkdir()
    (repository.root / ".reconciler").mkdir()
    (repository.root / ".reconciler/journal").symlink_to(tmp_path / "outside")

    done = repository.run("apply", "--yes")

    assert done.returncode == 2, done.stderr
    assert "it is a link" in done.stderr
    assert list((tmp_path / "outside").iterdir()) == []
