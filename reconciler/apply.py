"""Carries out a plan: reads each system again, sends one request, and reads it back.

It never sends what the plan does not hold, and goes on with the other systems after a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler.change import Create, Delete, Update
from reconciler.diff import diff
from reconciler.digest import digest_json
from reconciler.errors import (
    Forbidden,
    NoAnswer,
    NotConnected,
    ReconcilerError,
    RegisterError,
    ServerFailed,
    Unauthorised,
    Unintelligible,
)
from reconciler.model import RegisteredSystem
from reconciler.normalise import normalise
from reconciler.outcome import Done, Failed, NotTried, Outcome, Report, Stale, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.plan import Plan
    from reconciler.register import Register

Write = Create | Update | Delete


def apply_plan(plan: Plan, register: Register, *, tell: Callable[[Outcome], None]) -> Report:
    """Carry out every change of a plan that writes; each outcome is told as it comes.

    A system that moved since the plan was made is left alone. After an answer that makes every further
    request pointless (no token, no connection), the rest is not tried.
    """
    outcomes: list[Outcome] = []
    stopped: ReconcilerError | None = None
    for change in plan.writes:
        if stopped is None:
            outcome, stopped = _carry_out(change, register)
        else:
            outcome = NotTried(change=change, reason=stopped.message)
        outcomes.append(outcome)
        tell(outcome)
    return Report(plan, tuple(outcomes))


def _carry_out(change: Write, register: Register) -> tuple[Outcome, ReconcilerError | None]:
    """Carry out one change; the second value is what stops the run, if anything does."""
    if isinstance(change, Delete):
        reason = "a withdrawn system is not deleted by this version"
        return NotTried(change=change, reason=reason), None
    try:
        before = register.read_system(change.id)
    except ReconcilerError as error:
        stops = isinstance(error, (Unauthorised, NotConnected)) or not isinstance(error, RegisterError)
        return NotTried(change=change, reason=error.message, hint=error.hint), error if stops else None
    if (digest_json(before.document) if before else "") != change.live_digest:
        reason = "the register's document moved since the plan was made, so nothing was sent"
        return Stale(change=change, reason=reason, hint="Plan again."), None
    lost: ReconcilerError | None = None
    try:
        _send(change, register)
    except (NoAnswer, ServerFailed, Unintelligible) as error:
        lost = error
    except (Unauthorised, Forbidden, NotConnected) as error:
        return Failed(change=change, reason=error.message, hint=error.hint), error
    except RegisterError as error:
        return Failed(change=change, reason=error.message, hint=error.hint), None
    return _read_back(change, register, lost), None


def _send(change: Create | Update, register: Register) -> None:
    document = change.document or {}
    match change:
        case Create():
            register.create_system(document)
        case Update():
            register.replace_system(change.id, document)
        case _:
            assert_never(change)


def _read_back(change: Create | Update, register: Register, lost: ReconcilerError | None) -> Outcome:
    """Hold what the register now has against what was asked for; only that tells a lost answer's fate."""
    why = f"{lost.message} " if lost else ""
    try:
        held = register.read_system(change.id)
    except ReconcilerError as error:
        reason = f"{why}The system could not be read back: {error.message}"
        return Unknown(change=change, reason=reason, hint="Plan again when the register answers.")
    asked = normalise(RegisteredSystem(change.document or {}).read())
    if held is None:
        if lost is None:
            return Unknown(change=change, reason="the register took it, and then did not know the system")
        return Failed(change=change, reason=lost.message, hint=lost.hint)
    differs = diff(asked, normalise(held.read()))
    if not differs:
        return Done(change=change)
    if lost is not None and digest_json(held.document) == change.live_digest:
        return Failed(change=change, reason=lost.message, hint=lost.hint)
    reason = f"{why}The register now holds something else than was asked for."
    return Unknown(change=change, reason=reason, hint="Plan again.", differs=differs)
