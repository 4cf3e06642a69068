"""What differs from the files, since when and by whose hand.

Pure. Drift is no second engine: it is the plan, made with no right to write, and the change log of every
system beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import takewhile
from typing import TYPE_CHECKING, assert_never

from reconciler.errors import Exit
from reconciler.model.findings import Finding, Location, Severity
from reconciler.planning.change import WITHDRAWN, Blocked, Create, Delete, Keep, Update
from reconciler.planning.change_log import attribute
from reconciler.planning.diff import look_up, spread
from reconciler.planning.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.planning.acceptance import Acceptance
    from reconciler.planning.change import Change
    from reconciler.planning.change_log import LogEntry, State
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.narrowing import Narrowing, Unjudged
    from reconciler.planning.ownership import Ownership
    from reconciler.planning.plan import Plan, Target, Unmanaged


class Kind(StrEnum):
    """What sort of difference it is."""

    CHANGED_OUTSIDE = "changed outside"
    """The register holds what the files never asked us to write."""
    NOT_APPLIED = "not applied yet"
    """An earlier revision of the file asked for the live value, and it was not put back since."""
    MISSING = "missing"
    """A definition exists, and the register never had the system; it may be blocked."""
    DELETED = "deleted"
    """A definition exists, and somebody deleted the system."""
    UNMANAGED = "unmanaged"
    """The register has the system, and no definition does."""
    NO_DIFFERENCE = "no difference"
    """Others wrote, and left no difference behind."""

    @property
    def slug(self) -> str:
        """The id by which outputs and `explain` know it."""
        return self.value.replace(" ", "-")


PAGES: Mapping[Kind, str] = {
    Kind.CHANGED_OUTSIDE: "The register holds what the files never asked us to write.\n\n"
    "Somebody else wrote it, or we did without a committed revision that asks for it. Put it into the\n"
    "definition, or apply to put it right; `reconciler accept` lets it stand for a while.",
    Kind.NOT_APPLIED: "The files ask for more than has been applied.\n\n"
    "The register holds what an earlier revision of the file asked for. The next apply settles it.",
    Kind.MISSING: "A definition exists, and the register never had the system.\n\n"
    "The next apply registers it; where it is blocked, the reason stands beside it.",
    Kind.DELETED: "A definition exists, and somebody deleted the system.\n\n"
    "Its id can never be used again: choose a new one, or write `withdrawn: true` to keep the record.",
    Kind.UNMANAGED: "The register has a system that no definition describes.\n\n"
    "Describe it, or name it under `unmanaged` in the settings of the environment.",
    Kind.NO_DIFFERENCE: "Others wrote since our own last write, and left no difference behind.\n\n"
    "`reconciler history ID` shows who and when.",
}
"""What each kind means, for `explain`."""


READER_WROTE = "reader-wrote"
_READER_HINT = (
    "Find out who holds its key, and change it; who may write is named by `clients` in the configuration."
)
_RECENT = 30
"""Days for which a write by a client that may only read is drift, whether or not it left a difference."""
_NAMED = 5
"""Systems that one sentence names."""
ALARMING = frozenset({Kind.CHANGED_OUTSIDE, Kind.MISSING, Kind.DELETED, Kind.UNMANAGED})
"""What makes drift exit with 3, unless it was accepted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: what the files say, what the register holds, since when and by whom."""

    id: str
    kind: Kind
    file: str = ""
    line: int = 0
    field: FieldChange | None = None
    """None for a whole system."""
    entry: LogEntry | None = None
    """The write that made it so; None where the change log does not say."""
    accepted: Acceptance | None = None
    reason: str = ""

    @property
    def path(self) -> str:
        """Name what differs: a field's path, or the word for a whole system."""
        return self.field.path if self.field else str(self.kind)

    @property
    def alarming(self) -> bool:
        """Say whether somebody should look at it."""
        return self.kind in ALARMING and self.accepted is None


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Every difference between the files and the register, by system."""

    target: Target
    differences: tuple[Difference, ...] = ()
    systems: int = 0
    """How many systems were compared."""
    created: str = ""
    tool_version: str = ""
    unlisted: str = ""
    """Why unmanaged systems could not be listed; empty where they could."""
    narrowed: Narrowing | None = None
    """What was left out on purpose; None where every system was compared."""
    unjudged: tuple[Unjudged, ...] = ()
    """The definitions that cannot be used."""
    unmatched: tuple[str, ...] = ()
    """The patterns of expected unmanaged systems that fit none."""
    expected: int = 0
    """How many unmanaged systems the configuration names."""
    findings: tuple[Finding, ...] = ()
    """What is worth a word beside the differences: the end of the key, and writes by a client that only reads."""

    @property
    def alarming(self) -> tuple[Difference, ...]:
        """The differences that somebody should look at."""
        return tuple(each for each in self.differences if each.alarming)

    @property
    def open(self) -> tuple[Difference, ...]:
        """The differences that are there, accepted or not."""
        return tuple(each for each in self.differences if each.kind is not Kind.NO_DIFFERENCE)

    @property
    def quiet(self) -> tuple[Difference, ...]:
        """The systems to which others wrote, and left no difference."""
        return tuple(each for each in self.differences if each.kind is Kind.NO_DIFFERENCE)

    @property
    def has_drift(self) -> bool:
        """Say whether anything alarms, or a client wrote that may only read."""
        return bool(self.alarming) or any(each.severity is Severity.ERROR for each in self.findings)

    @property
    def exit_code(self) -> Exit:
        """Different where there is drift; failed where not all could be looked at."""
        return Exit.worst(
            Exit.DIFFERENT if self.has_drift else Exit.DONE,
            Exit.FAILED if self.unlisted or self.unjudged else Exit.DONE,
        )


def find_drift(plan: Plan, logs: Mapping[str, Sequence[State]], ownership: Ownership) -> DriftReport:
    """Name every difference of a plan that was traced through the history of the files.

    `logs` are the change logs by id, replayed; newest first.
    """
    found = [each for change in plan.changes for each in _judge(change, logs.get(change.id, ()), ownership)]
    for system in plan.unmanaged:
        found += _judge_unmanaged(system, logs.get(system.id, ()))
    compared = len(plan.changes) + len(plan.unmanaged)
    return DriftReport(
        plan.target,
        tuple(found),
        compared,
        unlisted=plan.unlisted,
        narrowed=plan.narrowed,
        unjudged=plan.unjudged,
        unmatched=plan.unmatched,
        expected=plan.expected,
        findings=tuple(_find_misuse(logs, ownership)),
    )


def _find_misuse(logs: Mapping[str, Sequence[State]], ownership: Ownership) -> Iterator[Finding]:
    """Report what the run's own client wrote since our last write although it may only read, differences or not.

    It is an error for a month, since nothing that a person does takes it out of the change log.
    """
    found: dict[str, str] = {}
    for name, states in sorted(logs.items() if ownership.reader else ()):
        others = takewhile(lambda state: state.entry.client not in ownership.clients, states)
        written = next((each.entry for each in others if each.entry.client == ownership.reader), None)
        if written:
            found[name[:100]] = written.created[:100]
    if found:
        recent = date.fromordinal(max(ownership.acceptances.today.toordinal() - _RECENT, 1)).isoformat()
        severity = Severity.ERROR if max(found.values()) >= recent else Severity.WARNING
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        named = ", ".join(f"`{name}`" for name in [*found][:_NAMED]) + more
        message = f"Client {ownership.reader}, which may only read here, wrote {named}, last at {max(found.values())}."
        yield Finding(READER_WROTE, severity, message, Location(""), _READER_HINT)


def _judge(change: Change, states: Sequence[State], ownership: Ownership) -> Iterator[Difference]:
    match change:
        case Create():
            yield _whole(change, Kind.MISSING, None)
        case Delete():
            yield _judge_deletion(change, states)
        case Update():
            yield from _judge_fields(change, states, ownership)
        case Keep() if change.standing:
            yield from _judge_standing(change, states, ownership)
        case Keep():
            yield from _judge_quiet(change, states, ownership)
        case Blocked():
            yield from _judge_blocked(change, states, ownership)
        case _:
            assert_never(change)


def _judge_blocked(change: Blocked, states: Sequence[State], ownership: Ownership) -> Iterator[Difference]:
    if change.live is None:
        yield _whole(change, Kind.MISSING, None)
    elif change.live.is_deleted:
        yield _whole(change, Kind.DELETED, _find_deletion(states))
    elif any(each.member == WITHDRAWN for each in change.open_fields):
        yield _judge_deletion(change, states)
    else:
        yield from _judge_fields(change, states, ownership)


def _find_deletion(states: Sequence[State]) -> LogEntry | None:
    return next((state.entry for state in states if state.entry.kind == "delete"), None)


def _judge_deletion(change: Delete | Blocked, states: Sequence[State]) -> Difference:
    newest = states[0].entry if states else None
    return Difference(
        change.id, Kind.NOT_APPLIED, change.file, change.line, entry=newest, reason=change.reason
    )


def _judge_fields(
    change: Update | Blocked, states: Sequence[State], ownership: Ownership
) -> Iterator[Difference]:
    entries = attribute(change.open_fields, states)
    for field in change.open_fields:
        yield _judge_field(change, field, entries[field.steps], states, ownership)
    yield from _judge_standing(change, states, ownership)


def _judge_standing(change: Change, states: Sequence[State], ownership: Ownership) -> Iterator[Difference]:
    """Judge what stands accepted, by whose hand it is too."""
    entries = attribute([each.field for each in change.standing if each.field], states)
    for each in change.standing:
        if each.field is None:
            kind = Kind(each.path)
            entry = _find_deletion(states) if kind is Kind.DELETED else None
            found = _whole(change, kind, entry)
        else:
            found = _judge_field(change, each.field, entries[each.field.steps], states, ownership)
        yield replace(found, accepted=each.acceptance)


def _whole(change: Change, kind: Kind, entry: LogEntry | None) -> Difference:
    return Difference(change.id, kind, change.file, change.line, None, entry, None, change.reason)


def _judge_field(
    change: Change,
    field: FieldChange,
    entry: LogEntry | None,
    states: Sequence[State],
    ownership: Ownership,
) -> Difference:
    """Judge one field: not applied yet is what an earlier revision asked for, and no write by others set since."""
    ours = field.origin in {Origin.NOT_APPLIED, Origin.THIS_CHANGE} and _is_ours(
        change, field, entry, states, ownership
    )
    kind = Kind.NOT_APPLIED if ours else Kind.CHANGED_OUTSIDE
    reason = "the history of the file is not known" if field.origin == Origin.UNKNOWN else ""
    return Difference(change.id, kind, change.file, field.line or change.line, field, entry, None, reason)


def _is_ours(
    change: Change,
    field: FieldChange,
    entry: LogEntry | None,
    states: Sequence[State],
    ownership: Ownership,
) -> bool:
    """Say whether the register holds a value by our doing: we wrote it, nobody did, or we adopted it."""
    if entry is not None:
        return entry.client in ownership.clients or not _is_reverted(change, field, entry, states, ownership)
    if states and states[0].system is not None:
        # A value that nothing ever set is absent because nobody has asked for it yet.
        return field.actual is None and look_up(spread(states[0].system), field.steps) is None
    # Systems from before 2025-07-30 have a log that starts late, or none (System Register contract §5).
    return all(state.entry.client in ownership.clients for state in states)


def _is_reverted(
    change: Change, field: FieldChange, entry: LogEntry, states: Sequence[State], ownership: Ownership
) -> bool:
    """Say whether a write by others undid what a later revision than the live value's had brought about.

    Where nothing of that kind was in force before it, the definition adopted what they wrote, and asks for
    something else since.
    """
    later = [field.expected]
    for system in ownership.list_revisions(change.file, change.id):
        value = look_up(spread(system), field.steps)
        if value == field.actual:
            break
        later.append(value)
    place = next(number for number, state in enumerate(states) if state.entry is entry)
    held = [look_up(spread(each.system), field.steps) for each in states[place + 1 :] if each.system]
    return any(value in later for value in held)


def _judge_quiet(change: Change, states: Sequence[State], ownership: Ownership) -> Iterator[Difference]:
    """Mention what others wrote since our last write, where it left no difference; the newest stands for all.

    What a definition took over, by import or by adoption, counts as ours: it is not what we wrote last. Where others
    went on from there and came back to it, that is mentioned, too.
    """
    others = list(takewhile(lambda state: state.entry.client not in ownership.clients, states))
    own = next(iter(states[len(others) :]), None)
    if not others or own is None:
        return
    same = [number for number, each in enumerate(others) if number and each.system == others[0].system]
    since = len(others) if own.system is None or own.system == others[0].system else max(same, default=0)
    if since:
        more = f"{since:,} writes since our own" if since > 1 else ""
        yield Difference(
            change.id, Kind.NO_DIFFERENCE, change.file, change.line, entry=others[0].entry, reason=more
        )


def _judge_unmanaged(system: Unmanaged, states: Sequence[State]) -> Iterator[Difference]:
    if system.expected:
        return
    entry = states[0].entry if states else None
    unread = f"it cannot be read: {system.unreadable}" if system.unreadable else ""
    reason = unread or system.name
    yield Difference(system.id, Kind.UNMANAGED, entry=entry, accepted=system.accepted, reason=reason)
