"""One request of a plan, from the snapshot before it to the snapshot after it.

Read, record the intent, send, read back, verify, record the outcome. Only the register's document and its
change log say what became of a request; the answer alone never does.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING

from reconciler.clients.metadata import find_doubt
from reconciler.clients.trace_context import make_traceparent, read_trace_id
from reconciler.errors import (
    MaskinportenError,
    NoAnswer,
    NotConnected,
    ReconcilerError,
    Rejected,
    ServerFailed,
    TokenRenewed,
    TooManyRequests,
    Unauthorised,
)
from reconciler.execution.fate import Fate, Request, Verification, verify
from reconciler.execution.journal import RecordedOutcome, now
from reconciler.execution.outcome import Failed, NotTried, Outcome
from reconciler.execution.outcome_text import (
    LOST,
    OVERLAPPED,
    describe_unplanned,
    explain,
    explain_outage,
    explain_stale,
    explain_unread,
)
from reconciler.execution.snapshot import Known, Snapshot, take_snapshot_after, take_snapshot_before
from reconciler.planning.change_log import find_since

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.clients.register import Register
    from reconciler.execution.journal import Journal
    from reconciler.planning.change import Change
    from reconciler.planning.request_order import Step

LOOK_AGAIN = 1.0
"""Seconds between two looks at a system whose write gave no answer, or a 500."""
SLOW = 25.0
"""Seconds after which a 500 can be followed by the write: the register gives up on a COMMIT that is held up
after 30 s, and the database carries it out later (System Register contract §9.3)."""
SEND_AGAIN = 10.0
"""Seconds in which a write that met 429, and was not done, is sent again."""
_POINTLESS = (Unauthorised, NotConnected, MaskinportenError)
"""After these, no other request can do better."""
_NOT_FOUND = frozenset({"AUTH.VLD-00003", "AUTH.VLD-00008"})
"""What the register says of a right or package that its registry does not know, or could not say (§9.5)."""


@dataclass(frozen=True, slots=True)
class Writer:
    """What a run writes with: the register, the journal, and how long it waits."""

    register: Register
    journal: Journal
    ours: frozenset[str]
    """The Maskinporten clients whose writes are ours."""
    patience: float
    """Seconds after which a write that gave no answer will not be carried out any more."""
    stop: Event = field(default_factory=Event)
    """Set when the run is to end soon: nothing new is begun, and nothing is waited for."""
    grace: float | None = None
    """Seconds that a stopped run gives to what is under way; None where it waits until that has ended."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """What became of one request, what the register now holds, and whether the run can go on."""

    outcome: Outcome
    after: Snapshot | None = None
    halt: str = ""
    """Why every further request is pointless; empty where it is not."""
    is_moved: bool = False
    """Whether the system is not as the next step of its change expects it."""


@dataclass(slots=True)
class _Sending:
    """How a request was sent, and what came back."""

    traceparent: str
    failure: ReconcilerError | None = None
    began: float = 0.0
    took: float = 0.0
    times: int = 0
    before: Snapshot = field(default=Snapshot(None))
    """The system right before it was sent for the first time."""

    @property
    def overdue(self) -> bool:
        """Whether the time that a write may take ran out without an answer."""
        return isinstance(self.failure, NoAnswer) and self.failure.overdue

    @property
    def may_still_come(self) -> bool:
        """Whether a write that left no trace can still be carried out.

        A quick 500 is the register's own last word (contract §9.3); a slow one, or a gateway's 502, is not.
        """
        if isinstance(self.failure, ServerFailed) and self.failure.status == OVERLAPPED:
            return self.took >= SLOW
        return isinstance(self.failure, LOST)

    def find_last_look(self, patience: float) -> float:
        """Give the time of the last look for a write that left no trace yet.

        After a quick 500 that is a second later: the COMMIT can stand in the log a moment after the answer.
        """
        seconds = 0.0
        if self.may_still_come:
            seconds = patience
        elif isinstance(self.failure, LOST):
            seconds = min(LOOK_AGAIN, patience)
        return self.began + self.took + seconds


def carry_out(
    step: Step, change: Change, known: Known, writer: Writer, *, claimers: Mapping[str, str] | None = None
) -> Attempted:
    """Carry out one step, which was made from what is `known`; `claimers` get the client ids that it releases.

    Nothing is raised for what the register does: it is the outcome.
    """
    try:
        before = take_snapshot_before(step.id, writer.register, known)
    except ReconcilerError as error:
        halt = error.message if isinstance(error, _POINTLESS) else ""
        return Attempted(NotTried(change=change, reason=error.message, hint=error.hint), None, halt)
    since = find_since(before.log, known.newest) if known.newest is not None else ()
    if before.digest != known.digest:
        return Attempted(explain_stale(change, step.document, before.system, since or before.log[:1]), before)
    request = Request(step.method, step.document, before.system, before.newest, writer.ours)
    sending = _Sending(make_traceparent(), before=before)
    try:
        writer.journal.record_intent(
            step,
            live=before.system,
            newest=before.newest,
            releases=claimers or {},
            traceparent=sending.traceparent,
        )
    except OSError as error:  # what cannot be written down is not done
        halt = f"The journal cannot be written: {error.strerror}."
        return Attempted(NotTried(change=change, reason=halt), None, halt)
    attempted, verification = _send_and_look(request, step, change, writer, sending)
    unplanned = describe_unplanned(since)
    if unplanned:
        reason = f"{unplanned} {attempted.outcome.reason}".rstrip()
        attempted = replace(attempted, outcome=replace(attempted.outcome, reason=reason))
    try:
        writer.journal.record_outcome(_make_record(step, attempted, verification, sending))
    except OSError as error:  # the outcome is reported, and `recover` finds it again
        halt = f"The journal cannot be written: {error.strerror}."
        reason = f"{attempted.outcome.reason} Its outcome is not recorded. {halt}".lstrip()
        return replace(attempted, halt=halt, outcome=replace(attempted.outcome, reason=reason, alarming=True))
    return attempted


def _send_and_look(
    request: Request, step: Step, change: Change, writer: Writer, sending: _Sending
) -> tuple[Attempted, Verification]:
    """Send a request whose intent is written, and find out what became of it."""
    trace = read_trace_id(sending.traceparent)
    try:
        after, verification = _send_until_known(request, step, writer, sending)
    except ReconcilerError as error:
        failure = sending.failure
        halt = next((each.message for each in (failure, error) if isinstance(each, _POINTLESS)), "")
        if isinstance(failure, NotConnected):  # nothing has left this machine
            outcome: Outcome = Failed(change=change, reason=failure.message, hint=failure.hint)
            return Attempted(outcome, None, halt), Verification(Fate.UNDONE)
        return Attempted(explain_unread(change, failure, error, trace=trace), None, halt), Verification(
            Fate.UNKNOWN
        )
    failure = sending.failure
    halt = failure.message if isinstance(failure, _POINTLESS) and verification.fate is not Fate.DONE else ""
    outcome = explain(change, verification, failure, trace=trace)
    if isinstance(failure, Rejected) and isinstance(outcome, Failed) and _NOT_FOUND & set(failure.codes):
        doubt = find_doubt(step.document or {}, writer.register)
        outcome = explain_outage(change, failure, doubt, verification.differs)
    moved = bool(
        verification.overwritten or verification.later or verification.differs or verification.deleted
    )
    return Attempted(outcome, after, halt, moved), verification


def _send_until_known(
    request: Request, step: Step, writer: Writer, sending: _Sending
) -> tuple[Snapshot, Verification]:
    """Send a request; again only after 401 or 429, and only when the register shows that nothing was done."""
    until = time.monotonic() + SEND_AGAIN
    while True:
        sending.began = time.monotonic()
        sending.failure = _send(step, writer.register, sending.traceparent)
        sending.took = time.monotonic() - sending.began
        sending.times += 1
        after, verification = _verify_until_known(request, step, writer, sending)
        if (
            verification.fate is not Fate.UNDONE
            or verification.later
            or not _wait_turn(sending, until, writer)
        ):
            return after, verification


def _send(step: Step, register: Register, traceparent: str) -> ReconcilerError | None:
    """Send the request, once; gives what went wrong, if anything did."""
    try:
        if step.method == "POST":
            register.create_system(step.document or {}, traceparent=traceparent)
        elif step.method == "PUT":
            register.replace_system(step.id, step.document or {}, traceparent=traceparent)
        else:
            register.delete_system(step.id, traceparent=traceparent)
    except ReconcilerError as error:
        return error
    return None


def _wait_turn(sending: _Sending, until: float, writer: Writer) -> bool:
    """Say whether a request that was not done is to be sent again, when it is time for that."""
    if isinstance(sending.failure, TokenRenewed):
        return sending.times == 1 and not writer.stop.is_set()
    if not isinstance(sending.failure, TooManyRequests):
        return False
    pause = (sending.failure.wait or 0.0) + min(0.1 * 2**sending.times, 2.0)
    return time.monotonic() + pause < until and not writer.stop.wait(pause)


def _verify_until_known(
    request: Request, step: Step, writer: Writer, sending: _Sending
) -> tuple[Snapshot, Verification]:
    """Look until it is known what became of the request, or until its time is out."""
    while True:
        confirmed = sending.failure is None
        after = take_snapshot_after(request, sending.before, step.id, writer.register, confirmed=confirmed)
        verification = verify(request, after.system, after.log)
        # A COMMIT that is held up comes through seconds after its 500, however long that took (contract §9.3).
        left = sending.find_last_look(writer.patience) - time.monotonic()
        if verification.fate is Fate.DONE or left <= 0:
            if sending.overdue and verification.fate is Fate.UNDONE:  # it may be looked at there still
                verification = replace(verification, fate=Fate.UNKNOWN)
            return after, verification
        if writer.stop.wait(min(LOOK_AGAIN, left, writer.patience / 10)):
            # What the log says after a quick 500 stands; after a lost answer it does not yet.
            fate = Fate.UNKNOWN if sending.may_still_come else verification.fate
            return after, replace(verification, fate=fate)


def _make_record(
    step: Step, attempted: Attempted, verification: Verification, sending: _Sending
) -> RecordedOutcome:
    outcome, after = attempted.outcome, attempted.after
    return RecordedOutcome(
        step.number,
        step.id,
        "done" if verification.fate is Fate.DONE else outcome.word,
        outcome.reason,
        after.system.document if after and after.system else None,
        asdict(verification.entry) if verification.entry else None,
        "apply",
        now(),
        lost=isinstance(sending.failure, LOST),
    )
