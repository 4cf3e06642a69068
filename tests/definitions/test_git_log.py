"""The history of many files in one pass, held against that of each file by itself."""

from __future__ import annotations

import shutil
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.definitions.git import open_objects
from reconciler.definitions.git_log import MOST_HISTORY, MOST_REVISIONS, Allowance, read_revisions, walk_log
from tests.git import commit_all, git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.definitions.git_log import FileEntry

NAMES = ("systems/a.yaml", "systems/b.yaml", "systems/more/c.yaml", "d.yaml", "systems/a.yaml/e.yaml")
"""One of them lies elsewhere, and one needs a folder of another's name."""
_ALIKE = "".join(f"line {number} that many of them have\n" for number in range(8))
_BEGAN = 1_700_000_000


class Commit(NamedTuple):
    """A commit as it is to be made: what it does to the tree of its first parent."""

    parents: Sequence[int]
    time: int
    edits: Sequence[tuple[str, str, int]]
    """What is done, to which file, and with which content or mode."""


def _make_commits(number: int) -> st.SearchStrategy[list[Commit]]:
    """Make commits whose parents come before them, at times that may be the same or go back."""
    edit = st.tuples(
        st.sampled_from(["write", "write", "remove", "move", "copy", "mode", "link"]),
        st.sampled_from(NAMES),
        st.integers(0, 3),
    )
    return st.tuples(
        *(
            st.builds(
                Commit,
                st.lists(st.integers(max(0, each - 3), each - 1), min_size=each > 2, max_size=2, unique=True)
                if each
                else st.just([]),
                st.integers(0, 4),
                st.lists(edit, max_size=3),
            )
            for each in range(number)
        )
    ).map(list)


histories = st.integers(2, 8).flatmap(_make_commits)


def _edit(tree: dict[str, tuple[str, str]], edits: Sequence[tuple[str, str, int]]) -> None:
    """Carry out the edits of a commit; a tree has the mode and the content of each file."""
    for what, name, number in edits:
        mode, content = tree.get(name, ("100644", ""))
        other = NAMES[number]
        if what == "write":
            tree[name] = ("100644", f"id: {number}\n{_ALIKE if number < 3 else ''}")
        elif what == "link":
            tree[name] = ("120000", "elsewhere")
        elif name in tree and what == "mode":
            tree[name] = ("100755" if mode == "100644" else "100644", content)
        elif name in tree and other != name and what in {"copy", "move"}:
            tree[other] = (mode, f"{content}and one\n" if number % 2 else content)
        if what in {"remove", "move"} and name in tree and not (what == "move" and other == name):
            del tree[name]
        for one in [one for one in tree if any(each.startswith(f"{one}/") for each in tree)]:
            del tree[one]


def write_history(root: Path, commits: Sequence[Commit], branch: str) -> None:
    """Write commits into a repository; the last one is the tip of a branch."""
    trees: list[dict[str, tuple[str, str]]] = []
    lines: list[str] = []
    for number, each in enumerate(commits):
        tree = dict(trees[each.parents[0]]) if each.parents else {}
        _edit(tree, each.edits)
        trees.append(tree)
        lines += [f"reset refs/heads/{branch}", f"commit refs/heads/{branch}", f"mark :{number + 1}"]
        lines += [f"committer Anna <anna@example> {_BEGAN + each.time} +0000", "data 1", "x"]
        lines += [f"{'merge' if place else 'from'} :{one + 1}" for place, one in enumerate(each.parents)]
        lines.append("deleteall")
        for name, (mode, content) in tree.items():
            lines += [f"M {mode} inline {name}", f"data {len(content)}", content]
    lines += ["done", ""]
    git(root, "fast-import", "--quiet", "--done", "--force", given="\n".join(lines).encode())


def walk(root: Path, names: Sequence[str], start: str) -> tuple[Mapping[str, list[bytes | None]], set[str]]:
    """Give the contents of files that one pass shows, newest first, and of which more may be left."""
    found: dict[str, list[bytes | None]] = {each: [] for each in names}
    left, cut = set(names), set()
    with open_objects(root) as read:
        for entry in chain.from_iterable(walk_log(root, left, start)):
            if entry.file not in left:
                continue
            found[entry.file].extend(read([entry.object]) if entry.object else [None])
            if entry.has_source:
                left.remove(entry.file)
                cut.add(entry.file)
    return found, cut


