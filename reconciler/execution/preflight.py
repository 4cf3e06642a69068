"""What has to be true before a request is sent, decided in one place.

The executor takes a `Clearance`, and only `clear` makes one: the lock is held, nothing of an earlier run is
open, the plan is for this register, accepted and fresh, and the journal is open. No front end can forget one.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from threading import Event, Lock
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.clients.parallel import read_all
from reconciler.definitions.files import open_drafts
from reconciler.errors import Refused, WriteRefused
from reconciler.execution.impact_evidence import check_managed, gather_evidence
from reconciler.execution.journal import start_run
from reconciler.execution.journal_folder import find_open, read_runs
from reconciler.execution.lock import hold_lock
from reconciler.execution.recovery import find_stranded, recover_runs
from reconciler.execution.request import Writer
from reconciler.execution.signoff import check_accepted, find_approvals
from reconciler.model.environment import WORKERS
from reconciler.planning.change import Weight, describe_users, find_overwritten, order_users
from reconciler.planning.change_log import describe_entries, find_since, read_log
from reconciler.planning.impact_rules import COUNTING
from reconciler.planning.plan import judge_plan
from reconciler.planning.plan_audit import audit
from reconciler.planning.plan_file import check_applicable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.clients.register import Register
    from reconciler.definitions.files import Draft
    from reconciler.execution.journal import Run
    from reconciler.execution.recovery import Recovered, Stranded
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.acceptance import Acceptances
    from reconciler.planning.approval import Signoff
    from reconciler.planning.change import Change, Impact
    from reconciler.planning.impact import Evidence
    from reconciler.planning.ownership import Ownership
    from reconciler.planning.plan import Plan, Target

_SEAL = object()
"""What only this module has, so that no other can make a `TargetLock` or a `Clearance`."""
_MOST = 20
"""How many systems a refusal names."""


@dataclass(frozen=True, slots=True)
class Site:
    """The register that is written to, and where a run keeps its records on this machine."""

    register: Register
    target: Target
    ownership: Ownership
    root: Path
    """The repository; the embedded register lives in it."""
    journal: Path
    """The folder of journals."""
    locks: Path
    """The folder of locks, shared by all repositories of a user."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a plan is to be carried out."""

    accept: str = ""
    """The digest whose breaking impacts are accepted, or its start; empty where none is."""
    workers: int = WORKERS
    patience: float = 60.0
    """Seconds after which a write that gave no answer will not be carried out any more."""
    stop: Event = field(default_factory=Event)
    """Set when the run is to end soon."""
    outputs: tuple[Path, ...] = ()
    """The files that will be written when it is over."""


class TargetLock:
    """The lock on a register and vendor, as long as its `with` block lasts; only this module makes one."""

    __slots__ = ("is_held", "site")

    def __init__(self, seal: object, site: Site) -> None:
        _check_seal(seal)
        self.site = site
        self.is_held = True


class Clearance:
    """Leave to carry out one plan, once, as long as its `with` block lasts; only `clear` makes one."""

    __slots__ = ("_cleared", "_is_left", "_lock")

    def __init__(
        self,
        seal: object,
        plan: Plan,
        writer: Writer,
        workers: int,
        drafts: Mapping[Path, Draft],
        accepted: Signoff | None,
    ) -> None:
        _check_seal(seal)
        self._cleared = plan, writer, workers, drafts, accepted
        self._is_left = True
        self._lock = Lock()

    @property
    def plan(self) -> Plan:
        """The plan that was cleared."""
        return self._cleared[0]

    @property
    def writer(self) -> Writer:
        """What its requests work with."""
        return self._cleared[1]

    @property
    def workers(self) -> int:
        """Requests at the same time."""
        return self._cleared[2]

    @property
    def drafts(self) -> Mapping[Path, Draft]:
        """The outputs, opened."""
        return self._cleared[3]

    @property
    def accepted(self) -> Signoff | None:
        """How its breaking impacts were accepted; None where nothing was to accept."""
        return self._cleared[4]

    def use_up(self) -> bool:
        """Use the clearance up; says whether it was still there."""
        with self._lock:
            left, self._is_left = self._is_left, False
        return left


def _check_seal(seal: object) -> None:
    if seal is not _SEAL:
        raise WriteRefused(
            "Only `reconciler.execution.preflight` may clear a plan for writing; nothing was written.",
            hint="Use `preflight.lock_for_apply` and `preflight.clear`.",
        )


@contextmanager
def lock_target(site: Site) -> Iterator[TargetLock]:
    """Hold the lock of a register and vendor; raises `Refused` where another run holds it."""
    register, vendor = site.target.register, site.target.vendor
    # The embedded register's state lies in the repository, so each repository's is another register.
    name = f"{register} {site.root.resolve()}" if register == "local" else register
    with hold_lock(site.locks, register=name, vendor=vendor):
        lock = TargetLock(_SEAL, site)
        try:
            yield lock
        finally:
            lock.is_held = False


