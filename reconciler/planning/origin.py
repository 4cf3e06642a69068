"""Why a field differs: because of this change, because something is not applied yet, or because of drift.

Pure. Three values decide: what the files asked for at the base revision, what they ask for now, and what the
register holds; and where that is not enough, what the file asked for at earlier revisions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from reconciler.model.normalise import normalise
from reconciler.planning.change import WITHDRAWN, Blocked, Create, Delete, Keep, Update, spread_with_deletion
from reconciler.planning.diff import ADOPTED, adopt, diff, look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import System
    from reconciler.planning.change import Change
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.plan import Plan


class Origin(StrEnum):
    """Where a difference comes from."""

    THIS_CHANGE = "this change"
    """The register holds what the base asks for, and the files ask for something else now."""
    NOT_APPLIED = "not applied yet"
    """The files asked for it before this change, and the register still holds what they asked for earlier."""
    OVERWRITES_DRIFT = "overwrites drift"
    """The files have not changed, and the register holds what they never asked for."""
    ADOPTS_DRIFT = ADOPTED
    """The files now ask for what the register holds already."""
    CONFLICT = "conflict"
    """The files changed, and the register holds what they never asked for."""
    UNKNOWN = "unknown"
    """The history of the file is not known."""


@dataclass(frozen=True, slots=True)
class DefinitionHistory:
    """What a definition asked for before: at the base, and at earlier revisions."""

    base: System | None
    """Canonical; None where the base had no such definition."""
    list_revisions: Callable[[], Sequence[System]]
    """Gives the canonical systems of earlier revisions, newest first; asked only where it matters."""
    reason: str = ""
    """Why not even the base is known; empty where it is."""
    cut: str = ""
    """Why earlier revisions may be missing; empty where all of them are there."""


def trace(plan: Plan, histories: Mapping[str, DefinitionHistory]) -> Plan:
    """Give every field of a plan its origin, and add the fields that only adopt what is there."""
    return replace(plan, changes=tuple(_trace_change(each, histories.get(each.id)) for each in plan.changes))


def _trace_change(change: Change, history: DefinitionHistory | None) -> Change:
    if history is None:
        return change
    if history.reason:
        return _set_origins(change, lambda _: Origin.UNKNOWN)
    base = spread_with_deletion(history.base) if history.base is not None else {}
    revisions = _Revisions(history)
    traced = _set_origins(change, lambda field: _find_origin(field, base, revisions))
    match traced:
        case Keep() | Update() | Blocked():
            return replace(traced, fields=(*traced.fields, *_find_adopted(traced, history)))
        case Create() | Delete():
            return traced
        case _:
            assert_never(traced)


def _set_origins(change: Change, find: Callable[[FieldChange], Origin]) -> Change:
    """Give every field its origin, those that stand accepted too."""
    standing = tuple(
        replace(each, field=replace(each.field, origin=find(each.field))) if each.field else each
        for each in change.standing
    )
    fields = tuple(replace(each, origin=find(each)) for each in change.fields)
    return replace(change, fields=fields, standing=standing)


@dataclass(slots=True)
class _Revisions:
    """The earlier values of a definition, read when they are first asked for."""

    history: DefinitionHistory
    trees: list[dict[str, Json]] | None = None

    def hold(self, field: FieldChange) -> bool:
        """Say whether an earlier revision asked for what the register holds."""
        if self.trees is None:
            self.trees = [spread_with_deletion(system) for system in self.history.list_revisions()]
        return any(look_up(tree, field.steps) == field.actual for tree in self.trees)


def _find_origin(field: FieldChange, base: Json, revisions: _Revisions) -> Origin:
    asked = look_up(base, field.steps)
    # The base asked for neither where it had no such definition, and then it is this change that asks.
    if asked == field.actual or (asked is None and field.member == WITHDRAWN):
        return Origin.THIS_CHANGE
    unchanged = asked == field.expected
    if revisions.hold(field):
        return Origin.NOT_APPLIED if unchanged else Origin.THIS_CHANGE
    if revisions.history.cut:
        return Origin.UNKNOWN
    return Origin.OVERWRITES_DRIFT if unchanged else Origin.CONFLICT


def _find_adopted(change: Change, history: DefinitionHistory) -> tuple[FieldChange, ...]:
    """Find what the files ask for now, the register holds already, and the base did not ask for."""
    if change.live is None or history.base is None or any(each.field is None for each in change.standing):
        return ()
    live = normalise(change.live.read())
    if live.isDeleted or history.base.isDeleted:
        if live.isDeleted is history.base.isDeleted or not isinstance(change, Keep):
            return ()
        return (adopt((WITHDRAWN,), history.base.isDeleted, live.isDeleted),)
    open_now = {each.steps for each in change.fields}
    open_now |= {each.field.steps for each in change.standing if each.field}
    return tuple(
        adopt(each.steps, each.actual, each.expected)
        for each in diff(live, history.base)
        if each.steps not in open_now
    )


OURS = frozenset({Origin.THIS_CHANGE, Origin.CONFLICT, Origin.ADOPTS_DRIFT})
"""The origins of what this change does; the others were open before, or are not known."""


def is_new(change: Change) -> bool:
    """Say whether a change belongs to what this pull request does, rather than to what was open before."""
    if isinstance(change, Create):
        return not change.fields or any(each.origin in OURS for each in change.fields)
    return any(each.origin in OURS for each in change.fields)
