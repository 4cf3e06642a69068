"""What became of a request, by what the register holds and what its change log says.

Pure. The answer to a write proves little: it can be lost, and a DELETE can say 400 after it has committed.
So apply and recover both settle a request here, from what was read before and after.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.changelog import find_between, replay
from reconciler.diff import diff
from reconciler.digest import digest_json
from reconciler.model import RegisteredSystem
from reconciler.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.changelog import LogEntry
    from reconciler.diff import FieldChange
    from reconciler.model import Json, System

_KINDS = {"POST": "create", "PUT": "update", "DELETE": "delete"}
"""The change log's word for each method (System Register contract §5)."""


class Fate(StrEnum):
    """What became of a request."""

    DONE = "done"
    """It was carried out: its entry stands in the change log."""
    UNDONE = "undone"
    """It was not: the document is as it was, and the log has no entry of it."""
    UNKNOWN = "unknown"
    """Neither can be shown."""


@dataclass(frozen=True, slots=True)
class Request:
    """A write, and what was known right before it was sent."""

    method: str
    body: Mapping[str, Json] | None
    before: RegisteredSystem | None
    newest: LogEntry | None
    """The newest entry of the change log; None where there was none."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a request, and what shows it."""

    fate: Fate
    entry: LogEntry | None = None
    """Ours."""
    overwritten: tuple[LogEntry, ...] = ()
    """What others wrote between the last reading and ours; newest first."""
    later: tuple[LogEntry, ...] = ()
    """What others wrote after ours; newest first."""
    differs: tuple[FieldChange, ...] = ()
    """Where the register now holds something else than was asked for."""
    lost: tuple[FieldChange, ...] = ()
    """The values of others that ours overwrote: before is theirs, after ours."""
    reached: bool = False
    """Whether the register now holds what was asked for, whoever brought that about."""


def settle(
    request: Request, held: RegisteredSystem | None, log: Sequence[LogEntry], ours: frozenset[str]
) -> Settlement:
    """Settle a request by what the register holds now, and by what its change log has that it had not before.

    `ours` are the Maskinporten clients whose entries can be the request's own; empty means any.
    """
    new = find_between(log, request.newest)
    index = next((number for number, each in enumerate(new) if _is_ours(each, request, ours)), None)
    differs = find_difference(request.body, held)
    reached = held is not None and not differs and _is_deleted(held) is (request.method == "DELETE")
    if index is not None:
        overwritten = new[index + 1 :]
        lost = _find_lost(log, new[index], overwritten) if overwritten else ()
        return Settlement(Fate.DONE, new[index], overwritten, new[:index], differs, lost, reached)
    untouched = _digest(held) == _digest(request.before)
    # The log is written in the transaction of the write, so a log that moved without us shows it undone. An
    # entry that says what was sent may be ours under a name that nobody configured, and shows nothing.
    others_only = bool(new) and bool(ours) and not any(_may_be_ours(each, request, ours) for each in new)
    fate = Fate.UNDONE if (untouched and not new) or others_only else Fate.UNKNOWN
    return Settlement(fate, later=new, differs=differs, reached=reached)


def _digest(system: RegisteredSystem | None) -> str:
    return digest_json(system.document) if system else ""


def _is_ours(entry: LogEntry, request: Request, ours: frozenset[str]) -> bool:
    """Say whether an entry is that of a request: our client, its kind, and what was sent."""
    if entry.kind != _KINDS[request.method] or (ours and entry.client not in ours):
        return False
    if request.method == "DELETE":
        return True
    (state,) = replay((entry,))
    return state.system is not None and not diff(_read_asked(request.body or {}), state.system)


def _may_be_ours(entry: LogEntry, request: Request, ours: frozenset[str]) -> bool:
    return not entry.client or entry.client in ours or _is_ours(entry, request, frozenset())


def _is_deleted(held: RegisteredSystem) -> bool:
    return bool(held.document.get("isDeleted"))


def _read_asked(body: Mapping[str, Json]) -> System:
    return normalise(RegisteredSystem(body).read())


def find_difference(
    body: Mapping[str, Json] | None, held: RegisteredSystem | None
) -> tuple[FieldChange, ...]:
    """Tell where what is held differs from what was asked for: before is held, after was asked for.

    `body` is None for a deletion, which asks for nothing of the document.
    """
    if body is None or held is None:
        return ()
    living = held.read().model_copy(update={"isDeleted": False})
    return diff(_read_asked(body), normalise(living))


def _find_lost(
    log: Sequence[LogEntry], entry: LogEntry, overwritten: Sequence[LogEntry]
) -> tuple[FieldChange, ...]:
    """Tell which values of others an entry overwrote, by replaying the log up to both."""
    states = replay(log)
    theirs, mine = (states[log.index(each)].system for each in (overwritten[0], entry))
    return diff(mine, theirs) if theirs is not None and mine is not None else ()
