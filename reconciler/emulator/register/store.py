"""The register's database: systems, who holds which client id, and the change log.

One transaction a write, durable when it returns, safe beside other processes on the same file. It
raises what PostgreSQL would raise and knows no rule of the service (System Register contract §11).
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from reconciler.emulator.dotnet import json_writer
from reconciler.emulator.dotnet.failures import DatabaseFailure, demand
from reconciler.emulator.register import database
from reconciler.emulator.register.documents import (
    Document,
    Json,
    log_document,
    log_packages,
    log_rights,
    write_document,
    write_packages,
    write_reduced,
    write_rights,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.emulator.register.documents import Package, Right
    from reconciler.emulator.server.clock import Clock

_ORDER_SEED = 20260721
"""Rows lie in no order that a client could guess, and in the same one whenever a run is repeated."""
_UNREADABLE = "!"
"""Begins the reduced form of a row that cannot be read, before the column that is NULL."""
_BUSY_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS systems (
  internal_id TEXT PRIMARY KEY, system_id TEXT NOT NULL UNIQUE, org TEXT NOT NULL, document TEXT NOT NULL,
  is_deleted INTEGER NOT NULL, is_visible INTEGER NOT NULL, reduced TEXT NOT NULL, touched INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS systems_of ON systems (org, touched);
CREATE INDEX IF NOT EXISTS systems_by ON systems (touched);
CREATE TABLE IF NOT EXISTS clients (client_id TEXT PRIMARY KEY, internal_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS clients_of ON clients (internal_id);
CREATE TABLE IF NOT EXISTS changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, internal_id TEXT NOT NULL, org TEXT NOT NULL,
  change_type TEXT NOT NULL, changed_data TEXT, client_id TEXT, created TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS changes_of ON changes (internal_id, sequence);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Stored(NamedTuple):
    """One row: the internal id, the vendor, and the full document as JSON text."""

    internal_id: str
    org: str
    document: str
    is_deleted: bool
    lacking: str | None = None
    """The column that is NULL and may not be, so that the row cannot be read (contract Q25)."""

    def read(self) -> Json:
        """Give the document as a value."""
        read: Json = json.loads(self.document)
        return read


class Author(NamedTuple):
    """Who makes a change: the organisation and the Maskinporten client."""

    org: str
    client_id: str | None


class Change(NamedTuple):
    """One row of the change log."""

    internal_id: str
    org: str
    change_type: str
    changed_data: str | None
    client_id: str | None
    created: str


class Store:
    """The tables, in memory or in a file that only its owner may read; OSError where that is no database."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self.clock = clock
        self._places = random.Random(_ORDER_SEED)  # noqa: S311 - an order, not a secret
        self._base = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self._base.close()
            raise OSError(f"{path}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything inside or nothing; inside another transaction, as a part of that."""
        inside = self._base.in_transaction
        self._base.execute("SAVEPOINT part" if inside else "BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK TO part" if inside else "ROLLBACK")
            raise
        self._base.execute("RELEASE part" if inside else "COMMIT")

    def find(self, system_id: str) -> Stored | None:
        """Find a system by its exact id, deleted or not."""
        query = "SELECT internal_id, org, document, is_deleted, reduced FROM systems WHERE system_id = ?"
        row = self._base.execute(query, (system_id,)).fetchone()
        if row is None:
            return None
        lacking = row[4].removeprefix(_UNREADABLE) if row[4].startswith(_UNREADABLE) else None
        return Stored(row[0], row[1], row[2], bool(row[3]), lacking)

    def list_vendor(self, org: str) -> list[str | None]:
        """List the reduced form of a vendor's systems that are not deleted; None for one that is unreadable."""
        query = "SELECT reduced FROM systems WHERE org = ? AND NOT is_deleted ORDER BY touched"
        return [_read_reduced(row[0]) for row in self._base.execute(query, (org,))]

    def list_visible(self) -> list[str | None]:
        """List the reduced form of every vendor's visible systems that are not deleted."""
        query = "SELECT reduced FROM systems WHERE is_visible AND NOT is_deleted ORDER BY touched"
        return [_read_reduced(row[0]) for row in self._base.execute(query)]

    def list_all(self) -> list[Json]:
        """List every document of every vendor, deleted ones included, by id."""
        query = "SELECT document FROM systems ORDER BY system_id"
        return [json.loads(row[0]) for row in self._base.execute(query)]

    def find_owners(self, client_ids: Sequence[str]) -> dict[str, str]:
        """Find which of `client_ids` are taken, exactly as written, and by which internal id."""
        query = (
            "SELECT client_id, internal_id FROM clients WHERE client_id IN (SELECT value FROM json_each(?))"
        )
        return dict(self._base.execute(query, (json_writer.write(list(client_ids)),)).fetchall())

    def list_changes(self, internal_id: str) -> list[Change]:
        """List the change log of a system, newest first."""
        query = (
            "SELECT internal_id, org, change_type, changed_data, client_id, created FROM changes "
            "WHERE internal_id = ? ORDER BY sequence DESC"
        )
        return [Change(*row) for row in self._base.execute(query, (internal_id,))]

    def create(self, document: Document, org: str, author: Author) -> str:
        """Insert a system with its client ids and a row in the change log; give its internal id."""
        internal_id = str(uuid.uuid4())
        with self.transaction():
            self._insert(internal_id, document, org, is_deleted=False)
            self._claim(internal_id, demand(document.client_ids))
            self._log(internal_id, author, "create", log_document(document))
        return internal_id

    def update(self, stored: Stored, document: Document, author: Author) -> None:
        """Replace a system's document and client ids, and add a row to the change log."""
        database.check_document(document, stored.org)
        wanted = [database.check_client_id(client_id) for client_id in demand(document.client_ids)]
        with self.transaction():
            current = self._current(stored.internal_id)
            written = write_document(document, stored.org, is_deleted=bool(current["isDeleted"]))
            self._replace(stored.internal_id, written)
            held = {row[0] for row in self._held(stored.internal_id)}
            released = [(client_id,) for client_id in held.difference(wanted)]
            self._base.executemany("DELETE FROM clients WHERE client_id = ?", released)
            self._claim(stored.internal_id, [client_id for client_id in wanted if client_id not in held])
            self._log(stored.internal_id, author, "update", log_document(document))

    def update_rights(self, stored: Stored, rights: Sequence[Right | None], author: Author) -> None:
        """Replace a system's rights, and add a row to the change log."""
        database.check_rights(rights)
        written, logged = write_rights(rights), log_rights(rights)
        with self.transaction():
            current = self._current(stored.internal_id)
            self._replace(stored.internal_id, {**current, "rights": written})
            self._log(stored.internal_id, author, "rightsupdate", logged)

    def update_packages(self, stored: Stored, packages: Sequence[Package | None], author: Author) -> None:
        """Replace a system's access packages, and add a row to the change log."""
        written, logged = write_packages(packages), log_packages(packages)
        with self.transaction():
            current = self._current(stored.internal_id)
            self._replace(stored.internal_id, {**current, "accessPackages": written})
            self._log(stored.internal_id, author, "accesspackageupdate", logged)

    def spoil(self, system_id: str, members: Sequence[str], column: str) -> None:
        """Take members out of a row; the first column that is missing makes it unreadable (contract Q25)."""
        with self.transaction():
            stored = demand(self.find(system_id))
            left = {name: value for name, value in stored.read().items() if name not in members}
            self._base.execute(
                "UPDATE systems SET document = ?, reduced = ? WHERE system_id = ?",
                (json_writer.write(left), f"{_UNREADABLE}{column}", system_id),
            )

    def delete(self, stored: Stored, author: Author) -> int:
        """Mark a system as deleted and free its client ids; give how many of those there were."""
        with self.transaction():
            current = self._current(stored.internal_id)
            self._replace(stored.internal_id, {**current, "isDeleted": True})
            freed = self._base.execute("DELETE FROM clients WHERE internal_id = ?", (stored.internal_id,))
            self._log(stored.internal_id, author, "delete", None)
        return freed.rowcount

    def read_kept(self, name: str) -> str | None:
        """Read a value that outlives a restart."""
        row = self._base.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep(self, name: str, value: str) -> None:
        """Keep a value across restarts."""
        self._base.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    def _current(self, internal_id: str) -> Json:
        query = "SELECT document FROM systems WHERE internal_id = ?"
        current: Json = json.loads(self._base.execute(query, (internal_id,)).fetchone()[0])
        return current

    def list_unheld(self, internal_id: str, client_ids: Sequence[str | None]) -> list[str]:
        """List those of some client ids that a system does not hold yet, and has to claim."""
        held = {row[0] for row in self._held(internal_id)}
        return [client_id for client_id in client_ids if client_id is not None and client_id not in held]

    def _held(self, internal_id: str) -> list[tuple[str]]:
        return self._base.execute(
            "SELECT client_id FROM clients WHERE internal_id = ?", (internal_id,)
        ).fetchall()

    def _insert(self, internal_id: str, document: Document, org: str, *, is_deleted: bool) -> None:
        database.check_document(document, org)
        written = write_document(document, org, is_deleted=is_deleted)
        try:
            self._base.execute(
                "INSERT INTO systems VALUES (?, ?, ?, '', 0, 0, '', 0)",
                (internal_id, document.system_id, org),
            )
        except sqlite3.IntegrityError as error:
            raise database.refuse_duplicate("system_register_system_id_key") from error
        self._replace(internal_id, written)

    def _replace(self, internal_id: str, written: Json) -> None:
        self._base.execute(
            "UPDATE systems SET document = ?, is_deleted = ?, is_visible = ?, reduced = ?,"
            " touched = ? WHERE internal_id = ?",
            (
                json_writer.write(written),
                written["isDeleted"],
                written["isVisible"],
                json_writer.write(write_reduced(written)),
                self._places.getrandbits(60),
                internal_id,
            ),
        )

    def _claim(self, internal_id: str, client_ids: Sequence[str | None]) -> None:
        """Insert client ids in their order; the first that is refused is the one that fails."""
        rows: list[tuple[str, str]] = []
        refused: DatabaseFailure | None = None
        try:
            rows += ((database.check_client_id(client_id), internal_id) for client_id in client_ids)
        except DatabaseFailure as failure:
            refused = failure
        try:
            self._base.executemany("INSERT INTO clients VALUES (?, ?)", rows)
        except sqlite3.IntegrityError as error:
            raise database.refuse_duplicate("maskinporten_client_pkey") from error
        if refused is not None:
            raise refused

    def _log(self, internal_id: str, author: Author, change_type: str, data: object) -> None:
        written = None if data is None else json_writer.write(data)
        database.check_text(author.org, author.client_id)
        newest = self._base.execute("SELECT created FROM changes ORDER BY sequence DESC LIMIT 1").fetchone()
        now = self.clock.now()
        if newest is not None:
            now = max(now, datetime.fromisoformat(newest[0]) + timedelta(microseconds=1))
        self._base.execute(
            "INSERT INTO changes (internal_id, org, change_type, changed_data, client_id, created)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                internal_id,
                author.org,
                change_type,
                written,
                author.client_id,
                now.astimezone(UTC).isoformat(timespec="microseconds"),
            ),
        )


def _read_reduced(text: str) -> str | None:
    return None if text.startswith(_UNREADABLE) else text
