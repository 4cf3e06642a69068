"""Carries out a plan: starts each step when those before it are done, and keeps account of all.

It sends what the plan holds and nothing else, and goes on with independent systems after a failure. A
client id that was released for a system which certainly could not claim it is put back.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, assert_never

from reconciler.clients.metadata import find_doubt
from reconciler.errors import WriteRefused
from reconciler.execution.fate import find_difference
from reconciler.execution.outcome import Done, Failed, NotTried, Outcome, Report, Stale, Unknown
from reconciler.execution.request import Attempted, carry_out
from reconciler.execution.snapshot import Known
from reconciler.planning.request_order import Step, put_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.execution.preflight import Clearance
    from reconciler.execution.request import Writer
    from reconciler.execution.snapshot import Snapshot
    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan

EARLIER = "An earlier run of this plan did it, and nothing was sent for it now."
_LATE = "The run was stopped before its answer came."
_LOOK = 0.1
"""Seconds between two looks whether a run that may be stopped has time left."""
_LOG = logging.getLogger(__name__)


def apply_plan(clearance: Clearance, *, on_outcome: Callable[[Outcome], None]) -> Report:
    """Carry out every step of a cleared plan; each change's outcome is reported once, when it is final.

    `preflight.clear` has found the plan whole, accepted and fresh, and each system is read again right before
    it is written. The journal is ended, whatever happens. Raises `WriteRefused` where the clearance is used up.
    """
    if not clearance.use_up():
        raise WriteRefused("This clearance is used up; nothing was written.", hint="Clear the plan again.")
    plan, writer, workers = clearance.plan, clearance.writer, clearance.workers
    journal, outcomes = writer.journal, tuple[Outcome, ...]()
    try:
        run = _Run(clearance.rest, writer, on_outcome)
        pool = ThreadPoolExecutor(max_workers=workers)
        try:
            run.carry_out_all(pool, workers)
        finally:
            pool.shutdown(wait=not run.left_behind, cancel_futures=True)
        outcomes = tuple(
            run.outcomes.get(change.id) or Done(change=change, reason=EARLIER) for change in plan.writes
        )
    finally:
        journal.end([each.to_json() for each in outcomes])
    recorded = journal.run
    came_from = recorded.provenance if recorded else None
    return Report(plan, outcomes, tuple(journal.unrecorded), clearance.accepted, came_from, recorded)


class _State(Enum):
    """How far a step is."""

    WAITING = auto()
    """For the steps before it."""
    READY = auto()
    """The steps before it are done, and no thread was free for it yet."""
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    """It was begun, and is not known to be done."""
    GIVEN_UP = auto()
    """It was not begun, and will not be."""

    @property
    def is_final(self) -> bool:
        """Whether it stays so."""
        match self:
            case _State.WAITING | _State.READY | _State.RUNNING:
                return False
            case _State.DONE | _State.FAILED | _State.GIVEN_UP:
                return True
            case _:
                assert_never(self)


@dataclass(slots=True)
class _Progress:
    """What is known of one change until it has its outcome."""

    change: Change
    steps: list[Step] = field(default_factory=list)
    intermediate: Done | None = None
    """What an intermediate step has to say."""
    is_moved: bool = False
    """Whether others wrote to its system around an intermediate step."""
    is_reported: bool = False


@dataclass(slots=True)
class _Run:
    """The account of a run, kept by one thread; the steps themselves run in others."""

    plan: Plan
    writer: Writer
    on_outcome: Callable[[Outcome], None]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    stopped: float = 0.0
    """When it was seen that the run is to end; 0 before."""
    left_behind: list[Step] = field(default_factory=list)
    """The steps that were still under way when a stopped run had no time left; their threads go on."""
    halted: str = ""
    """Why no further step is begun; empty where nothing speaks against it."""
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    """What each system was when it was read back last, behind the first step of it that was done."""
    progress: dict[str, _Progress] = field(init=False)
    states: dict[int, _State] = field(init=False)
    steps: dict[int, Step] = field(init=False)
    followers: dict[int, list[Step]] = field(init=False)
    """The steps that wait for each step."""
    last: int = field(init=False)
    """The highest number of a step so far; what puts client ids back is numbered from there."""
    order: TopologicalSorter[int] = field(init=False)
    """It says which steps are ready. Only what was done is reported to it: a step that failed or was given up
    stays undone there, so that nothing behind it ever becomes ready, and `give_up` finds what that is."""

    def __post_init__(self) -> None:
        self.progress = {change.id: _Progress(change) for change in self.plan.writes}
        self.steps = {step.number: step for step in self.plan.steps}
        self.states = dict.fromkeys(self.steps, _State.WAITING)
        self.last = max(self.steps, default=0)
        self.followers = {number: [] for number in self.steps}
        for step in self.plan.steps:
            self.progress[step.id].steps.append(step)
            for number in step.after:
                self.followers[number].append(step)
        self.order = TopologicalSorter({step.number: step.after for step in self.plan.steps})
        self.order.prepare()

    def carry_out_all(self, pool: ThreadPoolExecutor, workers: int) -> None:
        """Run all steps, several at a time where they do not wait for each other."""
        ready = deque(self.find_ready())
        running: dict[Future[Attempted], Step] = {}
        while ready or running:
            while ready and len(running) < min(workers, self.writer.register.workers):
                step = ready.popleft()
                if self.begin(step):
                    running[pool.submit(self.attempt, step)] = step
            self.await_any(running)
            ready.extend(self.find_ready())
            self.report_final()

    def find_ready(self) -> Iterator[Step]:
        """Find the steps whose last predecessor was done since this was asked before."""
        for number in self.order.get_ready():
            self.states[number] = _State.READY
            yield self.steps[number]

    def begin(self, step: Step) -> bool:
        """Say whether a ready step is to be sent now; it is given up where something speaks against it."""
        obstacle = self.find_obstacle(step)
        if obstacle:
            self.give_up(step, obstacle)
            return False
        self.states[step.number] = _State.RUNNING
        return True

    def find_obstacle(self, step: Step) -> str:
        """Say why a step whose turn has come must not be sent; empty where nothing speaks against it."""
        if self.writer.stop.is_set():
            return "The run was interrupted."
        if self.halted:
            return self.halted
        if self.progress[step.id].is_moved:
            return "What others made of it is in no plan, so the rest of the change was not sent."
        for claimer in self.list_claimers(step):
            if self.states[claimer.number] is _State.GIVEN_UP:
                return f"Nothing was released for `{claimer.id}`, which is not carried out."
        return ""

    def list_claimers(self, step: Step) -> list[Step]:
        """List the steps that claim a client id which a step releases."""
        return [each for each in self.followers[step.number] if set(each.claims) & set(step.releases)]

    def await_any(self, running: dict[Future[Attempted], Step]) -> None:
        """Wait for a step to end, and take every step that has ended to account."""
        seconds = _LOOK if self.writer.grace is not None else None
        ended = wait(running, seconds, FIRST_COMPLETED).done if running else set()
        for future in sorted(ended, key=lambda each: running[each].number):
            self.end(running.pop(future), future.result())
        while running and self.is_out_of_time():
            step = running.popitem()[1]
            self.left_behind.append(step)
            change = self.progress[step.id].change
            self.end(step, Attempted(Unknown(change=change, reason=_LATE, hint="Run `reconciler recover`.")))

    def is_out_of_time(self) -> bool:
        """Say whether the run was stopped, and what was under way then has had its time."""
        if self.writer.grace is None or not self.writer.stop.is_set():
            return False
        self.stopped = self.stopped or time.monotonic()
        return time.monotonic() - self.stopped > self.writer.grace

    def attempt(self, step: Step) -> Attempted:
        """Carry out one step, in a thread of the pool; whatever goes wrong there is its outcome."""
        change, snapshot = self.progress[step.id].change, self.snapshots.get(step.id)
        try:
            doubt = self.find_doubt(step)
            if doubt:
                return Attempted(NotTried(change=change, reason=doubt))
            planned = Known(change.live_digest, change.newest)
            known = Known(snapshot.digest, snapshot.newest) if snapshot else planned
            return carry_out(step, change, known, self.writer, claimers=self.name_claimers(step))
        except Exception as error:  # noqa: BLE001 - the report of all the others must not be lost to one
            _LOG.debug("Step %d failed", step.number, exc_info=True)
            reason = f"This is a fault of reconciler itself: {type(error).__name__}."
            hint = "Run `reconciler recover`."
            return Attempted(Unknown(change=change, reason=reason, hint=hint), None, reason)

    def find_doubt(self, step: Step) -> str:
        """Check what the claiming systems ask for, before anything is released for them."""
        for claimer in self.list_claimers(step):
            doubt = find_doubt(claimer.document or {}, self.writer.register)
            if doubt:
                return f"Nothing was released for `{claimer.id}`: {doubt}."
        return ""

    def name_claimers(self, step: Step) -> dict[str, str]:
        """Name the system that is to get each client id which a step releases."""
        claimers = self.list_claimers(step)
        return {client: each.id for each in claimers for client in each.claims if client in step.releases}

    def end(self, step: Step, attempted: Attempted) -> None:
        """Take the end of a step to account."""
        self.halted = self.halted or attempted.halt
        if isinstance(attempted.outcome, Done) and attempted.after is not None:
            self.progress[step.id].is_moved |= attempted.is_moved and not step.final
            self.end_done(step, attempted.outcome, attempted.after)
        else:
            self.end_failed(step, attempted.outcome, attempted.after)

    def end_done(self, step: Step, outcome: Done, after: Snapshot) -> None:
        """Take a step that was done to account, also for those that were given up while it was under way."""
        self.states[step.number] = _State.DONE
        self.order.done(step.number)
        self.snapshots[step.id] = after
        progress = self.progress[step.id]
        if step.final:
            self.keep_outcome(outcome)
        elif outcome.reason:
            progress.intermediate = outcome
        for follower in self.followers[step.number]:
            if self.states[follower.number] is _State.GIVEN_UP:
                if follower.id == step.id:
                    reason = "Another system comes first, and was not done."
                    # What another follower was to get may be put back by now.
                    self.keep_outcome(_fail(progress.change, reason, self.snapshots[step.id]))
                self.undo_release(step, follower)

    def end_failed(self, step: Step, outcome: Outcome, after: Snapshot | None) -> None:
        """Take a step that was not done, or is not known to be, to account, and leave out what waits for it."""
        self.states[step.number] = _State.FAILED
        if (
            isinstance(outcome, (NotTried, Stale)) and step.id in self.snapshots
        ):  # an earlier step of it was sent
            outcome = _fail(outcome.change, outcome.reason, after or self.snapshots[step.id])
        elif not step.final and after is not None:
            outcome = replace(outcome, differs=find_difference(outcome.change.document, after.system))
        self.keep_outcome(outcome)
        if not isinstance(outcome, Unknown):  # an unknown claim may have come through
            self.undo_releases(step)
        for follower in self.followers[step.number]:
            self.give_up(follower, _say_undone(step))

    def keep_outcome(self, outcome: Outcome) -> None:
        """Keep the outcome of a change, with what its earlier steps had to say."""
        progress = self.progress[outcome.change.id]
        earlier, progress.intermediate = progress.intermediate, None
        if earlier is not None:
            reason = f"{earlier.reason} {outcome.reason}".rstrip()
            outcome = replace(outcome, reason=reason, alarming=outcome.alarming or earlier.alarming)
        self.outcomes[outcome.change.id] = outcome

    def report_final(self) -> None:
        """Report each outcome that nothing can change any more."""
        for name, outcome in self.outcomes.items():
            progress = self.progress[name]
            if not progress.is_reported and self.is_final(progress):
                progress.is_reported = True
                self.on_outcome(outcome)

    def is_final(self, progress: _Progress) -> bool:
        """Say whether nothing can change a change's outcome: what it released is claimed, or put back."""
        return all(
            self.states[follower.number].is_final
            for step in progress.steps
            if step.releases and self.states[step.number] is _State.DONE
            for follower in self.followers[step.number]
        )

    def give_up(self, step: Step, reason: str) -> None:
        """Leave a step out, put back what was released for it, and leave out what waits for it."""
        left = deque([(step, reason)])
        while left:
            each, why = left.popleft()
            if self.states[each.number] is _State.GIVEN_UP:
                continue
            self.states[each.number] = _State.GIVEN_UP
            self.undo_releases(each)
            if each.id not in self.outcomes:
                change, snapshot = self.progress[each.id].change, self.snapshots.get(each.id)
                untried = NotTried(change=change, reason=why)
                self.keep_outcome(_fail(change, why, snapshot) if snapshot else untried)
            left.extend((follower, _say_undone(each)) for follower in self.followers[each.number])

    def undo_releases(self, claimer: Step) -> None:
        """Put the client ids back that were released for a step which certainly did not claim them."""
        for number in claimer.after:
            if self.states[number] is _State.DONE:
                self.undo_release(self.steps[number], claimer)

    def undo_release(self, released: Step, claimer: Step) -> None:
        """Put the client ids back that one step released for another.

        It comes to this once for a pair of steps: when the second of them ends.
        """
        clients = tuple(client for client in claimer.claims if client in released.releases)
        if not clients:
            return
        change = self.progress[released.id].change
        earlier = self.outcomes.get(change.id)
        reason = f"{earlier.reason} ".lstrip() if earlier else ""
        reason += f"Client id {', '.join(clients)} was released for `{claimer.id}`, which could not claim it"
        outcome, snapshot = self.put_back(released, clients)
        if outcome is None:
            reason += "; this system is deleted, so it cannot be put back."
            self.keep_outcome(Done(change=change, reason=reason, alarming=True))
            return
        if isinstance(outcome, Done):
            self.snapshots[released.id] = snapshot
        self.keep_outcome(_explain_put_back(outcome, snapshot, reason, is_final=released.final))

    def put_back(self, released: Step, clients: tuple[str, ...]) -> tuple[Outcome | None, Snapshot]:
        """Send client ids back to the system that released them, as it is now.

        Gives what became of that, and how the system is then; no outcome where it is deleted, and nothing was sent.
        """
        change, snapshot = self.progress[released.id].change, self.snapshots[released.id]
        for _ in range(2):  # somebody may have written in the meantime: then to what they left
            back = put_back(released, clients, snapshot.system)
            if back is None:
                return None, snapshot
            self.last += 1
            known = Known(snapshot.digest, snapshot.newest)
            attempted = carry_out(replace(back, number=self.last), change, known, self.writer)
            snapshot = attempted.after or snapshot
            if not isinstance(attempted.outcome, Stale):
                break
        self.halted = self.halted or attempted.halt
        return attempted.outcome, snapshot


