"""Whether a plan's breaking impacts are accepted: by `--accept` with its digest, or by an approval in git.

An approval counts only as it is committed: it is the commit that others can have reviewed.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.definitions.entry_list import read_entries
from reconciler.definitions.files import find_top, read_file
from reconciler.definitions.git import GitFailed, LineOrigin, find_line_origin, read_at_head
from reconciler.definitions.yaml_document import MAX_BYTES
from reconciler.errors import Refused, Remedy, UsageError
from reconciler.execution.journal_folder import read_runs
from reconciler.model.canonical_json import SHORT
from reconciler.planning.approval import (
    FILE,
    MOST_DAYS,
    PlanApproval,
    Signoff,
    describe_approval,
    find_change,
    is_about,
    list_breaking,
    print_approval,
    read_approval,
    read_approvals,
)
from reconciler.planning.change import Weight, describe_users

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from reconciler.planning.approval import Approval
    from reconciler.planning.change import Impact
    from reconciler.planning.plan import Plan

_DID = frozenset({"done", "unknown"})
"""The outcomes of requests that did something, or may have."""
_ORDERS = (None, 0, *(10**power for power in range(7)))
"""The orders of magnitude of system users that a digest can stand for."""
_MOST_SYSTEMS = 5
"""For how many systems another order is tried: each try makes the digest of the whole plan."""


def read_approvals_file(root: Path) -> bytes | None:
    """Read the file of approvals as it lies in the working tree; None where there is none."""
    path = root / FILE
    return read_file(path, within=root, most=MAX_BYTES) if os.path.lexists(path) else None


def find_approvals(
    plan: Plan, root: Path, journal: Path, *, continued: Collection[str] = ()
) -> tuple[PlanApproval, ...]:
    """Find the approvals that are for a plan, or for one that breaks the same, and say which of them count.

    `journal` is the folder of journals, which need not exist; the runs that are `continued` have not used an approval
    up. Raises `UsageError` where the file cannot be read.
    """
    content = read_approvals_file(root)
    given = read_approvals(content) if content is not None else ()
    if not plan.breaking:
        return ()
    digest, breaking = plan.digest, list_breaking(plan.writes, plan.impacts)
    about = [
        each
        for each in given
        if each.environment == plan.target.environment and is_about(each, digest, breaking)
    ]
    if not about:
        return ()
    used = {key: run for key, run in find_used(journal).items() if run not in continued}
    today = datetime.now(UTC).date()
    found = []
    for each, known in _trace(about, root):
        change = find_change(each, digest, breaking)
        spent = describe_use(each, used)
        obstacle = known.obstacle or describe_term(each.until, today) or change or spent
        found.append(replace(known, obstacle=obstacle))
    return tuple(found)


def describe_term(until: date, today: date) -> str:
    """Say why the last day of an approval is none that counts; empty where it is."""
    if until < today:
        return "its last day is over"
    if until > today + timedelta(MOST_DAYS):
        return f"it holds for more than {MOST_DAYS} days"
    return ""


def trace_approvals(root: Path, given: Sequence[Approval]) -> tuple[PlanApproval, ...]:
    """Find who committed each approval; what is not committed says so as its obstacle."""
    return tuple(known for _, known in _trace(given, root))


def _trace(given: Iterable[Approval], root: Path) -> Iterator[tuple[Approval, PlanApproval]]:
    committed: dict[Approval, tuple[int, int]] = {}
    missing = "it is not committed, so nobody else can have seen it"
    if find_top(root) is None:
        missing = "this is no git repository, so nobody else can have seen it"
    try:
        committed = _read_committed(root)
    except GitFailed as error:
        missing = error.message.rstrip(".")
    for each in given:
        if each not in committed:
            yield each, PlanApproval(each.until, each.reason, obstacle=missing)
            continue
        try:
            origin = find_line_origin(root, FILE, *committed[each])
        except GitFailed:
            origin = LineOrigin()  # it is committed, whoever did it
        known = PlanApproval(each.until, each.reason, origin.author, origin.commit, at=origin.at)
        yield each, replace(known, entry=print_approval(each))


def _read_committed(root: Path) -> dict[Approval, tuple[int, int]]:
    """Read the approvals of the commit that is checked out, each with its first and last line."""
    content = read_at_head(root, FILE)
    try:
        entries = read_entries(FILE, content or b"", lambda each: (read_approval(each), each), hint="")
    except UsageError:
        return {}
    return {approval: (entry.line, entry.last) for approval, entry in entries}


def find_used(journal: Path) -> Mapping[tuple[str, str, str], str]:
    """Find the runs that an approval let through and that did something, by its digest, last day and reason.

    A run of which every request failed leaves the register as it was, so it can be tried again.
    """
    return {
        (run.start.digest, str(run.start.accepted["until"]), str(run.start.accepted["reason"])): run.start.run
        for run in read_runs(journal)
        if run.start.accepted and any(each.outcome in _DID for each in run.outcomes.values())
    }


def describe_use(approval: Approval, used: Mapping[tuple[str, str, str], str]) -> str:
    """Say that an approval was used; empty where `used` has no run that did."""
    run = used.get((approval.digest, approval.until.isoformat(), approval.reason))
    return f"the run {run} used it, and an approval is for one time" if run else ""


def check_accepted(plan: Plan, accept: str, approvals: Sequence[PlanApproval]) -> Signoff | None:
    """Refuse a plan whose breaking impacts nobody accepted; gives how they were, None where nothing was to accept.

    `accept` is the digest that was named, or its start; the approvals are those that `find_approvals` found.
    """
    approval = next((each for each in approvals if not each.obstacle), None)
    named = accept.lower()
    if accept and not (len(named) >= SHORT and plan.digest.startswith(named)):
        raise Refused(
            f"--accept names {accept[:SHORT]}, and this plan's digest is {plan.short_digest}."
            + _describe_growth(plan, named),
            hint="Review the plan as it is now, and accept its own digest.",
            remedy=Remedy.ACCEPT,
        )
    if accept:
        return Signoff("option", approval)
    if not plan.breaking:
        return None
    if approval:
        return Signoff("approval", approval)
    impacts = [f"{each.rule}: {each.message}" for each in plan.breaking]
    others = [f"An approval in {FILE} does not count: {describe_approval(each)}" for each in approvals]
    raise Refused(
        "The plan has breaking impacts that nobody has accepted, so nothing was written.\n"
        + "\n".join([*impacts, *others]),
        hint=f"If they are meant, run it again with --accept {plan.short_digest}, or save the plan, have "
        "`reconciler approve PLANFILE --reason TEXT` merged, and run it again.",
        remedy=Remedy.ACCEPT,
    )


def _describe_growth(plan: Plan, named: str) -> str:
    """Say which system had another order of system users in the plan that was named; empty where that is not why."""
    counted = [each for each in plan.writes if any(impact.magnitude is not None for impact in each.impacts)]
    for change in counted[:_MOST_SYSTEMS] if len(named) >= SHORT else ():
        now = next(each.users for each in change.impacts if each.users is not None)
        for order in _ORDERS:
            other = replace(change, impacts=tuple(_set_users(each, order) for each in change.impacts))
            changes = tuple(other if each is change else each for each in plan.changes)
            if replace(plan, changes=changes).digest.startswith(named):
                return f"\n`{change.id}` had {_describe_order(order)} in that plan, and has {describe_users(now)} now."
    return ""


def _set_users(impact: Impact, order: int | None) -> Impact:
    is_counted = impact.weight is Weight.BREAKING and impact.users is not None
    return replace(impact, users=order) if is_counted else impact


def _describe_order(order: int | None) -> str:
    return f"{order:,} to {order * 10 - 1:,} system users" if order else describe_users(order)
