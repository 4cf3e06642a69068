"""What github.com keeps between the runs of a test: runs, artifacts, comments and issues, in one JSON file.

`gh.py` is the program that the actions ask, over the same file.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.workflows.gh import Json

REPOSITORY = "vendor/systems"
OWN, FORK = 1, 2
"""The ids of the repository, and of a fork of it."""


@dataclass
class GitHub:
    """One repository on github.com."""

    folder: Path

    def __post_init__(self) -> None:
        self.tools = self.folder / "tools"
        self.tools.mkdir(parents=True, exist_ok=True)
        names = ("asked", "comments", "issues", "pulls", "runs", "artifacts", "sarifs")
        self.write({name: [] for name in names})
        script = Path(__file__).with_name("gh.py")
        write_script(
            self.tools / "gh", f'#!/bin/sh\nexec "{sys.executable}" -ISE "{script}" "{self._file}" "$@"\n'
        )

    @property
    def _file(self) -> Path:
        return self.folder / "github.json"

    def read(self) -> dict[str, Any]:
        """Read everything."""
        state: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        return state

    def write(self, state: Mapping[str, Any]) -> None:
        """Write everything."""
        self._file.write_text(json.dumps(state), encoding="utf-8")

    def add(self, kind: str, **entry: Json) -> int:
        """Add an entry, and give its id."""
        state = self.read()
        number = 1 + len(state[kind])
        state[kind].append({"id": number, **entry})
        self.write(state)
        return number

    def open_pull_request(self, head: str, number: int = 7) -> None:
        """Open a pull request with a commit as its head, or push to the one that is open."""
        state = self.read()
        kept = [each for each in state["pulls"] if each["number"] != number]
        state["pulls"] = [
            *kept,
            {
                "number": number,
                "head": {"sha": head},
                "merge_commit_sha": None,
                "merged_at": None,
                "commits": [],
            },
        ]
        self.write(state)

    def merge_pull_request(self, commit: str, number: int = 7) -> None:
        """Note that a pull request was merged as a commit."""
        state = self.read()
        for each in state["pulls"]:
            if each["number"] == number:
                each.update(merge_commit_sha=commit, merged_at="2026-11-01T12:00:00Z", commits=[commit])
        self.write(state)

    def upload(self, run: int, name: str, base: Path, files: Sequence[Path]) -> None:
        """Keep files as an artifact of a run; raises `ValueError` where the run has one of that name."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(base))
        state = self.read()
        owner = next(each for each in state["runs"] if each["id"] == run)
        if any((each["name"], each["workflow_run"]["id"]) == (name, run) for each in state["artifacts"]):
            raise ValueError(f"the run has an artifact {name} already")
        number = self.add(
            "artifacts",
            name=name,
            expired=False,
            zip=f"{run}-{name}.zip",
            workflow_run={
                "id": run,
                "repository_id": OWN,
                "head_repository_id": owner["head_repository"]["id"],
                "head_branch": owner["head_branch"],
                "head_sha": owner["head_sha"],
            },
        )
        assert number
        (self.folder / f"{run}-{name}.zip").write_bytes(packed.getvalue())

    def find_artifact(self, name: str, run: int | None = None) -> zipfile.ZipFile:
        """Open the newest artifact of a name; raises `LookupError` where there is none."""
        for each in reversed(self.read()["artifacts"]):
            if each["name"] == name and run in {None, each["workflow_run"]["id"]}:
                return zipfile.ZipFile(self.folder / each["zip"])
        raise LookupError(f"there is no artifact {name}")

    def name_artifacts(self) -> list[str]:
        """Name the artifacts, oldest first."""
        return [each["name"] for each in self.read()["artifacts"]]

    def forget_asked(self) -> list[list[str]]:
        """Give the requests since the last time, each with its method."""
        state = self.read()
        asked: list[list[str]] = state["asked"]
        self.write({**state, "asked": []})
        return asked

    def read_comments(self, number: int = 7) -> list[str]:
        """Read the comments on a pull request."""
        return [each["body"] for each in self.read()["comments"] if each["number"] == number]


def gather(paths: Sequence[Path]) -> tuple[Path, list[Path]]:
    """Find the files of an artifact, and the folder that their names begin in.

    https://github.com/actions/upload-artifact: of several paths, their least common ancestor, there or not.
    """
    files = sorted(
        each for path in paths for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file()
    )
    if len(paths) > 1:
        return Path(os.path.commonpath(paths)), files
    return (paths[0] if paths[0].is_dir() else paths[0].parent), files


def unpack(archive: zipfile.ZipFile, target: Path) -> None:
    """Unpack an artifact."""
    target.mkdir(parents=True, exist_ok=True)
    archive.extractall(target)


def write_script(path: Path, text: str) -> None:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def remove(folder: Path) -> None:
    """Remove what a machine leaves behind."""
    shutil.rmtree(folder, ignore_errors=True)
