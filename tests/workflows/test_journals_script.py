"""The script that fetches journals: what it takes out of an archive, and which hosts get a token."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.workflows.machine import Api
from tests.workflows.runner import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.workflows.machine import Answer


def pack(**files: str) -> bytes:
    """Pack files in the folder of journals, by their names with `__` for a dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return packed.getvalue()


def fetch(folder: Path, archives: Mapping[int, bytes | int]) -> subprocess.CompletedProcess[str]:
    """Fetch in GitLab, where each job has left an archive or answers with a status; the newest is the last one."""
    now = datetime.now(UTC).isoformat()
    jobs = [{"id": number, "started_at": now} for number in sorted(archives, reverse=True)]
    listed = [{"ref": "main", "created_at": now, "deployable": job} for job in jobs]

    def answer(path: str, headers: Mapping[str, str]) -> Answer:
        assert headers["private-token"] == "t"
        if "/deployments?" in path:
            return 200, json.dumps(listed if "page=1" in path else []).encode()
        found = archives[int(path.split("/")[-2])]
        return (found, b"") if isinstance(found, int) else (200, found)

    api = Api(answer)
    environ = {
        "GITLAB_CI": "true",
        "TARGET": "tt02",
        "CI_JOB_ID": "99",
        "CI_PROJECT_ID": "1",
        "JOURNALS_TOKEN": "t",
    }
    try:
        return subprocess.run(
            [sys.executable, PROJECT / ".github" / "pipelines" / "journals.py", folder],
            env={**environ, "CI_API_V4_URL": api.address},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        api.close()


@pytest.mark.slow
def test_it_takes_journals_until_a_run_that_had_fetched(tmp_path: Path) -> None:
    """What is missing or broken is lost, what an earlier run had lost stays so, and only journals are taken."""
    journal = {"journal/a__jsonl": "a", "journal/lost__txt": "1\n"}
    others = {
        "../journal/b__jsonl": "b",
        "journal/deep/c__jsonl": "c",
        "journal/d__sh": "d",
        "report__json": "{}",
    }
    archives = {
        2: pack(**{"journal/old__jsonl": "old"}),
        3: pack(**journal, **others),
        4: pack(**{"journal/e__jsonl": "e"}),
    }

    done = fetch(tmp_path / "kept" / "journal", {**archives, 5: 404, 6: b"no archive"})

    assert done.returncode == 0, done.stderr
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {f"kept/journal/{name}" for name in ("a.jsonl", "b.jsonl", "e.jsonl", "lost.txt")}
    assert (tmp_path / "kept/journal/lost.txt").read_text().split() == ["6", "5", "1"]


@pytest.mark.slow
def test_it_stops_where_the_platform_refuses(tmp_path: Path) -> None:
    """Without a sentence on what is lost: the next run does not take this one for one that had fetched."""
    done = fetch(tmp_path, {5: 403})

    assert done.returncode == 1
    assert "The journals of earlier runs cannot be fetched: 403 for http://127.0.0.1:" in done.stderr
    assert not (tmp_path / "lost.txt").exists()
