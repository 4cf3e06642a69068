"""What the outputs show of a plan and of a drift report: in which groups and order, and how much of each.

Pure.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, assert_never

from reconciler.planning.change import Blocked, Create, Delete, Keep, Update, Weight
from reconciler.planning.drift import Kind
from reconciler.planning.origin import is_new
from reconciler.render import phrases
from reconciler.render.members import find_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.planning.plan import Plan, Unmanaged
    from reconciler.planning.request_order import Step

_COUNTED = tuple(kind for kind in Kind if kind is not Kind.NO_DIFFERENCE)


class Groups(NamedTuple):
    """What a plan shows, in the order in which it is read."""

    traced: bool
    """Whether the plan was made against another revision of the files."""
    new: tuple[Change, ...]
    """What this change does; empty where that is not known."""
    open: tuple[Change, ...]
    """What was open before; everything where that is not known."""
    removed: tuple[Unmanaged, ...]
    """The systems whose file this change removes."""
    unmanaged: tuple[Unmanaged, ...]
    """The systems that had no file before."""

    @property
    def titles(self) -> tuple[str, str]:
        """What the changes of `new`, and those of `open`, stand under."""
        return (phrases.THIS_CHANGE, phrases.OPEN_BEFORE if self.traced else phrases.CHANGES)


def group_changes(plan: Plan) -> Groups:
    """Split what a plan shows into what this change does and what was open before; the worst first."""
    shown = [change for change in plan.changes if not isinstance(change, Keep) or change.fields]
    shown.sort(key=_rank)
    traced = any(field.origin for change in shown for field in change.fields)
    removed = tuple(each for each in plan.reported if each.former)
    return Groups(
        traced=traced or bool(removed),
        new=tuple(change for change in shown if traced and is_new(change)),
        open=tuple(change for change in shown if not (traced and is_new(change))),
        removed=removed,
        unmanaged=tuple(each for each in plan.reported if not each.former),
    )


def _rank(change: Change) -> int:
    """Rank a change: what deletes, what breaks, what is blocked, and the rest."""
    if isinstance(change, Delete):
        return 0
    if count_breaking(change):
        return 1
    return 2 if isinstance(change, Blocked) else 3


def count_breaking(change: Change) -> int:
    """Count the impacts of a change that break something."""
    return sum(each.weight is Weight.BREAKING for each in change.impacts)


UNMANAGED_SHOWN = 10
"""Unmanaged systems that an output lists one by one; the others are counted."""


def list_mild(change: Change) -> tuple[Impact, ...]:
    """List the impacts of a change that break nothing, and so do not stand on the first screen."""
    return tuple(each for each in change.impacts if each.weight is not Weight.BREAKING)


def describe_action(change: Change) -> tuple[str, str]:
    """Give the sign and the word for what becomes of a system."""
    match change:
        case Create():
            return "+", "create"
        case Update():
            return "~", "update"
        case Delete():
            return "-", "delete for ever"
        case Blocked():
            return "!", "blocked"
        case Keep():
            return "=", "taken over"
        case _:
            assert_never(change)


def locate(change: Change) -> str:
    """Give the place of what a change does as `file:line`; empty where it stands in no file."""
    return str(find_place(change))


def list_diff_lines(change: Change, before: str) -> Iterator[tuple[str, str]]:
    """List what a change takes away and puts in, as the sign and the text of each line.

    `before` says what the values that go away are of; what the file only takes over is said to be of the file.
    """
    is_new = isinstance(change, Create)
    adopted = [each for each in change.fields if not each.is_open]
    for fields, was, now in (
        (change.open_fields, before, "after apply"),
        (adopted, "our file before", "our file now; the register stays as it is"),
    ):
        if fields and not is_new:
            yield "---", was
            yield "+++", now
        for field in fields:
            yield from _list_field_lines(field)


def _list_field_lines(field: FieldChange) -> Iterator[tuple[str, str]]:
    origin = phrases.describe_origin(field.origin) if field.is_open else ""
    where = [origin, f"line {field.line}" if field.line else ""]
    behind = f"  # {', '.join(filter(None, where))}" if any(where) else ""
    label = phrases.get_label(field)
    lines = [
        (sign, f"{label}: {phrases.show_value(value, field)}")
        for sign, value in (("-", field.before), ("+", field.after))
        if value is not None
    ]
    for number, (sign, text) in enumerate(lines, 1):
        yield sign, f"{text}{behind if number == len(lines) else ''}"


def find_moves(steps: Iterable[Step], system: str) -> tuple[Step, ...]:
    """Find the requests of a system that wait for others, or that others wait for."""
    return tuple(step for step in steps if step.id == system and (step.claims or step.releases or step.after))


class DriftedSystem(NamedTuple):
    """The differences of one system."""

    id: str
    differences: Sequence[Difference]

    @property
    def file(self) -> str:
        """The definition's file; empty where there is none."""
        return next((each.file for each in self.differences if each.file), "")

    @property
    def is_unmanaged(self) -> bool:
        """Whether it has no definition."""
        return any(each.kind is Kind.UNMANAGED for each in self.differences)

    @property
    def alarming(self) -> int:
        """How many differences somebody should look at."""
        return sum(each.alarming for each in self.differences)

    @property
    def title(self) -> str:
        """The group that it belongs to."""
        return phrases.TO_LOOK_AT if self.alarming else phrases.FOR_INFORMATION


def group_systems(report: DriftReport) -> tuple[DriftedSystem, ...]:
    """Gather what differs by system, in the report's order; of unmanaged systems the first ones only."""
    systems = groupby(report.open, key=lambda each: each.id)
    every = [DriftedSystem(system, tuple(differences)) for system, differences in systems]
    hidden = {each.id for each in [each for each in every if each.is_unmanaged][UNMANAGED_SHOWN:]}
    return tuple(each for each in every if each.id not in hidden)


def count_hidden(report: DriftReport) -> int:
    """Count the unmanaged systems that are not shown each by itself."""
    unmanaged = sum(each.kind is Kind.UNMANAGED for each in report.open)
    return max(unmanaged - UNMANAGED_SHOWN, 0)


def count_differences(report: DriftReport) -> Mapping[str, int]:
    """Count the differences by kind, and apart from them the accepted ones."""
    counts = Counter(each.kind for each in report.differences if each.accepted is None)
    accepted = sum(each.accepted is not None for each in report.differences)
    return {**{kind.value: counts[kind] for kind in _COUNTED}, "accepted": accepted}


def summarise_drift(report: DriftReport) -> str:
    """Say in one line how much differs."""
    counts = count_differences(report)
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in _COUNTED)
    return f"Drift: {kinds}; {counts['accepted']} accepted."
