"""What a definition says in one environment: its top level, with what differs there.

Pure.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.definitions.definition import BLANK, Resolved
from reconciler.model.system import IDENTITY, REQUIRED, SENT, System

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.definitions.definition import Definition
    from reconciler.model.canonical_json import Json


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
    if overlay:
        system = _read_system({**BLANK, **definition.members, **overlay})
    else:  # the same in most environments, and made once
        system = definition.plain or definition.keep_plain(_read_system({**BLANK, **definition.members}))
    members = definition.members
    stated = _share(tuple(name for name in SENT if name in members or name in overlay))
    assignable = overlay.get("isAssignable", members.get("isAssignable"))
    return Resolved(definition, environment, system, stated, assignable)


def _read_system(members: Mapping[str, Json]) -> System:
    if members.get("withdrawn"):
        kept = {name: members[name] for name in IDENTITY}
        return System.model_validate({**kept, "name": {}, "description": {}, "isDeleted": True})
    return System.model_validate({name: members[name] for name in SENT if name in members})


@lru_cache(maxsize=1024)
def _share(names: tuple[str, ...]) -> frozenset[str]:
    """Give the set of some names; most definitions state the same, and a set of nine takes 700 bytes."""
    return frozenset(names)
