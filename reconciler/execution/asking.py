"""Carries out a plan of change requests: one customer alone first, then the others, one at a time and not too fast.

Before each request its id is looked up, and the journal gets what is about to be sent. An id follows from what is
asked (System users contract §3.3), so that after a lost answer, or a run that died, the same request is found again
or sent again as the same one: nobody is asked twice.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from reconciler.errors import (
    MaskinportenError,
    NoAnswer,
    NotConnected,
    ReconcilerError,
    RegisterError,
    Rejected,
    ServerFailed,
    TooManyRequests,
    Unauthorised,
    Unintelligible,
)
from reconciler.execution.ask_outcome import AskOutcome, AskReport, AskState, judge_stored
from reconciler.model.customers import NEW, STANDARD
from reconciler.planning.customers import is_findable, mask_people

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.clients.parallel import Progress
    from reconciler.execution.ask_journal import AskJournal, AskRecord
    from reconciler.model.canonical_json import Json
    from reconciler.model.customers import ChangeRequest, SystemUser, Triple
    from reconciler.planning.ask_plan import Ask, AskPlan

MOST_FAILURES = 5
"""In a row; then the run stops: what fails for so many may fail for all."""
_TRIES = 2
"""How often a request is sent whose answer was lost; the second is the same request."""
_REST, _LONGEST_REST = 10.0, 60.0
"""Seconds after an answer of 429: where it names none, and at most."""
_LOST = (NoAnswer, Unintelligible, ServerFailed, Unauthorised)
"""After these the request may have been carried out."""


class ChangeRequests(Protocol):
    """The customers' side, as this needs it."""

    def list_users(self, system: str) -> tuple[SystemUser, ...]:
        """List the system users of a system."""

    def read_change(self, key: str) -> ChangeRequest | None:
        """Read a change request by its id."""

    def find_change(self, triple: Triple) -> ChangeRequest | None:
        """Find one of those of a triple."""

    def create_change(self, key: str, user: str, body: Mapping[str, Json]) -> tuple[ChangeRequest, bool]:
        """Make one; true where it is new."""

    def withdraw_change(self, key: str) -> bool:
        """Withdraw one of ours."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much of a plan is carried out, and how fast."""

    only: frozenset[str] = frozenset()
    """The organisation numbers that are asked; empty for all."""
    limit: int = 0
    """The most change requests that are sent; 0 for any number."""
    seconds: float = 1.0
    """From one request to the next."""
    sleep: Callable[[float], object] = time.sleep
    is_over: Callable[[], bool] = lambda: False
    """Whether the run was told to stop: then no further request is begun."""


def carry_out_asks(
    plan: AskPlan,
    service: ChangeRequests,
    journal: AskJournal,
    others: Sequence[AskRecord],
    pace: Pace,
    progress: Progress | None = None,
) -> AskReport:
    """Ask the customers of a plan; `others` are the journals of other plans for the same register.

    `journal` is that of the plan. The caller has found the plan whole, accepted and fresh, and holds the lock. What
    goes wrong with one customer is an outcome; raises `RegisterError` where the system users cannot be listed, and
    `OSError` where the journal cannot be written.
    """
    users = {each.id: each for each in service.list_users(plan.system) if not each.deleted}
    run = _Run(plan, service, journal, tuple(others), pace, users)
    chosen = [each for each in plan.asks if not pace.only or each.org in pace.only]
    needs_canary = not journal.record.has_success and not pace.only
    # What failed before comes last, so that it does not stop the others again.
    chosen.sort(key=lambda each: journal.record.outcomes.get(each.correlation_id) == AskState.FAILED)
    outcomes: dict[str, AskOutcome] = {}
    for number, ask in enumerate(chosen):
        outcome = outcomes[ask.system_user] = run.ask(ask)
        if progress:
            progress(number + 1, len(chosen))
        if pace.is_over() and number + 1 < len(chosen):
            run.stopped = run.stopped or "The run was interrupted, so nobody else was asked."
        if needs_canary and outcome.asked in {AskState.FAILED, AskState.UNKNOWN}:
            run.stopped = "The first one did not go well, so nobody else was asked."
        needs_canary = needs_canary and outcome.asked not in {AskState.ASKED, AskState.ALREADY}
        if run.stopped:
            break
    rest = "It was not among those of this run." if not run.stopped else run.stopped
    all_outcomes = tuple(
        outcomes.get(each.system_user) or AskOutcome(each, AskState.NOT_ASKED, reason=rest)
        for each in plan.asks
    )
    return AskReport(plan, all_outcomes, run.stopped)


