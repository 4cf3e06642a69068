"""What became of a request, told by the document and the change log alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.execution.fate import Fate, Request, verify
from reconciler.model.system import RegisteredSystem
from reconciler.planning.change_log import LogEntry
from tests.builders import CLIENT, a_live_document

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
PUT = Request("PUT", ASKED, BEFORE, FIRST.created, OURS)


def test_our_entry_shows_it_done() -> None:
    """With nothing around it, that is all there is to say."""
    found = verify(PUT, AFTER, (OWN, FIRST))

    assert (found.fate, found.entry, found.reached) == (Fate.DONE, OWN, True)
    assert (found.overwritten, found.later, found.differs, found.lost) == ((), (), (), ())


def test_nothing_moved_shows_it_undone() -> None:
    """Neither the document nor the log."""
    found = verify(PUT, BEFORE, (FIRST,))

    assert (found.fate, found.reached) == (Fate.UNDONE, False)
    assert [each.path for each in found.differs] == ["isVisible"]


def test_what_ours_overwrote_is_told() -> None:
    """Somebody wrote between the last reading and ours: their values are lost."""
    own = an_entry(4, isVisible=False)
    found = verify(PUT, AFTER, (own, THEIRS, FIRST))

    assert (found.fate, found.overwritten) == (Fate.DONE, (THEIRS,))
    assert {each.path.partition("[")[0] for each in found.lost} == {"clientId"}


def test_what_came_after_ours_is_told() -> None:
    """It was done, and does not stand any more."""
    found = verify(PUT, RegisteredSystem(a_live_document(clientId=[])), (THEIRS, OWN, FIRST))

    assert (found.fate, found.later, found.reached) == (Fate.DONE, (THEIRS,), False)


def test_a_log_that_moved_without_us_shows_it_undone() -> None:
    """The register writes the log together with the document."""
    found = verify(PUT, RegisteredSystem(a_live_document(clientId=[])), (THEIRS, FIRST))

    assert (found.fate, found.later) == (Fate.UNDONE, (THEIRS,))


@pytest.mark.parametrize(
    ("entry", "ours"),
    [(an_entry(2, "ours", clientId=[]), OURS), (an_entry(2, "", clientId=[]), OURS), (THEIRS, frozenset())],
    ids=["another-write-of-ours", "nobodys", "no-client-is-known"],
)
def test_an_entry_with_other_content_is_not_ours(entry: LogEntry, ours: frozenset[str]) -> None:
    """R15: whoever's it is, the register took it instead of the request."""
    held = RegisteredSystem({**a_live_document(), **(entry.data or {})})

    assert verify(replace(PUT, ours=ours), held, (entry, FIRST)).fate is Fate.UNDONE


def test_an_entry_of_another_kind_is_not_ours() -> None:
    """R15: an update of our own client does not show that the deletion came through, nor a create the update."""
    deletion = Request("DELETE", None, BEFORE, FIRST.created, OURS)
    created = replace(OWN, kind="create")

    assert verify(deletion, AFTER, (OWN, FIRST)).fate is Fate.UNDONE
    assert verify(PUT, AFTER, (created, FIRST)).entry is None


def test_what_may_be_ours_shows_nothing() -> None:
    """An entry that says what was sent, under a client that is not ours, leaves it unknown."""
    entry = an_entry(2, "renamed", isVisible=False)

    assert verify(PUT, AFTER, (entry, FIRST)).fate is Fate.UNKNOWN
    assert verify(replace(PUT, ours=frozenset()), AFTER, (entry, FIRST)).fate is Fate.DONE


def test_what_is_held_although_the_log_says_otherwise_is_unknown() -> None:
    """The register holds what was asked for, and the one new entry asked for something else."""
    assert verify(PUT, AFTER, (THEIRS, FIRST)).fate is Fate.UNKNOWN


def test_the_entry_of_another_request_is_not_this_ones() -> None:
    """W20: a later run sent the same again; its entry does not show that the first one came through."""
    late = replace(PUT, taken=frozenset({OWN.created}))

    assert verify(late, AFTER, (OWN, FIRST)).fate is Fate.UNDONE


def test_what_others_changed_is_held_against_the_document_that_was_read() -> None:
    """R11: what ours changed is not among what is lost, nor what both set alike; nor an entry that both added."""
    theirs = an_entry(3, "theirs", isVisible=False, clientId=[], allowedRedirectUrls=["https://y.example/"])
    own = an_entry(4, isVisible=False, name={"nb": "new", "nn": "new", "en": "new"})
    request = replace(PUT, body={**ASKED, "name": {"nb": "new", "nn": "new", "en": "new"}})
    held = RegisteredSystem({**ASKED, "name": {"nb": "new", "nn": "new", "en": "new"}})

    found = verify(request, held, (own, theirs, FIRST))

    assert [(each.path, each.actual, each.expected) for each in found.lost] == [
        (f'clientId["{CLIENT}"]', None, CLIENT),
        (
            'allowedRedirectUrls["https://smartcloud.example/receipt"]',
            None,
            "https://smartcloud.example/receipt",
        ),
        ('allowedRedirectUrls["https://y.example/"]', "https://y.example/", None),
    ]


def test_all_that_others_wrote_before_ours_is_lost() -> None:
    """R11: two of their writes, of which the last one before ours counts."""
    first = an_entry(2, "theirs", isVisible=False)
    last = an_entry(3, "theirs", clientId=["x"])
    request = Request("DELETE", None, BEFORE, FIRST.created, OURS)

    found = verify(request, DELETED, (an_entry(4, kind="delete"), last, first, FIRST))

    assert found.overwritten == (last, first)
    assert [(each.path, each.actual) for each in found.lost] == [
        (f'clientId["{CLIENT}"]', None),
        ('clientId["x"]', "x"),
    ]


