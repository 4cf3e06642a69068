"""The register's database: systems, client ids and their systems, and the change log.

A write is one transaction, durable when its last step is taken, and safe beside other processes on the same
file. Between the steps of a large write, systems and the change log are as before it; other writes and look-ups
of client ids wait for its end. It raises what PostgreSQL would raise (System Register contract §11).
"""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from reconciler.emulator.dotnet import json_writer
from reconciler.emulator.dotnet.failures import demand
from reconciler.emulator.register import database, stored_json
from reconciler.emulator.register.documents import (
    Json,
    SystemRequest,
    log_document,
    log_packages,
    log_rights,
    write_document,
    write_packages,
    write_reduced,
    write_rights,
)
from reconciler.emulator.register.rows import Row
from reconciler.emulator.register.state_file import open_state
from reconciler.emulator.server.portions import MANY, divide

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from pathlib import Path

    from reconciler.emulator.register.documents import RequestedPackage, RequestedRight
    from reconciler.emulator.server.clock import Clock
    from reconciler.emulator.server.portions import Steps

_ORDER_SEED = 20260721
"""The seed of the order of rows: clients cannot rely on it, and it is the same in each run."""
_UNREADABLE = "!"
"""Prefix of the reduced form of an unreadable row, before the name of its NULL column."""
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


class StoredSystem(NamedTuple):
    """One system: its internal id, its vendor, and the full document as JSON text."""

    internal_id: str
    org: str
    document: str
    is_deleted: bool
    lacking: str | None = None
    """The column whose NULL makes the row unreadable (contract Q25)."""

    def read(self) -> Json:
        """Give the document as a value."""
        return _read(self.document)


class Author(NamedTuple):
    """Who makes a change: the organisation and the Maskinporten client."""

    org: str
    client_id: str | None


class LoggedChange(NamedTuple):
    """One row of the change log."""

    internal_id: str
    org: str
    change_type: str
    changed_data: str | None
    client_id: str | None
    created: str


