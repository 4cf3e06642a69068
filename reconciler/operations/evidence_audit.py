"""A journal held against the plan that it says was carried out: every request, document and entry has to fit.

Pure. What it says of the register is another question, which only the register can answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.execution.fate import Request, says_the_same
from reconciler.model.canonical_json import digest_json
from reconciler.planning.change_log import LogEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.execution.journal import Intent, RecordedOutcome, Run
    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan
    from reconciler.planning.request_order import Step


def audit_evidence(run: Run, plan: Plan, kept: Mapping[str, str]) -> Iterator[str]:
    """Name whatever in a journal does not fit its plan, a sentence each; nothing where it is honest.

    `kept` has the digests of the files that lie beside it, by name. Raises what a line of the wrong shape makes.
    """
    yield from (f"its line {number} cannot be read" for number in run.damaged)
    start, target = run.start, plan.target
    if start.digest != plan.digest:
        yield "it is of another plan"
        return
    if (start.environment, start.register, start.vendor) != (
        target.environment,
        target.register,
        target.vendor,
    ):
        yield "it is of another environment, register or vendor than the plan"
    for name in sorted({*run.kept, *kept}):
        if run.kept and run.kept.get(name) != kept.get(name):
            yield f"it does not say that `{name}` is the file that was kept"
    changes = {each.id: each for each in plan.writes}
    steps = {each.number: each for each in plan.steps}
    seen: set[str] = set()
    for _, intent in sorted(run.intents.items()):
        change, step = changes.get(intent.id), steps.get(intent.step)
        yield from _audit_intent(intent, change, step, is_first=intent.id not in seen)
        seen.add(intent.id)
    for number, outcome in sorted(run.outcomes.items()):
        yield from _audit_outcome(outcome, run.intents.get(number))


def _audit_intent(
    intent: Intent, change: Change | None, step: Step | None, *, is_first: bool
) -> Iterator[str]:
    """Hold one request against the step of the plan that it carries out.

    One behind them puts client ids back that another system could not claim, and is in no plan.
    """
    if change is None:
        yield f"its request {intent.step} is for `{intent.id}`, which the plan does not write"
        return
    if step is None:
        if intent.method != "PUT" or is_first:
            yield f"its request {intent.step} is none of the plan's"
    elif (step.id, step.method, digest_json(step.document)) != (
        intent.id,
        intent.method,
        digest_json(intent.body),
    ):
        yield f"its request {intent.step} is not what the plan has there"
    if is_first and (digest_json(intent.live) if intent.live is not None else "") != change.live_digest:
        yield f"`{intent.id}` was not, before the first request, what the plan was made from"


def _audit_outcome(outcome: RecordedOutcome, intent: Intent | None) -> Iterator[str]:
    """Hold what came of a request against the request, and the change log's entry against what was sent."""
    if intent is None:
        if outcome.step > 0:  # a damaged line is settled under the negative of its number
            yield f"it has an outcome of request {outcome.step}, and not the request"
        return
    if outcome.id != intent.id:
        yield f"the outcome of request {outcome.step} is of another system"
    if outcome.outcome == "done" and outcome.entry is None:
        yield f"request {outcome.step} was done, and it has no entry of the change log"
    if outcome.entry is not None:
        entry = LogEntry(**outcome.entry)
        if not says_the_same(entry, Request(intent.method, intent.body, None, "")):
            yield f"the entry of {entry.created} does not say what request {outcome.step} sent"