@contextmanager
def lock_for_apply(site: Site) -> Iterator[TargetLock]:
    """Lock a register and vendor; raises `Refused` also where an earlier run left something open."""
    with lock_target(site) as lock:
        _check_nothing_open(site)
        yield lock


def _check_nothing_open(site: Site) -> None:
    left = find_open(site.journal, register=site.target.register, vendor=site.target.vendor)
    if left:
        damaged = [f"{run.path}, line {line}" for run in left for line in run.damaged]
        lost = f" These lines cannot be read: {'; '.join(damaged[:5])}." if damaged else ""
        number = len(left[0].open)
        raise Refused(
            f"The run {left[0].start.run} left {number} request{'' if number == 1 else 's'} "
            f"whose outcome is unknown.{lost}",
            hint="Run `reconciler recover` first; nothing was written.",
        )


def recover(lock: TargetLock, *, patience: float) -> tuple[Recovered, ...]:
    """Find out what earlier runs left open, by looking.

    Nothing is sent; the lock keeps a run that is under way from being taken for one that ended. Raises what
    `Register` raises.
    """
    site = lock.site
    return recover_runs(_read_own_runs(lock), site.register, site.ownership.clients, patience=patience)


def find_stranded_clients(lock: TargetLock) -> tuple[Stranded, ...]:
    """Find the client ids that earlier runs released and that are on no system; raises what `Register` raises."""
    return find_stranded(_read_own_runs(lock), lock.site.register)


def _read_own_runs(lock: TargetLock) -> list[Run]:
    if not lock.is_held:
        raise WriteRefused("The lock is not held any more.")
    target = (lock.site.target.register, lock.site.target.vendor)
    return [run for run in read_runs(lock.site.journal) if (run.start.register, run.start.vendor) == target]


def check_consistent(plan: Plan) -> None:
    """Refuse a plan whose fields, documents and steps do not fit together; nothing is asked of the register."""
    contradictions = list(islice(audit(plan), _MOST))
    if contradictions:
        raise Refused(
            "The plan does not fit its own documents, so nothing was written.\n" + "\n".join(contradictions),
            hint="Plan again, and apply the file as it comes.",
        )


def check_fresh(plan: Plan, register: Register, ownership: Ownership, *, workers: int = WORKERS) -> None:
    """Compare a plan with the register; raises `Refused` where it moved since, or the plan's impacts are others.

    Every system that the plan writes is read, its system users are counted, and what the change does to
    people is judged again. Nothing is written when one moved: what was reviewed is not what would be done.
    """
    check_consistent(plan)
    check_managed(plan, register)
    _check_left_alone(plan, ownership.acceptances)
    _check_unmoved(plan, register, workers)
    try:
        _check_impacts(plan, register, ownership)
    except Refused:
        _check_unmoved(plan, register, workers)  # a write since the last reading is what it comes from, then
        raise


def _check_left_alone(plan: Plan, acceptances: Acceptances) -> None:
    """Refuse a plan that would write what stands accepted since it was made; one that left it alone may go on."""
    found = [
        f"`{change.id}`: {each.path} stands until {each.acceptance.until} ({each.acceptance.reason})."
        for change in plan.writes
        for each in find_overwritten(change, acceptances)
    ]
    if found:
        raise Refused(
            "The plan would write what stands accepted, so nothing was written.\n" + "\n".join(found[:_MOST]),
            hint="Plan again, or take the entry out of systems/.accepted.yaml.",
        )


def _check_unmoved(plan: Plan, register: Register, workers: int) -> None:
    found = read_all(register, [change.id for change in plan.writes], workers=workers)
    digests = {name: system.digest if system else "" for name, system in found.items()}
    moved = [change for change in plan.writes if digests[change.id] != change.live_digest]
    if moved:
        said = "\n".join(_describe_move(change, found[change.id], register) for change in moved[:_MOST])
        raise Refused(
            f"The plan is stale, and nothing was written.\n{said}",
            hint="Plan again, and have the new plan reviewed.",
        )


