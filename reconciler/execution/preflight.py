"""What has to be true before a request is sent, decided in one place.

The executor takes a `Clearance`, and only `clear` makes one: the lock is held, nothing of an earlier run is
open, the plan is for this register, accepted and fresh, and the journal is open. No front end can forget one.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TYPE_CHECKING

from reconciler.build import find_version
from reconciler.definitions.files import open_drafts
from reconciler.errors import Refused, Remedy, WriteRefused
from reconciler.execution.freshness import check_fresh
from reconciler.execution.journal import KEPT_APPROVAL, KEPT_PLAN, start_run
from reconciler.execution.journal_folder import find_open, read_runs
from reconciler.execution.lock import hold_lock
from reconciler.execution.recovery import find_stranded, recover_runs
from reconciler.execution.request import Writer
from reconciler.execution.signoff import check_accepted, find_approvals
from reconciler.model.environment import WORKERS
from reconciler.model.provenance import Provenance
from reconciler.planning.plan_audit import check_applicable, check_whole
from reconciler.planning.plan_file import print_plan
from reconciler.planning.remainder import keep_left

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.clients.register import Register
    from reconciler.definitions.files import Draft
    from reconciler.execution.journal import Run
    from reconciler.execution.recovery import Recovered, Stranded
    from reconciler.planning.approval import Signoff
    from reconciler.planning.ownership import Ownership
    from reconciler.planning.plan import Plan, Target
    from reconciler.planning.remainder import Remainder

_SEAL = object()
"""What only this module has, so that no other can make a `TargetLock` or a `Clearance`."""


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
    """Systems that are written at the same time."""
    patience: float = 60.0
    """Seconds after which a write that gave no answer will not be carried out any more."""
    stop: Event = field(default_factory=Event)
    """Set when the run is to end soon."""
    outputs: tuple[Path, ...] = ()
    """The files that will be written when it is over."""
    provenance: Provenance = field(default_factory=Provenance)
    """Where the run comes from, for journal and report."""
    grace: float | None = None
    """Seconds that a stopped run gives to what is under way; None where it waits until that has ended."""
    waived: tuple[str, ...] = ()
    """The earlier runs of the pipeline whose missing journals are let pass."""
    plan_file: bytes = b""
    """The saved plan as it was read; empty where the plan was made now."""


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
        plan: tuple[Plan, Remainder | None],
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
        return self._cleared[0][0]

    @property
    def rest(self) -> Plan:
        """What of it is to be carried out: all, but for what earlier runs did."""
        return keep_left(*self._cleared[0])

    @property
    def writer(self) -> Writer:
        """What its requests work with."""
        return self._cleared[1]

    @property
    def workers(self) -> int:
        """Systems that are written at the same time."""
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
        check_nothing_open(site)
        yield lock


def check_nothing_open(site: Site) -> None:
    """Refuse where an earlier run left a request whose outcome is unknown; the register is not asked."""
    left = find_open(site.journal, register=site.target.register, vendor=site.target.vendor)
    if left:
        damaged = [f"{run.path}, line {line}" for run in left for line in run.damaged]
        lost = f" These lines cannot be read: {'; '.join(damaged[:5])}." if damaged else ""
        number = len(left[0].open)
        raise Refused(
            f"The run {left[0].start.run} left {number} request{'' if number == 1 else 's'} "
            f"whose outcome is unknown.{lost}",
            hint="Run `reconciler recover` first; nothing was written.",
            remedy=Remedy.RECOVER,
        )


def recover(lock: TargetLock, *, patience: float) -> tuple[Recovered, ...]:
    """Find out what earlier runs left open, by looking.

    Nothing is sent; the lock keeps a run that is under way from being taken for one that ended. Raises what
    `Register` raises.
    """
    site = lock.site
    return recover_runs(read_own_runs(lock), site.register, site.ownership.clients, patience=patience)


def settle(lock: TargetLock, *, patience: float) -> tuple[Recovered, ...]:
    """Find that out likewise, before an apply; the register is asked only where there is something to find out."""
    left = any(each.open or each.unconfirmed for each in read_own_runs(lock))
    return recover(lock, patience=patience) if left else ()


def find_stranded_clients(lock: TargetLock) -> tuple[Stranded, ...]:
    """Find the client ids that earlier runs released and that are on no system; raises what `Register` raises."""
    return find_stranded(read_own_runs(lock), lock.site.register)


def read_own_runs(lock: TargetLock) -> list[Run]:
    """Read the journals of earlier runs on the lock's register and vendor; raises `WriteRefused` without the lock."""
    if not lock.is_held:
        raise WriteRefused("The lock is not held any more.")
    target = (lock.site.target.register, lock.site.target.vendor)
    return [run for run in read_runs(lock.site.journal) if (run.start.register, run.start.vendor) == target]


@contextmanager
def clear(
    plan: Plan, lock: TargetLock, terms: Terms, remainder: Remainder | None = None
) -> Iterator[Clearance]:
    """Check everything that has to be true before the first write, open the journal, and give leave.

    Where a remainder is given, only that is to be written, and the register holds the rest of the plan already.
    Raises `Refused` where something is not, and `UsageError` where a file cannot be written.
    """
    site = lock.site
    if not lock.is_held:
        raise WriteRefused("The lock is not held any more; nothing was written.")
    check_target(plan, site.target)
    check_whole(plan)
    check_nothing_open(site)
    continued = remainder.runs if remainder else ()
    approvals = find_approvals(plan, site.root, site.journal, continued=continued)
    accepted = check_accepted(plan, terms.accept, approvals)
    with open_drafts(terms.outputs) as drafts:
        check_fresh(plan, site.register, site.ownership, remainder=remainder)
        if terms.stop.is_set():
            raise Refused("The run was interrupted; nothing was written.")
        journal = start_run(
            site.journal,
            plan.target,
            digest=plan.digest,
            version=find_version(),
            revision=plan.revision,
            accepted=accepted,
        )
        clients = site.ownership.clients
        writer = Writer(site.register, journal, clients, terms.patience, terms.stop, terms.grace)
        # What is accepted and recorded is the whole plan, also where only some of it is left.
        clearance = Clearance(_SEAL, (plan, remainder), writer, terms.workers, drafts, accepted)
        try:
            journal.record_provenance(terms.provenance, terms.waived)
            journal.keep(KEPT_PLAN, terms.plan_file or print_plan(plan).encode())
            if accepted and accepted.approval:
                journal.keep(KEPT_APPROVAL, accepted.approval.entry.encode())
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