def test_what_others_changed_before_a_deletion_is_lost_too() -> None:
    """R11: the deletion takes all of it."""
    request = Request("DELETE", None, BEFORE, FIRST.created, OURS)
    theirs = an_entry(3, "theirs", isVisible=False)

    found = verify(request, DELETED, (an_entry(4, kind="delete"), theirs, FIRST))

    assert [(each.path, each.actual, each.expected) for each in found.lost] == [("isVisible", False, None)]


def test_the_rights_endpoint_is_held_against_the_document_too() -> None:
    """R11: an entry with one list says nothing of the rest, and a system older than its log has no beginning."""
    theirs = LogEntry("rightsupdate", "991825827", "theirs", "2026-07-17T03:00:00+00:00", [])
    request = replace(PUT, newest="")

    found = verify(request, AFTER, (an_entry(4, isVisible=False), theirs))

    assert [(each.member, each.actual is None) for each in found.lost] == [("rights", True)]


def test_an_update_above_a_deletion_holds_its_client_ids() -> None:
    """W21: it was validated before the DELETE and written after it (contract §9.4); a second DELETE frees them."""
    request = Request("DELETE", None, BEFORE, FIRST.created, OURS)
    own, theirs = an_entry(2, kind="delete"), an_entry(3, "theirs", clientId=["x", "", "y"])

    found = verify(request, DELETED, (theirs, own, FIRST))

    assert (found.fate, found.stuck, found.later) == (Fate.DONE, ("x", "y"), (theirs,))
    freed = (an_entry(4, kind="delete"), theirs, own, FIRST)
    assert verify(request, DELETED, freed).stuck == ()


def test_only_a_deletion_that_the_log_has_can_be_outrun() -> None:
    """W21: a system that was deleted before there was a log holds what its last update says, and nothing new."""
    assert verify(PUT, DELETED, (OWN, FIRST)).stuck == ()


@pytest.mark.parametrize("hour", [1.5, 3], ids=["before-ours", "after-ours"])
def test_a_deletion_around_ours_is_found(hour: float) -> None:
    """R3: whoever deleted the system, it is not as asked."""
    own = an_entry(2, isVisible=False)
    gone = replace(an_entry(1, "theirs", kind="delete"), created=f"2026-07-17T0{int(hour)}:30:00+00:00")
    log = tuple(sorted((own, gone), key=lambda each: each.created, reverse=True))

    found = verify(PUT, RegisteredSystem({**ASKED, "isDeleted": True}), (*log, FIRST))

    assert (found.fate, found.deleted, found.reached) == (Fate.DONE, gone, False)
    assert bool(found.stuck) is (hour < 2)


def test_what_the_register_dropped_is_named() -> None:
    """W6: members that this tool does not know, at every place; the null of a language; the blank of a URL."""
    right = {"resource": [{"id": "urn:altinn:resource", "value": "x", "level": 3}], "note": {"a": 1}}
    body = a_live_document(
        contactEmail="a@b.no",
        vendor={"ID": "0192:991825827", "phone": "1"},
        name={"nb": "a", "nn": None, "en": "c"},
        rights=[right],
        accessPackages=[{"urn": "urn:altinn:accesspackage:toll", "since": "2026"}],
        allowedRedirectUrls=["https://x.example/A%20"],
    )
    kept = {**body, "allowedRedirectUrls": ["https://x.example/A "]}
    plain = a_live_document(
        name={"nb": "a", "en": "c"},
        rights=[{"resource": [{"id": "urn:altinn:resource", "value": "x"}], "note": {"a": 2}}],
        accessPackages=[{"urn": "urn:altinn:accesspackage:toll"}],
        allowedRedirectUrls=["https://x.example/A"],
    )

    assert verify(replace(PUT, body=body), RegisteredSystem(kept), (FIRST,)).dropped == ()
    assert verify(replace(PUT, body=body), RegisteredSystem(plain), (FIRST,)).dropped == (
        "contactEmail",
        "vendor.phone",
        "name.nn",
        "rights[].note",
        "rights[].resource[].level",
        "accessPackages[].since",
        "the blank at the end of https://x.example/A%20",
    )


def test_a_document_that_moved_without_a_log_is_unknown() -> None:
    """Nothing says whose doing it is."""
    found = verify(PUT, AFTER, (FIRST,))

    assert (found.fate, found.reached) == (Fate.UNKNOWN, True)


def test_a_system_that_is_not_there_is_not_as_asked() -> None:
    """A create that left no trace reached nothing."""
    found = verify(Request("POST", ASKED, None, "", OURS), None, ())

    assert (found.fate, found.reached) == (Fate.UNDONE, False)


def test_a_deletion_is_done_when_the_log_has_it() -> None:
    """Whatever was answered; a system that is not deleted is not as asked."""
    request = Request("DELETE", None, BEFORE, FIRST.created, OURS)
    gone = an_entry(2, kind="delete")

    assert verify(request, DELETED, (gone, FIRST)).reached
    assert verify(request, DELETED, (gone, FIRST)).fate is Fate.DONE
    assert not verify(request, BEFORE, (FIRST,)).reached
    assert verify(request, BEFORE, (FIRST,)).fate is Fate.UNDONE


def test_an_update_of_a_deleted_system_is_not_as_asked() -> None:
    """Somebody deleted it after ours; that is not a difference in its members."""
    found = verify(PUT, RegisteredSystem({**ASKED, "isDeleted": True}), (OWN, FIRST))

    assert (found.fate, found.reached, found.differs) == (Fate.DONE, False, ())
