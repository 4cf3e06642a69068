"""Finds which definition files can hold a text, without reading them as YAML.

So a check of one file costs little more than that file, and misses nothing that it shares with others.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.definitions.files import SUFFIXES, SYSTEMS
from reconciler.definitions.yaml_document import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_SEARCHABLE = re.compile(r"[0-9A-Za-z_.:/-]+")
"""A text that YAML writes as it is, unless with a backslash: neither quotes nor white space nor other letters."""
_DISGUISES = (b"\\", "\u212a".encode())
"""What a text can be written with in another way: an escape, and a letter whose small one is a plain `k`."""
_MANY = 100
"""From so many texts on, reading all files as YAML takes no longer."""

_PIECE = 64 * 1024
"""Bytes that are read first: room for the largest file would have to be given back for each one."""


def find_mentioning(root: Path, files: Iterable[Path], texts: Collection[str]) -> tuple[Path, ...]:
    """Find the definition files under a root, beside some, that can hold one of some texts in any letter case.

    A file that may write a text in another way is among them, and so is what cannot be searched. Where none of the
    files is a definition of this root, there is none.
    """
    systems = os.path.join(os.path.realpath(root), SYSTEMS)  # noqa: PTH118 - a `Path` a file takes longer than a search
    named = [os.path.realpath(each) for each in files]
    if not texts or not any(each.startswith(systems + os.sep) for each in named):
        return ()
    sought = list_sought(texts)
    if sought is None:
        sought = [b""]
    known = {_identify(each) for each in named}
    found = (path for path in _list_files(systems) if _file_may_hold(path, sought))
    return tuple(Path(path) for path in found if _identify(path) not in known)


def list_sought(texts: Collection[str]) -> list[bytes] | None:
    """Give the bytes, in small letters, that a file with one of some texts holds; None where that cannot be said."""
    plain = len(texts) < _MANY and all(map(_SEARCHABLE.fullmatch, texts))
    return [text.lower().encode() for text in texts] if plain else None


def may_hold(content: bytes, sought: Iterable[bytes]) -> bool:
    """Say whether a content can hold one of some texts in small letters, in any letter case."""
    small = content.lower()
    return is_disguised(content) or any(text in small for text in sought)


def is_disguised(content: bytes) -> bool:
    """Say whether a content may write a text in another way than with its own letters."""
    return any(each in content for each in _DISGUISES)


@dataclass(frozen=True, slots=True)
class UnreadFiles:
    """Definition files that were not read as YAML, by name, to be searched."""

    contents: Mapping[str, bytes]

    def find(self, texts: Collection[str]) -> tuple[str, ...]:
        """Find the files that can hold one of some texts, or have it in their name; all where that cannot be said."""
        sought = list_sought(texts)
        if sought is None:
            return tuple(self.contents)
        everything = b"\0".join([*self.contents.values(), "\0".join(self.contents).encode()])
        if not may_hold(everything, sought):  # one search in all takes a tenth of one in each
            return ()
        return tuple(
            name
            for name, content in self.contents.items()
            if may_hold(content, sought) or any(text in name.lower().encode() for text in sought)
        )


def _identify(path: str) -> tuple[int, int] | str:
    """Give what two spellings of one path have in common; a link is not what it leads to."""
    try:
        found = os.lstat(path)
    except OSError:
        return path
    return found.st_dev, found.st_ino


def _list_files(folder: str) -> Iterator[str]:
    """List the files that are definitions by their names."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield f"{parent}{os.sep}{name}"


def _file_may_hold(path: str, sought: Iterable[bytes]) -> bool:
    """Say whether a file can hold one of some texts in small letters; True where that cannot be said."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return True
    try:
        content = os.read(descriptor, _PIECE)
        if len(content) == _PIECE:
            content += os.read(descriptor, MAX_BYTES)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return may_hold(content, sought)
