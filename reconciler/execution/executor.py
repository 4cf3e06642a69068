"""Carries out a plan: starts each step when those before it are done, and keeps account of all.

It sends what the plan holds and nothing else, and goes on with independent systems after a failure. A
client id that was released for a system which certainly could not claim it is put back.
"""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.clients.metadata import find_doubt
from reconciler.errors import WriteRefused
from reconciler.execution.outcome import Done, Failed, NotTried, Outcome, Report, Stale, Unknown
from reconciler.execution.request import Attempted, Known, carry_out
from reconciler.execution.verification import find_difference
from reconciler.planning.request_order import Step, put_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.execution.preflight import Clearance
    from reconciler.execution.request import Writer
    from reconciler.execution.snapshot import Snapshot
    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan

_LOG = logging.getLogger(__name__)


def apply_plan(clearance: Clearance, *, on_outcome: Callable[[Outcome], None]) -> Report:
    """Carry out every step of a cleared plan; each change's outcome is reported once, when it is final.

    `preflight.clear` has found the plan whole, accepted and fresh, and each system is read again right before
    it is written. The journal is ended, whatever happens. Raises `WriteRefused` where the clearance is used up.
    """
    if not clearance.use_up():
        raise WriteRefused("This clearance is used up; nothing was written.", hint="Clear the plan again.")
    plan, writer, workers = clearance.plan, clearance.writer, clearance.workers
    try:
        conductor = _Conductor(plan, writer, on_outcome)
        with ThreadPoolExecutor(max_workers=workers) as pool:
            conductor.conduct(pool, workers)
    finally:
        writer.journal.end()
    outcomes = tuple(conductor.outcomes[change.id] for change in plan.writes)
    return Report(plan, outcomes, tuple(writer.journal.unrecorded))


