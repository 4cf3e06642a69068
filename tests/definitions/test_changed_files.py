"""Which definition files a change changed, by git's objects: those of the base, of the last commit, and on disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.changed_files import compare_files
from tests.git import commit_all, git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository whose root is a folder of it, with a branch that left main before main's newest commit."""
    top = tmp_path_factory.mktemp("changed") / "repository"
    (top / "one" / "systems" / "deep").mkdir(parents=True)
    git(top, "init", "-q", "-b", "main", "--template=")
    for name in ("kept", "edited", "gone", "deep/back", "deep/open"):
        (top / "one" / "systems" / f"{name}.yaml").write_text(f"id: {name}\n")
    (top / "one" / "systems" / ".accepted.yaml").write_text("[]\n")
    (top / "one" / "reconciler.toml").write_text("\n")
    commit_all(top, "First")
    git(top, "checkout", "-qb", "change")
    systems = top / "one" / "systems"
    (systems / "edited.yaml").write_text("id: again\n")
    (systems / "deep" / "back.yaml").write_text("id: other\n")
    (systems / "gone.yaml").rename(systems / "renamed.yml")
    commit_all(top, "Change")
    git(top, "checkout", "-q", "main")
    (systems / "kept.yaml").write_text("id: theirs\n")
    commit_all(top, "Theirs")
    git(top, "checkout", "-q", "change")
    (systems / "deep" / "back.yaml").write_text("id: deep/back\n")
    (systems / "deep" / "open.yaml").write_text("id: open\n")
    (systems / "new.yaml").write_text("id: new\n")
    return top


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """Copy it for a test to change, and give the root."""
    return shutil.copytree(made, tmp_path / "repository", symlinks=True) / "one"


def test_files_differ_from_the_base_or_from_the_last_commit(root: Path) -> None:
    """What others merged since is no change; what was taken back on disk differs from the last commit only."""
    found = compare_files(root, "main", ["reconciler.toml", "pyproject.toml"])

    assert found is not None
    assert {each.removeprefix("systems/") for each in found.changed} == {
        "edited.yaml",
        "gone.yaml",
        "renamed.yml",
        "deep/open.yaml",
        "new.yaml",
    }
    assert {each.removeprefix("systems/") for each in found.uncommitted} == {
        "deep/back.yaml",
        "deep/open.yaml",
        "new.yaml",
    }
    assert found.beside.keys() == {"systems/.accepted.yaml", "reconciler.toml"}
    assert found.contents["systems/new.yaml"] == b"id: new\n"
    assert (found.base, found.head) == (
        git(root, "merge-base", "main", "HEAD"),
        git(root, "rev-parse", "HEAD"),
    )


def _link(root: Path) -> str:
    (root / "systems" / "link.yaml").symlink_to("kept.yaml")
    return "main"


def _link_folder(root: Path) -> str:
    (root / "systems" / "folder").symlink_to("deep")
    return "main"


def _remove_systems(root: Path) -> str:
    shutil.rmtree(root / "systems")
    return "main"


def _remove_git(root: Path) -> str:
    shutil.rmtree(root.parent / ".git")
    return "main"


def _make_shallow(root: Path) -> str:
    (root.parent / ".git" / "shallow").write_text(git(root, "rev-parse", "main~1") + "\n")
    return "main"


def _begin_anew(root: Path) -> str:
    git(root, "checkout", "-q", "--orphan", "alone")
    commit_all(root, "Alone")
    return "main"


def _name(text: str) -> Callable[[Path], str]:
    return lambda _: text


_SPOILS: dict[str, Callable[[Path], str]] = {
    "link": _link,
    "linked folder": _link_folder,
    "no definitions": _remove_systems,
    "no git": _remove_git,
    "shallow": _make_shallow,
    "no common commit": _begin_anew,
    "unknown": _name("nowhere"),
    "option": _name("--output=x"),
    "negation": _name("^main"),
    "range": _name("main..change"),
    "parents": _name("HEAD^@"),
    "tree": _name("main:one"),
    "empty": _name(""),
}


@pytest.mark.parametrize("spoil", _SPOILS.values(), ids=_SPOILS)
def test_what_is_not_plain_is_given_up(root: Path, spoil: Callable[[Path], str]) -> None:
    """Reading everything says what is wrong with it."""
    assert compare_files(root, spoil(root), []) is None
