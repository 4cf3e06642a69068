"""What blocks a change: an unreadable system, a fault that the register refuses, a client id held elsewhere.

Pure. A blocked change is shown and never sent; the others are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.model.catalogue import Asked, list_asked
from reconciler.model.document_size import find_excess
from reconciler.model.findings import Severity
from reconciler.model.system import drop_nulls
from reconciler.planning.change import Blocked, Change, Create, Delete, Update

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.findings import Finding
    from reconciler.planning.change import Write
    from reconciler.planning.diff import FieldChange

_CHECKED_BY_PUT = frozenset(f"AUTH.VLD-{number:05}" for number in (3, 4, 6, 7, 8, 9, 11, 17, 18))
"""What a PUT checks; a POST checks all (System Register contract §1.6)."""
_MOST = 5
"""Faults that one reason names; the others are counted."""


_ACCEPTED = "A client id sits on one system only: take the entry out of systems/.accepted.yaml first."
_WAIT = "It stays where it is until the other change can be made."


@dataclass(frozen=True, slots=True)
class OtherSystem:
    """Another system that has to do with a client id, in words that go on from `client id X`."""

    id: str
    """Empty where only a file is known."""
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What stands in the way of changes, besides what their definitions and live documents show."""

    faults: Mapping[str, Sequence[Finding]] = field(default_factory=dict)
    """The allowed faults by system: what the register would refuse is blocked all the same."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Why a system cannot be read, by its id."""
    held: Mapping[str, OtherSystem] = field(default_factory=dict)
    """Who holds a client id, of the systems outside the plan."""
    wanted: Mapping[str, OtherSystem] = field(default_factory=dict)
    """Who asks for a client id, of the definitions outside the plan."""


def block_unread(desired: Resolved, why: str) -> Blocked:
    """Block a system that the register could not give."""
    place, hint = desired.locate(("id",)), "Nothing is written for it; ask Altinn's support, with its id."
    reason = f"it cannot be read: {why}"
    return Blocked(id=desired.system.id, reason=reason, hint=hint, file=place.file, line=place.line)


def block_refused(change: Change, faults: Sequence[Finding]) -> Change:
    """Block a change that carries a fault which was allowed here and would be refused there, or is new there.

    A fault without a code is one that the register takes, and that `allow:` lets through where it holds it. One
    that is an error still is the environment's own word on what the change adds.
    """
    if not isinstance(change, (Create, Update)):
        return change
    excess = find_excess(change.document)
    if excess:
        return block(change, excess, "Split the system in two, or leave out what nobody needs.")
    denied = [each for each in faults if each.severity is Severity.ERROR]
    if denied:
        return _block_denied(change, denied)
    refused = [
        each
        for each in faults
        if isinstance(change, Create) or each.code in _CHECKED_BY_PUT or _brings_in(change, each)
    ]
    if not refused:
        return change
    reason = "; ".join(f"{each.message} ({each.code})" if each.code else each.message for each in refused)
    hint = "`allow:` lets it stand in the file, and the register refuses it: correct it first."
    if not any(each.code for each in refused):
        hint = "`allow:` is for what the register holds already: correct what would be new."
    return block(change, reason, hint)


def list_added(change: Change) -> tuple[Asked, ...]:
    """List the rights and access packages that a change asks for and the live document does not."""
    if not isinstance(change, (Create, Update)):
        return ()
    held = set(list_asked(drop_nulls(change.live.document))) if change.live else set[Asked]()
    return tuple(each for each in list_asked(change.document or {}) if each not in held)


def _block_denied(change: Create | Update, faults: Sequence[Finding]) -> Blocked:
    """Block a change that adds what the environment's metadata say the register would refuse."""
    line = faults[0].place.line
    said = [
        f"{each.message} ({each.code}{f', line {each.place.line}' if each.place.line != line else ''})"
        for each in faults[:_MOST]
    ]
    more = [f"and {len(faults) - _MOST:,} more"] if len(faults) > _MOST else []
    hints = dict.fromkeys(_begin_hint(each.hint) for each in faults[:_MOST])
    return replace(block(change, "; ".join([*said, *more]), " ".join(hints)), line=line)


def _begin_hint(hint: str) -> str:
    """Say what to do before a question is asked."""
    return f"Correct it in the file. {hint}" if hint.startswith("Did you mean") else hint


def _brings_in(change: Create | Update, fault: Finding) -> bool:
    """Say whether a change sets the very text that a fault without a code speaks of."""
    path = fault.place.path
    return not fault.code and any(
        path == each.path or path.endswith(f".{each.path}") for each in change.fields
    )


