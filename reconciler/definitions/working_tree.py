"""The definitions as they lie in the working tree, held against the commit that is checked out.

git is asked for the objects of that commit alone. `git status` would run the filters that a repository configures.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from typing import TYPE_CHECKING

from reconciler.definitions.files import find_top, read_file
from reconciler.definitions.git import GitFailed, list_blobs, read_base, read_blobs
from reconciler.errors import UsageError
from reconciler.model.revision import Checkout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from reconciler.definitions.yaml_document import Document

_SHA1_DIGITS = 40
"""Of an object's name; a repository with SHA-256 has longer ones (gitformat-pack(5))."""


def compare_with_head(root: Path, documents: Iterable[Document]) -> Checkout | None:
    """Find the commit that is checked out, and which definitions are not as it has them.

    A definition that the commit has and the working tree lacks is one of them. Line ends do not count, since git can
    be told to change them. Gives None where git does not read what is there.
    """
    if find_top(root) is None:
        return Checkout("")
    texts = _locate_texts(root, documents)
    try:
        head = read_base(root, "HEAD")
        objects = {blob.name: blob.object for blob in head.blobs}
        changed = _find_changed(root, texts, objects)
    except GitFailed:
        return None
    except UsageError:  # a repository without a commit
        return Checkout("", tuple(sorted(texts)))
    removed = [name for name in objects if name not in texts and not os.path.lexists(root / name)]
    return Checkout(head.commit, tuple(sorted([*changed, *removed])))


def is_as_at(root: Path, commit: str, names: Sequence[str]) -> bool:
    """Say whether some files are as a commit has them, or are in neither; raises `GitFailed`.

    Anything else than a regular file counts as another, and so do other line ends.
    """
    objects = {each.name: each.object for each in list_blobs(root, commit, *names)}
    return are_as_listed(root, names, objects)


def are_as_listed(root: Path, names: Iterable[str], objects: Mapping[str, bytes]) -> bool:
    """Say likewise of files whose objects are listed already; a file that is in neither has none."""
    return all(_is_as_listed(root, name, objects.get(name)) for name in names)


def _is_as_listed(root: Path, name: str, listed: bytes | None) -> bool:
    path = root / name
    if listed is None or not os.path.lexists(path):
        return listed is None and not os.path.lexists(path)
    return not path.is_symlink() and path.is_file() and is_object(read_file(path, within=root), listed)


def _locate_texts(root: Path, documents: Iterable[Document]) -> dict[str, str]:
    """Give each text under the name that git has its file under: where that is a link, of what it leads to."""
    top = os.path.realpath(root)
    folders: dict[str, str] = {}  # resolving every file by itself takes a tenth of what a plan of 1,000 does
    texts: dict[str, str] = {}
    for each in documents:
        path = str(root / each.file)
        folder, name = os.path.split(path)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        linked = os.path.islink(path)  # noqa: PTH114 - a `Path` of each file would cost as much again
        real = os.path.realpath(path) if linked else f"{folders[folder]}{os.sep}{name}"
        inside = real.startswith(top + os.sep)
        texts[real[len(top) + 1 :].replace(os.sep, "/") if inside else each.file] = each.text
    return texts


def _find_changed(root: Path, texts: Mapping[str, str], objects: Mapping[str, bytes]) -> list[str]:
    """Find the files whose text is not that of their object; raises `GitFailed`."""
    doubtful = [name for name, text in texts.items() if not is_object(text.encode(), objects.get(name, b""))]
    known = [name for name in doubtful if name in objects]
    changed = [name for name in doubtful if name not in objects]
    with closing(read_blobs(root, [objects[name] for name in known])) as contents:
        for name, content in zip(known, contents, strict=True):
            if content is None or _read(content) != _read(texts[name].encode()):
                changed.append(name)
    return changed


def is_object(content: bytes, name: bytes) -> bool:
    """Say whether a content is what git has under an object's name, which spares reading the object."""
    algorithm = "sha1" if len(name) == _SHA1_DIGITS else "sha256"
    found = hashlib.new(algorithm, b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return found.hexdigest().encode() == name


def _read(content: bytes) -> str:
    return content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
