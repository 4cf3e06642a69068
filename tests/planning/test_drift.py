"""What differs from the files, and whose doing it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Exit
from reconciler.model.canonical_json import digest_json
from reconciler.planning.acceptance import NONE, Acceptance, Acceptances
from reconciler.planning.change import Blocked
from reconciler.planning.change_log import LogEntry, State
from reconciler.planning.drift import READER_WROTE, Difference, DriftReport, Kind, find_drift
from reconciler.planning.origin import DefinitionHistory, trace
from reconciler.planning.ownership import Ownership
from reconciler.planning.plan import Target, accept_unmanaged, plan_changes
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_registered_system, a_resolved, a_system

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.canonical_json import Json

TARGET = Target("tt02", "https://register.example", VENDOR)
TODAY = date(2026, 11, 21)
OURS, THEIRS = "ours", "theirs"
SYSTEM = "991825827_smartcloud"
HIDDEN: dict[str, Json] = {"isVisible": False}
SHOWN: dict[str, Json] = {"isVisible": True}


def a_log(*writes: tuple[str, dict[str, Json]], kind: str = "update") -> list[State]:
    """Make a replayed change log, newest first, of who wrote and what stood there then."""
    return [
        State(LogEntry(kind, VENDOR, client, f"2026-11-{20 - number}T10:00:00Z"), a_system(**members))
        for number, (client, members) in enumerate(writes)
    ]


def accept(*acceptances: Acceptance) -> Acceptances:
    """Let differences stand."""
    return Acceptances(TODAY, acceptances)


def find(
    files: dict[str, Json],
    live: dict[str, Json] | None,
    states: Sequence[State] = (),
    *,
    revisions: Sequence[dict[str, Json]] = (),
    acceptances: tuple[Acceptance, ...] = (),
    cut: str = "",
) -> DriftReport:
    """Find the drift of one system whose definition had these revisions, newest first."""
    desired = a_resolved("tt02", **files)
    found = None if live is None else a_registered_system(**live)
    ancestors = [a_system(**each) for each in revisions]
    asked = a_system(
        **{
            name: value
            for name, value in files.items()
            if name in {*HIDDEN, "clientId", "name"} and value is not ...
        }
    )
    made = trace(
        plan_changes(TARGET, [desired], {desired.system.id: found}, [], acceptances=accept(*acceptances)),
        {desired.system.id: DefinitionHistory(asked, lambda: ancestors, "", cut)},
    )
    ownership = Ownership(
        frozenset({OURS}), Acceptances(TODAY), list_revisions=lambda _file, _system: ancestors
    )
    return find_drift(made, {desired.system.id: states}, ownership)


def kinds(report: DriftReport) -> list[Kind]:
    """Give the kinds of a report's differences."""
    return [each.kind for each in report.differences]


def test_what_is_not_registered_is_missing() -> None:
    """A definition that the register never had."""
    (difference,) = find({}, None).differences

    assert (difference.kind, difference.entry, difference.path) == (Kind.MISSING, None, "missing")
    assert difference.alarming


def test_a_new_definition_that_is_blocked_is_missing_and_says_why() -> None:
    """R5: one line with the reason, and not every field as changed outside."""
    desired = a_resolved("tt02")
    other = a_registered_system(id="991825827_other")
    made = plan_changes(TARGET, [desired], {SYSTEM: None}, [other])
    assert isinstance(made.changes[0], Blocked)
    traced = trace(made, {SYSTEM: DefinitionHistory(a_system(), lambda: [a_system()])})

    missing, unmanaged = find_drift(traced, {}, Ownership(frozenset({OURS}), Acceptances(TODAY))).differences

    assert (missing.id, missing.kind) == (SYSTEM, Kind.MISSING)
    assert missing.reason == f"client id {CLIENT} is on `991825827_other`"
    assert unmanaged.kind is Kind.UNMANAGED


def test_what_somebody_deleted_is_deleted_and_says_by_whom() -> None:
    """The newest deletion of the log is the one, whatever came after it."""
    states = [
        State(LogEntry("update", VENDOR, OURS, "3"), a_system(isDeleted=True)),
        State(LogEntry("delete", VENDOR, THEIRS, "2"), a_system(isDeleted=True)),
        *a_log((OURS, {})),
    ]

    (difference,) = find({}, {"isDeleted": True}, states).differences

    assert (difference.kind, difference.entry) == (Kind.DELETED, states[1].entry)


