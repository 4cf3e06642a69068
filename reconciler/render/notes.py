"""The facts of a plan that are no change: one sentence each, with how much it matters, for every output alike.

Pure. A new fact is one small function here, and its name in `_NOTES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.environment import is_production
from reconciler.model.findings import SEVERITIES, Severity
from reconciler.planning.approval import FILE, describe_approval
from reconciler.planning.key_expiry import KEY_EXPIRY
from reconciler.planning.plan import list_standing
from reconciler.render import phrases
from reconciler.render.acceptance import describe_standing
from reconciler.render.customer_impact import list_reasons
from reconciler.render.escape import shorten
from reconciler.render.left_out import list_beside_broken
from reconciler.rules.look_ups import LOOK_UPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.planning.plan import Plan

NAMED = 5
"""Systems that one note names."""


class Note(NamedTuple):
    """One sentence, in which code stands between backticks."""

    severity: Severity
    text: str


def list_notes(plan: Plan) -> tuple[Note, ...]:
    """List what is worth knowing of a plan beside its changes; the worst first."""
    found = [note for make in _NOTES for note in make(plan)]
    return tuple(sorted(found, key=lambda each: SEVERITIES.index(each.severity)))


def name_some(names: Sequence[str]) -> str:
    """Name the first few of many, and count the others."""
    shown = [f"`{each}`" for each in names[:NAMED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _note_against(plan: Plan) -> Iterator[Note]:
    """Say that the register was not asked."""
    if plan.against:
        yield Note(Severity.NOTE, phrases.describe_against(plan))


def _note_unlisted(plan: Plan) -> Iterator[Note]:
    """Say that there may be more unmanaged systems."""
    if plan.unlisted:
        yield Note(Severity.WARNING, phrases.describe_unlisted(plan.unlisted))


def _note_elsewhere(plan: Plan) -> Iterator[Note]:
    """Say from what the sections on other environments are made, and what is not known of them."""
    if plan.elsewhere_unknown:
        text = f"What this change does is not known {plan.elsewhere_unknown}."
        yield Note(Severity.WARNING, text)
    if plan.untouched:
        names = name_some(plan.untouched)
        yield Note(Severity.NOTE, f"{names}: this change does nothing there, as far as the definitions say.")


def _note_blocked_before(plan: Plan) -> Iterator[Note]:
    """Say which systems were blocked before this change, and that this is not held against it."""
    names = plan.blocked_before
    if not names:
        return
    was, it = ("was", "it") if len(names) == 1 else ("were", "them")
    text = (
        f"{name_some(names)} {was} blocked before this change, so this check does not fail for {it}. Apply carries out "
        "the rest, and ends with 1 until that is corrected."
    )
    yield Note(Severity.WARNING, text)


def _note_unreadable(plan: Plan) -> Iterator[Note]:
    """Say which unmanaged systems cannot be read."""
    unread = [each.id for each in plan.reported if each.unreadable]
    if unread:
        text = f"{name_some(unread)} cannot be read, so the client ids there are not known."
        yield Note(Severity.WARNING, text)


def _note_unmanaged(plan: Plan) -> Iterator[Note]:
    """Say which systems have no definition here."""
    others = plan.others
    if not others:
        return
    where = phrases.mark(plan.target.environment)
    name = f" ({shorten(others[0].name, 100)})" if len(others) == 1 and others[0].name else ""
    one = f"is registered in {where} without a file here; this tool does not touch it."
    many = f"are registered in {where} without files here; this tool does not touch them."
    text = f"{name_some([each.id for each in others])}{name} {one if len(others) == 1 else many}"
    yield Note(Severity.NOTE, text)


def _note_left_out(plan: Plan) -> Iterator[Note]:
    """Say what was left out on purpose, and what could not be judged."""
    yield from (Note(severity, text) for severity, text in list_beside_broken(plan))


def _note_approvals(plan: Plan) -> Iterator[Note]:
    """Say who approved what the plan breaks, and which approvals do not count."""
    for each in plan.approvals:
        said = describe_approval(each).replace("`", "'")
        if each.obstacle:
            yield Note(Severity.WARNING, f"An approval in `{FILE}` does not count: {said}.")
        else:
            yield Note(Severity.NOTE, f"What it breaks is approved in `{FILE}` {said}.")


def _note_uncommitted(plan: Plan) -> Iterator[Note]:
    """Say which definitions no commit has as they are, so that nobody can look them up later."""
    files = [each.replace("`", "'") for each in plan.revision.uncommitted] if plan.revision else []
    if files:
        # Elsewhere it is how people work; what customers use should be what was reviewed.
        severity = Severity.WARNING if is_production(plan.target.register) else Severity.NOTE
        yield Note(severity, f"Made from files that are not committed: {name_some(files)}.")


def _note_look_ups(plan: Plan) -> Iterator[Note]:
    """Say what could not be looked up, and which resources are taken as existing."""
    for each in plan.findings:
        if each.rule in LOOK_UPS:
            yield Note(each.severity, f"{each.message.rstrip('.')}. {each.hint}")


def _note_customers(plan: Plan) -> Iterator[Note]:
    """Say why what customers hold or wait for is not known, where it is not."""
    reasons: dict[str, list[str]] = {}
    for change in plan.changes:
        for reason in dict.fromkeys(each for impact in change.impacts for each in list_reasons(impact)):
            reasons.setdefault(reason, []).append(change.id)
    for reason, names in reasons.items():
        yield Note(
            Severity.NOTE,
            f"Not all is known of the customers of {name_some(names)}: {reason}.",
        )


def _note_key(plan: Plan) -> Iterator[Note]:
    """Say that the key ends soon, or has ended."""
    for each in plan.findings:
        if each.rule == KEY_EXPIRY:
            yield Note(each.severity, f"{each.message} {each.hint}")


def _note_standing(plan: Plan) -> Iterator[Note]:
    """Say what stands accepted, until when and why; what ends first is named first."""
    standing = [each.acceptance for each in list_standing(plan)]
    if not standing:
        return
    named = "; ".join(describe_standing(each) for each in standing[:NAMED])
    more = len(standing) - NAMED
    rest = f"; and {more:,} more, which `reconciler accept --list` shows" if more > 0 else ""
    one = "1 difference stands accepted and is left as it is"
    many = f"{len(standing):,} differences stand accepted and are left as they are"
    yield Note(Severity.NOTE, f"{one if len(standing) == 1 else many}: {named}{rest}.")


_NOTES: tuple[Callable[[Plan], Iterator[Note]], ...] = (
    _note_against,
    _note_unlisted,
    _note_elsewhere,
    _note_blocked_before,
    _note_unreadable,
    _note_unmanaged,
    _note_left_out,
    _note_approvals,
    _note_uncommitted,
    _note_look_ups,
    _note_customers,
    _note_key,
    _note_standing,
)