def check(root: Path, commits: Sequence[Commit], branch: str) -> None:
    """Hold one pass against the history of each file: the same, or the newest of it where a file may have a source."""
    write_history(root, commits, branch)
    asked = [each for each in NAMES if each.startswith("systems/")]
    found, cut = walk(root, asked, branch)
    for name in asked:
        alone = [each.content for each in read_revisions(root, name, branch)]
        shown = found[name]
        if name in cut:  # where it was a folder, its removal is seen as well, and has no content
            shown[:] = [each for each in shown if each is not None]
            alone[:] = [each for each in alone if each is not None][: len(shown)]
        assert shown == alone, (name, cut)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an empty repository, which takes the branches of many examples."""
    made = tmp_path_factory.mktemp("histories") / "repository"
    made.mkdir()
    git(made, "init", "-q", "-b", "main", "--template=")
    return made


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(histories)
def test_one_pass_gives_what_each_file_gives(root: Path, commits: Sequence[Commit]) -> None:
    """Merges, renames, copies, files that were removed and added again, modes, links, and folders of a file's name."""
    check(root, commits, "sample")


@pytest.mark.thorough
@settings(max_examples=600, suppress_health_check=list(HealthCheck))
@given(histories)
def test_one_pass_gives_what_each_file_gives_in_many_histories(root: Path, commits: Sequence[Commit]) -> None:
    """As above."""
    check(root, commits, "many")


def test_a_pass_ends_with_the_last_file(root: Path) -> None:
    """What nobody wants any more is not read, and neither is what does not exist."""
    shutil.rmtree(root / "nothing", ignore_errors=True)
    write_history(
        root, [Commit([], 0, [("write", NAMES[0], 1)]), Commit([0], 1, [("write", NAMES[0], 2)])], "short"
    )
    left = {NAMES[0]}
    seen: list[FileEntry] = []
    for entries in walk_log(root, left, "short"):
        seen.extend(entries)
        left.difference_update(each.file for each in entries)

    assert [each.has_source for each in seen] == [False]
    assert [*chain.from_iterable(walk_log(root, {"systems/none.yaml"}, "short"))] == []
    assert list(walk_log(root, {NAMES[0]}, "no-such-branch")) == []
    assert list(walk_log(root.parent, {NAMES[0]})) == []


def test_a_repository_may_lie_deeper_and_say_how_git_shows_things(tmp_path: Path) -> None:
    """Names are those below the folder, and no setting of the repository makes the pass another."""
    folder = tmp_path / "repository" / "deeper"
    (folder / "systems").mkdir(parents=True)
    git(folder.parent, "init", "-q", "-b", "main", "--template=")
    (folder / "systems/a.yaml").write_text(f"id: 1\n{_ALIKE}")
    commit_all(folder.parent, "First")
    git(folder, "mv", "systems/a.yaml", "systems/b.yaml")
    commit_all(folder.parent, "Rename")
    settings = {
        "log.follow": "true",
        "diff.renames": "copies",
        "diff.relative": "false",
        "log.diffMerges": "combined",
        "core.quotePath": "true",
        "format.pretty": "oneline",
        "diff.orderFile": "/dev/zero",
    }
    for key, value in settings.items():
        git(folder, "config", key, value)

    found, cut = walk(folder, ["systems/a.yaml", "systems/b.yaml"], "HEAD")

    content = f"id: 1\n{_ALIKE}".encode()
    assert found == {"systems/a.yaml": [None, content], "systems/b.yaml": [content]}
    assert cut == {"systems/b.yaml"}


def test_a_shallow_clone_begins_where_it_was_cut(tmp_path: Path) -> None:
    """Its oldest commit shows as one without a parent, to a pass as to a file by itself."""
    whole, cut_off = tmp_path / "whole", tmp_path / "shallow"
    (whole / "systems").mkdir(parents=True)
    git(whole, "init", "-q", "-b", "main", "--template=")
    for word in ("one", "two"):
        (whole / "systems/a.yaml").write_text(f"id: {word}\n")
        commit_all(whole, word)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{whole}", str(cut_off), GIT_ALLOW_PROTOCOL="file")

    found, cut = walk(cut_off, ["systems/a.yaml"], "HEAD")

    assert (found, cut) == ({"systems/a.yaml": [b"id: two\n"]}, set())
    assert [each.content for each in read_revisions(cut_off, "systems/a.yaml")] == [b"id: two\n"]


def test_a_history_has_a_length_that_is_read() -> None:
    """What comes after so many revisions, or so many bytes, is not known."""
    by_number, by_size = Allowance(), Allowance()

    assert [by_number.take(b"x") for _ in range(MOST_REVISIONS + 1)] == [True] * MOST_REVISIONS + [False]
    assert [by_size.take(b"x" * MOST_HISTORY), by_size.take(None), by_size.take(b"x")] == [True, True, False]
