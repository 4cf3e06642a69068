"""What differs from the files, since when and by whose hand.

Pure. Drift is no second engine: it is the plan, made with no right to write, and the change log of every
system beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.acceptance import Acceptance, find_acceptance
from reconciler.change import Blocked, Create, Delete, Update
from reconciler.changelog import attribute
from reconciler.errors import Exit
from reconciler.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from reconciler.change import Change
    from reconciler.changelog import LogEntry, State
    from reconciler.diff import FieldChange
    from reconciler.plan import Plan, Target, Unmanaged


class Kind(StrEnum):
    """What sort of difference it is."""

    CHANGED_OUTSIDE = "changed outside"
    """The register holds what the files never asked us to write."""
    NOT_APPLIED = "not applied yet"
    """Our client wrote the live value, and an earlier revision of the file asked for it."""
    MISSING = "missing"
    """A definition exists, and the register never had the system."""
    DELETED = "deleted"
    """A definition exists, and somebody deleted the system."""
    UNMANAGED = "unmanaged"
    """The register has the system, and no definition does."""
    NO_DIFFERENCE = "no difference"
    """Others wrote, and left no difference behind."""


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
    """`before` is what the register holds, `after` what the files say; None for a whole system."""
    entry: LogEntry | None = None
    """The write that made it so; None where the change log does not tell."""
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

    @property
    def alarming(self) -> tuple[Difference, ...]:
        """The differences that somebody should look at."""
        return tuple(each for each in self.differences if each.alarming)

    @property
    def exit_code(self) -> Exit:
        """Different where anything alarms."""
        return Exit.DIFFERENT if self.alarming else Exit.DONE


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What drift is judged by, beside the plan."""

    ours: frozenset[str]
    """The Maskinporten clients whose writes are ours."""
    today: date
    """In UTC."""
    acceptances: tuple[Acceptance, ...] = ()
    known: frozenset[str] = frozenset()
    """Unmanaged systems that are known not to be ours to manage."""


def find_drift(plan: Plan, logs: Mapping[str, Sequence[State]], around: Circumstances) -> DriftReport:
    """Tell every difference of a plan that was traced through the history of the files.

    `logs` are the change logs by id, replayed; newest first.
    """
    found = [each for change in plan.changes for each in _judge(change, logs.get(change.id, ()), around)]
    for system in plan.unmanaged:
        found += _judge_unmanaged(system, logs.get(system.id, ()), around)
    return DriftReport(plan.target, tuple(found), len(plan.changes) + len(plan.unmanaged))


def _judge(change: Change, states: Sequence[State], around: Circumstances) -> Iterator[Difference]:
    newest = states[0].entry if states else None
    if isinstance(change, Create):
        yield _whole(change, Kind.MISSING, None, around)
    elif isinstance(change, Delete):
        yield Difference(
            change.id, Kind.NOT_APPLIED, change.file, change.line, entry=newest, reason=change.reason
        )
    elif (change.live or {}).get("isDeleted") and isinstance(change, Blocked):
        deleted = next((state.entry for state in states if state.entry.kind == "delete"), None)
        yield _whole(change, Kind.DELETED, deleted, around)
    elif isinstance(change, (Update, Blocked)):
        for field in change.fields:
            if field.origin != Origin.ADOPTS_DRIFT:
                yield _judge_field(change, field, states, around)
    else:
        yield from _judge_quiet(change, states, around)


def _whole(change: Change, kind: Kind, entry: LogEntry | None, around: Circumstances) -> Difference:
    accepted = find_acceptance(around.acceptances, change.id, str(kind), None, around.today)
    return Difference(change.id, kind, change.file, change.line, None, entry, accepted, change.reason)


def _judge_field(
    change: Change, field: FieldChange, states: Sequence[State], around: Circumstances
) -> Difference:
    """Judge one field: only what our client wrote, as an earlier revision asked, is merely not applied yet."""
    entry = attribute(field, states)
    asked_before = field.origin in {Origin.NOT_APPLIED, Origin.THIS_CHANGE}
    by_us = entry is not None and entry.client in around.ours
    # A value that nothing ever set is absent because nobody has asked for it yet.
    untouched = entry is None and field.before is None and bool(states)
    ours = asked_before and (by_us or untouched)
    kind = Kind.NOT_APPLIED if ours else Kind.CHANGED_OUTSIDE
    accepted = find_acceptance(around.acceptances, change.id, field.path, field.before, around.today)
    reason = "the history of the file cannot be told" if field.origin == Origin.UNKNOWN else ""
    return Difference(change.id, kind, change.file, field.line or change.line, field, entry, accepted, reason)


def _judge_quiet(change: Change, states: Sequence[State], around: Circumstances) -> Iterator[Difference]:
    """Mention what others wrote since our last write, where it left no difference."""
    for state in states:
        if state.entry.client in around.ours:
            return
        yield Difference(change.id, Kind.NO_DIFFERENCE, change.file, change.line, entry=state.entry)


def _judge_unmanaged(
    system: Unmanaged, states: Sequence[State], around: Circumstances
) -> Iterator[Difference]:
    if system.id in around.known:
        return
    accepted = find_acceptance(around.acceptances, system.id, str(Kind.UNMANAGED), None, around.today)
    entry = states[0].entry if states else None
    yield Difference(system.id, Kind.UNMANAGED, entry=entry, accepted=accepted, reason=system.name)
