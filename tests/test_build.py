"""Which build this is: the version, and the commit where it is known."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from reconciler import __version__
from reconciler.build import _read_origin, describe_version, find_version
from reconciler.planning.plan import Plan, Target
from reconciler.render import html, markdown
from tests.git import commit_all, git
from tests.workflows.runner import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "3a5c4bbb91f2" + "0" * 28


def test_a_version_is_described_with_a_short_commit() -> None:
    """A version without a commit, or with something else behind the plus, stays as it is."""
    assert describe_version(f"0.9.0+{COMMIT}") == "0.9.0 (3a5c4bbb91f2)"
    assert describe_version("0.9.0") == "0.9.0"
    assert describe_version("0.9.0+local.1") == "0.9.0+local.1"
    assert describe_version("") == ""


def test_a_plan_says_by_which_build_it_was_made() -> None:
    """The comment and the page name the version, and the commit in short."""
    plan = Plan(Target("tt02", "https://register.example", "991825827"), tool_version=f"0.9.0+{COMMIT}")
    printed = [markdown.render_plan(plan), html.render_plan(plan)]

    said = [re.sub(r"<[^>]*>|\\|\s+", " ", each) for each in printed]
    assert ["by reconciler 0.9.0 (3a5c4bbb91f2)" in each for each in said] == [True, True], said


def test_this_checkout_has_the_version() -> None:
    """With a commit or without, it begins with the version."""
    assert find_version().partition("+")[0] == __version__


@pytest.mark.parametrize(
    ("origin", "commit"),
    [
        ({"vcs_info": {"vcs": "git", "commit_id": COMMIT}, "url": "https://git.example/a"}, COMMIT),
        ({"dir_info": {}, "url": "file:///a"}, ""),
        ({"vcs_info": {"vcs": "git", "commit_id": "main"}}, ""),
        ({"vcs_info": {"vcs": "git", "commit_id": 7}}, ""),
        ([], ""),
    ],
    ids=["repository", "folder", "branch", "number", "list"],
)
def test_an_installer_says_the_commit(origin: object, commit: str, tmp_path: Path) -> None:
    """Only of what it took from a repository."""
    folder = tmp_path / "systemregister_reconciler-0.1.0.dist-info"
    folder.mkdir()
    (folder / "direct_url.json").write_text(json.dumps(origin))

    assert _read_origin(tmp_path) == commit


def test_nothing_installed_says_no_commit(tmp_path: Path) -> None:
    """As in a checkout that is run in its place."""
    assert _read_origin(tmp_path) == ""


def test_an_archive_says_the_commit(tmp_path: Path) -> None:
    """What git archives, as GitHub and `install.sh` do, holds the commit that it was made from."""
    tree = tmp_path / "tree"
    (tree / "reconciler").mkdir(parents=True)
    for name in (".gitattributes", "reconciler/build.py", "reconciler/__init__.py"):
        (tree / name).write_bytes((PROJECT / name).read_bytes())
    git(tree, "init", "-q")
    commit = commit_all(tree, "Release")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=tree, capture_output=True, check=True).stdout  # noqa: S607 - git is found on the path
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(tmp_path / "archive", filter="data")

    script = "from reconciler.build import find_version; print(find_version())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "archive",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "archive")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == f"{__version__}+{commit}\n", done.stderr
