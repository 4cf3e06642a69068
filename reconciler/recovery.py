"""What an interrupted run left open, settled by looking; and the way back from a run that went through.

Nothing here sends a write: what was sent is found out, and what is to be undone becomes a plan.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.body import keep_all
from reconciler.change import Blocked, Change, Keep, Update, describe_body
from reconciler.changelog import read_log
from reconciler.diff import diff
from reconciler.digest import digest_json
from reconciler.journal import Settled, continue_run, now
from reconciler.model import RegisteredSystem
from reconciler.normalise import normalise
from reconciler.settlement import Fate, Request, Settlement, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.journal import Intent, Run
    from reconciler.model import Json
    from reconciler.register import Register

_WORDS = {Fate.DONE: "done", Fate.UNDONE: "failed", Fate.UNKNOWN: "unknown"}
"""The outcome that the journal is given for each fate."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """An intent that had no outcome, what became of it, and what shows that."""

    run: str
    intent: Intent
    fate: Fate
    evidence: str


def recover_run(
    run: Run, register: Register, ours: frozenset[str], *, patience: float
) -> tuple[Recovered, ...]:
    """Settle every intent of a run that has no outcome, and write the outcomes to its journal.

    Waits until the time of each write is out; what is not known then is settled as unknown, since nothing
    can come of it any more. Raises what `Register` raises; what was settled by then is kept.
    """
    journal = continue_run(run)
    try:
        recovered = []
        for intent in run.open:
            settlement, held = _settle(intent, register, ours, patience)
            evidence = _tell(settlement, held) if intent.id else f"{intent.purpose}; look at the plan"
            journal.settle(
                Settled(
                    intent.step,
                    intent.id,
                    _WORDS[settlement.fate],
                    evidence,
                    held.document if held else None,
                    asdict(settlement.entry) if settlement.entry else None,
                    "recover",
                    now(),
                )
            )
            recovered.append(Recovered(run.start.run, intent, settlement.fate, evidence))
    finally:
        journal.end()
    return tuple(recovered)


def _settle(
    intent: Intent, register: Register, ours: frozenset[str], patience: float
) -> tuple[Settlement, RegisteredSystem | None]:
    if not intent.id:  # what a damaged line asked for, nobody can ask the register
        return Settlement(Fate.UNKNOWN), None
    before = RegisteredSystem(intent.live) if intent.live is not None else None
    age = (datetime.now(UTC) - datetime.fromisoformat(intent.at)).total_seconds()
    # A clock that was set back since must not cut the wait short, nor make it longer than it has to be.
    deadline = time.monotonic() + min(max(patience - age, 0.0), patience)
    while True:
        held = register.read_system(intent.id)
        log = read_log(register.read_changes(intent.id)) if held else ()
        newest = next((entry for entry in log if entry.created == intent.newest), None)
        if newest is None:  # the entry is gone from the log, or there was none
            log = tuple(entry for entry in log if entry.created > intent.newest)
        settlement = settle(Request(intent.method, intent.body, before, newest), held, log, ours)
        left = deadline - time.monotonic()
        if settlement.fate is Fate.DONE or left <= 0:
            return settlement, held
        time.sleep(min(1.0, left))


def _tell(settlement: Settlement, held: RegisteredSystem | None) -> str:
    """Say what shows the fate of a request."""
    later = (
        f"; then {settlement.later[0].who} wrote at {settlement.later[0].created}" if settlement.later else ""
    )
    if settlement.fate is Fate.DONE and settlement.entry is not None:
        return f"its entry in the change log is of {settlement.entry.created}{later}"
    if settlement.fate is Fate.UNDONE:
        what = (
            "the register does not know the system" if held is None else "the change log has no entry of it"
        )
        return f"{what}{later}"
    return f"the document is not what it was, and the change log does not say that this request did it{later}"


def undo(run: Run, name: str, found: RegisteredSystem | None) -> Change:
    """Decide how one system gets back to what it was before a run."""
    intents = [intent for _, intent in sorted(run.intents.items()) if intent.id == name]
    done = [
        run.settled[intent.step]
        for intent in intents
        if intent.step in run.settled and run.settled[intent.step].outcome == "done"
    ]
    first = intents[0]
    base: dict[str, Json] = {"id": name, "live": found.document if found else None}
    unclear = [run.settled.get(intent.step) for intent in intents if _is_unclear(intent, run)]
    if unclear:
        is_open = any(settled is None or settled.is_open for settled in unclear)
        hint = "Run `reconciler recover` first." if is_open else "Look at it with `reconciler plan`."
        return Blocked(**base, reason="what became of it is not known", hint=hint)
    if not done:
        return Keep(**base, reason="the run did not change it")
    kinds = {intent.method for intent in intents}
    if kinds != {"PUT"}:
        what = "created" if "POST" in kinds else "deleted"
        return Blocked(**base, reason=f"the run {what} it, and that cannot be undone")
    if found is None or _digest(found.document) != _digest(done[-1].held):
        return Blocked(**base, reason="it moved since the run", hint="Look at it with `reconciler plan`.")
    before = RegisteredSystem(first.live or {})
    fields = diff(normalise(before.read()), normalise(found.read()))
    if not fields:
        return Keep(**base)
    document = keep_all(before.document)
    return Update(**base, reason=describe_body(document), fields=fields, document=document)


def _is_unclear(intent: Intent, run: Run) -> bool:
    return intent.step not in run.settled or run.settled[intent.step].outcome == "unknown"


def _digest(document: Mapping[str, Json] | None) -> str:
    return digest_json(document) if document is not None else ""
