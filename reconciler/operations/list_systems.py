"""Lists what is registered for a vendor, with or without definitions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.clients.listing import list_ids, read_listed
from reconciler.clients.parallel import ask_all
from reconciler.errors import RegisterError
from reconciler.model.id_pattern import fits
from reconciler.operations.scope import divide
from reconciler.planning.inventory import Inventory, Registration, Row
from reconciler.planning.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from reconciler.clients.parallel import Progress
    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved
    from reconciler.model.system import RegisteredSystem, System
    from reconciler.operations.scope import Division, Scope
    from reconciler.planning.plan import Target


def list_systems(
    systems: Sequence[Resolved],
    target: Target,
    register: Register,
    scope: Scope,
    *,
    expected: Collection[str] = (),
    progress: Progress | None = None,
) -> Inventory:
    """List every system that is registered or defined, and that is asked for; each is read in full.

    `expected` are the patterns of systems that have no definition. Raises what `Register` raises, and `UsageError`
    where a pattern fits no system.
    """
    listing = list_ids(register, target.vendor)
    division = divide(systems, None if listing.unlisted else listing.ids, scope)
    division.check("the definitions here and the registered systems")
    files = _find_files(division)
    ids = sorted({*files, *division.unmanaged})
    reading = read_listed(register, ids, listing, progress)
    living = [name for name, found in reading.found.items() if found is not None and not found.is_deleted]
    users = ask_all(lambda name: _count_users(name, register), living, progress, workers=register.workers)
    rows = []
    for name in ids:
        reason = reading.unreadable.get(name, "")
        found = reading.found.get(name)
        state = Registration.UNREADABLE if reason else _find_state(name, found, division, expected)
        row = Row(id=name, state=state, file=files.get(name, ""), reason=reason)
        desired = next((each.system for each in division.chosen if each.system.id == name), None)
        rows.append(_fill(row, found.read() if found is not None else desired, users.get(name)))
    narrowed = division.describe(Plan(target), ()).narrowed
    return Inventory(target, tuple(rows), narrowed, listing.unlisted)


def _find_files(division: Division) -> dict[str, str]:
    """Find the definition's file of each system that is asked for."""
    broken = division.scope.broken
    found = {
        name: each.unjudged.file
        for each in broken
        for name in each.unjudged.ids
        if division.scope.takes(name)
    }
    return found | {each.system.id: each.definition.document.file for each in division.chosen}


def _find_state(
    name: str, found: RegisteredSystem | None, division: Division, expected: Collection[str]
) -> Registration:
    desired = next((each for each in division.chosen if each.system.id == name), None)
    if name in division.unmanaged:
        return Registration.EXPECTED if fits(name, expected) else Registration.UNMANAGED
    if desired is None:
        return Registration.BROKEN
    if found is None:
        return Registration.WITHDRAWN if desired.withdrawn else Registration.MISSING
    return Registration.DELETED if found.is_deleted else Registration.MANAGED


def _fill(row: Row, held: System | None, users: int | None) -> Row:
    """Fill in what the register holds; of a system that is not registered its name alone, as the definition has it."""
    if held is None:
        return row
    named = replace(row, name=held.name.get("nb") or held.name.get("en", ""))
    if row.state in {Registration.MISSING, Registration.WITHDRAWN, Registration.UNREADABLE}:
        return named
    return replace(
        named,
        visible=held.isVisible,
        rights=len(held.rights),
        packages=len(held.accessPackages),
        client_ids=len(held.clientId),
        deleted=held.isDeleted,
        users=users,
    )


def _count_users(system: str, register: Register) -> int | None:
    """Count the system users; None where they cannot be read, which is not 0."""
    try:
        return sum(register.count_system_users(system).values())
    except RegisterError:
        return None
