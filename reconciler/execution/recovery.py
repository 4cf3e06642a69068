"""What an interrupted run left open, found out by looking.

Nothing here sends a write: what was sent is found out.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.clients.listing import Listing, read_listed
from reconciler.clients.parallel import read_all
from reconciler.clients.trace_context import read_trace_id
from reconciler.errors import Exit, Forbidden, ReconcilerError, Rejected, Unintelligible, Unsteady
from reconciler.execution.fate import Fate, Request, Verification, verify
from reconciler.execution.journal import RecordedOutcome, continue_run, now
from reconciler.execution.outcome_text import describe_dropped, describe_overwritten, describe_stuck
from reconciler.execution.snapshot import Snapshot, take_snapshot
from reconciler.model.system import RegisteredSystem
from reconciler.planning.change_log import describe_entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.clients.register import Register
    from reconciler.execution.journal import Intent, Journal, Run

_WORDS = {Fate.DONE: "done", Fate.UNDONE: "failed", Fate.UNKNOWN: "unknown"}
"""The outcome that the journal is given for each fate."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """An intent that had no outcome, what became of it, and what shows that."""

    run: str
    intent: Intent
    fate: Fate
    evidence: str
    recorded: bool = True
    """Whether the journal took it; where it could not, the request stays open."""
    alarming: bool = False
    """Whether a person should look at it although it was done."""
    asked: bool = True
    """Whether the register could be asked; where it could not, the request stays open."""

    @property
    def exit_code(self) -> Exit:
        """Choose the exit code: unknown, then what a person has to look at, then done."""
        if self.fate is Fate.UNKNOWN:
            return Exit.UNKNOWN
        return Exit.FAILED if self.alarming or not self.recorded else Exit.DONE


@dataclass(frozen=True, slots=True)
class Stranded:
    """A client id that a run released for another system, and that no system holds."""

    run: str
    environment: str
    client: str
    released_by: str
    meant_for: str


def recover_runs(
    runs: Sequence[Run], register: Register, ours: frozenset[str], *, patience: float
) -> tuple[Recovered, ...]:
    """Find out what is open in the runs on one register and vendor, and look again after lost answers.

    A system that cannot be read keeps no other from being looked at. Raises what `Register` raises where nothing at
    all could be asked; where the register goes away later, what is left stays open.
    """
    taken = frozenset(
        str(each.entry["created"]) for run in runs for each in run.outcomes.values() if each.entry
    )
    recovered: list[Recovered] = []
    try:
        for run in runs:
            for each in recover_run(run, register, ours, patience=patience, taken=taken):
                recovered += [each]  # one by one, so that none is lost to what the next one raises
    except ReconcilerError as error:
        if not any(each.asked for each in recovered):
            raise
        known = {(each.run, each.intent.step) for each in recovered}
        recovered += [
            _leave_open(run, intent, error)
            for run in runs
            for intent in (*run.open, *run.unconfirmed)
            if (run.start.run, intent.step) not in known
        ]
    return tuple(recovered)


def _leave_open(run: Run, intent: Intent, error: ReconcilerError) -> Recovered:
    return Recovered(
        run.start.run, intent, Fate.UNKNOWN, f"it could not be asked for: {error.message}", asked=False
    )


def recover_run(
    run: Run,
    register: Register,
    ours: frozenset[str],
    *,
    patience: float,
    taken: frozenset[str] = frozenset(),
) -> Iterator[Recovered]:
    """Find out every intent of a run that has no outcome, or counts as failed after a lost answer.

    Each is given as soon as it is found out, and its outcome is in the journal. Waits until the time of each write
    is out; what is not known then is recorded as unknown, since nothing can come of it any more. `taken` are the
    times of the change log's entries that other requests of ours made. Raises what `Register` raises, but for
    what concerns one system only. What the journal cannot take, since its disk is full or read-only, is found
    out all the same.
    """
    left = [*run.open, *run.unconfirmed]
    if not left:
        return
    journal = _continue(run)
    try:
        for intent in left:
            try:
                verification, snapshot = _verify_intent(intent, register, ours, patience, taken)
            except (Forbidden, Rejected, Unintelligible, Unsteady) as error:
                yield _leave_open(run, intent, error)
                continue
            evidence = _describe(verification, snapshot, intent)
            outcome = RecordedOutcome(
                intent.step,
                intent.id,
                _WORDS[verification.fate],
                evidence,
                snapshot.system.document if snapshot.system else None,
                asdict(verification.entry) if verification.entry else None,
                "recover",
                now(),
            )
            recorded = _record(outcome, journal)
            run.outcomes[intent.step] = outcome
            alarming = bool(
                verification.overwritten or verification.stuck or verification.dropped or verification.deleted
            )
            yield Recovered(run.start.run, intent, verification.fate, evidence, recorded, alarming=alarming)
    finally:
        if journal is not None:
            journal.end()


def _continue(run: Run) -> Journal | None:
    try:
        return continue_run(run)
    except OSError:
        return None


def _record(outcome: RecordedOutcome, journal: Journal | None) -> bool:
    try:
        if journal is not None:
            journal.record_outcome(outcome)
    except OSError:
        return False
    return journal is not None


def _verify_intent(
    intent: Intent, register: Register, ours: frozenset[str], patience: float, taken: frozenset[str]
) -> tuple[Verification, Snapshot]:
    if not intent.id:  # what a damaged line asked for cannot be asked of the register
        return Verification(Fate.UNKNOWN), Snapshot(None)
    before = RegisteredSystem(intent.live) if intent.live is not None else None
    request = Request(intent.method, intent.body, before, intent.newest, ours, taken)
    age = (datetime.now(UTC) - datetime.fromisoformat(intent.at)).total_seconds()
    # A clock that was set back since must not cut the wait short, nor make it longer than it has to be.
    deadline = time.monotonic() + min(max(patience - age, 0.0), patience)
    while True:
        snapshot = take_snapshot(intent.id, register)
        verification = verify(request, snapshot.system, snapshot.log)
        left = deadline - time.monotonic()
        if verification.fate is Fate.DONE or left <= 0:
            return verification, snapshot
        time.sleep(min(1.0, left))


def _describe(verification: Verification, snapshot: Snapshot, intent: Intent) -> str:
    """Say what shows the fate of a request."""
    if not intent.id:
        return f"{intent.purpose}; look at the plan"
    later = f"; then {describe_entries(verification.later)}" if verification.later else ""
    if verification.fate is Fate.DONE and verification.entry is not None:
        shown = f"its entry in the change log is of {verification.entry.created}{later}"
        beside = (
            describe_overwritten(verification),
            describe_stuck(verification),
            describe_dropped(verification.dropped),
        )
        return ". ".join(filter(None, (shown, " ".join(filter(None, beside)))))
    if verification.fate is Fate.UNDONE:
        known = snapshot.system is not None
        what = "the change log has no entry of it" if known else "the register does not know the system"
        return f"{what}{later}"
    trace = read_trace_id(intent.traceparent)
    support = f"; the id to give Altinn's support: {trace}" if trace else ""
    return f"the document is not what it was, and the change log does not say that this request did it{later}{support}"


def find_stranded(runs: Sequence[Run], register: Register) -> tuple[Stranded, ...]:
    """Find the client ids that a run released for a system that never got them, and that no system holds.

    `runs` are those on one register and vendor. What a later run decided for the system is
    no longer missing there, nor is what a deleted system was to get. Raises what `Register` raises.
    """
    ordered = sorted(runs, key=lambda run: run.start.at)  # names of runs tell the second only
    missing = [
        each
        for number, run in enumerate(ordered)
        for each in _list_released(run)
        if not any(_has_written(later, each.meant_for) for later in ordered[number + 1 :])
    ]
    if not missing:
        return ()
    near = {name for each in missing for name in (each.released_by, each.meant_for)}
    found = read_all(register, sorted(near))
    if _list_unclaimed(missing, found):
        others = {each.id for each in register.list_systems()} - near
        found |= read_listed(register, sorted(others), Listing(tuple(sorted(others)))).found
    unclaimed = _list_unclaimed(missing, found)
    return tuple(
        each for each in unclaimed if (claimer := found[each.meant_for]) is None or not claimer.is_deleted
    )


def _list_released(run: Run) -> Iterator[Stranded]:
    """List the client ids that a run released, and that no later step of it took up or put back."""
    for step, intent in sorted(run.intents.items()):
        if not intent.releases or run.outcomes.get(step) is None or run.outcomes[step].outcome == "failed":
            continue
        for client, claimer in intent.releases.items():
            taken = any(
                client in (other.body or {}).get("clientId", ())
                for number, other in run.intents.items()
                if number != step and number in run.outcomes and run.outcomes[number].outcome == "done"
            )
            if not taken:
                yield Stranded(run.start.run, run.start.environment, client, intent.id, str(claimer))


def _has_written(run: Run, name: str) -> bool:
    """Say whether a run completed a change of a system."""
    return any(
        intent.id == name and intent.final and step in run.outcomes and run.outcomes[step].outcome == "done"
        for step, intent in run.intents.items()
    )


def _list_unclaimed(
    missing: Sequence[Stranded], found: Mapping[str, RegisteredSystem | None]
) -> list[Stranded]:
    living = [each for each in found.values() if each is not None and not each.is_deleted]
    registered = {client for each in living for client in each.client_ids}
    return [each for each in missing if each.client not in registered]
