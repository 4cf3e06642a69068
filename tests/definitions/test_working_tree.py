"""Which definitions are not as the commit that is checked out has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.files import find_definitions, read_documents
from reconciler.definitions.working_tree import compare_with_head
from reconciler.model.revision import Checkout
from tests.git import commit_all, git

if TYPE_CHECKING:
    from pathlib import Path


def _write(root: Path, name: str, text: str = "id: 991825827_a\n") -> str:
    path = root / "systems" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return f"systems/{name}"


def _compare(root: Path) -> Checkout | None:
    return compare_with_head(root, read_documents(root, find_definitions(root)))


@pytest.fixture(params=["sha1", "sha256"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Make a repository whose definitions are committed."""
    git(tmp_path, "init", "-q", "-b", "main", "--template=", f"--object-format={request.param}")
    for letter in "abc":
        _write(tmp_path, f"{letter}.yaml", f"id: 991825827_{letter}\n")
    commit_all(tmp_path, "Add three systems")
    return tmp_path


def test_what_is_committed_is_no_difference(root: Path) -> None:
    """Nor is another file of the repository, nor what the index alone has otherwise."""
    (root / "README.md").write_text("x\n")
    _write(root, "a.yaml", "id: 991825827_z\n")
    git(root, "add", "-A")
    _write(root, "a.yaml", "id: 991825827_a\n")

    assert _compare(root) == Checkout(git(root, "rev-parse", "HEAD"), ())


def test_every_kind_of_difference_is_named(root: Path) -> None:
    """A file that was edited, is new, ignored or removed; whether it was added to the index makes no difference."""
    edited, new, ignored = (_write(root, name, "id: x\n") for name in ("a.yaml", "new.yaml", "dark.yaml"))
    (root / ".gitignore").write_text("dark.yaml\n")
    (root / "systems/b.yaml").unlink()
    git(root, "add", edited)

    found = _compare(root)

    assert found == Checkout(git(root, "rev-parse", "HEAD"), (edited, "systems/b.yaml", ignored, new))


def test_line_ends_and_a_mark_at_the_start_are_no_difference(root: Path) -> None:
    """On Windows git writes other line ends than it commits."""
    _write(root, "a.yaml", "\ufeffid: 991825827_a\r\n")

    found = _compare(root)

    assert found is not None
    assert found.uncommitted == ()


def test_a_link_counts_as_what_it_leads_to(root: Path) -> None:
    """The file behind it is the definition."""
    (root / "kept").mkdir()
    (root / "systems/a.yaml").rename(root / "systems/kept.yml")
    (root / "systems/a.yaml").symlink_to("kept.yml")
    commit_all(root, "Use a link")

    assert _compare(root) == Checkout(git(root, "rev-parse", "HEAD"), ())


def test_a_root_below_the_top_of_the_repository(root: Path) -> None:
    """The names are those below the root."""
    _write(root / "sub", "a.yaml")
    commit_all(root, "Add another root")
    _write(root, "a.yaml", "id: 991825827_changed\n")
    changed = _write(root / "sub", "b.yaml")

    assert _compare(root / "sub") == Checkout(git(root, "rev-parse", "HEAD"), (changed,))


def test_without_a_commit(tmp_path: Path) -> None:
    """No repository is no commit and no difference; in one without a commit, every definition differs."""
    name = _write(tmp_path, "a.yaml")

    outside = _compare(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main", "--template=")
    inside = _compare(tmp_path)

    assert outside == Checkout("")
    assert outside is not None
    assert not outside.is_tracked
    assert inside == Checkout("", (name,))


def test_a_repository_that_git_cannot_read_is_not_known(root: Path) -> None:
    """It is no reason to stop; that the history is missing is said elsewhere."""
    (root / ".git/HEAD").write_text("x\n")

    assert _compare(root) is None
