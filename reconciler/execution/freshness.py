"""Whether a plan is whole, and still what the register makes of it: read and judged again before the first write.

Nothing is written when one system moved: what was reviewed is not what would be done.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from reconciler.clients.parallel import read_all
from reconciler.errors import Refused, Remedy
from reconciler.execution.fate import find_difference
from reconciler.execution.impact_evidence import check_managed, gather_evidence
from reconciler.planning.change import Delete, Weight, describe_users, find_overwritten, order_users
from reconciler.planning.change_log import describe_entries, find_since, read_log
from reconciler.planning.impact_rules import COUNTING
from reconciler.planning.plan import judge_plan
from reconciler.planning.plan_audit import audit
from reconciler.planning.remainder import keep_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.clients.register import Register
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.acceptance import Acceptances
    from reconciler.planning.change import Change, Impact, Write
    from reconciler.planning.impact import Evidence
    from reconciler.planning.ownership import Ownership
    from reconciler.planning.plan import Plan
    from reconciler.planning.remainder import Remainder

_MOST = 20
"""How many systems a refusal names."""


def check_consistent(plan: Plan) -> None:
    """Refuse a plan whose fields, documents and steps do not fit together; nothing is asked of the register."""
    contradictions = list(islice(audit(plan), _MOST))
    if contradictions:
        raise Refused(
            "The plan does not fit its own documents, so nothing was written.\n" + "\n".join(contradictions),
            hint="Plan again, and apply the file as it comes.",
        )


def check_fresh(
    plan: Plan,
    register: Register,
    ownership: Ownership,
    *,
    remainder: Remainder | None = None,
) -> None:
    """Compare a plan with the register; raises `Refused` where it moved since, or the plan's impacts are others.

    Every system that the plan writes is read, its system users are counted, and what the change does to
    people is judged again. Nothing is written when one moved: what was reviewed is not what would be done. Where
    only a remainder is to be written, the register has to hold what the plan asks for in the others.
    """
    check_consistent(plan)
    rest = keep_left(plan, remainder)
    check_managed(plan, register)
    _check_left_alone(rest, ownership.acceptances)
    _check_unmoved(plan, rest, register)
    try:
        _check_impacts(plan, rest, register, ownership)
    except Refused:
        # A write since the last reading is what it comes from, then.
        _check_unmoved(plan, rest, register)
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
            remedy=Remedy.PLAN_AGAIN,
        )


def is_as_asked(change: Write, system: RegisteredSystem | None) -> bool:
    """Say whether the register holds what a change asks for."""
    if system is None or system.is_deleted:
        return system is not None and isinstance(change, Delete)
    return not isinstance(change, Delete) and not find_difference(change.document, system)


def _check_unmoved(plan: Plan, rest: Plan, register: Register) -> None:
    found = read_all(register, [change.id for change in plan.writes])
    digests = {name: system.digest if system else "" for name, system in found.items()}
    left = {change.id for change in rest.writes}
    moved = [
        change
        for change in plan.writes
        if (
            digests[change.id] != change.live_digest
            if change.id in left
            else not is_as_asked(change, found[change.id])
        )
    ]
    if moved:
        said = "\n".join(_describe_move(change, found[change.id], register) for change in moved[:_MOST])
        raise Refused(
            f"The plan is stale, and nothing was written.\n{said}",
            hint="Plan again, and have the new plan reviewed.",
            remedy=Remedy.PLAN_AGAIN,
        )


def _check_impacts(plan: Plan, rest: Plan, register: Register, ownership: Ownership) -> None:
    """Judge the plan again, with the system users as they are now; what was reviewed has to be what is true.

    What is not in the rest was judged before it was carried out.
    """
    evidence = gather_evidence(rest, register, ownership, for_apply=False)
    claimed = {change.id: _read_users(change) for change in rest.writes}
    left = {change.id for change in plan.changes} - {change.id for change in plan.writes} | claimed.keys()
    grown = [
        f"`{change.id}` had {describe_users(claimed[change.id][0])} when it was planned, "
        f"and has {describe_users(now)} now."
        for change in rest.writes
        if change.id in evidence
        and _counts_users(change)
        and _has_grown(claimed[change.id][0], now := evidence[change.id].users)
    ]
    if grown:
        raise Refused(
            "More system users are touched than the plan says, so nothing was written.\n"
            + "\n".join(grown[:_MOST]),
            hint="Plan again, and have the new plan reviewed.",
            remedy=Remedy.PLAN_AGAIN,
        )
    as_claimed = {
        name: replace(each, users=claimed[name][0], agents=claimed[name][1])
        for name, each in evidence.items()
    }
    judged = judge_plan(plan, as_claimed)
    mismatches = [
        f"`{change.id}` names {change.newest} as its newest change-log entry, and there is none of that time."
        for change in rest.writes
        if change.newest and not _has_entry(change.newest, evidence.get(change.id))
    ]
    mismatches += [
        _describe_mismatch(f"`{change.id}`", change.impacts, again.impacts)
        for change, again in zip(plan.changes, judged.changes, strict=True)
        if change.id in left and change.impacts != again.impacts
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
            remedy=Remedy.PLAN_AGAIN,
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
