"""Plans what puts the documents back that a run updated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.clients.parallel import read_all
from reconciler.model.canonical_json import digest_json
from reconciler.model.normalise import normalise
from reconciler.model.system import RegisteredSystem
from reconciler.operations.plan import judge
from reconciler.planning.change import Blocked, Change, Keep, Update, describe_body
from reconciler.planning.diff import diff
from reconciler.planning.plan import Plan, Target
from reconciler.planning.request_body import keep_all
from reconciler.planning.request_order import order_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.clients.register import Register
    from reconciler.execution.customer_evidence import OpenCustomers
    from reconciler.execution.journal import Intent, RecordedOutcome, Run
    from reconciler.model.canonical_json import Json
    from reconciler.planning.ownership import Ownership

_MOVED = "it moved since the run"


def plan_rollback(
    run: Run,
    target: Target,
    register: Register,
    ownership: Ownership,
    open_customers: OpenCustomers | None = None,
) -> Plan:
    """Plan what puts the documents back that a run updated; nothing is written.

    What the run created or deleted is blocked, since neither can be undone, and so is what moved since.
    """
    touched = list(dict.fromkeys(intent.id for _, intent in sorted(run.intents.items())))
    found = read_all(register, touched)
    changes = tuple(undo(run, name, found[name]) for name in sorted(touched))
    made = Plan(target, changes, order_steps(changes))
    return judge(made, register, ownership, open_customers)


def undo(run: Run, name: str, found: RegisteredSystem | None) -> Change:
    """Decide how one system gets back to what it was before a run."""
    intents = [intent for _, intent in sorted(run.intents.items()) if intent.id == name]
    done = [
        run.outcomes[intent.step]
        for intent in intents
        if intent.step in run.outcomes and run.outcomes[intent.step].outcome == "done"
    ]
    first = intents[0]
    base: dict[str, Json] = {"id": name, "live": found}
    unclear = [run.outcomes.get(intent.step) for intent in intents if _is_unclear(intent, run)]
    if unclear:
        is_open = any(each is None or each.is_open for each in unclear)
        hint = "Run `reconciler recover` first." if is_open else "Look at it with `reconciler plan`."
        return Blocked(**base, reason="what became of it is not known", hint=hint)
    if not done:
        return Keep(**base, reason="the run did not change it")
    obstacle = _find_obstacle(intents, found, done[-1])
    if found is None or obstacle:
        return Blocked(
            **base, reason=obstacle, hint="Look at it with `reconciler plan`." if obstacle == _MOVED else ""
        )
    before = RegisteredSystem(first.live or {})
    fields = diff(normalise(before.read()), normalise(found.read()))
    if not fields:
        return Keep(**base)
    document = keep_all(before.document)
    return Update(**base, reason=describe_body(document), fields=fields, document=document)


def _find_obstacle(intents: Sequence[Intent], found: RegisteredSystem | None, last: RecordedOutcome) -> str:
    """Say what stands in the way of putting a system back; empty where nothing does."""
    kinds = {intent.method for intent in intents}
    if kinds != {"PUT"}:
        what = "created" if "POST" in kinds else "deleted"
        return f"the run {what} it, and that cannot be undone"
    if found is not None and found.is_deleted:
        return "it was deleted since, and that cannot be undone"
    is_held = found is not None and last.held is not None and found.digest == digest_json(last.held)
    return "" if is_held else _MOVED


def _is_unclear(intent: Intent, run: Run) -> bool:
    return intent.step not in run.outcomes or run.outcomes[intent.step].outcome == "unknown"