@dataclass(slots=True)
class _Run:
    """One run, and what counts in it."""

    plan: AskPlan
    service: ChangeRequests
    journal: AskJournal
    others: tuple[AskRecord, ...]
    pace: Pace
    users: Mapping[str, SystemUser]
    sent: int = 0
    failures: int = 0
    """In a row."""
    next_at: float = 0.0
    stopped: str = ""
    is_at_limit: bool = field(default=False)

    def ask(self, ask: Ask) -> AskOutcome:
        """Ask one customer, unless that was done, or something speaks against it."""
        known = self.journal.record.codes.get(ask.correlation_id, "")
        try:
            outcome = self._find_reason_not_to(ask) or self._send(ask)
        except (RegisterError, MaskinportenError) as error:  # of a reading, before anything was sent
            outcome = _fail(ask, error, AskState.FAILED)
        # A customer who is refused again as before says nothing of the others.
        is_news = not (outcome.code.startswith("AUTH-") and outcome.code == known)
        if outcome.asked in {AskState.FAILED, AskState.UNKNOWN} and is_news:
            self.failures += 1
        elif outcome.asked in {AskState.ASKED, AskState.ALREADY}:
            self.failures = 0
        if self.failures >= MOST_FAILURES:
            self.stopped = f"{MOST_FAILURES} failed in a row, so nobody else was asked."
        return outcome

    def _find_reason_not_to(self, ask: Ask) -> AskOutcome | None:
        """Read what there is, and say why nothing is sent; None where it is to be sent."""
        stored = self.service.read_change(ask.correlation_id)
        if stored is not None:
            outcome = judge_stored(ask, stored, AskState.ALREADY)
            self._settle(ask, outcome)
            return outcome
        if any(each.is_used(ask.correlation_id) for each in (self.journal.record, *self.others)):
            reason = "It was asked and withdrawn, and its id cannot be used again."
            return AskOutcome(ask, AskState.GONE, reason=reason)
        user = self.users.get(ask.system_user)
        if user is None or user.kind != STANDARD:
            reason = "There is no standard system user of that id any more."
            return AskOutcome(ask, AskState.FAILED, code="AUTH-00015", reason=reason)
        if self._is_asked(ask, user):
            reason = "Another change request of it waits for the customer."
            return AskOutcome(ask, AskState.OPEN, NEW, reason=reason)
        if self.pace.limit and self.sent >= self.pace.limit:
            return AskOutcome(ask, AskState.NOT_ASKED, reason="The limit of this run was reached.")
        return None

    def _settle(self, ask: Ask, outcome: AskOutcome) -> None:
        """Record what is stored, where the journal does not say it: a run that died may have left only the intent."""
        if self.journal.record.outcomes.get(ask.correlation_id) != outcome.asked.value:
            self.journal.record_outcome(ask.correlation_id, outcome.asked.value, reason=outcome.reason)

    def _is_asked(self, ask: Ask, user: SystemUser) -> bool:
        """Say whether another change request of a system user is open: one of our journals, or one that is found."""
        own = {
            key
            for each in (self.journal.record, *self.others)
            for key, name in each.intents.items()
            if name == user.id and key != ask.correlation_id
        }
        found = [self.service.read_change(key) for key in sorted(own)]
        if is_findable(user.triple):
            found.append(self.service.find_change(user.triple))
        return any(each is not None and each.user == user.id and each.status == NEW for each in found)

    def _send(self, ask: Ask) -> AskOutcome:
        """Send one, and record what came of it."""
        self._wait()
        if self.pace.is_over():
            return AskOutcome(ask, AskState.NOT_ASKED, reason="The run was interrupted.")
        self.journal.record_intent(ask.correlation_id, ask.system_user)
        self.sent += 1
        outcome = self._post(ask)
        word = "not sent" if outcome.code == _NOT_SENT else outcome.asked.value
        self.journal.record_outcome(ask.correlation_id, word, code=outcome.code, reason=outcome.reason)
        return outcome

    def _wait(self) -> None:
        now = time.monotonic()
        if self.next_at > now:
            self.pace.sleep(self.next_at - now)
        self.next_at = max(now, self.next_at) + self.pace.seconds

    def _post(self, ask: Ask) -> AskOutcome:
        """Send it, and after a lost answer look it up and send the same once more."""
        body = ask.body.model_dump(mode="json")
        lost: ReconcilerError | None = None
        refused: ReconcilerError | None = None
        for _ in range(_TRIES):
            try:
                stored, _made = self.service.create_change(ask.correlation_id, ask.system_user, body)
            except TooManyRequests as error:  # which is refused before anything is stored
                refused = error
                self.pace.sleep(min(error.wait or _REST, _LONGEST_REST))
                continue
            except _LOST as error:
                lost = error
            except (RegisterError, MaskinportenError) as error:
                return _fail(ask, error, AskState.FAILED if lost is None else AskState.UNKNOWN)
            else:
                return judge_stored(ask, stored, AskState.ASKED)
            try:
                found = self.service.read_change(ask.correlation_id)
            except (RegisterError, MaskinportenError):
                return _fail(ask, lost, AskState.UNKNOWN)
            if found is not None:
                return judge_stored(ask, found, AskState.ASKED)
            if isinstance(lost, ServerFailed):  # of an id that was deleted this is all that is ever said
                failed = _fail(ask, lost, AskState.FAILED)
                return replace(failed, reason=f"{failed.reason} {_USED_UP}")
        return _fail(ask, lost or refused, AskState.UNKNOWN if lost else AskState.FAILED)


