"""What is known of a request, turned into the outcome of a change and into words.

Pure. The settlement decides; the answer, or the lack of one, only adds what the register said.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.errors import NoAnswer, RegisterError, ServerFailed, Unintelligible
from reconciler.execution.outcome import Done, Failed, Outcome, Stale, Unknown
from reconciler.execution.verification import Fate, find_difference
from reconciler.planning.change_log import describe_entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import ReconcilerError
    from reconciler.execution.verification import Settlement
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.change import Change
    from reconciler.planning.change_log import LogEntry
    from reconciler.planning.diff import FieldChange

LOST = (NoAnswer, ServerFailed, Unintelligible)
"""After these, a write may have been carried out, or may still be."""
OVERLAPPED = 500
"""What the register answers to all but one of the writes that overlap on a system (contract §9.4)."""


def explain(
    change: Change, settlement: Settlement, failure: ReconcilerError | None, *, trace: str = ""
) -> Outcome:
    """Turn what is known of a request into an outcome; `trace` is its id in Altinn's traces."""
    if settlement.fate is Fate.DONE:
        return _explain_done(change, settlement, failure)
    refused = isinstance(failure, RegisterError) and not isinstance(failure, LOST)
    if failure is not None and (settlement.fate is Fate.UNDONE or (refused and change.action != "delete")):
        return _explain_undone(change, settlement, failure)
    if failure is None and settlement.reached and not settlement.later:
        return Done(change=change, reason="The change log has no entry of it.", alarming=True)
    said = failure.message if failure else "The register took it, and its change log has no entry of it."
    return Unknown(
        change=change,
        reason=_join(said, _describe_later(settlement)),
        hint=_join("Run `reconciler recover`.", describe_trace(trace)),
        differs=settlement.differs,
    )


def _explain_done(change: Change, settlement: Settlement, failure: ReconcilerError | None) -> Outcome:
    shown = f"{failure.message} The change log shows that it was carried out." if failure else ""
    told = _join(shown, describe_overwritten(settlement))
    if settlement.deleted is not None:
        return _explain_deleted(change, settlement, settlement.deleted, told)
    hint = ""
    if settlement.stuck:
        told = _join(
            told, f"After the deletion, {describe_entries(settlement.later)}.", describe_stuck(settlement)
        )
        hint = f"Send DELETE for `{change.id}` once more: it frees them."
    else:
        told = _join(told, _describe_later(settlement))
    if settlement.differs and not settlement.later:
        told = _join(told, _describe_stored(settlement.differs))
    told = _join(told, describe_dropped(settlement.dropped))
    alarming = any((settlement.overwritten, settlement.later, settlement.differs, settlement.dropped))
    return Done(change=change, reason=told, hint=hint, alarming=alarming, differs=settlement.differs)


def _explain_deleted(change: Change, settlement: Settlement, deletion: LogEntry, told: str) -> Outcome:
    """Say that the system is gone although the write went through: nobody holds what was asked for."""
    when = "before" if deletion in settlement.overwritten else "after"
    gone = f"{describe_entries((deletion,))}, for ever, right {when} this write."
    hint = "Write `withdrawn: true` to keep the record, or register the system under a new id."
    if settlement.stuck:
        hint = f"Send DELETE for `{change.id}` once more: it frees them. {hint}"
    reason = _join("" if when == "before" else told, gone[:1].upper() + gone[1:], describe_stuck(settlement))
    return Failed(change=change, reason=reason, hint=hint, differs=settlement.differs)


def _explain_undone(change: Change, settlement: Settlement, failure: ReconcilerError) -> Outcome:
    reason, hint = failure.message, failure.hint
    overlapped = isinstance(failure, ServerFailed) and failure.status == OVERLAPPED
    if overlapped and settlement.later:
        reason = _join(reason, "Most likely another write came at the same moment; this one was not done.")
        hint = "Plan again."
    elif overlapped:
        hint = _join(
            hint, "A write at the same moment, also of one of its client ids, gives a 500: plan again."
        )
    elif isinstance(failure, LOST):
        hint = _join(hint, "`reconciler recover` looks once more whether it came through after all.")
    reason = _join(reason, _describe_later(settlement))
    return Failed(change=change, reason=reason, hint=hint, differs=settlement.differs)