def test_a_deletion_that_is_not_carried_out_yet_is_no_alarm() -> None:
    """P1: `withdrawn` is not applied yet, whoever wrote last; a deletion that is blocked says why."""
    states = a_log((THEIRS, {}), (OURS, {}))
    (difference,) = find({"withdrawn": True}, {}, states).differences
    assert (difference.entry, difference.reason[:9]) == (states[0].entry, "withdrawn")
    assert find({"withdrawn": True}, {}).differences[0].entry is None
    assert (difference.kind, difference.alarming) == (Kind.NOT_APPLIED, False)

    gone, taker = a_resolved("tt02", withdrawn=True), a_resolved("tt02", id="991825827_taker", rights=...)
    live = {
        SYSTEM: a_registered_system(),
        "991825827_taker": a_registered_system(id="991825827_taker", clientId=[]),
    }
    made = plan_changes(TARGET, [gone, taker], live, [])
    blocked, *_ = find_drift(made, {}, Ownership(frozenset({OURS}), Acceptances(TODAY))).differences
    assert isinstance(made.changes[0], Blocked)
    assert (blocked.id, blocked.kind) == (SYSTEM, Kind.NOT_APPLIED)
    assert "991825827_taker" in blocked.reason


def test_another_vendor_is_a_difference() -> None:
    """A system that the register has under another vendor is blocked, and drift does not pass over it."""
    (difference,) = find({}, {"vendor": {"ID": "0192:310904473"}}, revisions=[{}]).differences

    assert (difference.kind, difference.path) == (Kind.CHANGED_OUTSIDE, "vendor.ID")


@pytest.mark.parametrize(
    ("states", "revisions", "kind"),
    [
        # We wrote it, as an earlier revision asked.
        (a_log((OURS, HIDDEN)), [SHOWN, HIDDEN], Kind.NOT_APPLIED),
        # We wrote it, and no revision asked: by hand.
        (a_log((OURS, HIDDEN), (OURS, SHOWN)), [SHOWN], Kind.CHANGED_OUTSIDE),
        # Others wrote it, and no revision asked.
        (a_log((THEIRS, HIDDEN), (OURS, SHOWN)), [SHOWN], Kind.CHANGED_OUTSIDE),
        # Others put an earlier value back, after ours had been applied.
        (a_log((THEIRS, HIDDEN), (OURS, SHOWN), (OURS, HIDDEN)), [SHOWN, HIDDEN], Kind.CHANGED_OUTSIDE),
        # The log holds another value than the register.
        (a_log((OURS, SHOWN)), [SHOWN, HIDDEN], Kind.CHANGED_OUTSIDE),
    ],
)
def test_a_value_is_ours_by_the_log_and_the_history(
    states: list[State], revisions: list[dict[str, Json]], kind: Kind
) -> None:
    """The files show the system, and the register hides it; by whose doing decides."""
    report = find(SHOWN, HIDDEN, states, revisions=revisions)

    assert [(each.kind, each.reason) for each in report.differences] == [(kind, "")]
    assert (report.open, report.quiet) == (report.differences, ())
    assert report.exit_code is (Exit.DIFFERENT if kind is Kind.CHANGED_OUTSIDE else Exit.DONE)


def name(text: str) -> dict[str, Json]:
    """Give one name in all languages."""
    return {"name": {"nb": text, "nn": text, "en": text}}


@pytest.mark.parametrize(
    ("writes", "revisions", "kind"),
    [
        # one applied; others wrote two; two was adopted, and three is asked for since.
        ([(THEIRS, "two"), (OURS, "one")], ["three", "two", "one"], Kind.NOT_APPLIED),
        # one and two were applied; others put one back; three is asked for since.
        ([(THEIRS, "one"), (OURS, "two"), (OURS, "one")], ["three", "two", "one"], Kind.CHANGED_OUTSIDE),
        # nothing before the write of others is known
        ([(THEIRS, "two")], ["three", "two"], Kind.NOT_APPLIED),
    ],
)
def test_what_was_adopted_is_ours_and_what_was_put_back_is_not(
    writes: list[tuple[str, str]], revisions: list[str], kind: Kind
) -> None:
    """P5: a live value that a committed revision states is ours, unless others undid a later one with it."""
    states = a_log(*((client, name(text)) for client, text in writes))

    report = find(name("three"), name(writes[0][1]), states, revisions=[name(each) for each in revisions])

    assert kinds(report) == [kind] * 3


