"""What a plan does that a reader must know before anything else, apart for this change and for what was open before.

Pure. A deletion, a breaking impact and a blocked change are effects; each belongs to the side where its field comes
from, so that one system can stand on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from reconciler.planning.change import Blocked, Create, Delete, Update, Weight
from reconciler.planning.impact_rules import DELETED, MASS_CHANGE, OVERWRITTEN, UNKNOWN_CHANGED
from reconciler.planning.origin import OURS, Origin, is_new
from reconciler.render import phrases
from reconciler.render.escape import shorten
from reconciler.render.overview import group_changes
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.plan import Plan, Unmanaged
    from reconciler.planning.request_order import Step
    from reconciler.render.overview import Groups


class Effect(StrEnum):
    """What happens to a system, by the words that stand before its id; the worst first."""

    DELETES = "Deletes for ever"
    BREAKS = "Breaks"
    OVERWRITES = "Overwrites what others set in"
    ALTERS = "Changes what this tool does not know in"
    MANY = "Changes many systems at once"
    BLOCKED = "Blocked"


_EFFECTS: Mapping[str, Effect] = {
    DELETED.id: Effect.DELETES,
    OVERWRITTEN.id: Effect.OVERWRITES,
    UNKNOWN_CHANGED.id: Effect.ALTERS,
    MASS_CHANGE.id: Effect.MANY,
}
"""The effect of each rule that breaks; any other one breaks its system."""
_ORDER = tuple(Effect)
_PLAIN: Mapping[str, str] = {Create.action: "Creates", Update.action: "Updates"}
BRIEFS, BRIEF_IMPACTS = 10, 5
"""How many changes that do no harm stand on the first screen, and how many impacts of each."""


def find_effect(impact: Impact) -> Effect:
    """Say what a breaking impact does."""
    return _EFFECTS.get(impact.rule, Effect.BREAKS)


@dataclass(frozen=True, slots=True)
class Customers:
    """How many customers some systems have, by their system users."""

    known: int = 0
    unknown: int = 0
    """Systems whose system users could not be counted."""

    def __str__(self) -> str:
        """Say how many; what is not known is never zero."""
        if self.unknown and not self.known:
            return "an unknown number of customers"
        if not self.known:
            return "no customers"
        return f"{'at least ' if self.unknown else ''}{count(self.known, 'customer')}"


@dataclass(frozen=True, slots=True)
class Item:
    """One system of which a reader must know, or the plan as a whole."""

    change: Change | None
    """None for the plan as a whole."""
    impacts: tuple[Impact, ...] = ()
    """The breaking ones of this side; none where it is blocked."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What happens, the worst first."""
        if isinstance(self.change, Blocked):
            return (Effect.BLOCKED,)
        found = {find_effect(each) for each in self.impacts}
        deleted = {Effect.DELETES} if isinstance(self.change, Delete) else set[Effect]()
        return tuple(sorted(found | deleted, key=_ORDER.index))

    @property
    def customers(self) -> Customers | None:
        """The system's customers where it loses them; None where that is not what happens."""
        if not {Effect.DELETES, Effect.BREAKS} & set(self.effects):
            return None
        known = [each.users for each in self.impacts if each.users is not None]
        return Customers(max(known)) if known else Customers(unknown=1)


def sum_customers(items: Iterable[Item]) -> Customers:
    """Add up the customers of systems that lose them."""
    counted = [each.customers or Customers() for each in items]
    return Customers(sum(each.known for each in counted), sum(each.unknown for each in counted))


class Brief(NamedTuple):
    """A change that deletes nothing, breaks nothing and is not blocked, in short."""

    change: Change
    what: str
    """What happens, by the words that stand before its id."""
    members: str
    """The members that change; empty for a new system."""
    impacts: tuple[Impact, ...]
    """What it does to people, but for what they only read."""
    more: int
    """How many impacts more there are of that kind."""


def _describe_plain(change: Change) -> Brief:
    impacts = [each for each in change.impacts if each.weight is Weight.NOTABLE]
    members = () if isinstance(change, Create) else dict.fromkeys(each.member for each in change.fields)
    return Brief(
        change,
        _PLAIN.get(change.action, "Takes over what the register holds in"),
        ", ".join(members),
        tuple(impacts[:BRIEF_IMPACTS]),
        len(impacts[BRIEF_IMPACTS:]),
    )


