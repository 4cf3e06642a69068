"""What a plan does that a reader must know before anything else, apart for this change and for what was open before.

Pure. A deletion, a breaking impact and a blocked change are effects; each belongs to the side where its field comes
from, so that one system can stand on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from reconciler.planning.change import Blocked, Delete, Update, Weight
from reconciler.planning.impact_rules import DELETED, MASS_CHANGE, OVERWRITTEN, UNKNOWN_CHANGED
from reconciler.planning.origin import OURS, Origin, is_new
from reconciler.render import phrases
from reconciler.render.overview import group_changes
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.plan import Plan, Unmanaged
    from reconciler.planning.request_order import Step
    from reconciler.render.overview import Groups


class Effect(StrEnum):
    """What happens that a reader must know, by the word that a verdict begins with; the worst first."""

    DELETES = "Deletes for ever"
    BREAKS = "Breaks"
    BROKEN = "Broken"
    MANY = "Many at once"
    BLOCKED = "Blocked"
    OVERWRITES = "Overwrites"
    ALTERS = "Overwrites unknown members"

    @property
    def is_boxed(self) -> bool:
        """Whether it deletes or breaks something, or stops something."""
        return self in {Effect.DELETES, Effect.BREAKS, Effect.BROKEN, Effect.BLOCKED}


_EFFECTS: Mapping[str, Effect] = {
    DELETED.id: Effect.DELETES,
    OVERWRITTEN.id: Effect.OVERWRITES,
    UNKNOWN_CHANGED.id: Effect.ALTERS,
    MASS_CHANGE.id: Effect.MANY,
}
"""The effect of each rule that breaks; any other one breaks its system."""
_ORDER = tuple(Effect)


def find_effect(impact: Impact) -> Effect:
    """Say what a breaking impact does."""
    return _EFFECTS.get(impact.rule, Effect.BREAKS)


class Users(NamedTuple):
    """How many system users some systems have."""

    known: int = 0
    unknown: int = 0
    """Systems whose system users could not be counted."""

    def describe_loss(self, *, certain: bool = False) -> str:
        """Say how many lose access, for certain or possibly; what is not known is never zero."""
        if self.unknown and not self.known:
            return f"how many system users {'' if certain else 'can '}lose access is not known"
        verb = "can lose" if not certain else "loses" if self.known == 1 else "lose"
        return f"{'at least ' if self.unknown else ''}{count(self.known, 'system user')} {verb} access"


@dataclass(frozen=True, slots=True)
class Item:
    """One system of which a reader must know, or the plan as a whole."""

    change: Change | None
    """None for the plan as a whole."""
    impacts: tuple[Impact, ...] = ()
    """The breaking ones of this side; none where it is blocked."""
    fields: tuple[FieldChange, ...] = ()
    """What changes on this side, what breaks first."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What happens, the worst first."""
        if isinstance(self.change, Blocked):
            return (Effect.BLOCKED,)
        found = {find_effect(each) for each in self.impacts}
        deleted = {Effect.DELETES} if isinstance(self.change, Delete) else set[Effect]()
        return tuple(sorted(found | deleted, key=_ORDER.index))

    @property
    def users(self) -> Users | None:
        """The system's users where they lose access; None where that is not what happens."""
        if not {Effect.DELETES, Effect.BREAKS} & set(self.effects):
            return None
        known = [each.users for each in self.impacts if each.users is not None]
        return Users(max(known)) if known else Users(unknown=1)


def sum_users(items: Iterable[Item]) -> Users:
    """Add up the system users of systems that lose them."""
    counted = [each.users or Users() for each in items]
    return Users(sum(each.known for each in counted), sum(each.unknown for each in counted))


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
    against: str = ""
    """The commit whose definitions stand for the register; empty where the register was asked."""

    @property
    def held(self) -> str:
        """Say what the values are of that are shown first."""
        return "files at the base" if self.against else "register today"

    @property
    def is_filled(self) -> bool:
        """Whether it holds anything."""
        return bool(self.items or self.changes or self.removed)

    def select(self, effect: Effect) -> tuple[Item, ...]:
        """Select the systems that something happens to."""
        return tuple(each for each in self.items if effect in each.effects)

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
    titles, environment = groups.titles, plan.target.environment
    return Sides(
        groups.traced,
        Side(titles[0], new, groups.new, groups.removed, plan.steps, environment, plan.against),
        Side(titles[1], before, groups.open, (), plan.steps, environment, plan.against),
    )


def find_side_elsewhere(plan: Plan) -> Side:
    """Put together what this change does in another environment, where nothing else is known to be open."""
    sides = find_sides(plan)
    return Side(
        phrases.THIS_CHANGE,
        (*sides.new.items, *sides.open.items),
        (*sides.new.changes, *sides.open.changes),
        sides.new.removed,
        environment=plan.target.environment,
        against=plan.against,
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
        return Item(change, fields=change.fields) if whole is of_change else None
    origins = {field.path: field.origin for field in change.fields}

    def belongs(origin: str) -> bool:
        return (origin in OURS if groups.traced and origin else whole) is of_change

    mine = tuple(each for each in _list_breaking(change.impacts) if belongs(origins.get(each.path, "")))
    deletes = isinstance(change, Delete) and whole is of_change
    if not (mine or deletes):
        return None
    paths = {each.path for each in mine}
    fields = [each for each in change.fields if belongs(each.origin)]
    return Item(change, mine, tuple(sorted(fields, key=lambda each: each.path not in paths)))


def _list_breaking(impacts: Iterable[Impact]) -> tuple[Impact, ...]:
    return tuple(each for each in impacts if each.weight is Weight.BREAKING)
