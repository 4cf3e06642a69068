"""Finds the request of a check, or asks for a system user, and waits for the customer.

Nothing is asked twice: what is there is found by its id or its triple first, and so is what became of a request whose
answer was lost. Only a request of the check's own triple is withdrawn, and only once in a run.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.errors import (
    NoAnswer,
    NotConnected,
    RegisterError,
    Rejected,
    ServerFailed,
    TokenRenewed,
    TooManyRequests,
    Unintelligible,
)
from reconciler.model.customers import AccessRequest
from reconciler.model.request_template import build_body
from reconciler.operations.check_task import StepEnded
from reconciler.planning.check_report import StepState
from reconciler.planning.request_verdict import RequestState, judge_request

if TYPE_CHECKING:
    from reconciler.model.customers import SystemUser
    from reconciler.operations.check_task import CheckParts, CheckTask

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 2.0, 30.0, 1.5
"""Seconds between two looks at a request that waits for its customer."""
LOOKS = 5
"""How often something is looked for that a finished write has to have left."""
LATE = timedelta(seconds=120)
"""How long a request whose answer was lost may still be carried out."""
_LOST = (NoAnswer, ServerFailed, TooManyRequests, TokenRenewed, Unintelligible)
"""After these it is not known whether a request was made."""
_UNREACHABLE = (NoAnswer, NotConnected, ServerFailed, TooManyRequests, Unintelligible)
"""What ends no wait, since the next look may get an answer."""
_OTHER_REFERENCE = "Name another reference with --reference."
_NOT_HELD = "The register does not hold what the template asks for: `reconciler plan` shows it."
_HINTS = {
    "AUTH-00000": "The organisation is not known there; in tt02 take one that Tenor shows.",
    "AUTH-00001": _NOT_HELD,
    "AUTH-00004": f"A system user has this reference already. {_OTHER_REFERENCE}",
    "AUTH-00007": f"A request of the other kind has this reference. {_OTHER_REFERENCE}",
    "AUTH-00009": f"A rejected request of the other kind has this reference. {_OTHER_REFERENCE}",
    "AUTH-00011": "Check that the system is registered, and that the credentials are its vendor's.",
    "AUTH-00021": "The template's `redirectUrl` is none of the system's in the register.",
    "AUTH-00026": "The system has no redirect URL in the register, and the template names one.",
    "AUTH-00063": _NOT_HELD,
    "AUTH-00064": "A package of the template cannot be given to a standard system user.",
    "AUTH-00065": "A package of the template cannot be given to a system user for clients.",
}
"""System users contract §10."""


def find_or_ask(task: CheckTask, parts: CheckParts) -> AccessRequest | SystemUser:
    """Find the request, or ask; gives the system user where there turns out to be one.

    Raises `StepEnded` where there is no request that the customer could accept.
    """
    found = _find(task, parts)
    if found is not None:
        return _settle(found, task, parts)
    _refuse_while_late(parts)
    return _settle(_ask(task, parts), task, parts)


def _find(task: CheckTask, parts: CheckParts) -> AccessRequest | None:
    """Find the request that an earlier run made, else any of the triple."""
    kind, known = task.template.kind, parts.journal.read().request
    found = parts.customers.read_request(known, kind) if known else None
    return found or parts.customers.find_request(task.triple, kind)


def _refuse_while_late(parts: CheckParts) -> None:
    """Raise `StepEnded` where a request whose answer was lost may still be carried out."""
    asking = parts.journal.read().asking
    if asking is not None and parts.now() < asking + LATE:
        raise StepEnded(
            StepState.UNKNOWN,
            "A request was sent whose answer was lost, and it may still be carried out.",
            hint=f"Run it again in {LATE.seconds // 60} minutes: it looks for the request first.",
        )


def _ask(task: CheckTask, parts: CheckParts) -> AccessRequest | SystemUser:
    """Ask once, and find out what became of it where the answer is lost."""
    kind, triple = task.template.kind, task.triple
    body = build_body(task.template, triple.system, triple.org, triple.reference)
    parts.journal.note_asking(kind)
    try:
        found, made = parts.customers.create_request(body, kind)
    except _LOST as failure:
        return _find_lost(task, parts, failure)
    except Rejected as refusal:
        parts.journal.note_refused(refusal.codes)
        user = parts.customers.find_user(triple) if "AUTH-00004" in refusal.codes else None
        if user is not None:
            return user
        hint = next((_HINTS[code] for code in refusal.codes if code in _HINTS), refusal.hint)
        raise StepEnded(StepState.WRONG, refusal.message, hint=hint) from None
    except RegisterError:
        parts.journal.note_refused(())
        raise
    parts.journal.note_asked(found.id, made=made)
    return found


def _find_lost(task: CheckTask, parts: CheckParts, failure: RegisterError) -> AccessRequest:
    """Find the request that was made although its answer was lost; raises `StepEnded` where there is none yet."""
    for _ in range(LOOKS):
        found = parts.customers.find_request(task.triple, task.template.kind)
        if found is not None:
            parts.journal.note_asked(found.id, made=True)
            return found
        parts.sleep(FIRST_PAUSE)
    raise StepEnded(
        StepState.UNKNOWN,
        f"Whether the customer was asked is not known: {failure.message}",
        hint="Run it again: it looks for the request first.",
    )


def _settle(
    found: AccessRequest | SystemUser, task: CheckTask, parts: CheckParts, *, withdrawn: bool = False
) -> AccessRequest | SystemUser:
    """Judge a request; one that is not what would be asked for now is withdrawn, and asked anew, once."""
    if not isinstance(found, AccessRequest):
        return found
    state, reason = judge_request(found, task.triple, task.template)
    if state in {RequestState.OPEN, RequestState.ACCEPTED}:
        if parts.journal.read().request != found.id:
            parts.journal.note_asked(found.id, made=False)
        return found
    if state is RequestState.REJECTED and not task.again:
        raise StepEnded(
            StepState.WRONG,
            f"The request {reason}; nothing was asked again.",
            hint="Talk to the customer; --again withdraws the request and asks anew.",
        )
    if state is RequestState.UNKNOWN:
        raise StepEnded(StepState.WRONG, f"The request that is there {reason}.", hint=_OTHER_REFERENCE)
    if withdrawn or task.triple.reference == task.triple.org:
        raise StepEnded(
            StepState.WRONG,
            f"There is another request with this reference, which {reason}; it is left alone.",
            hint=_OTHER_REFERENCE,
        )
    _withdraw(found, parts)
    return _settle(_ask(task, parts), task, parts, withdrawn=True)


def _withdraw(found: AccessRequest, parts: CheckParts) -> None:
    """Withdraw a request of the check's own, so that the next POST does not give it back."""
    parts.journal.note_withdrawing(found.id)
    parts.customers.withdraw_request(found.id, found.kind)
    parts.journal.note_withdrawn(found.id)


