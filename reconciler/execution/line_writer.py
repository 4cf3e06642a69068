"""An append-only file of JSON lines, each of which is on the disk before the next thing happens."""

from __future__ import annotations

import json
import os
from threading import Lock
from typing import TYPE_CHECKING, Any

from reconciler.platform import open_plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CLOSED = -1
"""In place of a file that is open; nothing can be written to it."""
TORN = "torn"
"""The kind of the line that says: the one before was cut off while it was written, so nothing was sent for it."""


class LineWriter:
    """Writes records to an open file; each is synced before the method returns. Safe for threads."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._lock = Lock()
        self._is_torn = False

    @property
    def is_open(self) -> bool:
        """Whether something can still be written."""
        return self._descriptor != _CLOSED

    def end_torn(self) -> None:
        """Look whether a crash tore the last line, which is then ended with the next one."""
        with os.fdopen(open_plain(self.path, os.O_RDONLY), "rb") as stream:
            stream.seek(-1, os.SEEK_END)
            self._is_torn = stream.read(1) != b"\n"

    def close(self) -> None:
        """Close the file."""
        with (
            self._lock
        ):  # a request that was given up may end later, and its number be another file's by then
            descriptor, self._descriptor = self._descriptor, _CLOSED
        os.close(descriptor)

    def _append(self, kind: str, record: Mapping[str, Any]) -> None:
        line = json.dumps({"kind": kind, **record}, ensure_ascii=False, separators=(",", ":")) + "\n"
        with self._lock:
            # A disk that is full takes the half of a line, and the next line must not hang on to it.
            left = line.encode() if not self._is_torn else _end_torn_line() + line.encode()
            self._is_torn = True
            while left:
                left = left[os.write(self._descriptor, left) :]
            self._is_torn = False
            os.fsync(self._descriptor)


def _end_torn_line() -> bytes:
    """Give what stands behind the half of a line, so that it is not taken for a damaged one."""
    return b"\n" + json.dumps({"kind": TORN}, separators=(",", ":")).encode() + b"\n"