@pytest.mark.parametrize(
    ("states", "kind"),
    [
        ([], Kind.NOT_APPLIED),
        ([State(LogEntry("rightsupdate", VENDOR, OURS, "1"), None)], Kind.NOT_APPLIED),
        ([State(LogEntry("rightsupdate", VENDOR, THEIRS, "1"), None)], Kind.CHANGED_OUTSIDE),
    ],
)
def test_without_a_log_the_history_decides(states: list[State], kind: Kind) -> None:
    """R6: an edit of a system that was registered before the log began is not applied yet, and no alarm."""
    assert kinds(find(SHOWN, HIDDEN, states, revisions=[SHOWN, HIDDEN])) == [kind]


def test_without_a_log_a_value_that_no_revision_states_is_changed_outside() -> None:
    """R6: an empty log excuses nothing that the files never asked for."""
    assert kinds(find(SHOWN, HIDDEN, [], revisions=[SHOWN])) == [Kind.CHANGED_OUTSIDE]


@pytest.mark.parametrize(
    ("states", "kind"),
    [
        (a_log((OURS, {"clientId": [CLIENT]})), Kind.NOT_APPLIED),
        (
            a_log((THEIRS, {"clientId": [CLIENT]}), (OURS, {"clientId": [CLIENT, OTHER_CLIENT]})),
            Kind.CHANGED_OUTSIDE,
        ),
        (a_log((OURS, {"clientId": [CLIENT, OTHER_CLIENT]})), Kind.CHANGED_OUTSIDE),
    ],
)
def test_an_entry_that_is_not_there(states: list[State], kind: Kind) -> None:
    """New, it was never asked for; taken away by others, or lost although the log has it, it is an alarm."""
    report = find(
        {"clientId": [CLIENT, OTHER_CLIENT]},
        {"clientId": [CLIENT]},
        states,
        revisions=[{"clientId": [CLIENT, OTHER_CLIENT]}, {"clientId": [CLIENT]}],
    )

    assert kinds(report) == [kind]


def test_without_the_history_nothing_is_excused() -> None:
    """In a shallow clone a value by us is an alarm too, and the reason is said."""
    (difference,) = find(SHOWN, HIDDEN, a_log((OURS, HIDDEN)), cut="the clone is shallow").differences

    assert difference.kind is Kind.CHANGED_OUTSIDE
    assert difference.reason == "the history of the file is not known"


def test_others_wrote_and_left_no_difference() -> None:
    """P5: one note a system, with the newest write and how many there were since our own; no alarm."""
    states = a_log((THEIRS, {}), (THEIRS, HIDDEN), (OURS, {}), (THEIRS, HIDDEN))

    report = find({}, {}, states)

    assert [(each.kind, each.entry, each.reason) for each in report.differences] == [
        (Kind.NO_DIFFERENCE, states[0].entry, "2 writes since our own")
    ]
    assert (report.open, report.quiet) == ((), report.differences)
    assert report.exit_code is Exit.DONE


@pytest.mark.parametrize(
    "states",
    [
        a_log((THEIRS, HIDDEN), (OURS, SHOWN)),
        a_log((THEIRS, HIDDEN), (THEIRS, SHOWN)),
        a_log((THEIRS, HIDDEN), (THEIRS, SHOWN), (OURS, SHOWN)),
        a_log((THEIRS, HIDDEN)),
    ],
    ids=["adopted", "imported", "adopted after two", "imported new"],
)
def test_what_the_files_took_over_counts_as_ours(states: list[State]) -> None:
    """P5: the definition asks for what others wrote, and did not before: somebody has seen it."""
    report = find(HIDDEN, HIDDEN, states)

    assert (report.differences, report.systems) == ((), 1)


def test_what_others_undid_of_their_own_is_mentioned() -> None:
    """They went on from what the files took over, and came back to it."""
    states = a_log((THEIRS, HIDDEN), (THEIRS, SHOWN), (THEIRS, HIDDEN), (OURS, SHOWN))

    (difference,) = find(HIDDEN, HIDDEN, states).differences
    assert (difference.kind, difference.reason) == (Kind.NO_DIFFERENCE, "2 writes since our own")


def test_a_write_that_is_not_known_is_mentioned() -> None:
    """Where the log does not say what we wrote, the files may have taken over nothing."""
    theirs, ours = a_log((THEIRS, HIDDEN), (OURS, SHOWN))

    assert kinds(find(HIDDEN, HIDDEN, [theirs, replace(ours, system=None)])) == [Kind.NO_DIFFERENCE]


