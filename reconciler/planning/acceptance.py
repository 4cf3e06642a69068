"""Differences that somebody lets stand for a while, with a reason and a last day.

Pure. While one stands, what the register holds is left alone: it stays out of every request. It ends when its last
day is over (UTC), when the register holds another value, or when it is removed from the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.canonical_json import digest_json
from reconciler.model.system import SENT, System
from reconciler.planning.diff import Field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.canonical_json import Json
    from reconciler.planning.diff import FieldChange

FILE = "systems/.accepted.yaml"
UNMANAGED, MISSING, DELETED = "unmanaged", "missing", "deleted"
WHOLE = (UNMANAGED, MISSING, DELETED)
"""Words that stand in place of a path for what is wrong with a whole system."""
_NEVER = {
    "withdrawn": "a deletion that the files ask for cannot be accepted away: take `withdrawn` out of the definition",
    "vendor": "a system cannot change vendor, so nothing would be sent for it in any case",
    "id": "an id is no field",
}
_TEXTS = ("name", "description")
_HINT = "`reconciler drift` prints the command under each difference."


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One difference that may stand: where, whose, which, until when, why, and the digest of the accepted value."""

    environment: str
    id: str
    path: str
    """A field's path, or one of the words for a whole system."""
    until: date
    """The last day, in UTC."""
    reason: str
    digest: str
    """Of the value that the register holds; of null where it holds none."""
    line: int = field(default=0, compare=False)
    """Where it stands in the file; 0 where it does not yet."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What no other entry of the file has."""
        return self.environment, self.id, self.path

    def covers(self, value: Json, today: date) -> bool:
        """Say whether it still stands for a live value."""
        return today <= self.until and self.digest == digest_json(value)


@dataclass(frozen=True, slots=True)
class Standing:
    """A difference that stands, and so is left alone."""

    acceptance: Acceptance
    field: FieldChange | None = None
    """What differs; None for a whole system."""

    @property
    def path(self) -> str:
        """The field's path, or the word for a whole system."""
        return self.acceptance.path


@dataclass(frozen=True, slots=True)
class Acceptances:
    """What may stand in one environment on a day."""

    today: date
    """In UTC."""
    entries: tuple[Acceptance, ...] = ()
    """In the order of the file, each of another difference."""

    def find(self, system: str, path: str, value: Json) -> Acceptance | None:
        """Find the acceptance that stands for a live value."""
        found = (each for each in self.entries if (each.id, each.path) == (system, path))
        return next((each for each in found if each.covers(value, self.today)), None)

    def find_whole(self, system: str, word: str) -> tuple[Standing, ...]:
        """Find whether what is wrong with a whole system stands."""
        found = self.find(system, word, None)
        return (Standing(found),) if found else ()

    def find_fields(self, system: str, fields: Iterable[FieldChange]) -> tuple[Standing, ...]:
        """Find which fields of a system stand."""
        own = {each.path: each for each in self.entries if each.id == system}
        return tuple(
            Standing(own[each.path], each)
            for each in fields
            if each.path in own and own[each.path].covers(each.actual, self.today)
        )


NONE = Acceptances(date.min)
"""Where nothing is accepted."""


def find_last_day(today: date) -> date:
    """Give the last day that an acceptance may name: the same one a year ahead."""
    try:
        return today.replace(year=today.year + 1)
    except ValueError:  # the 29th of February
        return today.replace(year=today.year + 1, day=28)


def explain_term(until: date, today: date) -> str:
    """Say what is wrong with a last day that lies too far ahead; empty where it does not."""
    last = find_last_day(today)
    return f"until is {last} at the latest, which is a year ahead, and not {until}" if until > last else ""


def read_path(path: str) -> str:
    """Give a path in its one spelling; raises `UsageError` where it can be no difference's."""
    if path in WHOLE:
        return path
    try:
        steps = Field.read_path(path)
    except ValueError:
        raise UsageError(f"`{path[:200]}` is no path", hint=_HINT) from None
    member = steps[0]
    if member in _NEVER:
        raise UsageError(_NEVER[member])
    if member not in SENT:
        raise UsageError(f"`{member[:200]}` is no member of a system", hint=_HINT)
    is_single = isinstance(System.model_fields[member].default, bool)
    if is_single is not (len(steps) == 1):
        example = member if is_single else f"{member}.en" if member in _TEXTS else f'{member}["…"]'
        raise UsageError(f"`{path[:200]}` is no single difference: write it like `{example}`", hint=_HINT)
    return Field(steps).path
