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

    Names that start with a dot are not definitions. Raises `UsageError` for a path that does not exist.
    """
    found: dict[Path, None] = {}
    for path in paths or [root / SYSTEMS]:
        if path.is_dir():
            found |= dict.fromkeys(_walk(path))
        elif path.exists():
            found[path] = None
        elif paths:
            raise UsageError(f"There is no {path}.", hint="Name a definition file, or a folder of them.")
    return tuple(found)


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(parent, name)


def read_documents(root: Path, files: Iterable[Path]) -> tuple[Document, ...]:
    """Read definition files, in the order of their names; what cannot be read is a document with a fault."""
    inside = root.resolve()
    documents = [_read(inside, file) for file in files]
    return tuple(sorted(documents, key=lambda document: document.file))


def _read(root: Path, file: Path) -> Document:
    name = _name(root, file)
    real = file.resolve()
    if file.is_symlink() and not real.is_relative_to(root):
        return _fault(name, "The file is a link that leads out of the repository")
    if not real.is_file():
        return _fault(name, "This is not a regular file")
    try:
        with real.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _fault(name, f"The file cannot be read: {error.strerror}")
    return read_document(name, content)


def _name(root: Path, file: Path) -> str:
    """Name a file as people do: relative to the root where it lies below it."""
    path = Path(os.path.abspath(file))  # noqa: PTH100 - `resolve` would follow the link that is to be named
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _fault(name: str, message: str) -> Document:
    return Document(name, "", None, (Fault(FaultKind.SYNTAX, message, Position(1, 1)),))


def read_file(path: Path) -> bytes:
    """Read a whole file; raises `UsageError` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from error


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only; raises `UsageError` where that fails."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Check the folder.") from error


def prepare_own_folder(root: Path) -> Path:
    """Make `.reconciler/` under a root: what the tool writes for itself, private, and out of git's sight."""
    own = root / ".reconciler"
    own.mkdir(exist_ok=True, mode=0o700)
    own.chmod(0o700)
    ignore = own / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return own


def append_file(path: Path, text: str) -> None:
    """Add text to the end of a file, whole or not at all; what stands there is kept as it is."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    write_file(path, before + ("\n" if before and not before.endswith("\n") else "") + text)
