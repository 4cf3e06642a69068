"""A document and its change log, read as of one moment whoever writes meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from reconciler.errors import Unsteady
from reconciler.execution.snapshot import TRIES, take_snapshot
from reconciler.model.system import RegisteredSystem
from tests.builders import a_live_document

if TYPE_CHECKING:
    from reconciler.clients.register import Register
    from reconciler.model.canonical_json import Json

ONE = "991825827_smartcloud"


@dataclass
class Busy:
    """A register to which somebody writes at chosen readings, which are counted from 0."""

    writes: range | tuple[int, ...] = ()
    versions: int = 1
    readings: list[str] = field(default_factory=list)

    def read(self, what: str) -> None:
        """Count a reading; the write comes before it."""
        self.versions += len(self.readings) in self.writes
        self.readings.append(what)

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read the document."""
        self.read("document")
        return RegisteredSystem(a_live_document(id=system, version=self.versions)) if self.versions else None

    def read_changes(self, system: str) -> tuple[dict[str, Json], ...]:
        """Read the log."""
        self.read("log")
        return tuple(
            {"changeType": "update", "created": f"{n:03}", "id": system} for n in range(self.versions, 0, -1)
        )


def _take(busy: Busy) -> tuple[int | None, int]:
    found = take_snapshot(ONE, cast("Register", busy))
    return found.system.document["version"] if found.system else None, len(found.log)


@pytest.mark.parametrize("at", range(6))
def test_a_write_between_any_two_readings_is_in_both_or_in_none(at: int) -> None:
    """W1: log, document, log again, until the log stood still around the document."""
    version, entries = _take(busy := Busy((at,)))

    assert version == entries
    assert version == (2 if at < len(busy.readings) else 1)
    assert len(busy.readings) == (5 if at in {1, 2} else 3)


def test_an_unknown_system_takes_two_readings() -> None:
    """There is no log without a document."""
    busy = Busy(versions=0)

    assert _take(busy) == (None, 0)
    assert busy.readings == ["log", "document"]


def test_a_system_that_is_registered_meanwhile_is_found() -> None:
    """Between the log and the document, and between the document and nothing more."""
    assert _take(Busy((1,), versions=0)) == (1, 1)


def test_a_system_that_never_comes_to_rest_is_not_guessed_at() -> None:
    """W1: after a bounded number of readings it is an error of its own."""
    busy = Busy(range(1000))

    with pytest.raises(Unsteady) as raised:
        _take(busy)

    assert len(busy.readings) == 1 + 2 * TRIES
    assert ONE in raised.value.message