def _fail(change: Change, reason: str, snapshot: Snapshot) -> Failed:
    """Say that a change is not as the plan asks although something was sent for it, and how it is."""
    return Failed(change=change, reason=reason, differs=find_difference(change.document, snapshot.system))


def _say_undone(step: Step) -> str:
    return f"`{step.id}` comes first, and was not done."


def _explain_put_back(outcome: Outcome, snapshot: Snapshot, reason: str, *, is_final: bool) -> Outcome:
    """Give the outcome of the change that released client ids, by that of putting them back.

    `is_final` says whether the step that released them was the last of its change.
    """
    change = outcome.change
    match outcome:
        case Done():
            return _fail(change, f"{reason}, and was put back. {outcome.reason}".rstrip(), snapshot)
        case Unknown():
            reason = f"{reason}, and putting it back failed: {outcome.reason}"
            return Unknown(change=change, reason=reason, hint=outcome.hint)
        case Failed() | Stale() | NotTried():
            reason = f"{reason}, and putting it back failed: {outcome.reason}"
            failed = replace(_fail(change, reason, snapshot), hint="Plan again; the id is on no system.")
            if not is_final:
                return failed
            return Done(change=change, reason=reason, hint=failed.hint, alarming=True, differs=failed.differs)
        case _:
            assert_never(outcome)
