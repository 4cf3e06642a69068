"""A document and its change log, read as of one moment whoever writes meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from reconciler.errors import Unsteady
from reconciler.execution.fate import Request
from reconciler.execution.snapshot import (
    TRIES,
    Known,
    Snapshot,
    take_snapshot,
    take_snapshot_after,
    take_snapshot_before,
)
from reconciler.model.system import RegisteredSystem
from reconciler.planning.change_log import read_log
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
        return RegisteredSystem(_show(self.versions, system)) if self.versions else None

    def read_changes(self, system: str) -> tuple[dict[str, Json], ...]:
        """Read the log."""
        self.read("log")
        return tuple(
            {"changeType": "update", "created": f"{n:03}", "changedData": _show(n, system)}
            for n in range(self.versions, 0, -1)
        )


def _show(version: int, system: str = ONE) -> dict[str, Json]:
    """Show the document at a version, each of which says something else."""
    return a_live_document(
        id=system, version=version, description=dict.fromkeys(("nb", "nn", "en"), f"v{version}")
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


def _take_before(busy: Busy, known: Known) -> tuple[int | None, int]:
    found = take_snapshot_before(ONE, cast("Register", busy), known)
    return found.system.document["version"] if found.system else None, len(found.log)


@pytest.mark.parametrize("at", range(6))
def test_before_a_write_a_log_that_has_not_moved_proves_the_document(at: int) -> None:
    """W1: two readings where nobody wrote since the plan; else until the log stood still around the document."""
    version, entries = _take_before(busy := Busy((at,)), Known("digest", "001"))

    assert version == entries
    assert version == (2 if at < len(busy.readings) else 1)
    assert busy.readings[:2] == ["document", "log"]
    assert len(busy.readings) == {0: 4, 1: 4}.get(at, 2)


@pytest.mark.parametrize("at", range(6))
def test_before_a_write_a_log_that_nobody_looked_at_proves_nothing(at: int) -> None:
    """None is no entry: the document and the log are read until they are of one moment."""
    version, entries = _take_before(busy := Busy((at,)), Known("digest", None))

    assert version == entries
    assert len(busy.readings) >= 4


def test_before_a_creation_one_reading_is_enough() -> None:
    """What the register does not know has no log; what it knows by now is read in full."""
    assert _take_before(busy := Busy(versions=0), Known("")) == (None, 0)
    assert busy.readings == ["document"]
    assert _take_before(busy := Busy((1,)), Known("")) == (2, 2)
    # One that was there when the plan was made is looked at twice.
    assert _take_before(busy := Busy(versions=0), Known("digest", "001")) == (None, 0)
    assert busy.readings == ["document", "log", "document"]


def _take_after(busy: Busy, entries: int, *, confirmed: bool) -> tuple[int | None, int]:
    """Take a snapshot after a write that makes the second version."""
    before = Snapshot(None, read_log(Busy(versions=entries).read_changes(ONE)))
    request = Request("PUT", _show(2), None, before.newest)
    found = take_snapshot_after(request, before, ONE, cast("Register", busy), confirmed=confirmed)
    return found.system.document["version"] if found.system else None, len(found.log)


@pytest.mark.parametrize("confirmed", [True, False], ids=["confirmed", "unanswered"])
@pytest.mark.parametrize("versions", [1, 2], ids=["undone", "done"])
@pytest.mark.parametrize("at", range(6))
def test_after_a_write_others_are_in_both_or_in_none(at: int, versions: int, *, confirmed: bool) -> None:
    """W1: whenever another writes, be it the same, and whatever became of ours, the document is the one of the log."""
    version, entries = _take_after(busy := Busy((at,), versions), 1, confirmed=confirmed)

    assert version == entries
    assert version == (versions + 1 if at < len(busy.readings) else versions)


def test_after_a_write_two_readings_prove_it_where_nobody_else_wrote() -> None:
    """An unanswered write can be committed between the two: then only a log that stood still proves it."""
    lengths = {}
    for confirmed in (True, False):
        for versions in (1, 2):
            _take_after(busy := Busy(versions=versions), 1, confirmed=confirmed)
            lengths[confirmed, versions] = len(busy.readings)

    assert lengths == {(True, 1): 2, (False, 1): 2, (True, 2): 2, (False, 2): 4}


def test_an_entry_that_says_something_else_is_not_ours() -> None:
    """Where the register confirmed a write that the log does not show, a foreign entry proves nothing."""
    before = Snapshot(None, read_log(Busy().read_changes(ONE)))
    request = Request("PUT", _show(9), None, before.newest)
    found = take_snapshot_after(request, before, ONE, cast("Register", busy := Busy((1,))), confirmed=True)

    assert found.system is not None
    assert (found.system.document["version"], len(found.log), len(busy.readings)) == (2, 2, 4)
