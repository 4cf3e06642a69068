"""All disk access to definitions and to what the tool writes for itself.

It finds and reads files, and writes atomically; it neither interprets what it reads nor prints.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.definitions.yaml_document import (
    MAX_BYTES,
    Document,
    FaultKind,
    Position,
    YamlFault,
    read_document,
)
from reconciler.errors import UsageError
from reconciler.platform import make_private_folder, open_plain, read_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import IO

SYSTEMS = "systems"
"""The folder under the root that holds the definitions."""
SCHEMA = ".definition.schema.json"
"""Beside the definitions; a name that begins with a dot is no definition."""
SUFFIXES = (".yaml", ".yml")
MOST_BYTES = 64 * 1024 * 1024
"""Of any other file that is read: a saved plan of a thousand systems has ten."""
_NO_NAMES = frozenset({"", ".", ".."})
_LINK_OUT = "is a link that leads out of the repository"


def find_definitions(root: Path, paths: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Find the definition files: those under `systems/`, or the given files and those under given folders.

    Names that start with a dot are not definitions; a folder that is a link is given as it is, so that it is
    reported. Raises `UsageError` for a path that does not exist, or a folder that cannot be searched.
    """
    found: dict[str, Path] = {}
    for path in paths or [root / SYSTEMS]:
        if path.is_dir():
            found |= {_locate(each): each for each in _walk(path)}
        elif path.exists():
            found[_locate(path)] = path
        elif paths:
            raise UsageError(f"There is no {path}.", hint="Name a definition file, or a folder of them.")
    return tuple(found.values())


def list_names(root: Path) -> set[str]:
    """List the names in the folder of the definitions, in small letters."""
    folder = root / SYSTEMS
    return {each.name.lower() for each in folder.iterdir()} if folder.is_dir() else set()


def locate_list(root: Path, environment: str) -> Path:
    """Name the file that keeps an environment's list of packages and resources; its dot says it is no definition."""
    return root / SYSTEMS / f".catalogue.{environment}.json"


def has_schema(root: Path) -> bool:
    """Say whether the schema of a definition lies beside the definitions, where editors find it."""
    return os.path.lexists(root / SYSTEMS / SCHEMA)


def find_lists(root: Path, environments: Iterable[str]) -> dict[str, Path]:
    """Find the saved lists of environments, by their names, in their order."""
    places = {name: locate_list(root, name) for name in environments}
    return {name: path for name, path in places.items() if os.path.lexists(path)}


def _locate(path: Path) -> str:
    """Give the absolute path; links are left in it, since they are to be named and not followed."""
    return os.path.abspath(path)  # noqa: PTH100 - `resolve` follows them


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_refuse_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (path for name in folders if (path := Path(parent, name)).is_symlink())
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(parent, name)


def _refuse_folder(error: OSError) -> None:
    """Refuse a folder that cannot be searched: its systems would be unmanaged without a word."""
    raise UsageError(
        f"{error.filename} cannot be searched: {error.strerror}.", hint="Check its permissions."
    ) from error


def find_top(root: Path) -> Path | None:
    """Find the folder of the git repository that a root lies in; None where there is none."""
    real = Path(os.path.realpath(root))
    return next((each for each in (real, *real.parents) if os.path.lexists(each / ".git")), None)


def read_documents(root: Path, files: Iterable[Path]) -> tuple[Document, ...]:
    """Read definition files, in the order of their names; what cannot be read is a document with a fault."""
    bases = (os.path.abspath(root), os.path.realpath(root))  # noqa: PTH100 - links are named and not followed
    follow = cache(os.path.realpath)  # each folder is resolved once
    documents = [_read(bases, str(file), follow) for file in files]
    return tuple(sorted(documents, key=lambda document: document.file))


