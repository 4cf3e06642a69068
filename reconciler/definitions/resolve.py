"""What a definition says in one environment: its top level, with what differs there.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.definition import BLANK, Resolved
from reconciler.model.system import IDENTITY, REQUIRED, SENT, System

if TYPE_CHECKING:
    from reconciler.definitions.definition import Definition


def find_missing_members(definition: Definition, environment: str) -> tuple[str, ...]:
    """Name the members that the definition has to state in an environment and does not."""
    members = {**definition.members, **definition.overlay(environment)}
    required = IDENTITY if members.get("withdrawn") else REQUIRED
    return tuple(name for name in required if name not in members)


def resolve(definition: Definition, environment: str) -> Resolved:
    """Work out what a definition says in one environment: its top level, with the overlay's members instead.

    A withdrawn system keeps its id and vendor only, and holds no client ids. What a broken definition lacks
    is empty; such a definition only reaches the rules.
    """
    overlay = definition.overlay(environment)
    members = {**BLANK, **definition.members, **overlay}
    stated = frozenset(name for name in SENT if name in definition.members or name in overlay)
    assignable = members.get("isAssignable")
    if members.get("withdrawn"):
        kept = {name: members[name] for name in IDENTITY}
        system = System.model_validate({**kept, "name": {}, "description": {}, "isDeleted": True})
    else:
        system = System.model_validate({name: members[name] for name in SENT if name in members})
    return Resolved(definition, environment, system, stated, assignable)
