"""The report of a run that is over, made again from its plan and its journal.

Pure. Of a run that came to its end it is the report that apply wrote. Where apply did not get that far, or `recover`
found something out since, it says what the journal knows.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from reconciler.execution.fate import find_difference
from reconciler.execution.outcome import Done, Failed, NotTried, Outcome, Report, Stale, Unknown
from reconciler.model.system import RegisteredSystem
from reconciler.planning.approval import PlanApproval, Signoff
from reconciler.planning.diff import FieldChange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.execution.journal import Run
    from reconciler.model.canonical_json import Json
    from reconciler.planning.change import Write
    from reconciler.planning.plan import Plan

_KINDS: Mapping[str, type[Outcome]] = {kind.word: kind for kind in (Done, Failed, Stale, Unknown, NotTried)}
_RECOVER = "Run `reconciler recover`."


def rebuild_report(plan: Plan, run: Run) -> Report:
    """Make the report of a run again; `plan` is the one that it carried out."""
    final = {str(each["id"]): each for each in run.final}
    steps: dict[str, list[int]] = {}
    for step, intent in sorted(run.intents.items()):
        steps.setdefault(intent.id, []).append(step)
    outcomes = tuple(
        _find_outcome(change, run, steps.get(change.id, []), final.get(change.id)) for change in plan.writes
    )
    accepted = _read_signoff(run.start.accepted) if run.start.accepted else None
    return Report(plan, outcomes, (), accepted, run.provenance, run)


def _find_outcome(change: Write, run: Run, steps: Sequence[int], final: Mapping[str, Json] | None) -> Outcome:
    """Find what became of a change: what `recover` found out last counts more than what apply said before."""
    settled = any(step in run.outcomes and run.outcomes[step].by == "recover" for step in steps)
    if final is not None and not settled:
        return _read_outcome(change, final)
    if not steps:
        return NotTried(change=change, reason="The run ended before.")
    last = run.outcomes.get(steps[-1])
    if last is None:
        return Unknown(change=change, reason="The run ended before its outcome was known.", hint=_RECOVER)
    held = RegisteredSystem(last.held) if last.held is not None else None
    kind = _KINDS[last.outcome]
    if kind is Done and not run.intents[steps[-1]].final:
        kind = Failed  # what is left of the change was not sent
    differs = () if kind is Done else find_difference(change.document, held)
    return kind(change=change, reason=last.reason, hint=_RECOVER if last.is_open else "", differs=differs)


def _read_outcome(change: Write, final: Mapping[str, Json]) -> Outcome:
    """Read what apply said of a change in the end."""
    return _KINDS[final["outcome"]](
        change=change,
        reason=final["reason"],
        hint=final["hint"],
        alarming=final["alarming"],
        differs=tuple(
            FieldChange(FieldChange.read_path(each["path"]), each["held"], each["asked"])
            for each in final["differs"]
        ),
    )


def _read_signoff(accepted: Mapping[str, Json]) -> Signoff:
    """Read how the plan was accepted, as a journal has it; raises `ValueError` for a day that is none."""
    if not accepted["until"]:
        return Signoff(accepted["how"])
    approval = PlanApproval(
        date.fromisoformat(accepted["until"]),
        accepted["reason"] or "",
        accepted["author"] or "",
        accepted["commit"] or "",
        at=accepted.get("at") or "",
    )
    return Signoff(accepted["how"], approval)
