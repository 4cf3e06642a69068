"""What became of a request, by what the register holds and what its change log says.

Pure. The answer to a write proves little: it can be lost, a 500 can be committed, and a DELETE can say 400
after it was carried out. So apply and recover both verify a request here, from snapshots before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.model.normalise import normalise
from reconciler.model.system import RegisteredSystem
from reconciler.planning.change_log import find_since, replay
from reconciler.planning.diff import diff
from reconciler.planning.request_body import find_dropped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import System
    from reconciler.planning.change_log import LogEntry
    from reconciler.planning.diff import FieldChange

_KINDS = {"POST": "create", "PUT": "update", "DELETE": "delete"}
"""The change log's word for each method (System Register contract §5)."""


class Fate(StrEnum):
    """What became of a request."""

    DONE = "done"
    """It was carried out: its entry stands in the change log."""
    UNDONE = "undone"
    """It was not: the log has no entry of it, and nothing else speaks for it."""
    UNKNOWN = "unknown"
    """Neither can be shown."""


@dataclass(frozen=True, slots=True)
class Request:
    """A write, and what was known right before it was sent."""

    method: str
    body: Mapping[str, Json] | None
    before: RegisteredSystem | None
    newest: str
    """The time of the newest entry of the change log; empty where there was none."""
    ours: frozenset[str] = frozenset()
    """The Maskinporten clients whose entries can be the request's own; empty means any."""
    taken: frozenset[str] = frozenset()
    """The times of entries that are known to be those of other requests of ours."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a request, and what shows it."""

    fate: Fate
    entry: LogEntry | None = None
    """Ours."""
    overwritten: tuple[LogEntry, ...] = ()
    """What others wrote between the last reading and ours; newest first."""
    later: tuple[LogEntry, ...] = ()
    """What others wrote after ours, or instead of it; newest first."""
    differs: tuple[FieldChange, ...] = ()
    """Where the register now holds something else than was asked for."""
    lost: tuple[FieldChange, ...] = ()
    """The values of others that ours overwrote: theirs, where ours is what was asked for."""
    dropped: tuple[str, ...] = ()
    """What this version has no name for, was sent as it was, and is not held so."""
    reached: bool = False
    """Whether the register now holds what was asked for, whoever brought that about."""
    deleted: LogEntry | None = None
    """The deletion of a system that was not to be deleted."""
    stuck: tuple[str, ...] = ()
    """Client ids that a deleted system holds, by a write that came through after the deletion."""


def verify(request: Request, actual: RegisteredSystem | None, log: Sequence[LogEntry]) -> Verification:
    """Verify a request by what the register holds now, and by what its change log has that it had not before."""
    new = find_since(log, request.newest)
    index = next((number for number, each in enumerate(new) if _is_ours(each, request)), None)
    found = Verification(
        Fate.DONE,
        later=new,
        differs=find_difference(request.body, actual),
        dropped=find_dropped(request.body or {}, actual.document) if actual else (),
        stuck=find_stuck(actual, log),
    )
    is_gone = actual is not None and actual.is_deleted
    reached = actual is not None and not found.differs and is_gone is (request.method == "DELETE")
    if is_gone and request.method != "DELETE":
        found = replace(found, deleted=next((each for each in new if each.kind == "delete"), None))
    if index is None:
        return replace(
            found, fate=_verify_without_entry(request, actual, new, reached=reached), reached=reached
        )
    overwritten = new[index + 1 :]
    return replace(
        found,
        entry=new[index],
        overwritten=overwritten,
        later=new[:index],
        lost=_find_lost(request, overwritten),
        reached=reached,
    )


def _verify_without_entry(
    request: Request, actual: RegisteredSystem | None, new: Sequence[LogEntry], *, reached: bool
) -> Fate:
    """Verify a request that has no entry of its own.

    The log is written in the transaction of the write, so a log that moved by other content shows it undone.
    An entry that says what was sent may be ours under a name that nobody configured, and shows nothing.
    """
    if not new:
        return Fate.UNDONE if _is_same(actual, request.before) else Fate.UNKNOWN
    alike = [each for each in new if says_the_same(each, request)]
    if any(each.created not in request.taken for each in alike):
        return Fate.UNKNOWN
    return Fate.UNKNOWN if reached and not alike else Fate.UNDONE


def _is_same(one: RegisteredSystem | None, other: RegisteredSystem | None) -> bool:
    return (one.digest if one else "") == (other.digest if other else "")


def _is_ours(entry: LogEntry, request: Request) -> bool:
    """Say whether an entry is that of a request: our client, its kind, and what was sent."""
    if entry.created in request.taken or (request.ours and entry.client not in request.ours):
        return False
    return says_the_same(entry, request)


def says_the_same(entry: LogEntry, request: Request) -> bool:
    """Say whether an entry is of the request's kind and holds what it asked for."""
    if entry.kind != _KINDS[request.method]:
        return False
    if request.method == "DELETE":
        return True
    (state,) = replay((entry,))
    return state.system is not None and not diff(_read_asked(request.body or {}), state.system)


def _read_asked(body: Mapping[str, Json]) -> System:
    return normalise(RegisteredSystem(body).read())


def find_difference(
    body: Mapping[str, Json] | None, actual: RegisteredSystem | None
) -> tuple[FieldChange, ...]:
    """Find where what is held differs from what was asked for.

    `body` is None for a deletion, which asks for nothing of the document.
    """
    if body is None or actual is None:
        return ()
    living = actual.read().model_copy(update={"isDeleted": False})
    return diff(_read_asked(body), normalise(living))


def holds(actual: RegisteredSystem, request: Request) -> bool:
    """Say whether a system is as a request asks."""
    return actual.is_deleted is (request.method == "DELETE") and not find_difference(request.body, actual)


def find_stuck(actual: RegisteredSystem | None, log: Sequence[LogEntry]) -> tuple[str, ...]:
    """Find the client ids that a deleted system took after its deletion (System Register contract §9.4).

    A PUT that was validated before the deletion can be written after it, and takes its client ids then. Only
    another DELETE frees them.
    """
    if actual is None or not actual.is_deleted:
        return ()
    for number, entry in enumerate(log):
        if entry.kind == "delete":
            return ()
        if entry.kind == "update" and any(each.kind == "delete" for each in log[number:]):
            (state,) = replay((entry,))
            return tuple(client for client in state.system.clientId if client) if state.system else ()
    return ()


def _find_lost(request: Request, overwritten: Sequence[LogEntry]) -> tuple[FieldChange, ...]:
    """Find which values others set, against the document that was read, and the request then overwrote."""
    if not overwritten or request.before is None:
        return ()
    known = normalise(request.before.read())
    theirs = replay(overwritten, known)[0].system
    if theirs is None:
        return ()
    living = theirs.model_copy(update={"isDeleted": False})
    set_by_them = {each.steps: each for each in diff(known, living)}
    if request.body is None:  # a deletion takes all of it
        return tuple(replace(each, expected=None) for each in set_by_them.values())
    return tuple(each for each in diff(_read_asked(request.body), living) if each.steps in set_by_them)