def explain_stale(
    change: Change, body: Json, held: RegisteredSystem | None, since: Sequence[LogEntry]
) -> Stale:
    """Say that a system is not what a step was made from; `since` are the entries that came since."""
    who = f": {describe_entries(since)}" if since else ""
    return Stale(
        change=change,
        reason=f"The system moved since the plan was made, so nothing was sent{who}.",
        hint="Plan again.",
        differs=find_difference(body, held),
    )


def explain_unread(
    change: Change, failure: ReconcilerError | None, error: ReconcilerError, *, trace: str = ""
) -> Unknown:
    """Say that it is unknown what a request did, because the system could not be read after it."""
    reason = _join(failure.message if failure else "", f"The system could not be read back: {error.message}")
    hint = _join("Run `reconciler recover` when the register answers.", describe_trace(trace))
    return Unknown(change=change, reason=reason, hint=hint)


def explain_outage(
    change: Change, failure: ReconcilerError, doubt: str, differs: tuple[FieldChange, ...]
) -> Failed:
    """Tell a refusal for what is not found from an outage between the register and its registry (contract §9.5).

    `doubt` is what the metadata APIs say of it; empty where they know all of it.
    """
    if doubt:
        reason = _join(failure.message, f"The metadata says so too: {doubt}.")
        return Failed(change=change, reason=reason, hint=failure.hint, differs=differs)
    reason = (
        f"The register could not reach the registry; nothing was written. {failure.message} The metadata knows "
        "all of it."
    )
    hint = "The definition is right, as far as the metadata can say: apply again later."
    return Failed(change=change, reason=reason, hint=hint, differs=differs)


def describe_unplanned(since: Sequence[LogEntry]) -> str:
    """Say who wrote since the plan and left the document as it was; empty where nobody did."""
    return f"Since the plan, {describe_entries(since)}, and the document is as it was." if since else ""


def describe_trace(trace: str) -> str:
    """Give the id of a request whose fate is unknown; empty where there is none."""
    return f"The id to give Altinn's support: {trace}." if trace else ""


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def describe_overwritten(settlement: Settlement) -> str:
    """Say what others wrote right before a write, and which of their values it overwrote; empty for none."""
    if not settlement.overwritten:
        return ""
    told = ", ".join(_describe_lost(each) for each in settlement.lost)
    what = f"and that was overwritten: {told}" if told else "and nothing of that is known to be lost"
    who = describe_entries(settlement.overwritten)
    return f"Between the last reading and this write, {who}, {what}."


def _describe_lost(field: FieldChange) -> str:
    """Say what a value was that was overwritten, so that it can be put back."""
    now = "absent" if field.expected is None else _print(field.expected)
    return f"{field.path} was {'absent' if field.actual is None else _print(field.actual)}, is now {now}"


def _describe_later(settlement: Settlement) -> str:
    return f"Since then, {describe_entries(settlement.later)}." if settlement.later else ""


def describe_stuck(settlement: Settlement) -> str:
    """Say which client ids a deleted system holds, and what frees them; empty for none."""
    if not settlement.stuck:
        return ""
    many = "s" if len(settlement.stuck) > 1 else ""
    return (
        f"The deleted system holds client id{many} {', '.join(settlement.stuck)}, which no other system can "
        "have until a second DELETE."
    )


def describe_dropped(dropped: Sequence[str]) -> str:
    """Say what the register did not keep although it was sent back as it was; empty for nothing."""
    if not dropped:
        return ""
    return (
        f"The register does not hold as they were sent: {', '.join(dropped)}. The plan said that they are kept; "
        "the journal has their values."
    )


def _describe_stored(differs: Sequence[FieldChange]) -> str:
    """Say what the register made of values that nobody else touched."""
    told = []
    for member in dict.fromkeys(each.member for each in differs):
        fields = [each for each in differs if each.member == member]
        held = ", ".join(_print(each.actual) for each in fields if each.actual is not None) or "nothing"
        asked = ", ".join(_print(each.expected) for each in fields if each.expected is not None) or "nothing"
        told.append(f"{member} as {held}, where {asked} was asked for")
    return f"The register stored {'; '.join(told)}."


def _print(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
