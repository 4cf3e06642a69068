"""What blocks a change: an unreadable system, a fault that the register refuses, a client id held elsewhere.

Pure. A blocked change is shown and never sent; the others are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.document_size import find_excess
from reconciler.planning.change import Blocked, Change, Create, Delete, Update

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.findings import Finding
    from reconciler.planning.change import Write

_CHECKED_BY_PUT = frozenset(f"AUTH.VLD-{number:05}" for number in (3, 4, 6, 7, 8, 9, 11, 17, 18))
"""What a PUT checks; a POST checks all (System Register contract §1.6)."""


def block_unread(desired: Resolved, why: str) -> Blocked:
    """Block a system that the register could not give."""
    place, hint = desired.locate(("id",)), "Nothing is written for it; ask Altinn's support, with its id."
    reason = f"it cannot be read: {why}"
    return Blocked(id=desired.system.id, reason=reason, hint=hint, file=place.file, line=place.line)


def block_refused(change: Change, faults: Sequence[Finding]) -> Change:
    """Block a change that carries a fault which was allowed here and would be refused there, or is new there.

    A fault without a code is one that the register takes, and that `allow:` lets through where it holds it.
    """
    if not isinstance(change, (Create, Update)):
        return change
    excess = find_excess(change.document)
    if excess:
        return block(change, excess, "Split the system in two, or leave out what nobody needs.")
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


def _brings_in(change: Create | Update, fault: Finding) -> bool:
    """Say whether a change sets the very text that a fault without a code speaks of."""
    path = fault.place.path
    return not fault.code and any(
        path == each.path or path.endswith(f".{each.path}") for each in change.fields
    )


def block_claims(
    changes: Sequence[Change], desired: Mapping[str, Resolved], others: Mapping[str, str]
) -> tuple[Change, ...]:
    """Block every claim on a client id that another system will go on holding, and every release for nothing.

    An id is held on by an unmanaged system, and by one whose own change is blocked. An id that a blocked
    system claims is not released either: its customers would lose their tokens for nothing. So blocking one
    can block the next.
    """
    by_id = {change.id: change for change in changes}
    while True:
        held, wanted = dict(others), dict[str, str]()
        for change in by_id.values():
            if isinstance(change, Blocked) and not (change.live and change.live.is_deleted):
                live = dict.fromkeys(change.live_client_ids, change.id)
                held |= live
                claims = set(desired[change.id].system.clientId) - live.keys()
                wanted |= dict.fromkeys(sorted(claims), change.id)
        newly = {
            change.id: blocked
            for change in by_id.values()
            if (blocked := _block_claim(change, held) or _block_release(change, wanted)) is not None
        }
        if not newly:
            return tuple(by_id.values())
        by_id |= newly


def _block_claim(change: Change, held: Mapping[str, str]) -> Blocked | None:
    if not isinstance(change, (Create, Update)):
        return None
    wanted = (change.document or {}).get("clientId") or ()
    taken = [client for client in wanted if held.get(client, change.id) != change.id]
    if not taken:
        return None
    text = ", ".join(f"client id {client} is on `{held[client]}`" for client in taken)
    return block(change, text, "A client id sits on one system only: take it from the other system first.")


def _block_release(change: Change, wanted: Mapping[str, str]) -> Blocked | None:
    if not isinstance(change, (Update, Delete)):
        return None
    leaving = change.live_client_ids - set((change.document or {}).get("clientId") or ())
    waited = sorted(leaving & wanted.keys())
    if not waited:
        return None
    text = ", ".join(
        f"client id {client} would go to `{wanted[client]}`, which is blocked" for client in waited
    )
    return block(change, text, "It stays where it is until the other change can be made.")


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
    )
