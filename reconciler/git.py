"""The definitions at another revision of the repository, read from its objects.

It runs `git` to read, and nothing else: no checkout, no index, no network, no hook. What a repository lacks
(a shallow clone, no repository at all) is a value, since only the caller knows whether it matters.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.document import MAX_BYTES
from reconciler.errors import UsageError
from reconciler.history import Revision
from reconciler.workspace import SUFFIXES, SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MOST_REVISIONS = 200
"""Of one file; a value that is older than so many changes is told as unknown."""
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never")
"""A repository's own configuration must not run anything here."""
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Base:
    """The definition files at a revision, by name; `reason` says why there are none to be had."""

    commit: str
    files: Mapping[str, bytes]
    reason: str = ""


def _run(root: Path, *words: str, given: bytes = b"") -> bytes | None:
    """Run git; None where it fails or is not there."""
    environ = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, and names after `--` or as objects
            ["git", *_SAFE, "-C", str(root), *words],  # noqa: S607 - the git of the person's own path
            input=given,
            capture_output=True,
            env=environ,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _resolve(root: Path, name: str) -> str | None:
    found = _run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return found.decode().strip() if found else None


def is_shallow(root: Path) -> bool:
    """Say whether the history here is cut off."""
    return (_run(root, "rev-parse", "--is-shallow-repository") or b"").strip() == b"true"


def read_base(root: Path, name: str) -> Base:
    """Read the definition files at a revision, from where this branch left it.

    That is the merge base with HEAD, so that what others merged since is not taken for this change. Raises
    `UsageError` where there is no such revision in a whole history.
    """
    commit = _resolve(root, name)
    if commit is None:
        if _run(root, "rev-parse", "--git-dir") is None:
            raise UsageError(f"{root} is no git repository, so there is no {name}.", hint="Leave --base out.")
        if is_shallow(root):
            return Base("", {}, f"the clone is shallow and does not hold {name}")
        raise UsageError(f"There is no revision {name}.", hint="Fetch it first: git fetch origin.")
    fork = _run(root, "merge-base", commit, "HEAD")
    commit = fork.decode().strip() if fork else commit
    return Base(commit, _read_files(root, commit))


def _read_files(root: Path, commit: str) -> dict[str, bytes]:
    listed = _run(root, "ls-tree", "-r", "-z", "-l", commit, "--", f"{SYSTEMS}/") or b""
    wanted: list[tuple[str, bytes]] = []
    for row in filter(None, listed.split(b"\0")):
        details, _, path = row.partition(b"\t")
        mode, _kind, blob, size = details.split()
        name = path.decode(errors="replace")
        hidden = any(part.startswith(".") for part in name.split("/"))
        if mode.startswith(b"100") and name.endswith(SUFFIXES) and not hidden and int(size) <= MAX_BYTES:
            wanted.append((name, blob))
    contents = _read_blobs(root, [blob for _, blob in wanted])
    return {name: content for (name, _), content in zip(wanted, contents, strict=True) if content is not None}


def _read_blobs(root: Path, names: Sequence[bytes]) -> list[bytes | None]:
    """Read many objects with one process; None for one that is not there."""
    if not names:
        return []
    answer = _run(root, "cat-file", "--batch", given=b"\n".join(names) + b"\n") or b""
    contents: list[bytes | None] = []
    offset = 0
    for _ in names:
        end = answer.find(b"\n", offset)
        header = answer[offset:end].split()
        if end < 0 or header[-1:] == [b"missing"]:
            contents.append(None)
            offset = end + 1 if end >= 0 else len(answer)
            continue
        size = int(header[2])
        contents.append(answer[end + 1 : end + 1 + size])
        offset = end + 1 + size + 1
    return contents


def read_revisions(root: Path, file: str, start: str = "HEAD") -> tuple[Revision, ...]:
    """Read the revisions of one file, newest first, renames followed; empty where there is no history."""
    told = _run(
        root,
        "log",
        "--follow",
        f"--max-count={MOST_REVISIONS}",
        "--format=%x01%H%x00%aI%x00%an%x00%s%x00",
        "--name-only",
        "-z",
        "--relative",
        start,
        "--",
        file,
    )
    rows = [row.split(b"\0") for row in (told or b"").split(b"\x01") if row]
    names = [
        next((field.strip(b"\n") for field in row[4:] if field.strip(b"\n")), file.encode()) for row in rows
    ]
    prefix = (_run(root, "rev-parse", "--show-prefix") or b"").strip()
    objects = [b"%s:%s%s" % (row[0], prefix, name) for row, name in zip(rows, names, strict=True)]
    contents = _read_blobs(root, objects)
    revisions = []
    for row, content in zip(rows, contents, strict=True):
        commit, date, author, subject = (field.decode(errors="replace") for field in row[:4])
        revisions.append(Revision(commit, date, author, subject, content))
    return tuple(revisions)