class Store:
    """The tables, in memory or in a file that only its owner may read; raises OSError if it is no database."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self.clock = clock
        self._places = random.Random(_ORDER_SEED)  # noqa: S311 - an order, not a secret
        self._base = open_state(path, _SCHEMA)

    @property
    def connection(self) -> sqlite3.Connection:
        """The database, for tables beside the register's own."""
        return self._base

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction; inside another one, a savepoint."""
        inside = self._base.in_transaction
        self._base.execute("SAVEPOINT part" if inside else "BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK TO part" if inside else "ROLLBACK")
            raise
        self._base.execute("RELEASE part" if inside else "COMMIT")

    def find(self, system_id: str) -> StoredSystem | None:
        """Find a system by its exact id, deleted or not."""
        query = "SELECT internal_id, org, document, is_deleted, reduced FROM systems WHERE system_id = ?"
        row = self._base.execute(query, (system_id,)).fetchone()
        if row is None:
            return None
        lacking = row[4].removeprefix(_UNREADABLE) if row[4].startswith(_UNREADABLE) else None
        return StoredSystem(row[0], row[1], row[2], bool(row[3]), lacking)

    def list_vendor(self, org: str) -> list[str | None]:
        """List the reduced form of a vendor's systems that are not deleted; None for unreadable ones."""
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

    def find_owners(self, client_ids: Sequence[str]) -> Steps[dict[str, str]]:
        """Find which of `client_ids` are taken, exactly as written, and by which internal id."""
        query = (
            "SELECT client_id, internal_id FROM clients WHERE client_id IN (SELECT value FROM json_each(?))"
        )
        owners: dict[str, str] = {}
        for portion in divide(client_ids):
            owners.update(self._base.execute(query, (json_writer.write(list(portion)),)).fetchall())
            yield None
        return owners

    def list_changes(self, internal_id: str) -> list[LoggedChange]:
        """List the change log of a system, newest first."""
        query = (
            "SELECT internal_id, org, change_type, changed_data, client_id, created FROM changes "
            "WHERE internal_id = ? ORDER BY sequence DESC"
        )
        return [LoggedChange(*row) for row in self._base.execute(query, (internal_id,))]

    def create(self, document: SystemRequest, org: str, author: Author) -> Steps[str]:
        """Insert a system with its client ids and a row in the change log; give its internal id."""
        row = Row(str(uuid.uuid4()))

        def prepare() -> None:
            database.check_document(document, org)
            row.write(write_document(document, org, is_deleted=False))
            row.claim(demand(document.client_ids))
            row.log(log_document(document))

        yield prepare
        with self.transaction():
            query = "SELECT 1 FROM systems WHERE system_id = ?"
            if self._base.execute(query, (document.system_id,)).fetchone() is not None:
                raise database.refuse_duplicate("system_register_system_id_key")
            yield from self._claim(row)
            self._base.execute(
                "INSERT INTO systems VALUES (?, ?, ?, '', 0, 0, '', 0)",
                (row.internal_id, document.system_id, org),
            )
            self._replace(row)
            self._log(row, author, "create")
        return row.internal_id

    def update(self, stored: StoredSystem, document: SystemRequest, author: Author) -> Steps[None]:
        """Replace a system's document and client ids, and add a row to the change log."""
        row, wanted = Row(stored.internal_id), dict[str, None]()

        def prepare() -> None:
            database.check_document(document, stored.org)
            wanted.update((database.check_client_id(one), None) for one in demand(document.client_ids))
            row.log(log_document(document))

        def write() -> None:
            row.write(write_document(document, stored.org, is_deleted=is_deleted))
            held = frozenset(had)
            row.claim([client_id for client_id in wanted if client_id not in held])

        yield prepare
        with self.transaction():
            is_deleted = self._is_deleted(stored.internal_id)
            had = yield from self._release(stored.internal_id, wanted)
            yield write
            yield from self._claim(row)
            self._replace(row)
            self._log(row, author, "update")

    def update_rights(
        self, stored: StoredSystem, rights: Sequence[RequestedRight | None], author: Author
    ) -> Steps[None]:
        """Replace a system's rights, and add a row to the change log."""
        row = Row(stored.internal_id)

        def change(current: Json) -> Json:
            return {**current, "rights": write_rights(rights)}

        def prepare() -> None:
            database.check_rights(rights)
            row.log(log_rights(rights))

        yield prepare
        yield from self._change(row, change, author, "rightsupdate")

    def update_packages(
        self, stored: StoredSystem, packages: Sequence[RequestedPackage | None], author: Author
    ) -> Steps[None]:
        """Replace a system's access packages, and add a row to the change log."""
        row = Row(stored.internal_id)

        def change(current: Json) -> Json:
            return {**current, "accessPackages": write_packages(packages)}

        yield lambda: row.log(log_packages(packages))
        yield from self._change(row, change, author, "accesspackageupdate")

    def make_unreadable(self, system_id: str, members: Sequence[str], column: str) -> None:
        """Remove members from a row, which makes it unreadable; `column` is the first NULL column (contract Q25)."""
        with self.transaction():
            stored = demand(self.find(system_id))
            left = {name: value for name, value in stored.read().items() if name not in members}
            self._base.execute(
                "UPDATE systems SET document = ?, reduced = ? WHERE system_id = ?",
                (json_writer.write(left), f"{_UNREADABLE}{column}", system_id),
            )

    def replace_member(self, system_id: str, name: str, value: object) -> None:
        """Replace a member past every validation, as old rows may hold it."""
        document = {**demand(self.find(system_id)).read(), name: value}
        written = (json_writer.write(document), json_writer.write(write_reduced(document)), system_id)
        with self.transaction():
            self._base.execute("UPDATE systems SET document = ?, reduced = ? WHERE system_id = ?", written)

    def delete(self, stored: StoredSystem, author: Author) -> Steps[int]:
        """Mark a system as deleted and release its client ids; gives their number."""
        with self.transaction():
            held = yield from self._release(stored.internal_id, ())
            yield from self._change(
                Row(stored.internal_id), lambda current: {**current, "isDeleted": True}, author, "delete"
            )
        return len(held)

    def read_kept(self, name: str) -> str | None:
        """Read a value that `keep` has stored."""
        row = self._base.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep(self, name: str, value: str) -> None:
        """Store a value across restarts."""
        self._base.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    def list_unheld(self, internal_id: str, client_ids: Sequence[str | None]) -> Steps[list[str]]:
        """List the client ids that a system does not hold yet."""
        unheld: list[str] = []

        def compare() -> None:
            held = frozenset(had)
            unheld.extend(one for one in client_ids if one is not None and one not in held)

        had = yield from self._list_held(internal_id)
        yield compare
        return unheld

    def _current(self, internal_id: str) -> str:
        query = "SELECT document FROM systems WHERE internal_id = ?"
        return str(self._base.execute(query, (internal_id,)).fetchone()[0])

    def _is_deleted(self, internal_id: str) -> bool:
        query = "SELECT is_deleted FROM systems WHERE internal_id = ?"
        return bool(self._base.execute(query, (internal_id,)).fetchone()[0])

    def _list_held(self, internal_id: str) -> Steps[list[str]]:
        held: list[str] = []
        rows = self._base.execute("SELECT client_id FROM clients WHERE internal_id = ?", (internal_id,))
        while portion := rows.fetchmany(MANY):
            held.extend(client_id for (client_id,) in portion)
            yield None
        return held

    def _release(self, internal_id: str, wanted: Container[str]) -> Steps[list[str]]:
        """Release the client ids that are no longer wanted; gives all that the system held."""
        held = yield from self._list_held(internal_id)
        for portion in divide(held):
            released = [(client_id,) for client_id in portion if client_id not in wanted]
            self._base.executemany("DELETE FROM clients WHERE client_id = ?", released)
            yield None
        return held

    def _change(
        self, row: Row, change: Callable[[Json], Json], author: Author, change_type: str
    ) -> Steps[None]:
        """Replace the stored document, and add a row to the change log."""
        with self.transaction():
            current = self._current(row.internal_id)
            yield lambda: row.write(change(_read(current)))
            self._replace(row)
            self._log(row, author, change_type)

    def _replace(self, row: Row) -> None:
        self._base.execute(
            "UPDATE systems SET document = ?, is_deleted = ?, is_visible = ?, reduced = ?,"
            " touched = ? WHERE internal_id = ?",
            (
                row.document,
                row.is_deleted,
                row.is_visible,
                row.reduced,
                self._places.getrandbits(60),
                row.internal_id,
            ),
        )

    def _claim(self, row: Row) -> Steps[None]:
        """Insert client ids in their order; raises at the first that is refused."""
        for portion in divide(row.claims):
            try:
                self._base.executemany("INSERT INTO clients VALUES (?, ?)", portion)
            except sqlite3.IntegrityError as error:
                raise database.refuse_duplicate("maskinporten_client_pkey") from error
            yield None
        if row.refused is not None:
            raise row.refused

    def _log(self, row: Row, author: Author, change_type: str) -> None:
        database.check_text(author.org, author.client_id)
        newest = self._base.execute("SELECT created FROM changes ORDER BY sequence DESC LIMIT 1").fetchone()
        now = self.clock.now()
        if newest is not None:
            now = max(now, datetime.fromisoformat(newest[0]) + timedelta(microseconds=1))
        self._base.execute(
            "INSERT INTO changes (internal_id, org, change_type, changed_data, client_id, created)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                row.internal_id,
                author.org,
                change_type,
                row.logged,
                author.client_id,
                now.astimezone(UTC).isoformat(timespec="microseconds"),
            ),
        )


def _read(document: str) -> Json:
    """Read a stored document."""
    read = stored_json.read(document)
    return read if isinstance(read, dict) else {}


def _read_reduced(text: str) -> str | None:
    return None if text.startswith(_UNREADABLE) else text