@pytest.mark.parametrize("states", [[], a_log((OURS, {})), a_log((OURS, {}), (THEIRS, {}))])
def test_nothing_is_said_where_we_wrote_last(states: list[State]) -> None:
    """T: the last branch of a change that is kept: writes before our own are no news."""
    report = find({}, {}, states)

    assert report.differences == ()
    assert report.systems == 1


def an_acceptance(path: str, value: Json, until: date = TODAY, system: str = SYSTEM) -> Acceptance:
    """Make an acceptance that still counts today."""
    return Acceptance("tt02", system, path, until, "a reason", digest_json(value))


@pytest.mark.parametrize(
    ("acceptance", "alarming"),
    [
        (an_acceptance("isVisible", False), False),  # noqa: FBT003 - the live value
        (an_acceptance("isVisible", True), True),  # noqa: FBT003 - as above
        (an_acceptance("name.nb", False), True),  # noqa: FBT003 - as above
        (an_acceptance("isVisible", False, system="991825827_other"), True),  # noqa: FBT003 - as above
        (an_acceptance("isVisible", False, TODAY - timedelta(1)), True),  # noqa: FBT003 - as above
    ],
)
def test_an_accepted_difference_does_not_alarm(acceptance: Acceptance, *, alarming: bool) -> None:
    """While it is the same system, the same path and the same live value, until its last day is over."""
    report = find(SHOWN, HIDDEN, a_log((THEIRS, HIDDEN)), revisions=[SHOWN], acceptances=(acceptance,))

    assert [each.alarming for each in report.differences] == [alarming]
    assert report.exit_code is (Exit.DIFFERENT if alarming else Exit.DONE)


@pytest.mark.parametrize("word", ["missing", "deleted", "unmanaged"])
def test_a_whole_system_can_be_accepted(word: str) -> None:
    """By the word for what is wrong with it."""
    live = {"missing": None, "deleted": a_registered_system(isDeleted=True)}
    desired = [a_resolved("tt02")] if word in live else []
    others = [] if desired else [a_registered_system()]
    gone = State(LogEntry("delete", VENDOR, THEIRS, "2"), a_system(isDeleted=True))

    def judge(acceptances: Acceptances) -> Difference:
        made = plan_changes(TARGET, desired, {SYSTEM: live.get(word)}, others, acceptances=acceptances)
        made = accept_unmanaged(made, acceptances)
        traced = trace(made, {SYSTEM: DefinitionHistory(a_system(), list)})
        (found,) = find_drift(traced, {SYSTEM: [gone]}, Ownership(frozenset(), NONE)).differences
        return found

    difference, alarm = judge(accept(an_acceptance(word, None))), judge(accept())

    assert (difference.path, difference.alarming, alarm.alarming) == (word, False, True)
    assert difference.entry == alarm.entry
    assert difference.accepted == an_acceptance(word, None)


def test_what_is_accepted_stands_beside_what_is_not() -> None:
    """With who set it; what others wrote is no more said to have left no difference."""
    states = a_log((THEIRS, {**HIDDEN, "clientId": []}), (OURS, {}))
    live: dict[str, Json] = {**HIDDEN, "clientId": []}
    hidden = an_acceptance("isVisible", False)  # noqa: FBT003 - the live value

    both = find({}, live, states, revisions=[SHOWN], acceptances=(hidden,))
    alone = find({}, HIDDEN, a_log((THEIRS, HIDDEN), (OURS, {})), revisions=[SHOWN], acceptances=(hidden,))

    assert [(each.path, each.alarming, each.kind) for each in both.differences] == [
        (f'clientId["{CLIENT}"]', True, Kind.CHANGED_OUTSIDE),
        ("isVisible", False, Kind.CHANGED_OUTSIDE),
    ]
    assert both.differences[1].entry == states[0].entry
    assert [(each.kind, each.accepted) for each in alone.differences] == [(Kind.CHANGED_OUTSIDE, hidden)]
    assert (both.exit_code, alone.exit_code) == (Exit.DIFFERENT, Exit.DONE)


def test_unmanaged_systems_are_told_unless_they_are_known() -> None:
    """With their name and who wrote last; those that are known not to be ours are left out."""
    system = a_registered_system()
    made = plan_changes(TARGET, [], {}, [system])
    states = {SYSTEM: a_log((THEIRS, {}))}
    ownership = Ownership(frozenset({OURS}), Acceptances(TODAY))

    (difference,) = find_drift(made, states, ownership).differences

    assert difference == Difference(
        SYSTEM, Kind.UNMANAGED, entry=states[SYSTEM][0].entry, reason="SmartCloud"
    )
    assert find_drift(made, {}, ownership).differences[0].entry is None
    unread = replace(made, unmanaged=(replace(made.unmanaged[0], unreadable="its id holds a slash"),))
    assert "its id holds a slash" in find_drift(unread, {}, ownership).differences[0].reason
    expected = replace(made, unmanaged=(replace(made.unmanaged[0], expected=True),))
    assert find_drift(expected, states, ownership).differences == ()
    assert find_drift(made, states, ownership).systems == 1