_USED_UP = "If it stays so, the id was used and withdrawn: plan again with `--again`."
_NOT_SENT = "not sent"
"""In place of a code, where no connection was made."""


def _fail(ask: Ask, error: ReconcilerError | None, asked: AskState) -> AskOutcome:
    """Name a failure by the service's code, or else by the HTTP status."""
    status = error.status if isinstance(error, RegisterError) else 0
    codes = error.codes if isinstance(error, Rejected) else ()
    code = ", ".join(codes) or (str(status) if status else "")
    if isinstance(error, NotConnected | MaskinportenError):
        code = _NOT_SENT
    return AskOutcome(ask, asked, code=code, reason=mask_people(error.message) if error else "")


def read_status(plan: AskPlan, service: ChangeRequests, records: Sequence[AskRecord]) -> AskReport:
    """Read what customers said to each request of a plan; raises `RegisterError` where that cannot be read."""
    outcomes = []
    for ask in plan.asks:
        stored = service.read_change(ask.correlation_id)
        if stored is not None:
            outcomes.append(judge_stored(ask, stored, AskState.ALREADY))
        elif any(each.is_used(ask.correlation_id) for each in records):
            outcomes.append(AskOutcome(ask, AskState.GONE, reason="It was asked and withdrawn."))
        else:
            outcomes.append(AskOutcome(ask, AskState.NOT_ASKED))
    return AskReport(plan, tuple(outcomes), purpose="look")


def withdraw_asks(plan: AskPlan, service: ChangeRequests, journal: AskJournal, pace: Pace) -> AskReport:
    """Withdraw the requests of a plan that wait for the customer, and that its journal says we sent.

    Each is read first through the vendor's own route: what is not ours, or is not as it was sent, is left alone.
    """
    outcomes = []
    for ask in plan.asks:
        if pace.only and ask.org not in pace.only:
            outcomes.append(AskOutcome(ask, AskState.NOT_ASKED, reason="It was not among those of this run."))
            continue
        try:
            outcomes.append(_withdraw(ask, service, journal))
        except (RegisterError, MaskinportenError) as error:
            outcomes.append(
                _fail(ask, error, AskState.UNKNOWN if isinstance(error, _LOST) else AskState.FAILED)
            )
    return AskReport(plan, tuple(outcomes), purpose="withdraw")


def _withdraw(ask: Ask, service: ChangeRequests, journal: AskJournal) -> AskOutcome:
    stored = service.read_change(ask.correlation_id)
    if stored is None:
        is_used = journal.record.is_used(ask.correlation_id)
        return AskOutcome(ask, AskState.GONE if is_used else AskState.NOT_ASKED)
    outcome = judge_stored(ask, stored, AskState.ALREADY)
    if ask.correlation_id not in journal.record.intents:
        reason = "The journal does not say that this machine sent it, so it was left."
        return AskOutcome(ask, outcome.asked, stored.status, reason=reason)
    if outcome.asked is not AskState.ALREADY or stored.status != NEW:
        return outcome
    journal.record_withdrawal(ask.correlation_id)
    service.withdraw_change(ask.correlation_id)
    journal.record_outcome(ask.correlation_id, AskState.WITHDRAWN.value)
    return AskOutcome(ask, AskState.WITHDRAWN)