def block_claims(
    changes: Sequence[Change], desired: Mapping[str, Resolved], obstacles: Obstacles
) -> tuple[Change, ...]:
    """Block every claim on a client id that another system will go on holding, and every release for nothing.

    An id is held on by a system outside the plan, by one whose own change is blocked, and where it stands accepted.
    An id that a blocked system claims, or one outside the plan, is not released either: its customers would lose
    their tokens for nothing. So blocking one can block the next.
    """
    by_id = {change.id: change for change in changes}
    standing = {
        str(each.actual): OtherSystem(change.id, f"is on `{change.id}`, where it stands accepted", _ACCEPTED)
        for change in changes
        for each in _list_standing_clients(change)
        if each.actual is not None
    }
    while True:
        held, wanted = dict(obstacles.held), dict(obstacles.wanted)
        for change in by_id.values():
            if isinstance(change, Blocked) and not (change.live and change.live.is_deleted):
                claimer = OtherSystem(change.id, f"would go to `{change.id}`, which is blocked", _WAIT)
                held |= dict.fromkeys(change.live_client_ids, describe_holder(change.id, managed=True))
                claims = set(desired[change.id].system.clientId) - change.live_client_ids
                unclaimed = {each.expected for each in _list_standing_clients(change)}
                wanted |= dict.fromkeys(sorted(claims - unclaimed), claimer)
        held |= standing
        newly = {
            change.id: blocked
            for change in by_id.values()
            if (blocked := _block_claim(change, held) or _block_release(change, wanted)) is not None
        }
        if not newly:
            return tuple(by_id.values())
        by_id |= newly


def describe_holder(system: str, *, managed: bool = False) -> OtherSystem:
    """Say of a system that it holds a client id; `managed` says whether it has a file here."""
    file = "" if managed else ", which has no file here"
    hint = (
        f"Either use another client id here, or have this one removed from `{system}` first{file}; customers of "
        f"`{system}` then get no token with it."
    )
    return OtherSystem(system, f"is on `{system}`", hint)


def _list_standing_clients(change: Change) -> list[FieldChange]:
    """List the client ids that stand accepted: held beyond what the definition says, or not claimed."""
    fields = (each.field for each in change.standing)
    return [each for each in fields if each is not None and each.member == "clientId"]


def _block_claim(change: Change, held: Mapping[str, OtherSystem]) -> Blocked | None:
    if not isinstance(change, (Create, Update)):
        return None
    wanted = (change.document or {}).get("clientId") or ()
    return _block_moves(change, [each for each in wanted if each not in change.live_client_ids], held)


def _block_release(change: Change, wanted: Mapping[str, OtherSystem]) -> Blocked | None:
    if not isinstance(change, (Update, Delete)):
        return None
    leaving = change.live_client_ids - set((change.document or {}).get("clientId") or ())
    return _block_moves(change, sorted(leaving), wanted)


def _block_moves(change: Write, clients: Sequence[str], others: Mapping[str, OtherSystem]) -> Blocked | None:
    """Block a change whose coming or leaving client ids another system has to do with."""
    found = [client for client in clients if client in others and others[client].id != change.id]
    if not found:
        return None
    text = ", ".join(f"client id {client} {others[client].text}" for client in found)
    return block(change, text, " ".join(dict.fromkeys(others[client].hint for client in found)))


def block(change: Write, reason: str, hint: str) -> Blocked:
    """Block a change that would have been written; its fields and live document stay to be shown."""
    return Blocked(
        id=change.id,
        reason=reason,
        hint=hint,
        file=change.file,
        line=change.line,
        fields=change.fields,
        live=change.live,
        standing=change.standing,
    )


def find_blocked_before(
    changes: Sequence[Change], clients: Mapping[str, Collection[str]], touched: Collection[str]
) -> tuple[str, ...]:
    """Find the blocked systems that were blocked already without the systems that are `touched`.

    `clients` are the client ids that each system, of those that are gone too, has to do with: held, asked for now or
    before. A blocked system that shares one with a touched system may be blocked because of it, and so may one that
    shares one with such a system.
    """
    blocked = {each.id for each in changes if isinstance(each, Blocked)}
    concerned = set(touched)
    while True:
        near = {client for name in concerned for client in clients.get(name, ())}
        newly = {name for name in blocked - concerned if near & set(clients.get(name, ()))}
        if not newly:
            return tuple(sorted(blocked - concerned))
        concerned |= newly
