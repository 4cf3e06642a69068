"""What a definition says in one environment: its top level, with what differs there.

Pure.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.definitions.definition import BLANK, Resolved, read_shape
from reconciler.model.system import IDENTITY, REQUIRED, SENT, System

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.definitions.definition import Definition
    from reconciler.model.canonical_json import Json

_BLANK = read_shape(BLANK)
_FIELDS = set(System.model_fields)
"""Which fields were given plays no part in what a system is, so that all systems can have the same set of them."""


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
        system = _read_system({**_BLANK, **definition.members, **overlay})
    else:  # the same in most environments, and made once
        system = definition.plain or definition.keep_plain(_read_system({**_BLANK, **definition.members}))
    members = definition.members
    stated = _share(tuple(name for name in SENT if name in members or name in overlay))
    assignable = overlay.get("isAssignable", members.get("isAssignable"))
    return Resolved(definition, environment, system, stated, assignable)


def _read_system(members: Mapping[str, Json]) -> System:
    """Make a system of members that are read already."""
    if members.get("withdrawn"):
        stated = {
            **{name: members[name] for name in IDENTITY},
            "name": {},
            "description": {},
            "isDeleted": True,
        }
    else:
        stated = {name: members[name] for name in SENT if name in members}
    return System.model_construct(_FIELDS, **stated)


@lru_cache(maxsize=1024)
def _share(names: tuple[str, ...]) -> frozenset[str]:
    """Give the set of some names; most definitions state the same, and a set of nine takes 700 bytes."""
    return frozenset(names)