def _check_impacts(plan: Plan, register: Register, ownership: Ownership) -> None:
    """Judge the plan again, with the system users as they are now; what was reviewed has to be what is true."""
    evidence = gather_evidence(plan, register, ownership)
    claimed = {change.id: _read_users(change) for change in plan.writes}
    grown = [
        f"`{change.id}` had {describe_users(claimed[change.id][0])} when it was planned, "
        f"and has {describe_users(now)} now."
        for change in plan.writes
        if change.id in evidence
        and _counts_users(change)
        and _has_grown(claimed[change.id][0], now := evidence[change.id].users)
    ]
    if grown:
        raise Refused(
            "More system users are touched than the plan says, so nothing was written.\n"
            + "\n".join(grown[:_MOST]),
            hint="Plan again, and have the new plan reviewed.",
        )
    as_claimed = {
        name: replace(each, users=claimed[name][0], agents=claimed[name][1])
        for name, each in evidence.items()
    }
    judged = judge_plan(plan, as_claimed)
    mismatches = [
        f"`{change.id}` names {change.newest} as its newest change-log entry, and there is none of that time."
        for change in plan.writes
        if change.newest and not _has_entry(change.newest, evidence.get(change.id))
    ]
    mismatches += [
        _describe_mismatch(f"`{change.id}`", change.impacts, again.impacts)
        for change, again in zip(plan.changes, judged.changes, strict=True)
        if change.impacts != again.impacts
    ]
    mismatches += (
        [_describe_mismatch("The plan", plan.impacts, judged.impacts)]
        if plan.impacts != judged.impacts
        else []
    )
    if mismatches:
        raise Refused(
            "The plan's impacts are not those that it has, so nothing was written.\n"
            + "\n".join(mismatches[:_MOST]),
            hint="Plan again, and have the new plan reviewed.",
        )


def _has_entry(created: str, evidence: Evidence | None) -> bool:
    return evidence is not None and any(state.entry.created == created for state in evidence.states)


def _describe_mismatch(what: str, said: Sequence[Impact], found: Sequence[Impact]) -> str:
    missing = [each for each in found if each not in said]
    extra = [each for each in said if each not in found]
    if missing:
        return f"{what} leaves out {missing[0].rule}: {missing[0].message}"
    return f"{what} says {extra[0].rule if extra else 'its impacts in another order'}, which does not hold."


def _read_users(change: Change) -> tuple[int | None, int | None]:
    """Give how many system users a change says it touches, and how many of them are agents'."""
    said = ((each.users, each.agents) for each in change.impacts if each.users is not None)
    return next(said, (None, None))


def _counts_users(change: Change) -> bool:
    return any(each.weight is Weight.BREAKING and each.rule in COUNTING for each in change.impacts)


def _has_grown(before: int | None, now: int | None) -> bool:
    """Say whether system users have another order of magnitude than was reviewed, and not a lower one."""
    if before is None or now is None:
        return before is not now
    return order_users(now) > order_users(before)


def _describe_move(change: Change, found: RegisteredSystem | None, register: Register) -> str:
    """Say which members moved, and from the change log when and by whom."""
    before, after = change.live.document if change.live else {}, found.document if found else {}
    members = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    moved = f"moved in {', '.join(members)}" if change.live is not None else "was registered"
    log = read_log(register.read_changes(change.id))
    since = find_since(log, change.newest) if change.newest is not None else log[:1]
    who = f": {describe_entries(since)}" if since else ""
    return f"`{change.id}` {moved}{who}."


@contextmanager
def clear(plan: Plan, lock: TargetLock, terms: Terms) -> Iterator[Clearance]:
    """Check everything that has to be true before the first write, open the journal, and give leave.

    Raises `Refused` where something is not, and `UsageError` where a file cannot be written.
    """
    site = lock.site
    if not lock.is_held:
        raise WriteRefused("The lock is not held any more; nothing was written.")
    check_target(plan, site.target)
    _check_nothing_open(site)
    accepted = check_accepted(plan, terms.accept, find_approvals(plan, site.root, site.journal))
    with open_drafts(terms.outputs) as drafts:
        check_fresh(plan, site.register, site.ownership, workers=terms.workers)
        if terms.stop.is_set():
            raise Refused("The run was interrupted; nothing was written.")
        journal = start_run(
            site.journal,
            plan.target,
            digest=plan.digest,
            version=__version__,
            revision=plan.revision,
            accepted=accepted,
        )
        writer = Writer(site.register, journal, site.ownership.clients, terms.patience, terms.stop)
        clearance = Clearance(_SEAL, plan, writer, terms.workers, drafts, accepted)
        try:
            yield clearance
        finally:
            if clearance.use_up():  # nobody carried it out, so nobody ended the journal
                journal.end()


def check_target(plan: Plan, target: Target) -> None:
    """Refuse a plan that was made for another environment, register or vendor, or without any register."""
    check_applicable(plan)
    made = plan.target
    if made != target:
        raise Refused(
            f"The plan was made for vendor {made.vendor} in {made.environment} ({made.register}), "
            f"not for vendor {target.vendor} in {target.environment} ({target.register}).",
            hint="Plan for the environment that is to be written; nothing was written.",
        )