def test_a_difference_stands_at_the_line_that_asks_for_it() -> None:
    """The field's own line; the system's where the field is left out of the file."""
    live = {"clientId": [CLIENT, OTHER_CLIENT], "isVisible": False}
    stated, left_out = (
        find(SHOWN, live).differences,
        find({"clientId": [CLIENT], "isVisible": ...}, live).differences,
    )

    assert [each.line for each in stated if each.path == "isVisible"] == [8]
    assert [each.line for each in left_out if each.path == "isVisible"] == [1]


def test_a_log_that_starts_late_is_judged_by_what_it_has() -> None:
    """A write of others above entries that say nothing of the system put nothing back that is known of."""
    states = [*a_log((THEIRS, HIDDEN)), State(LogEntry("rightsupdate", VENDOR, OURS, "1"), None)]

    assert kinds(find(SHOWN, HIDDEN, states, revisions=[SHOWN, HIDDEN])) == [Kind.NOT_APPLIED]


def test_one_write_of_others_is_not_counted() -> None:
    """The newest stands for itself."""
    assert [each.reason for each in find({}, {}, a_log((THEIRS, {}), (OURS, {}))).differences] == [""]


def test_a_list_that_could_not_be_read_is_a_failure() -> None:
    """Whatever else there is: unmanaged systems may be missing from the report."""
    report = find({}, {})

    assert report.exit_code is Exit.DONE
    assert replace(report, unlisted="the list answered 500").exit_code is Exit.FAILED


READER = "reader"


@pytest.mark.parametrize(
    ("writes", "named"),
    [
        ([(READER, HIDDEN), (OURS, HIDDEN)], True),
        ([(THEIRS, HIDDEN), (READER, HIDDEN), (OURS, HIDDEN)], True),
        ([(OURS, HIDDEN), (READER, SHOWN)], False),
        ([(THEIRS, HIDDEN), (OURS, HIDDEN)], False),
    ],
    ids=["last", "before others", "before ours", "never"],
)
def test_a_write_by_the_client_that_only_reads(
    writes: list[tuple[str, dict[str, Json]]], *, named: bool
) -> None:
    """`clients = [apply]`: what the plan's client wrote since our last write is told, difference or none."""
    made = plan_changes(TARGET, [a_resolved("tt02", **HIDDEN)], {SYSTEM: a_registered_system(**HIDDEN)}, [])
    ownership = Ownership(frozenset({OURS}), accept(), reader=READER)
    report = find_drift(made, {SYSTEM: a_log(*writes)}, ownership)

    assert [each.rule for each in report.findings] == [READER_WROTE] * named
    assert report.exit_code is (Exit.DIFFERENT if named else Exit.DONE)
    if named:
        told = f"Client {READER}, which may only read here, wrote `{SYSTEM}`, last at 2026-11-"
        assert report.findings[0].message.startswith(told)


def test_a_write_by_the_reader_is_drift_for_a_month() -> None:
    """It cannot be taken out of the change log, and must not end every later run with 3."""
    made = plan_changes(TARGET, [a_resolved("tt02", **HIDDEN)], {SYSTEM: a_registered_system(**HIDDEN)}, [])
    states = a_log((READER, HIDDEN), (OURS, HIDDEN))
    for days, code in ((0, Exit.DIFFERENT), (29, Exit.DIFFERENT), (30, Exit.DONE)):
        later = Acceptances(TODAY + timedelta(days=days))
        report = find_drift(made, {SYSTEM: states}, Ownership(frozenset({OURS}), later, reader=READER))
        assert (report.exit_code, len(report.findings)) == (code, 1)


def test_a_difference_that_the_reader_made_is_drift() -> None:
    """It is reported like anybody else's."""
    report = find(HIDDEN, SHOWN, a_log((READER, SHOWN), (OURS, HIDDEN)), revisions=[HIDDEN])

    assert kinds(report) == [Kind.CHANGED_OUTSIDE]
    assert report.exit_code is Exit.DIFFERENT
