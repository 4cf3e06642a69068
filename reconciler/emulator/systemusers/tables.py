"""The tables of the customers' side, in the register's database.

A write gives its row a new sequence number and so moves it to the end, as an update does in PostgreSQL; what has
no order of its own is read in that order (System users contract §3.5, §11.1).
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from reconciler.emulator.systemusers.rows import AccessRequest, ChangeRequest, SystemUser

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from reconciler.emulator.register.store import Store

R = TypeVar("R", bound=SystemUser | AccessRequest | ChangeRequest)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS customers (
  kind TEXT NOT NULL, id TEXT NOT NULL, sequence INTEGER NOT NULL, system_id TEXT NOT NULL, org TEXT NOT NULL,
  reference TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS customers_of ON customers (kind, system_id, sequence);
CREATE INDEX IF NOT EXISTS customers_by ON customers (kind, org, reference);
CREATE INDEX IF NOT EXISTS customers_in ON customers (sequence);
"""


class Triple(NamedTuple):
    """What a request and a system user are found by; exact letter case."""

    system_id: str
    org: str
    reference: str


class Table(Generic[R]):
    """The rows of one kind, deleted ones included."""

    def __init__(self, store: Store, row: type[R]) -> None:
        self.store = store
        self._kind, self._row = row.__name__, row
        self._base: sqlite3.Connection = store.connection
        self._base.executescript(_SCHEMA)

    def put(self, row: R) -> None:
        """Insert a row, or replace the one of its id, and move it to the end."""
        org = row.reporteeOrgNo if isinstance(row, SystemUser) else row.partyOrgNo
        key = (self._kind, row.id, row.systemId, org, row.externalRef, json.dumps(asdict(row)))
        query = (
            "INSERT OR REPLACE INTO customers (kind, id, system_id, org, reference, data, sequence)"
            " VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(sequence), 0) + 1 FROM customers))"
        )
        with self.store.transaction():
            self._base.execute(query, key)

    def change(self, row: R, **members: object) -> R:
        """Write a row with other members, and give it."""
        changed = replace(row, **members)  # type: ignore[arg-type]  # the members of one of three rows
        self.put(changed)
        return changed

    def find(self, key: str) -> R | None:
        """Find a row that is not deleted by its id."""
        row = self.find_any(key)
        return None if row is None or row.isDeleted else row

    def find_any(self, key: str) -> R | None:
        """Find a row by its id, deleted or not."""
        rows = self._read("WHERE kind = ? AND id = ?", (self._kind, key))
        return rows[0][1] if rows else None

    def find_triple(self, triple: Triple) -> list[R]:
        """Find the rows of a triple that are not deleted, the one that was written first in front."""
        rows = self._read(
            "WHERE kind = ? AND org = ? AND reference = ?", (self._kind, triple.org, triple.reference)
        )
        return [row for _, row in rows if row.systemId == triple.system_id and not row.isDeleted]

    def find_owner(self, org: str, reference: str) -> list[R]:
        """Find the rows of a customer and a reference that are not deleted."""
        rows = self._read("WHERE kind = ? AND org = ? AND reference = ?", (self._kind, org, reference))
        return [row for _, row in rows if not row.isDeleted]

    def list_system(self, system_id: str) -> list[tuple[int, R]]:
        """List the rows of a system that are not deleted with their sequence numbers."""
        rows = self._read("WHERE kind = ? AND system_id = ?", (self._kind, system_id))
        return [(number, row) for number, row in rows if not row.isDeleted]

    def list_all(self) -> list[R]:
        """List all rows, deleted ones included."""
        return [row for _, row in self._read("WHERE kind = ?", (self._kind,))]

    def remove(self, key: str) -> None:
        """Remove a row for good, as the archive does."""
        with self.store.transaction():
            self._base.execute("DELETE FROM customers WHERE kind = ? AND id = ?", (self._kind, key))

    def replace_all(self, rows: Iterable[R]) -> None:
        """Replace all rows."""
        with self.store.transaction():
            self._base.execute("DELETE FROM customers WHERE kind = ?", (self._kind,))
            for row in rows:
                self.put(row)

    def _read(self, where: str, values: tuple[str, ...]) -> list[tuple[int, R]]:
        query = f"SELECT sequence, data FROM customers {where} ORDER BY sequence"  # noqa: S608 - our own words
        return [(number, self._row(**json.loads(data))) for number, data in self._base.execute(query, values)]


class Tables:
    """The three tables over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.users: Table[SystemUser] = Table(store, SystemUser)
        self.requests: Table[AccessRequest] = Table(store, AccessRequest)
        self.changes: Table[ChangeRequest] = Table(store, ChangeRequest)
