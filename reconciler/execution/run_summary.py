"""What a run did, system by system, as its journal has it; and whether it carried out a plan already."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.clients.parallel import read_all
from reconciler.execution.freshness import is_as_asked
from reconciler.execution.journal_folder import read_runs
from reconciler.planning.remainder import Remainder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.execution.journal import Intent, Run
    from reconciler.execution.preflight import Site
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.plan import Plan

DONE, FAILED, OPEN = "done", "failed", "open"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did to each system that it sent a request for."""

    run: Run
    outcomes: Mapping[str, str]
    """By id: the outcome's word, or `open` where it is to be found out."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many systems there are of each outcome, `done` first."""
        found = Counter(self.outcomes.values())
        return {word: found[word] for word in sorted(found, key=lambda each: (each != DONE, each))}


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """The newest run that carried out a plan already, and what the register holds of it now."""

    run: Run
    done: int
    """How many of the plan's changes it and those before it did."""
    differing: tuple[str, ...]
    """The systems that hold neither what the plan asks for nor what it was made from."""
    remainder: Remainder
    """What no run has done, and the register holds as it was; empty where nothing is left."""


def summarise_run(run: Run) -> RunSummary:
    """Give what became of each system in a run; the newest request for it decides."""
    requests: dict[str, list[Intent]] = {}
    for _, intent in sorted(run.intents.items()):
        requests.setdefault(intent.id, []).append(intent)
    left = {intent.step for intent in run.open}
    found = {name: _find_outcome(run, each, left) for name, each in requests.items()}
    damaged = {f"line {-step}": OPEN for step in left if step < 0}
    return RunSummary(run, {**found, **damaged})


def _find_outcome(run: Run, requests: Sequence[Intent], left: set[int]) -> str:
    if any(each.step in left for each in requests):
        return OPEN
    newest = requests[-1]
    word = run.outcomes[newest.step].outcome
    # A request that is not the last of its change leaves the system otherwise than the plan asked.
    return FAILED if word == DONE and not newest.final else word


def find_earlier_run(plan: Plan, site: Site) -> EarlierRun | None:
    """Find the newest run that carried out a plan already; None where there is none, or the plan is fresh again.

    The register is read only where the journals have such a run. Raises what `Register` raises.
    """
    target = plan.target
    runs = [
        run
        for run in read_runs(site.journal)
        if run.intents  # one that sent nothing carried nothing out
        and (run.start.digest, run.start.register, run.start.vendor)
        == (plan.digest, target.register, target.vendor)
    ]
    if not runs or not plan.writes:
        return None
    found = read_all(site.register, [change.id for change in plan.writes])
    if all(_digest(found[change.id]) == change.live_digest for change in plan.writes):
        return None  # somebody put everything back since
    did = {name for run in runs for name, word in summarise_run(run).outcomes.items() if word == DONE}
    missing = [change for change in plan.writes if not is_as_asked(change, found[change.id])]
    left = frozenset(
        change.id
        for change in missing
        if change.id not in did and _digest(found[change.id]) == change.live_digest
    )
    return EarlierRun(
        runs[-1],
        sum(change.id in did for change in plan.writes),
        tuple(change.id for change in missing if change.id not in left),
        Remainder(left, tuple(run.start.run for run in runs)),
    )


def _digest(system: RegisteredSystem | None) -> str:
    return system.digest if system else ""
