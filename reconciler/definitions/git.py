"""The definitions at another revision of the repository, read from its objects.

It runs `git` to read, and nothing else: no checkout, no index, no network, no hook, and no program that a
configuration names. What a repository lacks (a shallow clone, no repository at all) is a value, since only the caller
knows whether it matters.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, TYPE_CHECKING

from reconciler.definitions.files import SUFFIXES, SYSTEMS, find_top
from reconciler.definitions.yaml_document import MAX_BYTES
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

_MOST_ANSWER = 64 * 1024 * 1024
"""Bytes of one answer of git; the list of a hundred thousand definitions has twelve million."""
_PIECE = 64 * 1024
"""Bytes that are read at a time: room for the longest answer would have to be given back each time."""
_SECONDS = 60
"""After which git is given up: a repository can bring a pipe where git expects a file."""
_HINT = "Look at the repository with `git status`."
_AT_ONCE = 100
"""Objects that are named at a time: their names, and the lines about them, take less than the 64 KiB of a pipe."""
LONGEST = 300
"""Characters of git's error message."""
_SETTINGS: Mapping[str, str] = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.pager": "cat",
    "core.sshCommand": "false",
    "core.askPass": "",
    "core.gitProxy": "",
    "core.alternateRefsCommand": "false",
    "core.editor": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.bigFileThreshold": "2m",
    "credential.helper": "",
    "diff.external": "",
    "diff.orderFile": "/dev/null",
    "log.showSignature": "false",
    "gpg.program": "false",
    "gpg.openpgp.program": "false",
    "gpg.x509.program": "false",
    "gpg.ssh.program": "false",
    "log.mailmap": "false",
    "mailmap.file": "",
    "mailmap.blob": "",
    "log.showRoot": "true",
    "color.ui": "false",
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
    "maintenance.auto": "false",
    "gc.auto": "0",
}
"""A repository's own configuration must not run anything here, nor have anything else read (git-config(1))."""
_ENVIRON: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    # It is stronger than `protocol.NAME.allow`, which a repository can set.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_LITERAL_PATHSPECS": "1",
}
_INHERITED = ("SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
"""What git needs of the environment beside PATH; a credential is not among it, nor GIT_DIR of a hook."""


class GitFailed(UsageError):
    """Git is not there, or refuses to read the repository; the message holds git's own words.

    `code` is git's exit code, 0 where there was none.
    """

    def __init__(self, message: str, *, hint: str = _HINT, code: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.code = code


@dataclass(frozen=True, slots=True)
class Blob:
    """A file at a revision: its name relative to the root, and its object."""

    name: str
    object: bytes


@dataclass(frozen=True, slots=True)
class Base:
    """The definition files at a revision; `reason` says why there are none."""

    commit: str
    blobs: tuple[Blob, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LineOrigin:
    """The commit that some lines of a file are from, its author and when it was made; empty where not known."""

    commit: str = ""
    author: str = ""
    at: str = ""
    """ISO 8601, with its zone."""


def _list_programs(root: Path) -> list[str]:
    """List the folders of PATH without those of the repository: it could contain a program called git."""
    top = find_top(root) or root.resolve()
    given = [Path(each) for each in os.environ.get("PATH", os.defpath).split(os.pathsep)]
    return [str(each) for each in given if each.is_absolute() and not each.resolve().is_relative_to(top)]


def _compose(root: Path, words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Compose git's command line and environment; raises `GitFailed` where there is no git."""
    folders = _list_programs(root)
    name = "git.exe" if os.name == "nt" else "git"
    program = next((path for each in folders if os.access(path := Path(each, name), os.X_OK)), None)
    if program is None:
        raise GitFailed(
            "There is no git in PATH.", hint="Install git, to have the history of the definitions."
        )
    top = find_top(root) or root
    # A container's checkout belongs to another user than the one in it. Git refuses to read it, for fear of the
    # configuration there, which has no say here. On Windows, too, it compares paths with forward slashes.
    settings = [*_SETTINGS.items(), *(("safe.directory", each.as_posix()) for each in {top, top.resolve()})]
    options = [word for key, value in settings for word in ("-c", f"{key}={value}")]
    kept = {key: os.environ[key] for key in _INHERITED if key in os.environ}
    environ = {**kept, **_ENVIRON, "PATH": os.pathsep.join(folders)}
    return [str(program), "--no-pager", *options, "-C", str(root), *words], environ


@contextmanager
def start_git(root: Path, *words: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Start git, and give its input and output; raises `GitFailed` where it fails or takes too long."""
    command, environ = _compose(root, words)
    late = []
    with TemporaryFile() as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - fixed words, and names after `--` or as objects
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environ
            )
        except OSError as error:
            raise GitFailed(f"git cannot be run: {error.strerror}.") from error

        def give_up() -> None:
            late.append(True)
            process.kill()

        timer = Timer(_SECONDS, give_up)
        timer.daemon = True
        timer.start()
        try:
            assert process.stdin is not None  # noqa: S101 - for the types
            assert process.stdout is not None  # noqa: S101 - likewise
            yield process.stdin, process.stdout
            with suppress(OSError):
                process.stdin.close()
            code = process.wait()
        finally:
            timer.cancel()
            process.kill()
            with suppress(OSError):
                process.__exit__(None, None, None)
        if late:
            raise GitFailed(f"git took more than {_SECONDS} seconds.")
        if code:
            errors.seek(0)
            raise GitFailed(_explain(root, errors.read(10 * LONGEST)), code=code)


def _explain(root: Path, errors: bytes) -> str:
    first = next(iter(errors.decode(errors="replace").splitlines()), "")
    reason = (
        first.removeprefix("fatal: ").removeprefix("error: ")[:LONGEST].rstrip(".") or "it does not say why"
    )
    return f"git cannot read {root}: {reason}."


def ask_git(root: Path, *words: str) -> bytes:
    """Run git and give its answer; raises `GitFailed`."""
    with start_git(root, *words) as (given, answer):
        given.close()
        pieces, size = [], 0
        for piece in iter(partial(answer.read, _PIECE), b""):
            pieces.append(piece)
            size += len(piece)
            if size > _MOST_ANSWER:
                raise GitFailed(f"git's answer has more than {_MOST_ANSWER:,} bytes.")
    return b"".join(pieces)


def find_commit(root: Path, name: str) -> str | None:
    """Find the commit of a name; None where there is none in a repository that git reads."""
    try:
        found = ask_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except GitFailed as error:
        if not error.code:
            raise
        if error.code != 1:  # some invalid names end like a repository that cannot be read
            ask_git(root, "rev-parse", "--git-dir")
        return None
    commit = found.decode().strip()
    return commit if commit.isalnum() else None  # `^main` gives one with a sign


def find_gap(root: Path) -> str:
    """Say why the history here is not whole: a shallow clone, or git's own reason; empty where it is.

    Where there is no repository, there is no history to miss.
    """
    if find_top(root) is None:
        return ""
    try:
        shallow = ask_git(root, "rev-parse", "--is-shallow-repository").strip() == b"true"
    except GitFailed as error:
        return error.message.rstrip(".")
    return "the clone is shallow" if shallow else ""


def read_base(root: Path, name: str) -> Base:
    """List the definition files at a revision, from where this branch left it.

    That is the merge base with HEAD, so that what others merged since is not taken for this change. Raises
    `UsageError` where there is no such revision in a whole history, and git's own reason where it does not read.
    """
    if find_top(root) is None:
        raise UsageError(
            f"{root} is no git repository, so there is no {name}.",
            hint="Run it in a clone of the repository, or name no revision.",
        )
    commit = find_commit(root, name)
    if commit is None:
        gap = find_gap(root)
        if gap:
            return Base("", (), f"{gap} and does not hold {name}")
        raise UsageError(f"There is no revision {name}.", hint="Fetch it first: git fetch origin.")
    with suppress(GitFailed):  # no common ancestor
        commit = ask_git(root, "merge-base", commit, "HEAD").decode().strip()
    blobs = list_blobs(root, commit, f"{SYSTEMS}/")
    return Base(commit, tuple(each for each in blobs if is_definition(each.name)))


def list_blobs(root: Path, commit: str, *paths: str) -> Iterator[Blob]:
    """List the regular files at a commit, below some paths; raises `GitFailed`."""
    listed = ask_git(root, "ls-tree", "-r", "-z", commit, "--", *paths)
    for row in filter(None, listed.split(b"\0")):
        details, _, path = row.partition(b"\t")
        mode, _kind, blob = details.split()
        if mode.startswith(b"100"):
            yield Blob(path.decode(errors="replace"), blob)


def is_definition(name: str) -> bool:
    """Say whether a file is a definition by its name."""
    return name.endswith(SUFFIXES) and not any(part.startswith(".") for part in name.split("/"))


def read_blobs(root: Path, objects: Sequence[bytes]) -> Generator[bytes | None, None, None]:
    """Read objects one after the other, each sized before it is read; None for one that is missing or too large."""
    if objects:
        with open_objects(root) as read:
            yield from read(objects)


@contextmanager
def open_objects(root: Path) -> Iterator[Callable[[Sequence[bytes]], Iterator[bytes | None]]]:
    """Give a function that reads objects likewise, for as long as the block lasts; raises `GitFailed`.

    What it gives has to be taken before more is asked for.
    """
    with (
        start_git(root, "cat-file", "--batch-check") as (asked, sizes),
        start_git(root, "cat-file", "--batch") as (wanted, contents),
    ):

        def read(objects: Sequence[bytes]) -> Iterator[bytes | None]:
            for first in range(0, len(objects), _AT_ONCE):
                names = objects[first : first + _AT_ONCE]
                _name_objects(asked, names)
                known = [_read_size(sizes) for _ in names]
                small = [size if size is not None and size <= MAX_BYTES else None for size in known]
                _name_objects(
                    wanted, [name for name, size in zip(names, small, strict=True) if size is not None]
                )
                for size in small:
                    yield None if size is None else _read_content(root, contents, size)

        yield read


def _name_objects(given: IO[bytes], names: Iterable[bytes]) -> None:
    """Name objects to git, at most so many that neither side has to wait for the other to read."""
    with suppress(OSError):  # git is gone; its answer is then empty
        given.write(b"".join(name + b"\n" for name in names))
        given.flush()


def _read_size(answer: IO[bytes]) -> int | None:
    """Read the line about an object (git-cat-file(1), BATCH OUTPUT); None for what is no content."""
    header = answer.readline().split()
    return int(header[2]) if len(header) == 3 and header[1] == b"blob" else None


def _read_content(root: Path, answer: IO[bytes], size: int) -> bytes:
    _read_size(answer)
    content = answer.read(size + 1)
    if len(content) != size + 1:
        raise GitFailed(f"git cannot read {root}: an object is cut off.")
    return content[:-1]


def read_at_head(root: Path, file: str) -> bytes | None:
    """Read a regular file as the commit that is checked out has it; None where it has none, or there is no commit.

    Raises `GitFailed` where git does not read what is there.
    """
    if find_top(root) is None or find_commit(root, "HEAD") is None:
        return None
    mode, _, rest = ask_git(root, "ls-tree", "-z", "HEAD", "--", file).partition(b" ")
    if not mode.startswith(b"100"):
        return None
    _kind, blob = rest.partition(b"\t")[0].split()
    with closing(read_blobs(root, [blob])) as contents:
        return next(contents)


def find_line_origin(root: Path, file: str, first: int, last: int) -> LineOrigin:
    """Find the newest commit that changed one of some lines of a file, up to the one that is checked out.

    In a shallow clone, what is older than its history is not known. Raises `GitFailed` likewise.
    """
    # `git blame` would leave out the commits that a configuration names, and take the author from a `.mailmap`.
    lines = (f"-L{first},{last}:{file}", "--no-patch", "--max-count=1")
    wanted = (
        "--no-show-signature",
        "--no-mailmap",
        "--no-notes",
        "--no-color",
        "--format=%H%x00%P%x00%cI%x00%an",
    )
    told = ask_git(root, "log", *lines, *wanted, "HEAD", "--").decode(errors="replace")
    commit, parents, at, author = told.rstrip("\n").split("\0")
    if not parents and find_gap(root):
        return LineOrigin()
    return LineOrigin(commit, author[:LONGEST], at)


def find_head(root: Path) -> tuple[str, str]:
    """Find the commit that is checked out and its branch; empty where there is none, or git does not read it."""
    if find_top(root) is None:
        return "", ""
    commit = branch = ""
    with suppress(GitFailed):
        commit = find_commit(root, "HEAD") or ""
        branch = ask_git(root, "symbolic-ref", "--quiet", "--short", "HEAD").decode(errors="replace").strip()
    return commit, branch[:LONGEST]
