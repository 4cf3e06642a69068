"""What is known of a request, turned into the outcome of a change and into words.

Pure. The verification decides; the answer, or the lack of one, only adds what the register said.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, assert_never

from reconciler.errors import NoAnswer, RegisterError, ServerFailed, Unintelligible
from reconciler.execution.fate import Fate, find_difference
from reconciler.execution.outcome import Done, Failed, Outcome, Stale, Unknown
from reconciler.planning.change import Delete
from reconciler.planning.change_log import describe_entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import ReconcilerError
    from reconciler.execution.fate import Verification
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
    change: Change, verification: Verification, failure: ReconcilerError | None, *, trace: str = ""
) -> Outcome:
    """Turn what is known of a request into an outcome; `trace` is its id in Altinn's traces."""
    match verification.fate:
        case Fate.DONE:
            return _explain_done(change, verification, failure)
        case Fate.UNDONE:
            is_failed = failure is not None
        case Fate.UNKNOWN:  # a DELETE can say 400 after it was carried out
            refused = isinstance(failure, RegisterError) and not isinstance(failure, LOST)
            is_failed = refused and not isinstance(change, Delete)
        case _:
            assert_never(verification.fate)
    if failure is not None and is_failed:
        return _explain_undone(change, verification, failure)
    if failure is None and verification.reached and not verification.later:
        return Done(change=change, reason="The change log has no entry of it.", alarming=True)
    said = failure.message if failure else "The register took it, and its change log has no entry of it."
    return Unknown(
        change=change,
        reason=_join(said, _describe_later(verification)),
        hint=_join("Run `reconciler recover`.", describe_trace(trace)),
        differs=verification.differs,
    )


def _explain_done(change: Change, verification: Verification, failure: ReconcilerError | None) -> Outcome:
    shown = f"{failure.message} The change log shows that it was carried out." if failure else ""
    reason = _join(shown, describe_overwritten(verification))
    if verification.deleted is not None:
        return _explain_deleted(change, verification, verification.deleted, reason)
    hint = ""
    if verification.stuck:
        reason = _join(
            reason,
            f"After the deletion, {describe_entries(verification.later)}.",
            describe_stuck(verification),
        )
        hint = f"Send DELETE for `{change.id}` once more: it frees them."
    else:
        reason = _join(reason, _describe_later(verification))
    if verification.differs and not verification.later:
        reason = _join(reason, _describe_stored(verification.differs))
    reason = _join(reason, describe_dropped(verification.dropped))
    alarming = any((verification.overwritten, verification.later, verification.differs, verification.dropped))
    return Done(change=change, reason=reason, hint=hint, alarming=alarming, differs=verification.differs)


def _explain_deleted(change: Change, verification: Verification, deletion: LogEntry, reason: str) -> Outcome:
    """Say that the system is gone although the write went through: nobody holds what was asked for."""
    when = "before" if deletion in verification.overwritten else "after"
    gone = f"{describe_entries((deletion,))}, for ever, right {when} this write."
    hint = "Write `withdrawn: true` to keep the record, or register the system under a new id."
    if verification.stuck:
        hint = f"Send DELETE for `{change.id}` once more: it frees them. {hint}"
    reason = _join(
        "" if when == "before" else reason, gone[:1].upper() + gone[1:], describe_stuck(verification)
    )
    return Failed(change=change, reason=reason, hint=hint, differs=verification.differs)


def _explain_undone(change: Change, verification: Verification, failure: ReconcilerError) -> Outcome:
    reason, hint = failure.message, failure.hint
    overlapped = isinstance(failure, ServerFailed) and failure.status == OVERLAPPED
    if overlapped and verification.later:
        reason = _join(reason, "Most likely another write came at the same moment; this one was not done.")
        hint = "Plan again."
    elif overlapped:
        hint = _join(
            hint, "A write at the same moment, also of one of its client ids, gives a 500: plan again."
        )
    elif isinstance(failure, LOST):
        hint = _join(hint, "`reconciler recover` looks once more whether it came through after all.")
    reason = _join(reason, _describe_later(verification))
    return Failed(change=change, reason=reason, hint=hint, differs=verification.differs)


def explain_stale(
    change: Change, body: Json, actual: RegisteredSystem | None, since: Sequence[LogEntry]
) -> Stale:
    """Say that a system is not what a step was made from; `since` are the entries that came since."""
    who = f": {describe_entries(since)}" if since else ""
    return Stale(
        change=change,
        reason=f"The system moved since the plan was made, so nothing was sent{who}.",
        hint="Plan again.",
        differs=find_difference(body, actual),
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


def describe_overwritten(verification: Verification) -> str:
    """Say what others wrote right before a write, and which of their values it overwrote; empty for none."""
    if not verification.overwritten:
        return ""
    values = ", ".join(_describe_lost(each) for each in verification.lost)
    what = f"and that was overwritten: {values}" if values else "and nothing of that is known to be lost"
    who = describe_entries(verification.overwritten)
    return f"Between the last reading and this write, {who}, {what}."


def _describe_lost(field: FieldChange) -> str:
    """Say what a value was that was overwritten, so that it can be put back."""
    now = "absent" if field.expected is None else _print(field.expected)
    return f"{field.path} was {'absent' if field.actual is None else _print(field.actual)}, is now {now}"


def _describe_later(verification: Verification) -> str:
    return f"Since then, {describe_entries(verification.later)}." if verification.later else ""


def describe_stuck(verification: Verification) -> str:
    """Say which client ids a deleted system holds, and what frees them; empty for none."""
    if not verification.stuck:
        return ""
    many = "s" if len(verification.stuck) > 1 else ""
    return (
        f"The deleted system holds client id{many} {', '.join(verification.stuck)}, which no other system can "
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
    sentences = []
    for member in dict.fromkeys(each.member for each in differs):
        fields = [each for each in differs if each.member == member]
        stored = ", ".join(_print(each.actual) for each in fields if each.actual is not None) or "nothing"
        asked = ", ".join(_print(each.expected) for each in fields if each.expected is not None) or "nothing"
        sentences.append(f"{member} as {stored}, where {asked} was asked for")
    return f"The register stored {'; '.join(sentences)}."


def _print(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