def _read(bases: tuple[str, str], file: str, follow: Callable[[str], str]) -> Document:
    """Read one file; `bases` are the root as it was named and as it is, `follow` gives a folder without links.

    Its path is a text, and it is looked at once: with `pathlib` a thousand files took a sixth of a check of them.
    """
    name, inside = _name(bases, file)
    mode = _look_at(file)
    is_link = stat.S_ISLNK(mode)
    folder, own = os.path.split(file)
    is_plain = not is_link and own not in _NO_NAMES
    real = os.path.join(follow(folder), own) if is_plain else os.path.realpath(file)  # noqa: PTH118 - as said above
    if (inside or is_link) and _cut(real, bases[1]) is None:
        return _fault(name, f"The file {_LINK_OUT}", "Put the file in its place.")
    if not (is_plain and stat.S_ISREG(mode)):
        mode = _look_at(real)
        if stat.S_ISDIR(mode):
            return _fault(name, "A folder that is a link is not searched", "Put the folder in its place.")
        if not stat.S_ISREG(mode):
            return _fault(name, "This is not a regular file", "Put a file in its place, or remove it.")
    try:
        content = read_plain(real, MAX_BYTES + 1)
    except OSError as error:
        return _fault(name, f"The file cannot be read: {error.strerror}", "Check its permissions.")
    return read_document(name, content)


def _look_at(path: str) -> int:
    """Give the mode of what a path names, a link itself; 0 where that cannot be seen."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def _resolve_links(path: Path) -> Path:
    return Path(os.path.realpath(path))  # `Path.resolve` raises on a link to itself


def _lies_in(real: Path, folder: Path) -> bool:
    return real.is_relative_to(os.path.realpath(folder))


def _name(bases: tuple[str, str], file: str) -> tuple[str, bool]:
    """Name a file as people do, relative to the root where it lies below it; and say whether it does."""
    path = os.path.abspath(file)  # noqa: PTH100 - as of the root
    for base in bases:
        below = _cut(path, base)
        if below is not None:
            return _print(below), True
    return _print(path), False


def _cut(path: str, folder: str) -> str | None:
    """Give what a path is below a folder; None where it does not lie in it. `pathlib` takes five times as long."""
    above = folder.removesuffix(os.sep) + os.sep
    lies_below = os.path.normcase(path).startswith(os.path.normcase(above))
    return path[len(above) :] if lies_below else None


def _print(path: str, separator: str = os.sep) -> str:
    """Print a path with forward slashes, as git and CI runners do; a byte that is no UTF-8 is replaced."""
    return os.fsencode(path.replace(separator, "/")).decode(errors="replace")


def _fault(name: str, message: str, hint: str) -> Document:
    return Document(name, "", (YamlFault(FaultKind.SYNTAX, message, Position(1, 1), hint),))


def read_file(path: Path, *, within: Path | None = None, most: int = MOST_BYTES) -> bytes:
    """Read a regular file whole, as definitions are read: no pipe, no device, and at most so many bytes.

    `within` is the folder that a link must not lead out of; `most` is in bytes. Raises `UsageError` for whatever
    cannot be read so.
    """
    real = _resolve_links(path)
    if within is not None and not _lies_in(real, within):
        raise UsageError(f"{path} {_LINK_OUT}.", hint="Put the file in its place.")
    try:
        content = read_plain(real, most + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from error
    if len(content) > most:
        raise UsageError(f"{path} has more than {most:,} bytes.", hint="Name the file that is meant.")
    return content


class Draft:
    """A file that is going to be written: opened beside its place already, so that a failure shows early."""

    def __init__(self, path: Path, mode: int = 0o600) -> None:
        """Open the draft, by default readable by its owner only; raises `UsageError` where that fails."""
        self.path = path
        self._draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        if path.exists() and not path.is_file():  # root could replace a device, too
            raise UsageError(f"{path} cannot be written: it is not a regular file.", hint="Name a file.")
        try:
            descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except OSError as error:
            raise UsageError(
                f"{path} cannot be written: {error.strerror}.", hint="Check the folder."
            ) from error
        self._stream: IO[bytes] | None = os.fdopen(descriptor, "wb")

    def write(self, content: str | bytes | Iterable[str]) -> None:
        """Put the whole content in its place, text as UTF-8, or nothing; raises `UsageError` where that fails."""
        pieces = (content,) if isinstance(content, (str, bytes)) else content
        stream, self._stream = self._stream, None
        if stream is None:
            raise UsageError(f"{self.path} was written already.")
        try:
            with stream:
                for piece in pieces:
                    stream.write(piece.encode() if isinstance(piece, str) else piece)
                stream.flush()
                os.fsync(stream.fileno())
            self._draft.replace(self.path)
        except (OSError, UnicodeEncodeError) as error:
            self._draft.unlink(missing_ok=True)
            reason = error.strerror if isinstance(error, OSError) else "it would hold a lone surrogate"
            raise UsageError(
                f"{self.path} cannot be written: {reason}.", hint="Check the folder and its disk."
            ) from error

    def drop(self) -> None:
        """Leave nothing behind, unless it was written."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
            self._draft.unlink(missing_ok=True)