def wait_for_customer(request: AccessRequest, task: CheckTask, parts: CheckParts) -> SystemUser:
    """Tell where the customer decides, and wait; gives the system user.

    Raises `StepEnded` where the customer says no, or has not answered in time.
    """
    state = judge_request(request, task.triple, task.template).state
    if state is RequestState.OPEN:
        parts.invite(request)
    until, pause = parts.now() + timedelta(seconds=task.patience), FIRST_PAUSE
    failure: RegisterError | None = None
    while state is RequestState.OPEN:
        try:
            found = parts.customers.read_request(request.id, request.kind)
            failure = None
        except _UNREACHABLE as error:
            failure = error
        else:
            if found is None:
                return _find_new_user(task, parts, "The request was withdrawn, and there is no system user.")
            state, reason = judge_request(found, task.triple, task.template)
        left = (until - parts.now()).total_seconds()
        if state is RequestState.OPEN and left <= 0:
            raise failure or _end_wait(task, parts)
        if state is RequestState.OPEN:
            parts.sleep(min(pause, left))
            pause = min(pause * GROWTH, LONGEST_PAUSE)
    if state is not RequestState.ACCEPTED:
        raise StepEnded(StepState.WRONG, f"The request {reason}.", hint="Talk to the customer.")
    return _find_new_user(task, parts, "The request was accepted, and there is no system user.")


def _end_wait(task: CheckTask, parts: CheckParts) -> StepEnded:
    """Say that the customer has not answered, unless an approval broke off (System users contract §6.2)."""
    if parts.customers.find_user(task.triple) is not None:
        return StepEnded(
            StepState.WRONG,
            "There is a system user, and its request is still open: the approval broke off.",
            hint="The customer has to delete the system user.",
        )
    return StepEnded(
        StepState.WAITING, "The customer has not answered yet.", hint="Run it again to go on from here."
    )


def _find_new_user(task: CheckTask, parts: CheckParts, absent: str) -> SystemUser:
    """Find the system user that an approval made; raises `StepEnded` with a sentence where there is none."""
    for look in range(LOOKS):
        user = parts.customers.find_user(task.triple)
        if user is not None:
            return user
        if look < LOOKS - 1:
            parts.sleep(FIRST_PAUSE)
    raise StepEnded(StepState.WRONG, absent, hint="Run it again: it then asks anew.")
