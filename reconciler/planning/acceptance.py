"""Differences that somebody has let stand for a while, with a reason and a last day.

Pure. They are kept in `systems/.accepted.yaml`; one counts until its day is over (UTC), and only while the
register holds the value that was accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from reconciler.definitions.entry_list import print_entry, read_entries
from reconciler.errors import UsageError
from reconciler.model.canonical_json import digest_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.definitions.entry_list import Entry
    from reconciler.model.canonical_json import Json
    from reconciler.planning.diff import FieldChange

FILE = "systems/.accepted.yaml"
WHOLE = ("unmanaged", "missing", "deleted")
"""Words that stand in place of a path for what is wrong with a whole system."""
_MEMBERS = ("id", "path", "until", "reason", "digest")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One difference that stands: whose, which, until when, why, and the digest of the accepted value."""

    id: str
    path: str
    until: date
    """The last day, in UTC."""
    reason: str
    digest: str

    def covers(self, value: Json, today: date) -> bool:
        """Say whether it still stands for a live value."""
        return today <= self.until and self.digest == digest_json(value)


@dataclass(frozen=True, slots=True)
class Acceptances:
    """What stands accepted on a day."""

    today: date
    """In UTC."""
    entries: tuple[Acceptance, ...] = ()
    """In the order of the file, the newest last."""

    def find(self, system: str, path: str, value: Json) -> Acceptance | None:
        """Find the newest acceptance that stands for a live value."""
        matching = [each for each in self.entries if (each.id, each.path) == (system, path)]
        return next((each for each in reversed(matching) if each.covers(value, self.today)), None)

    def find_fields(self, system: str, fields: Iterable[FieldChange]) -> dict[str, Acceptance]:
        """Find which fields of a system stand accepted, by path."""
        found = {each.path: self.find(system, each.path, each.actual) for each in fields}
        return {path: each for path, each in found.items() if each is not None}


def read_acceptances(content: bytes) -> tuple[Acceptance, ...]:
    """Read the file; raises `UsageError` with every problem on a line of its own."""
    return read_entries(FILE, content, _read, hint="`reconciler accept` writes the file.")


def _read(entry: Entry) -> Acceptance:
    values = entry.values
    try:
        until = date.fromisoformat(values["until"])
        return Acceptance(values["id"], values["path"], until, values["reason"], values["digest"])
    except (KeyError, ValueError):
        raise UsageError(f"an entry has {', '.join(_MEMBERS)}; until is a date") from None


def print_acceptance(acceptance: Acceptance) -> str:
    """Print an entry as the file holds it."""
    return print_entry(
        {
            "id": acceptance.id,
            "path": acceptance.path,
            "until": acceptance.until.isoformat(),
            "reason": acceptance.reason,
            "digest": acceptance.digest,
        }
    )
