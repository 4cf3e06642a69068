"""Which definition files a change has changed, by the names of their objects: none of them is read as YAML.

All is given up, as None, where git and the working tree do not both show regular files in a whole history; reading
everything then says what is wrong.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.definitions.files import SUFFIXES, SYSTEMS, find_top
from reconciler.definitions.git import GitFailed, ask_git, is_definition, list_blobs
from reconciler.definitions.working_tree import is_object
from reconciler.definitions.yaml_document import MAX_BYTES
from reconciler.platform import read_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_REVISION = re.compile(r"[0-9A-Za-z_@][0-9A-Za-z_@./{}~^-]*")
"""A name of a revision that git takes for nothing else, such as an option or a range."""
_MOST_BYTES = 64 * 1024 * 1024
"""Of all definitions together, which are kept to be searched."""


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """The definition files of the working tree beside those of a base and of the commit that is checked out."""

    base: str
    """The commit where this branch left the revision that was named."""
    head: str
    contents: Mapping[str, bytes]
    """What lies in the working tree, by name."""
    objects: Mapping[str, bytes]
    """The objects of the base, by name."""
    changed: frozenset[str]
    """The files that are not as at the base, that are new, or that are gone."""
    uncommitted: frozenset[str]
    """Those that are not as in the commit that is checked out, likewise."""
    beside: Mapping[str, bytes]
    """The objects of what the base has beside definitions: in their folder, and of the other files asked for."""


def compare_files(root: Path, name: str, beside: Sequence[str]) -> ChangedFiles | None:
    """Compare the definition files with those at a revision, from where this branch left it; None as said above.

    `beside` are other files whose objects are asked for.
    """
    if find_top(root) is None or not _REVISION.fullmatch(name) or ".." in name:
        return None
    contents = _read_contents(root)
    if contents is None:
        return None
    try:
        commits = _find_commits(root, name)
        if commits is None:
            return None
        base, head = commits
        listed = {each.name: each.object for each in list_blobs(root, base, f"{SYSTEMS}/", *beside)}
        moved = dict(_list_differences(root, base, head))
    except GitFailed:
        return None
    before = {file: each for file, each in listed.items() if _is_definition(file)}
    changed = _find_changed(contents, before)
    # Only what differs from the base, or did in the last commit, can differ from that one.
    rest = changed | moved.keys()
    now = {file: moved.get(file, before.get(file, b"")) for file in rest}
    uncommitted = _find_changed(
        {file: each for file, each in contents.items() if file in rest},
        {file: each for file, each in now.items() if each},
    )
    others = {file: each for file, each in listed.items() if file not in before}
    return ChangedFiles(base, head, contents, before, changed, uncommitted, others)


def _is_definition(name: str) -> bool:
    return name.startswith(f"{SYSTEMS}/") and is_definition(name)


def _find_commits(root: Path, name: str) -> tuple[str, str] | None:
    """Find where this branch left a revision, and the commit that is checked out; raises `GitFailed`."""
    words = ("--is-shallow-repository", "HEAD^{commit}", f"{name}^{{commit}}")
    shallow, *commits = ask_git(root, "rev-parse", *words).decode(errors="replace").split()
    if shallow != "false" or len(commits) != 2 or not all(map(str.isalnum, commits)):
        return None
    base = ask_git(root, "merge-base", commits[1], commits[0]).decode().strip()
    return base, commits[0]


def _list_differences(root: Path, base: str, head: str) -> Iterator[tuple[str, bytes]]:
    """List the definition files that differ between two commits, with their objects in the second.

    An object is empty where there is no regular file (git-diff(1), RAW OUTPUT FORMAT). Raises `GitFailed`.
    """
    words = (
        "-r",
        "-z",
        "--raw",
        "--no-abbrev",
        "--no-renames",
        "--relative",
        "--no-ext-diff",
        "--no-textconv",
    )
    fields = iter(ask_git(root, "diff-tree", *words, base, head, "--", f"{SYSTEMS}/").split(b"\0"))
    for details, path in zip(fields, fields, strict=False):
        _, mode, _, blob, _ = details[1:].split()
        name = path.decode(errors="replace")
        if _is_definition(name):
            yield name, blob if mode.startswith(b"100") else b""


def _find_changed(contents: Mapping[str, bytes], objects: Mapping[str, bytes]) -> frozenset[str]:
    """Find the files that differ from their objects, and those that only one side has."""
    differing = {file for file, each in contents.items() if not is_object(each, objects.get(file, b""))}
    return frozenset(differing | (objects.keys() - contents.keys()))


def _read_contents(root: Path) -> dict[str, bytes] | None:
    """Read all definition files; None where one is a link, cannot be read, or is too large."""
    contents: dict[str, bytes] = {}
    left = _MOST_BYTES
    try:
        for name, path in _list_files(root):
            content = read_plain(path, MAX_BYTES + 1)
            left -= len(content)
            if len(content) > MAX_BYTES or left < 0:
                return None
            contents[name] = content
    except OSError:
        return None
    return contents


def _list_files(root: Path) -> Iterator[tuple[str, str]]:
    """List the definition files, by the name that git has them under; raises `OSError` where one is a link."""
    folders = [(SYSTEMS, os.path.join(root, SYSTEMS))]  # noqa: PTH118 - a `Path` a file takes longer than to read it
    if not stat.S_ISDIR(os.lstat(folders[0][1]).st_mode):
        raise NotADirectoryError(folders[0][1])
    while folders:
        name, folder = folders.pop()
        with os.scandir(folder) as entries:
            for each in entries:
                if each.name.startswith("."):
                    continue
                if each.is_dir():
                    if each.is_symlink():
                        raise NotADirectoryError(each.path)
                    folders.append((f"{name}/{each.name}", each.path))
                elif each.name.endswith(SUFFIXES):
                    yield f"{name}/{each.name}", each.path
