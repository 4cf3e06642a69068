"""Opens the database of the state: in memory, or in a file that only its owner may read."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BUSY_SECONDS = 30.0
"""How long a program waits for another one that writes to the same file."""


def open_state(path: Path | None, schema: str) -> sqlite3.Connection:
    """Open a file, or memory where none is named, and make the tables that lack.

    Several programs may open the same file at once. Raises OSError if it is no database.
    """
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    base = sqlite3.connect(
        ":memory:" if path is None else path,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _keep_log(base)
        base.execute("PRAGMA synchronous=FULL")
        base.executescript(schema)
    except sqlite3.DatabaseError as error:
        base.close()
        raise OSError(f"{path}: {error}") from error
    return base


def _keep_log(base: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; of several that open a new file at once, SQLite lets one do so and never waits."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            base.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