@dataclass(slots=True)
class _Conductor:
    """The account of a run, kept by one thread; the steps themselves run in others."""

    plan: Plan
    writer: Writer
    on_outcome: Callable[[Outcome], None]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    held: dict[str, Snapshot] = field(default_factory=dict)
    """What each system was when it was last read back."""
    begun: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    given_up: set[int] = field(default_factory=set)
    returned: set[tuple[int, int]] = field(default_factory=set)
    """The pairs of a step and a claimer for which client ids were put back, or that was tried."""
    moved: set[str] = field(default_factory=set)
    """The systems that others wrote to around an intermediate step."""
    remarks: dict[str, Done] = field(default_factory=dict)
    """What an intermediate step has to say, until its change has an outcome."""
    reported: set[str] = field(default_factory=set)
    """The changes whose outcome was reported."""
    halted: str = ""
    changes: dict[str, Change] = field(init=False)
    steps: dict[int, Step] = field(init=False)
    steps_of: dict[str, list[Step]] = field(init=False)
    followers: dict[int, list[int]] = field(init=False)
    """The steps that wait for each step."""

    def __post_init__(self) -> None:
        self.changes = {change.id: change for change in self.plan.writes}
        self.steps = {step.number: step for step in self.plan.steps}
        self.followers = {number: [] for number in self.steps}
        self.steps_of = {name: [] for name in self.changes}
        for step in self.plan.steps:
            self.steps_of[step.id].append(step)
            for number in step.after:
                self.followers[number].append(step.number)

    def conduct(self, pool: ThreadPoolExecutor, workers: int) -> None:
        """Run all steps, several at a time where they do not wait for each other."""
        ready = deque(step for step in self.plan.steps if not step.after)
        running: dict[Future[Attempted], Step] = {}
        while ready or running:
            while ready and len(running) < workers:
                step = ready.popleft()
                if self.may_begin(step):
                    running[pool.submit(self.attempt, step)] = step
            for step in self.await_any(running):
                ready.extend(self.find_ready(step))
            self.report_final()
        self.report_final()

    def may_begin(self, step: Step) -> bool:
        """Say whether a step is to be sent now; it is given up where something speaks against it."""
        # A step that waited for two is found ready twice when both end at once.
        if step.number in self.begun or step.number in self.given_up:
            return False
        obstacle = self.find_obstacle(step)
        if obstacle:
            self.give_up(step, obstacle)
            return False
        self.begun.add(step.number)
        return True

    def find_obstacle(self, step: Step) -> str:
        """Say why a step whose turn has come must not be sent; empty where nothing speaks against it."""
        if self.writer.stop.is_set():
            return "The run was interrupted."
        if self.halted:
            return self.halted
        if step.id in self.moved:
            return "What others made of it is in no plan, so the rest of the change was not sent."
        for number in self.followers[step.number]:
            claimer = self.steps[number]
            if number in self.given_up and set(claimer.claims) & set(step.releases):
                return f"Nothing was released for `{claimer.id}`, which is not carried out."
        return ""

    def await_any(self, running: dict[Future[Attempted], Step]) -> list[Step]:
        """Wait for a step to end, take it to account, and give those that were done."""
        ended = wait(running, return_when=FIRST_COMPLETED).done if running else set()
        finished = []
        for future in sorted(ended, key=lambda each: running[each].number):
            step = running.pop(future)
            if self.account(step, future.result()):
                finished.append(step)
        return finished

    def find_ready(self, step: Step) -> list[Step]:
        """Find the steps that waited for this one, and for nothing else any more."""
        followers = (self.steps[number] for number in self.followers[step.number])
        return [each for each in followers if self.done >= set(each.after)]

    def attempt(self, step: Step) -> Attempted:
        """Carry out one step, in a thread of the pool; whatever goes wrong there is its outcome."""
        change = self.changes[step.id]
        try:
            doubt = self.find_doubt(step) if step.releases else ""
            if doubt:
                return Attempted(NotTried(change=change, reason=doubt))
            held = self.held.get(step.id)
            known = Known(held.digest, held.newest) if held else Known(change.live_digest, change.newest)
            return carry_out(step, change, known, self.writer, claimers=self.find_claimers(step))
        except Exception as error:  # noqa: BLE001 - the report of all the others must not be lost to one
            _LOG.debug("Step %d failed", step.number, exc_info=True)
            reason = f"This is a fault of reconciler itself: {type(error).__name__}."
            hint = "Run `reconciler recover`."
            return Attempted(Unknown(change=change, reason=reason, hint=hint), None, reason)

    def find_doubt(self, step: Step) -> str:
        """Check what the claiming systems ask for, before anything is released for them."""
        for number in self.followers[step.number]:
            claimer = self.steps[number]
            if set(claimer.claims) & set(step.releases):
                doubt = find_doubt(claimer.document or {}, self.writer.register)
                if doubt:
                    return f"Nothing was released for `{claimer.id}`: {doubt}."
        return ""

    def find_claimers(self, step: Step) -> dict[str, str]:
        """Name the system that is to get each client id which a step releases."""
        claimers = [self.steps[number] for number in self.followers[step.number]]
        return {client: each.id for each in claimers for client in each.claims if client in step.releases}

    def account(self, step: Step, attempted: Attempted) -> bool:
        """Take the end of a step to account; says whether it was done."""
        self.halted = self.halted or attempted.halt
        outcome = attempted.outcome
        if isinstance(outcome, Done) and attempted.after is not None:
            self.done.add(step.number)
            self.held[step.id] = attempted.after
            if step.final:
                self.keep_outcome(outcome)
            elif outcome.reason:
                self.remarks[step.id] = outcome
            if attempted.is_moved and not step.final:
                self.moved.add(step.id)
            self.look_after(step)
            return True
        self.failed.add(step.number)
        if isinstance(outcome, (NotTried, Stale)) and step.id in self.held:  # an earlier step of it was sent
            outcome = self.fail(outcome.change, outcome.reason, attempted.after or self.held[step.id])
        elif not step.final and attempted.after is not None:
            differs = find_difference(outcome.change.document, attempted.after.system)
            outcome = replace(outcome, differs=differs)
        self.keep_outcome(outcome)
        if not isinstance(outcome, Unknown):
            self.undo_releases(step)
        self.give_up_followers(step)
        return False

    def look_after(self, step: Step) -> None:
        """See to the steps that waited for one that is done, and were given up while it was under way."""
        for number in self.followers[step.number]:
            if number in self.given_up:
                follower = self.steps[number]
                if follower.id == step.id:
                    reason = "Another system comes first, and was not done."
                    self.keep_outcome(self.fail(self.changes[step.id], reason, self.held[step.id]))
                self.undo_releases(follower)

    def keep_outcome(self, outcome: Outcome) -> None:
        """Keep the outcome of a change, with what its earlier steps had to say."""
        remark = self.remarks.pop(outcome.change.id, None)
        if remark is not None:
            said = f"{remark.reason} {outcome.reason}".rstrip()
            outcome = replace(outcome, reason=said, alarming=outcome.alarming or remark.alarming)
        self.outcomes[outcome.change.id] = outcome

    def report_final(self) -> None:
        """Report each outcome that nothing can change any more."""
        for name, outcome in self.outcomes.items():
            if name not in self.reported and self.is_final(name):
                self.reported.add(name)
                self.on_outcome(outcome)

    def is_final(self, name: str) -> bool:
        """Say whether nothing can change a change's outcome: what it released is claimed, or put back."""
        ended = self.done | self.failed | self.given_up
        return all(
            number in ended
            for step in self.steps_of[name]
            if step.releases and step.number in self.done
            for number in self.followers[step.number]
        )

    def fail(self, change: Change, reason: str, held: Snapshot) -> Failed:
        """Say that a change is not as the plan asks although something was sent for it, and how it is."""
        return Failed(change=change, reason=reason, differs=find_difference(change.document, held.system))

    def give_up(self, step: Step, reason: str) -> None:
        """Leave a step out, put back what was released for it, and leave out what waits for it."""
        left = deque([(step, reason)])
        while left:
            each, why = left.popleft()
            if each.number in self.given_up:
                continue
            self.given_up.add(each.number)
            self.undo_releases(each)
            if each.id not in self.outcomes:
                change = self.changes[each.id]
                if each.id in self.held:
                    self.keep_outcome(self.fail(change, why, self.held[each.id]))
                else:
                    self.keep_outcome(NotTried(change=change, reason=why))
            left.extend(self.find_waiting(each))

    def find_waiting(self, step: Step) -> list[tuple[Step, str]]:
        """Find every step that waits for one which is not done, each with the reason to leave it out."""
        reason = f"`{step.id}` comes first, and was not done."
        return [(self.steps[number], reason) for number in self.followers[step.number]]

    def give_up_followers(self, step: Step) -> None:
        """Leave out every step that waits for one which was not done."""
        for follower, reason in self.find_waiting(step):
            self.give_up(follower, reason)

    def undo_releases(self, step: Step) -> None:
        """Put the client ids back that were released for a step which certainly did not claim them."""
        for number in step.after:
            released = self.steps[number]
            freed = tuple(client for client in step.claims if client in released.releases)
            if freed and number in self.done and (number, step.number) not in self.returned:
                self.returned.add((number, step.number))
                self.put_back(released, freed, step)

    def put_back(self, released: Step, clients: tuple[str, ...], claimer: Step) -> None:
        """Put client ids back on the system that released them, as it is now."""
        change = self.changes[released.id]
        before = self.outcomes.get(change.id)
        said = f"{before.reason} ".lstrip() if before else ""
        said += f"Client id {', '.join(clients)} was released for `{claimer.id}`, which could not claim it"
        held = self.held[released.id]
        for _ in range(2):  # somebody may have written in the meantime: then to what they left
            back = put_back(released, clients, held.system)
            if back is None:
                reason = f"{said}; this system is deleted, so it cannot be put back."
                self.keep_outcome(Done(change=change, reason=reason, alarming=True))
                return
            numbered = replace(back, number=max(self.steps) + 1)
            self.steps[numbered.number] = numbered
            attempted = carry_out(numbered, change, Known(held.digest, held.newest), self.writer)
            held = attempted.after or held
            if not isinstance(attempted.outcome, Stale):
                break
        self.halted = self.halted or attempted.halt
        outcome = attempted.outcome
        if isinstance(outcome, Done):
            self.held[released.id] = held
            self.keep_outcome(self.fail(change, f"{said}, and was put back. {outcome.reason}".rstrip(), held))
            return
        reason = f"{said}, and putting it back failed: {outcome.reason}"
        hint = "Plan again; the id is on no system."
        if isinstance(outcome, Unknown):
            self.keep_outcome(Unknown(change=change, reason=reason, hint=outcome.hint))
        elif released.final:
            differs = find_difference(change.document, held.system)
            self.keep_outcome(Done(change=change, reason=reason, hint=hint, alarming=True, differs=differs))
        else:
            self.keep_outcome(replace(self.fail(change, reason, held), hint=hint))