@contextmanager
def open_drafts(paths: Iterable[Path]) -> Iterator[Mapping[Path, Draft]]:
    """Open every file that is going to be written; raises `UsageError` where one cannot be.

    What has not been written when the block ends is dropped, and what stood there before is left.
    """
    drafts: dict[Path, Draft] = {}
    try:
        for path in paths:
            if path in drafts:
                raise UsageError(f"{path} is named for two outputs.", hint="Name two files.")
            drafts[path] = Draft(path)
        yield drafts
    finally:
        for draft in drafts.values():
            draft.drop()


def probe(path: Path | None) -> None:
    """See whether a file can be written later, if there is one; raises `UsageError` where it cannot."""
    if path is not None:
        Draft(path).drop()


def write_file(path: Path, text: str | Iterable[str]) -> None:
    """Write a file whole or not at all, readable by its owner only; raises `UsageError` where that fails.

    The line ends are those of the text, whatever the system's are.
    """
    Draft(path).write(text)


def read_mark(path: Path) -> str:
    """Read the byte order mark of a file that was read as a document; empty where it has none."""
    return "\ufeff" if read_file(path).startswith("\ufeff".encode()) else ""


def write_definition(path: Path, text: str, *, within: Path | None = None) -> None:
    """Write a definition file whole or not at all, readable by whom it was, or by whom new files are.

    A link is followed; `within` is the folder that it must not lead out of. Raises `UsageError` where it does, and
    where the file cannot be written.
    """
    real = _resolve_links(path)
    if within is not None and not _lies_in(real, within):
        raise UsageError(f"{path} {_LINK_OUT}.", hint="Put a folder or a file in its place.")
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o666
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Check the folder.") from error
    Draft(real, mode).write(text)


def find_own_journal(root: Path) -> Path:
    """Give the folder of journals under a root, for a verb that only reads them; it need not exist."""
    return root / ".reconciler" / "journal"


def prepare_own_folder(root: Path, name: str = "") -> Path:
    """Make `.reconciler/` under a root, or a folder in it: the tool's own, private, and ignored by git.

    Raises `UsageError` where it cannot be made, or is a link: a repository could make the tool write anywhere.
    """
    own = root / ".reconciler"
    folder = own / name if name else own
    try:
        make_private_folder(own)
        _hide_from_git(own / ".gitignore")
        if name:
            make_private_folder(folder)
    except OSError as error:
        where = error.filename or folder
        raise UsageError(
            f"{where} cannot be used: {error.strerror}.",
            hint="Remove it, or make the folder writable: the tool writes there for itself only.",
        ) from error
    return folder


def _hide_from_git(ignore: Path) -> None:
    """Write the file that hides a folder from git; one that a person changed stays, and a link is refused."""
    try:
        descriptor = open_plain(ignore, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        stream.write("*\n")


def append_file(path: Path, text: str) -> None:
    """Add text to the end of a file, whole or not at all; what stands there is kept as it is.

    The text gets the line ends of the file. Raises `UsageError` where it cannot be read as text, or not be written.
    """
    try:
        before = read_file(path).decode() if path.exists() else ""
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8.", hint="Save it as UTF-8.") from error
    end = "\r\n" if before.partition("\n")[0].endswith("\r") else "\n"
    gap = end if before and not before.endswith("\n") else ""
    write_file(path, before + gap + text.replace("\n", end))
