"""The row of a document as texts, made before the database is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.emulator.dotnet import json_writer
from reconciler.emulator.dotnet.failures import DatabaseFailure
from reconciler.emulator.register import database
from reconciler.emulator.register.documents import write_reduced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.emulator.register.documents import Json


@dataclass(slots=True)
class Row:
    """The row of one write."""

    internal_id: str
    document: str = ""
    reduced: str = ""
    is_deleted: bool = False
    is_visible: bool = False
    claims: list[tuple[str, str]] = field(default_factory=list)
    refused: DatabaseFailure | None = None
    """The failure of the first client id behind `claims`."""
    logged: str | None = None

    def write(self, written: Json) -> None:
        """Set the full and the reduced form."""
        self.is_deleted, self.is_visible = bool(written["isDeleted"]), bool(written["isVisible"])
        self.document = json_writer.write_in_portions(written)
        self.reduced = json_writer.write_in_portions(write_reduced(written))

    def claim(self, client_ids: Sequence[str | None]) -> None:
        """Add client ids to insert in their order, up to the first that is refused."""
        try:
            self.claims += (
                (database.check_client_id(client_id), self.internal_id) for client_id in client_ids
            )
        except DatabaseFailure as failure:
            self.refused = failure

    def log(self, data: object) -> None:
        """Set the data for the change log."""
        self.logged = json_writer.write_in_portions(data)
