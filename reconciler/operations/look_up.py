"""Looks up in an environment's metadata what the changes of a plan add."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from reconciler.clients.metadata import look_up
from reconciler.model.catalogue import list_asked
from reconciler.planning.blocking import list_added
from reconciler.rules.look_ups import LOOKED_UP, find_doubts, find_unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved
    from reconciler.model.catalogue import Asked
    from reconciler.planning.blocking import Obstacles
    from reconciler.planning.plan import Plan


def plan_looked_up(
    compare: Callable[[Obstacles], Plan],
    systems: Iterable[Resolved],
    obstacles: Obstacles,
    register: Register,
) -> Plan:
    """Make a plan, and block the changes that add what the environment says the register would refuse.

    `compare` makes the plan, given what stands in the way. Where an allowed fault is what a list says of a right or
    a package, the environment's own word counts for more. What could not be checked is a finding in the plan.
    """
    firm = {
        name: [each for each in found if each.rule not in LOOKED_UP]
        for name, found in obstacles.faults.items()
    }
    made = compare(replace(obstacles, faults=firm))
    doubtful = {
        name: {LOOKED_UP[each.rule] for each in found if each.rule in LOOKED_UP}
        for name, found in obstacles.faults.items()
    }
    added = _list_added(made, doubtful)
    if not added:
        return made
    catalogue = look_up(chain.from_iterable(added.values()), register, f"in {made.target.environment}")
    asking = sorted(
        (each for each in systems if each.system.id in added), key=lambda each: each.definition.document.file
    )
    doubts = {each.system.id: find_doubts(each, catalogue, added[each.system.id]) for each in asking}
    if any(doubts.values()):
        faults = {name: [*firm.get(name, ()), *doubts.get(name, ())] for name in firm | doubts}
        made = compare(replace(obstacles, faults=faults))
    return replace(made, findings=tuple(find_unanswered(asking, catalogue)))


def _list_added(plan: Plan, doubtful: Mapping[str, Container[str]]) -> Mapping[str, frozenset[Asked]]:
    """List what each change adds, and every right or package of a system where those are in doubt, by id."""
    added: dict[str, frozenset[Asked]] = {}
    for change in plan.writes:
        kinds = doubtful.get(change.id, ())
        again = (each for each in list_asked(change.document or {}) if each.what in kinds)
        found = frozenset([*list_added(change), *again])
        if found:
            added[change.id] = found
    return added
