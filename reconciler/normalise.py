"""A definition as one environment sees it, and the canonical form in which two systems can be compared.

Pure. What two canonical systems differ in is a difference that the register would keep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model import BLANK, DEFAULTS, IDENTITY, REQUIRED, SENT, Package, Resolved, Right, System
from reconciler.redirect import canonicalise

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeVar

    from reconciler.model import Definition, Json

    Entry = TypeVar("Entry", Right, Package)


def find_missing(definition: Definition, environment: str) -> tuple[str, ...]:
    """Name the members that the definition has to state in an environment and does not."""
    members = {**definition.members, **definition.overlay(environment)}
    required = IDENTITY if members.get("withdrawn") else REQUIRED
    return tuple(name for name in required if name not in members)


def resolve(definition: Definition, environment: str) -> Resolved:
    """Work out what a definition says in one environment: its top level, with the overlay's members instead.

    A withdrawn system keeps its id and vendor only, and holds no client ids. What a broken definition lacks
    is blank; such a one never gets further than the rules.
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


def normalise(system: System) -> System:
    """Give the canonical form: lists as sorted sets, redirect URLs as the register prints them.

    Idempotent. A deleted system is compared by its identity alone, so everything else is left out.
    """
    if system.isDeleted:
        empty: dict[str, Json] = {**DEFAULTS, "name": {}, "description": {}}
        return system.model_copy(update=empty)
    return system.model_copy(
        update={
            "name": dict(sorted(system.name.items())),
            "description": dict(sorted(system.description.items())),
            "rights": _sort_entries(_drop_empty_action(each) for each in system.rights),
            "accessPackages": _sort_entries(system.accessPackages),
            "clientId": tuple(sorted(set(system.clientId))),
            "allowedRedirectUrls": tuple(sorted({fold_url(url) for url in system.allowedRedirectUrls})),
        }
    )


def fold_url(url: str) -> str:
    """Give the text by which redirect URLs are compared: as the register prints it once it is sent back.

    A blank at the end, which the register keeps from `%20` and drops at the next writing (System Register
    contract §2.4), therefore makes no difference.
    """
    once = canonicalise(url) or url
    return canonicalise(once) or once


def _drop_empty_action(right: Right) -> Right:
    """Read an empty action as none, as the register does (System Register contract §3, 00006)."""
    return right if right.action != "" else right.model_copy(update={"action": None})


def _sort_entries(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    by_key = {entry.key: entry for entry in entries}
    return tuple(by_key[key] for key in sorted(by_key))
