"""The installed program: a digest over its files, so that a report says what ran."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import reconciler

_UNPACKED = "__pycache__"
"""What Python makes of the files by itself."""


@cache
def digest_program() -> str:
    """Give the SHA-256 over the program's files in hex; empty where they cannot be read.

    It is the digest of what `sha256sum` prints of each file, sorted by name and named from the folder that holds the
    package, so that it can be worked out without this program.
    """
    package = Path(reconciler.__file__).parent
    try:
        files = [path for path in package.rglob("*") if path.is_file() and _UNPACKED not in path.parts]
        rows = sorted((path.relative_to(package.parent).as_posix(), path.read_bytes()) for path in files)
    except OSError:
        return ""
    listed = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in rows)
    return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()
