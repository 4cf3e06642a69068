"""What a change of the definitions touches, so that a plan of it need not read every system.

A system is touched where its definition asks for something else than at the base, where its definition is new or
gone, and where it shares a client id with a touched one: which of them gets the id is one question.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.clients.listing import Reading, read_listed
from reconciler.definitions.files import locate_list
from reconciler.definitions.git import GitFailed
from reconciler.definitions.working_tree import is_as_at
from reconciler.errors import ReconcilerError
from reconciler.operations.archive import list_clients, list_untouched
from reconciler.operations.scope import Touched, divide
from reconciler.planning.acceptance import FILE as ACCEPTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from reconciler.clients.listing import Listing, See
    from reconciler.clients.parallel import Progress
    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved
    from reconciler.model.system import RegisteredSystem
    from reconciler.operations.archive import BaseFiles
    from reconciler.operations.scope import Division

CONFIGURATION = ("reconciler.toml", "pyproject.toml")
"""Where the configuration is."""


class MoreNeeded(ReconcilerError):
    """What the register says of touched systems has to do with definitions that were not read."""


def find_touched(systems: Sequence[Resolved], files: BaseFiles, environment: str) -> Touched | None:
    """Find what a change touches; None where the base is not known, so that it may be everything."""
    if files.reason:
        return None
    clients = list_clients(systems, files, environment)
    untouched = list_untouched(systems, files, environment)
    return Touched(files.commit, frozenset(clients.keys() - untouched), clients)


def spread(touched: Touched) -> Touched:
    """Add what shares a client id with something touched, by the definitions alone."""
    holders: dict[str, set[str]] = {}
    for system, clients in touched.clients.items():
        for client in clients:
            holders.setdefault(client, set()).add(system)
    ids, left = set(touched.ids), list(touched.ids)
    while left:
        near = {each for client in touched.clients.get(left.pop(), ()) for each in holders[client]}
        left += near - ids
        ids |= near
    return replace(touched, ids=frozenset(ids))


def differs_beside(root: Path, files: BaseFiles, environments: Iterable[str]) -> bool:
    """Say whether something else than definitions differs from a base that decides what becomes of systems.

    Where git does not read what is there, it may.
    """
    if not files.commit:
        return True
    with suppress(GitFailed):
        return not is_as_at(root, files.commit, list_beside(root, environments))
    return True


def list_beside(root: Path, environments: Iterable[str]) -> list[str]:
    """List what else decides what becomes of systems: the configuration, what stands accepted, and the lists."""
    lists = [locate_list(root, name).relative_to(root).as_posix() for name in environments]
    return [*CONFIGURATION, ACCEPTED, *lists]


def read_touched(
    division: Division, register: Register, listing: Listing, progress: Progress | None, see: See
) -> tuple[Division, Reading]:
    """Read the systems of a division, and divide again until it has every system that shares a client id with one.

    Where a client id is asked for that none of them holds, every registered system is read: the register has no
    way to look up who holds one (System Register contract §1.2). None is read twice; `see` is shown each. Raises
    `MoreNeeded` where the definitions of other systems would be needed, and were not read.
    """
    reading = Reading({})
    everything = False
    while True:
        others = division.list_others() if everything else ()
        wanted = [*sorted(each.system.id for each in division.chosen), *division.unmanaged, *others]
        left = [each for each in wanted if each not in reading.found and each not in reading.unreadable]
        if left:
            fresh = read_listed(register, left, listing, progress, see)
            reading = reading.add(fresh)
        touched = division.scope.touched
        if touched is None:
            return division, reading
        planned = division.planned
        asked = {client for name in planned for client in touched.clients.get(name, ())}
        held = _list_held(reading.found, planned)
        is_sought = bool(asked - _list_held(reading.found, reading.found))
        if touched.unread.contents and (is_sought or touched.unread.find(asked | held)):
            raise MoreNeeded("Other definitions are needed.")
        if not everything and is_sought:
            everything = True
            continue
        near = asked | held
        more = {
            each.system.id
            for each in division.left_out
            if near & {*touched.clients[each.system.id], *_list_held(reading.found, [each.system.id])}
        }
        if not more:
            return division, reading
        scope = division.scope.add_touched(more)
        division = divide([*division.chosen, *division.left_out], division.listed, scope)


def _list_held(found: Mapping[str, RegisteredSystem | None], systems: Iterable[str]) -> set[str]:
    """List the client ids that some systems hold."""
    live = (found.get(name) for name in systems)
    return {client for each in live if each and not each.is_deleted for client in each.client_ids}
