"""Finds what drift would have the definitions say: what others changed in the register, and nothing else.

What is not applied yet stays asked for, and what stands accepted stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.id_pattern import fits
from reconciler.model.normalise import normalise
from reconciler.operations.import_ import Registered
from reconciler.planning.diff import give_actual
from reconciler.planning.drift import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.system import RegisteredSystem, System
    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.planning.plan import Plan

_WHOLE = frozenset({Kind.DELETED, Kind.UNMANAGED})


def list_adoptable(report: DriftReport, ids: Sequence[str]) -> tuple[Difference, ...]:
    """List the differences that a definition can adopt, of all systems or of those that fit a pattern."""
    return tuple(
        each for each in report.alarming if each.kind is not Kind.MISSING and (not ids or fits(each.id, ids))
    )


def find_adopted(
    differences: Sequence[Difference],
    systems: Sequence[Resolved],
    live: Mapping[str, RegisteredSystem],
    made: Plan,
) -> Registered:
    """Find what the definitions are to say of each system with such a difference.

    `live` holds the unmanaged ones; the others are in the plan that the differences were found in.
    """
    held = {each.id: each.live for each in made.changes if each.live is not None} | dict(live)
    asked = {each.system.id: normalise(each.system) for each in systems}
    wanted: dict[str, System] = {}
    for name in dict.fromkeys(each.id for each in differences if each.id in held):
        own = [each for each in differences if each.id == name]
        if name not in asked or any(each.kind in _WHOLE for each in own):
            wanted[name] = held[name].read()
        else:
            wanted[name] = give_actual(asked[name], [each.field for each in own if each.field is not None])
    return Registered(made.target, {name: held[name] for name in wanted}, wanted)
