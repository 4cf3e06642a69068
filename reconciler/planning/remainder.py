"""What is left of a plan that an earlier run carried out in part.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.planning.change import Create, Delete, Keep, Update

if TYPE_CHECKING:
    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Remainder:
    """Which systems of a plan are still to be written, and the runs that wrote the others."""

    ids: frozenset[str]
    runs: tuple[str, ...]
    """By name, oldest first."""


def keep_left(plan: Plan, remainder: Remainder | None) -> Plan:
    """Reduce a plan to the changes that are left; the others are kept as they are. None leaves all of it.

    Its digest is another one: what is accepted and recorded is the whole plan.
    """
    if remainder is None:
        return plan
    numbers = {step.number for step in plan.steps if step.id in remainder.ids}
    return replace(
        plan,
        changes=tuple(_keep(each, remainder) for each in plan.changes),
        steps=tuple(
            replace(step, after=tuple(number for number in step.after if number in numbers))
            for step in plan.steps
            if step.number in numbers
        ),
    )


def _keep(change: Change, remainder: Remainder) -> Change:
    if not isinstance(change, (Create, Update, Delete)) or change.id in remainder.ids:
        return change
    reason = f"carried out by run {remainder.runs[-1]}"
    return Keep(id=change.id, reason=reason, file=change.file, line=change.line)
