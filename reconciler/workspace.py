"""All disk access to definitions and to what the tool writes for itself.

It finds and reads files, and writes atomically; it neither interprets what it reads nor prints.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.document import MAX_BYTES, Document, Fault, FaultKind, Position, read_document
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SYSTEMS = "systems"
"""The folder under the root that holds the definitions."""
SUFFIXES = (".yaml", ".yml")


def find_definitions(root: Path, paths: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Find the definition files: those under `systems/`, or the given files and those under given folders.

    Names that start with a dot are not definitions; a folder that is a link is given as it is, so that it is
    told. Raises `UsageError` for a path that does not exist, or a folder that cannot be searched.
    """
    found: dict[Path, Path] = {}
    for path in paths or [root / SYSTEMS]:
        if path.is_dir():
            found |= {_locate(each): each for each in _walk(path)}
        elif path.exists():
            found[_locate(path)] = path
        elif paths:
            raise UsageError(f"There is no {path}.", hint="Name a definition file, or a folder of them.")
    return tuple(found.values())


def _locate(path: Path) -> Path:
    """Give the absolute path; links are left in it, since they are to be named and not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` follows them


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_stop):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (path for name in folders if (path := Path(parent, name)).is_symlink())
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(parent, name)


def _stop(error: OSError) -> None:
    """Stop at a folder that cannot be searched: its systems would quietly be unmanaged."""
    raise UsageError(
        f"{error.filename} cannot be searched: {error.strerror}.", hint="Check its permissions."
    ) from error


def read_documents(root: Path, files: Iterable[Path]) -> tuple[Document, ...]:
    """Read definition files, in the order of their names; what cannot be read is a document with a fault."""
    documents = [_read(root, file) for file in files]
    return tuple(sorted(documents, key=lambda document: document.file))


def _read(root: Path, file: Path) -> Document:
    name, inside = _name(root, file)
    real = Path(os.path.realpath(file))  # `Path.resolve` raises on a link to itself
    if (inside or file.is_symlink()) and not real.is_relative_to(os.path.realpath(root)):
        return _fault(
            name, "The file is a link that leads out of the repository", "Put the file in its place."
        )
    if real.is_dir():
        return _fault(name, "A folder that is a link is not searched", "Put the folder in its place.")
    if not real.is_file():
        return _fault(name, "This is not a regular file", "Put a file in its place, or remove it.")
    try:
        with real.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _fault(name, f"The file cannot be read: {error.strerror}", "Check its permissions.")
    return read_document(name, content)


def _name(root: Path, file: Path) -> tuple[str, bool]:
    """Name a file as people do, relative to the root where it lies below it; and say whether it does."""
    path = _locate(file)
    for base in (_locate(root), os.path.realpath(root)):
        if path.is_relative_to(base):
            return _print(path.relative_to(base)), True
    return _print(path), False


def _print(path: Path) -> str:
    """Print a path; a byte that is no UTF-8 could be written nowhere."""
    return os.fsencode(path.as_posix()).decode(errors="replace")


def _fault(name: str, message: str, hint: str) -> Document:
    return Document(name, "", None, (Fault(FaultKind.SYNTAX, message, Position(1, 1), hint),))


def read_file(path: Path) -> bytes:
    """Read a whole file; raises `UsageError` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from error


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only; raises `UsageError` where that fails."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    if path.exists() and not path.is_file():  # a device can be replaced, too, by who may do everything
        raise UsageError(f"{path} cannot be written: it is not a regular file.", hint="Name a file.")
    try:
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except (OSError, UnicodeEncodeError) as error:
        draft.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else "it would hold half a character"
        raise UsageError(f"{path} cannot be written: {reason}.", hint="Check the folder.") from error


def prepare_own_folder(root: Path) -> Path:
    """Make `.reconciler/` under a root: what the tool writes for itself, private, and out of git's sight.

    Raises `UsageError` where it cannot be made, or is a link: a repository could lead the tool anywhere.
    """
    own = root / ".reconciler"
    if own.is_symlink():
        raise UsageError(f"{own} is a link.", hint="Remove it: the tool writes there for itself only.")
    try:
        own.mkdir(exist_ok=True, mode=0o700)
        own.chmod(0o700)
        ignore = own / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{own} cannot be made: {error.strerror}.", hint="Check the folder.") from error
    return own


def append_file(path: Path, text: str) -> None:
    """Add text to the end of a file, whole or not at all; what stands there is kept as it is.

    Raises `UsageError` where it cannot be read as text, or not be written.
    """
    try:
        before = read_file(path).decode() if path.exists() else ""
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8.", hint="Save it as UTF-8.") from error
    write_file(path, before + ("\n" if before and not before.endswith("\n") else "") + text)
