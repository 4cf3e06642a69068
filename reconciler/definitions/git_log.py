"""What the commits of a repository made of a file, its renames followed, or of many files in one pass.

The history of one file costs four processes of git, and one of them goes through all commits.
"""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from reconciler.definitions.files import SYSTEMS, find_top
from reconciler.definitions.git import LONGEST, ask_git, find_commit, read_blobs, start_git
from reconciler.definitions.yaml_document import MAX_BYTES
from reconciler.model.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

MOST_REVISIONS = 200
"""Of one file; a value that is older than so many changes is reported as unknown."""
MOST_HISTORY = 32 * MAX_BYTES
"""Bytes of one file's revisions together; what is older is reported as unknown."""
_CHUNK = 1 << 16
"""Bytes that are read at a time."""


@dataclass(slots=True)
class Allowance:
    """How much of one file's history is still read."""

    revisions: int = MOST_REVISIONS
    size: int = MOST_HISTORY

    def take(self, content: bytes | None) -> bool:
        """Take one revision more; says whether that is still allowed."""
        self.revisions -= 1
        self.size -= len(content or b"")
        return self.revisions >= 0 and self.size >= 0


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What one commit made of one file."""

    file: str
    object: bytes
    """Its content's; empty where the commit removed it, or made something else than a regular file of it."""
    has_source: bool = False
    """Whether the content may come from another file, under whose name the history then goes on."""


def read_revisions(root: Path, file: str, start: str = "HEAD") -> Iterator[Revision]:
    """Read the revisions of one file, newest first, renames followed; none where there is no history.

    Raises `GitFailed` where git does not read what is there.
    """
    if find_top(root) is None or (commit := find_commit(root, start)) is None:
        return
    mark = secrets.token_hex(16)  # which no author's name and no subject contains
    log = ask_git(
        root,
        *(
            "log",
            "--follow",
            f"--max-count={MOST_REVISIONS}",
            "-z",
            "--raw",
            "--no-abbrev",
            "--encoding=UTF-8",
        ),
        *(
            "--no-show-signature",
            "--no-ext-diff",
            "--no-textconv",
            "--no-mailmap",
            "--no-notes",
            "--no-color",
        ),
        *("-O/dev/null", "-l100", "--diff-merges=first-parent"),
        f"--format={mark}%x00%H%x00%aI%x00%<({LONGEST},trunc)%an%x00%<({LONGEST},trunc)%s%x00",
        *(commit, "--", file),
    )
    rows = [row.split(b"\0") for row in log.split(mark.encode()) if row.strip(b"\0\n")]
    objects = [_find_object(row[5:]) for row in rows]
    left = Allowance(size=MOST_HISTORY)
    with closing(read_blobs(root, [each for each in objects if each])) as contents:
        for row, blob in zip(rows, objects, strict=True):
            content = next(contents, None) if blob else None
            if not left.take(content):
                return
            commit, date, author, subject = (field.decode(errors="replace").strip() for field in row[1:5])
            yield Revision(commit, date, author, subject, content)


def _find_object(fields: Sequence[bytes]) -> bytes:
    """Find the object that a commit gave the file (git-diff(1), RAW OUTPUT FORMAT); empty where it removed it."""
    raw = next((field.strip(b"\n:").split() for field in fields if field.strip(b"\n").startswith(b":")), [])
    if len(raw) != 5 or not raw[1].startswith(b"100"):
        return b""
    return raw[3]


def walk_log(root: Path, files: Collection[str], start: str = "HEAD") -> Iterator[tuple[FileEntry, ...]]:
    """Give what each commit made of some definition files, newest first; nothing where there is no history.

    The commits and their order are those of `read_revisions`: all of them, each held against its first parent.
    Renames are not looked for: what comes after an entry that has a source is not the file's. `files` may shrink
    meanwhile, and the walk ends when none is left. Raises `GitFailed` where git does not read what is there.
    """
    if not files or find_top(root) is None or (commit := find_commit(root, start)) is None:
        return
    mark = secrets.token_hex(16).encode()  # which is the name of no commit
    words = (
        *("log", "-z", "--raw", "--no-abbrev", "--no-renames", "--relative", "--full-history"),
        *("--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-notes", "--no-color"),
        *("-O/dev/null", "--diff-merges=first-parent", f"--format={mark.decode()}%x00%P%x00"),
    )
    with start_git(root, *words, commit, "--", SYSTEMS) as (_given, answer):
        yield from _read_entries(_split(answer), mark, files)


def _split(answer: IO[bytes]) -> Iterator[bytes]:
    """Split what git says at its zero bytes, without holding all of it."""
    rest = b""
    while chunk := answer.read(_CHUNK):
        *fields, rest = (rest + chunk).split(b"\0")
        yield from fields
    yield rest


def _read_entries(
    fields: Iterable[bytes], mark: bytes, files: Collection[str]
) -> Iterator[tuple[FileEntry, ...]]:
    """Read the entries of some files out of a log, by commit (git-diff(1), RAW OUTPUT FORMAT)."""
    left = iter(fields)
    has_parent = False
    found: list[FileEntry] = []
    for field in left:
        word = field.strip(b"\n")
        if word == mark:
            yield tuple(found)
            found.clear()
            has_parent = bool(next(left, b"").strip())
        elif word.startswith(b":"):
            found += _read_entry(word, os.fsdecode(next(left, b"")), files, has_parent=has_parent)
        if not files:
            return
    yield tuple(found)


def _read_entry(word: bytes, name: str, files: Collection[str], *, has_parent: bool) -> Iterator[FileEntry]:
    _, mode, _, blob, status = word[1:].split()
    if name in files:
        yield FileEntry(name, blob if mode.startswith(b"100") else b"", has_parent and status == b"A")
    above = _find_above(name, files)
    if above:  # a folder of that name, whose files are taken for it where it is read by itself
        yield FileEntry(above, b"", has_source=True)


def _find_above(name: str, files: Collection[str]) -> str:
    """Find a file of some whose name a commit has for a folder; empty where there is none."""
    above, slash, _ = name.rpartition("/")
    while slash and above not in files:
        above, slash, _ = above.rpartition("/")
    return above if above in files else ""