@dataclass(frozen=True, slots=True)
class Side:
    """What this change does, or what was open before."""

    title: str
    items: tuple[Item, ...]
    """What a reader must know; the worst first."""
    changes: tuple[Change, ...]
    """Every system of this side that is shown, those of the items among them."""
    removed: tuple[Unmanaged, ...] = ()
    """The systems whose file this change removes."""
    steps: tuple[Step, ...] = ()
    """The requests of its plan."""
    environment: str = ""
    """The other environment in which this happens; empty for the plan's own."""

    def select(self, effect: Effect) -> tuple[Item, ...]:
        """Select the systems that something happens to."""
        return tuple(each for each in self.items if effect in each.effects)

    @property
    def briefs(self) -> tuple[Brief, ...]:
        """The first of the changes that do no harm, in short."""
        return tuple(_describe_plain(each) for each in self.plain[:BRIEFS])

    @property
    def plain(self) -> tuple[Change, ...]:
        """The changes that delete nothing, break nothing and are not blocked."""
        told = {id(each.change) for each in self.items}
        return tuple(each for each in self.changes if id(each) not in told)


@dataclass(frozen=True, slots=True)
class Sides:
    """A plan in two sides."""

    traced: bool
    """Whether the plan was made against another revision, so that there are two sides; else all are in `open`."""
    new: Side
    open: Side

    @property
    def uncertain(self) -> bool:
        """Whether something of what counts as open before is of unknown origin."""
        fields = [field for change in self.open.changes for field in change.fields]
        for item in self.open.items:
            paths = {each.path for each in item.impacts}
            fields += [each for each in (item.change.fields if item.change else ()) if each.path in paths]
        return self.traced and any(each.origin == Origin.UNKNOWN for each in fields)


def find_sides(plan: Plan) -> Sides:
    """Split what a plan does into what this change does and what was open before."""
    groups = group_changes(plan)
    new, before = _collect(plan, groups, of_change=True), _collect(plan, groups, of_change=False)
    titles = groups.titles
    return Sides(
        groups.traced,
        Side(titles[0], new, groups.new, groups.removed, plan.steps),
        Side(titles[1], before, groups.open, steps=plan.steps),
    )


def find_side_elsewhere(plan: Plan) -> Side:
    """Put together what this change does in another environment, where nothing else is known to be open."""
    sides, environment = find_sides(plan), plan.target.environment
    return Side(
        f"{phrases.THIS_CHANGE} in {shorten(environment, 100)}",
        (*sides.new.items, *sides.open.items),
        (*sides.new.changes, *sides.open.changes),
        sides.new.removed,
        environment=environment,
    )


def _collect(plan: Plan, groups: Groups, *, of_change: bool) -> tuple[Item, ...]:
    """Collect the items of one side, those of the plan as a whole first."""
    items = [_pick(each, groups, of_change=of_change) for each in (*groups.new, *groups.open)]
    found = [each for each in items if each is not None]
    found.sort(key=lambda each: _ORDER.index(each.effects[0]))
    whole = _list_breaking(plan.impacts)
    if whole and of_change is _touches(groups.new if groups.traced else ()):
        found.insert(0, Item(None, whole))
    return tuple(found)


def _touches(changes: Sequence[Change]) -> bool:
    """Say whether changes have a part in what a plan does as a whole."""
    return any(isinstance(each, (Update, Delete)) for each in changes)


def _pick(change: Change, groups: Groups, *, of_change: bool) -> Item | None:
    """Pick what belongs to one side of what happens to a system; None where nothing does."""
    whole = groups.traced and is_new(change)
    if isinstance(change, Blocked):
        return Item(change) if whole is of_change else None
    origins = {field.path: field.origin for field in change.fields}
    mine: list[Impact] = []
    for impact in _list_breaking(change.impacts):
        origin = origins.get(impact.path, "")
        belongs = origin in OURS if groups.traced and origin else whole
        if belongs is of_change:
            mine.append(impact)
    deletes = isinstance(change, Delete) and whole is of_change
    return Item(change, tuple(mine)) if mine or deletes else None


def _list_breaking(impacts: Iterable[Impact]) -> tuple[Impact, ...]:
    return tuple(each for each in impacts if each.weight is Weight.BREAKING)
