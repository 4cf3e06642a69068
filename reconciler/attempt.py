"""One request of a plan, from the reading before it to the reading after it.

Read, write the intent, send once, read back, settle, write the outcome. Only the register's document and
its change log say what became of a request; the answer alone never does.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING

from reconciler.changelog import read_log
from reconciler.digest import digest_json
from reconciler.errors import (
    MaskinportenError,
    NoAnswer,
    NotConnected,
    ReconcilerError,
    RegisterError,
    ServerFailed,
    TooManyRequests,
    Unauthorised,
    Unintelligible,
)
from reconciler.journal import Settled, now
from reconciler.outcome import Done, Failed, NotTried, Outcome, Stale, Unknown
from reconciler.settlement import Fate, Request, Settlement, find_difference, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.change import Change
    from reconciler.changelog import LogEntry
    from reconciler.diff import FieldChange
    from reconciler.journal import Journal
    from reconciler.model import RegisteredSystem
    from reconciler.register import Register
    from reconciler.steps import Step

LOOK_AGAIN = 1.0
"""Seconds between two looks at a system whose write gave no answer."""
_LOST = (NoAnswer, ServerFailed, Unintelligible)
"""After these, a write may have been carried out, or may still be."""
_UNPROCESSED = (NotConnected, TooManyRequests, Unauthorised)
"""After these, a write was certainly not carried out: they are what lets `register` send it again."""
_POINTLESS = (Unauthorised, NotConnected, MaskinportenError)
"""After these, no other request can do better."""


@dataclass(frozen=True, slots=True)
class Crew:
    """What every attempt of a run works with."""

    register: Register
    journal: Journal
    ours: frozenset[str]
    """The Maskinporten clients whose writes are ours."""
    patience: float
    """Seconds after which a write that gave no answer will not be carried out any more."""
    stop: Event = field(default_factory=Event)
    """Set when the run is to end soon: nothing new is begun, and nothing is waited for."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """What became of one request, what the register now holds, and whether the run can go on."""

    outcome: Outcome
    held: RegisteredSystem | None = None
    halt: str = ""
    """Why every further request is pointless; empty where it is not."""


def carry_out(step: Step, change: Change, expected: str, crew: Crew) -> Attempted:
    """Carry out one step; `expected` is the digest of the document that it was made from.

    Nothing is raised for what the register does: it is the outcome.
    """
    try:
        before, log = _look(step.id, crew.register)
    except ReconcilerError as error:
        halt = error.message if isinstance(error, _POINTLESS) else ""
        return Attempted(NotTried(change=change, reason=error.message, hint=error.hint), None, halt)
    if _digest(before) != expected:
        return Attempted(_tell_stale(step, change, before, log), before)
    request = Request(step.method, step.document, before, log[0] if log else None)
    live, newest = before.document if before else None, log[0].created if log else ""
    try:
        crew.journal.intend(step, live=live, newest=newest)
    except OSError as error:  # what cannot be written down is not done
        halt = f"The journal cannot be written: {error.strerror}."
        return Attempted(NotTried(change=change, reason=halt), None, halt)
    attempted, settlement = _send_and_look(request, step, change, crew)
    try:
        crew.journal.settle(_record(step, attempted, settlement))
    except OSError as error:  # the outcome is told, and `recover` finds it again
        return replace(attempted, halt=f"The journal cannot be written: {error.strerror}.")
    return attempted


def _send_and_look(request: Request, step: Step, change: Change, crew: Crew) -> tuple[Attempted, Settlement]:
    """Send a request whose intent is written, and find out what became of it."""
    sent = time.monotonic()
    failure = _send(step, crew.register)
    halt = failure.message if isinstance(failure, _POINTLESS) else ""
    try:
        held, settlement = _settle(request, step, crew, failure, sent)
    except ReconcilerError as error:
        halt = halt or (error.message if isinstance(error, _POINTLESS) else "")
        if isinstance(failure, _UNPROCESSED):
            outcome: Outcome = Failed(change=change, reason=failure.message, hint=failure.hint)
            return Attempted(outcome, None, halt), Settlement(Fate.UNDONE)
        return Attempted(_tell_unread(change, failure, error), None, halt), Settlement(Fate.UNKNOWN)
    return Attempted(explain(change, settlement, failure), held, halt), settlement


def _look(system: str, register: Register) -> tuple[RegisteredSystem | None, tuple[LogEntry, ...]]:
    found = register.read_system(system)
    return found, read_log(register.read_changes(system)) if found else ()


def _digest(system: RegisteredSystem | None) -> str:
    return digest_json(system.document) if system else ""


def _send(step: Step, register: Register) -> ReconcilerError | None:
    """Send the request, once; gives what went wrong, if anything did."""
    try:
        if step.method == "POST":
            register.create_system(step.document or {})
        elif step.method == "PUT":
            register.replace_system(step.id, step.document or {})
        else:
            register.delete_system(step.id)
    except ReconcilerError as error:
        return error
    return None


def _settle(
    request: Request, step: Step, crew: Crew, failure: ReconcilerError | None, sent: float
) -> tuple[RegisteredSystem | None, Settlement]:
    """Look until it is known what became of the request, or until its time is out."""
    while True:
        held, log = _look(step.id, crew.register)
        settlement = settle(request, held, log, crew.ours)
        if settlement.fate is Fate.DONE:
            break
        left = sent + crew.patience - time.monotonic()
        if left <= 0 or not _may_still_come(failure):
            return held, settlement
        if crew.stop.wait(min(LOOK_AGAIN, left, crew.patience / 10)):
            return held, replace(settlement, fate=Fate.UNKNOWN)
    if settlement.differs and not settlement.later:  # it was carried out between the two readings of a look
        held, log = _look(step.id, crew.register)
        settlement = settle(request, held, log, crew.ours)
    return held, settlement


def _may_still_come(failure: ReconcilerError | None) -> bool:
    """Say whether a write that left no trace can still be carried out.

    A 500 is the register's own last word on it (contract §1.5); a gateway's 502 is nobody's.
    """
    if isinstance(failure, ServerFailed):
        return failure.status != 500
    return isinstance(failure, _LOST)


def explain(change: Change, settlement: Settlement, failure: ReconcilerError | None) -> Outcome:
    """Turn what is known of a request into an outcome, told in words."""
    said = failure.message if failure else ""
    hint = failure.hint if failure else ""
    if settlement.fate is Fate.DONE:
        told = [f"{said} The change log shows that it was carried out."] if failure else []
        told += [_tell_overwritten(settlement)] if settlement.overwritten else []
        told += [_tell_later(settlement)] if settlement.later else []
        alarming = bool(settlement.overwritten or settlement.later or settlement.differs)
        return Done(change=change, reason=" ".join(told), alarming=alarming, differs=settlement.differs)
    if settlement.fate is Fate.UNDONE and failure is not None:
        later = f" {_tell_later(settlement)}" if settlement.later else ""
        return Failed(change=change, reason=f"{said}{later}", hint=hint, differs=settlement.differs)
    refused = isinstance(failure, RegisterError) and not isinstance(failure, _LOST)
    if refused and change.action != "delete":
        return Failed(change=change, reason=said, hint=hint, differs=settlement.differs)
    if failure is None and settlement.reached and not settlement.later:
        return Done(change=change, reason="The change log has no entry of it.", alarming=True)
    told = [said or "The register took it, and its change log has no entry of it."]
    told += [_tell_later(settlement)] if settlement.later else []
    return Unknown(
        change=change, reason=" ".join(told), hint="Run `reconciler recover`.", differs=settlement.differs
    )


def _tell_overwritten(settlement: Settlement) -> str:
    newest = settlement.overwritten[0]
    lost = ", ".join(_tell_lost(each) for each in settlement.lost) or "nothing that differs"
    return (
        f"Between the last reading and this write, {newest.who} wrote at {newest.created}, and that was "
        f"overwritten: {lost}."
    )


def _tell_lost(field: FieldChange) -> str:
    """Say what a value was that was overwritten, so that it can be put back."""
    was, now = (
        "absent" if value is None else json.dumps(value, ensure_ascii=False)
        for value in (field.before, field.after)
    )
    return f"{field.path} was {was}, is now {now}"


def _tell_later(settlement: Settlement) -> str:
    newest = settlement.later[0]
    return f"Since then, {newest.who} wrote at {newest.created}."


def _tell_stale(step: Step, change: Change, held: RegisteredSystem | None, log: Sequence[LogEntry]) -> Stale:
    who = f" by {log[0].who} at {log[0].created}" if log else ""
    reason = f"The system moved since the plan was made{who}, so nothing was sent."
    return Stale(
        change=change, reason=reason, hint="Plan again.", differs=find_difference(step.document, held)
    )


def _tell_unread(change: Change, failure: ReconcilerError | None, error: ReconcilerError) -> Unknown:
    said = f"{failure.message} " if failure else ""
    reason = f"{said}The system could not be read back: {error.message}"
    return Unknown(change=change, reason=reason, hint="Run `reconciler recover` when the register answers.")


def _record(step: Step, attempted: Attempted, settlement: Settlement) -> Settled:
    outcome = attempted.outcome
    return Settled(
        step.number,
        step.id,
        outcome.word,
        outcome.reason,
        attempted.held.document if attempted.held else None,
        asdict(settlement.entry) if settlement.entry else None,
        "apply",
        now(),
    )
