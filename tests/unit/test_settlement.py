"""What became of a request, told by the document and the change log alone."""

from __future__ import annotations

import pytest

from reconciler.changelog import LogEntry
from reconciler.model import RegisteredSystem
from reconciler.settlement import Fate, Request, settle
from tests.builders import a_live_document

OURS = frozenset({"ours"})


def an_entry(hour: int, client: str = "ours", kind: str = "update", **changes: object) -> LogEntry:
    """Make an entry of the change log."""
    data = None if kind == "delete" else a_live_document(**changes)
    return LogEntry(kind, "991825827", client, f"2026-07-17T{hour:02}:00:00+00:00", data)


BEFORE = RegisteredSystem(a_live_document())
ASKED = a_live_document(isVisible=False)
AFTER = RegisteredSystem(ASKED)
DELETED = RegisteredSystem(a_live_document(isDeleted=True))
FIRST = an_entry(1, kind="create")
OWN = an_entry(2, isVisible=False)
THEIRS = an_entry(3, "theirs", clientId=[])
PUT = Request("PUT", ASKED, BEFORE, FIRST)


def test_our_entry_shows_it_done() -> None:
    """With nothing around it, that is all there is to say."""
    settled = settle(PUT, AFTER, (OWN, FIRST), OURS)

    assert (settled.fate, settled.entry, settled.reached) == (Fate.DONE, OWN, True)
    assert (settled.overwritten, settled.later, settled.differs, settled.lost) == ((), (), (), ())


def test_nothing_moved_shows_it_undone() -> None:
    """Neither the document nor the log."""
    settled = settle(PUT, BEFORE, (FIRST,), OURS)

    assert (settled.fate, settled.reached) == (Fate.UNDONE, False)
    assert [each.path for each in settled.differs] == ["isVisible"]


def test_what_ours_overwrote_is_told() -> None:
    """Somebody wrote between the last reading and ours: their values are lost."""
    own = an_entry(4, isVisible=False)
    settled = settle(PUT, AFTER, (own, THEIRS, FIRST), OURS)

    assert (settled.fate, settled.overwritten) == (Fate.DONE, (THEIRS,))
    assert {each.path.partition("[")[0] for each in settled.lost} == {"clientId", "isVisible"}


def test_what_came_after_ours_is_told() -> None:
    """It was done, and does not stand any more."""
    settled = settle(PUT, RegisteredSystem(a_live_document(clientId=[])), (THEIRS, OWN, FIRST), OURS)

    assert (settled.fate, settled.later, settled.reached) == (Fate.DONE, (THEIRS,), False)


def test_a_log_that_moved_without_us_shows_it_undone() -> None:
    """The register writes the log together with the document."""
    settled = settle(PUT, RegisteredSystem(a_live_document(clientId=[])), (THEIRS, FIRST), OURS)

    assert (settled.fate, settled.later) == (Fate.UNDONE, (THEIRS,))


@pytest.mark.parametrize(
    ("entry", "ours"),
    [
        (an_entry(2, "ours", clientId=[]), OURS),
        (an_entry(2, "renamed", isVisible=False), OURS),
        (an_entry(2, "", clientId=[]), OURS),
        (an_entry(2, "theirs", clientId=[]), frozenset()),
    ],
    ids=["another-write-of-ours", "ours-under-another-name", "nobodys", "no-client-is-known"],
)
def test_what_may_be_ours_shows_nothing(entry: LogEntry, ours: frozenset[str]) -> None:
    """An entry that can be the request's own, and is not certainly, leaves it unknown."""
    held = RegisteredSystem({**a_live_document(), **(entry.data or {})})

    assert settle(PUT, held, (entry, FIRST), ours).fate is Fate.UNKNOWN


def test_a_document_that_moved_without_a_log_is_unknown() -> None:
    """Nothing says whose doing it is."""
    settled = settle(PUT, AFTER, (FIRST,), OURS)

    assert (settled.fate, settled.reached) == (Fate.UNKNOWN, True)


def test_a_system_that_is_not_there_is_not_as_asked() -> None:
    """A create that left no trace reached nothing."""
    settled = settle(Request("POST", ASKED, None, None), None, (), OURS)

    assert (settled.fate, settled.reached) == (Fate.UNDONE, False)


def test_a_deletion_is_done_when_the_log_has_it() -> None:
    """Whatever was answered; a system that is not deleted is not as asked."""
    request = Request("DELETE", None, BEFORE, FIRST)
    gone = an_entry(2, kind="delete")

    assert settle(request, DELETED, (gone, FIRST), OURS).reached
    assert settle(request, DELETED, (gone, FIRST), OURS).fate is Fate.DONE
    assert not settle(request, BEFORE, (FIRST,), OURS).reached
    assert settle(request, BEFORE, (FIRST,), OURS).fate is Fate.UNDONE


def test_an_update_of_a_deleted_system_is_not_as_asked() -> None:
    """Somebody deleted it after ours."""
    settled = settle(PUT, RegisteredSystem({**ASKED, "isDeleted": True}), (OWN, FIRST), OURS)

    assert (settled.fate, settled.reached) == (Fate.DONE, False)
