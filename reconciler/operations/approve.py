"""Makes approvals of plans, and finds which of them are spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.definitions.entry_list import read_entries, remove_entries
from reconciler.errors import UsageError
from reconciler.execution.freshness import check_consistent
from reconciler.execution.preflight import check_target
from reconciler.execution.signoff import (
    describe_term,
    describe_use,
    find_used,
    read_approvals_file,
    trace_approvals,
)
from reconciler.planning.approval import (
    FILE,
    HINT,
    MOST_DAYS,
    Approval,
    PlanApproval,
    check_reason,
    list_breaking,
    read_approval,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from reconciler.planning.plan import Plan, Target


@dataclass(frozen=True, slots=True)
class ListedApproval:
    """One entry of the file: where it stands, what is known of it, and why nothing needs it any more."""

    line: int
    approval: Approval
    known: PlanApproval
    spent: str
    """Empty where something may need it."""


def approve_plan(plan: Plan, target: Target, until: date, reason: str, today: date) -> Approval:
    """Make the approval of a saved plan, for a target as it is configured here; nothing is asked of a register.

    Raises `UsageError` for a day or a reason that cannot be, or a plan that breaks nothing, and `Refused` for one
    that does not fit its own documents or another target.
    """
    check_reason(reason)
    if describe_term(until, today):
        raise UsageError(
            f"An approval cannot hold until {until}: {describe_term(until, today)}.",
            hint=f"Name today or a later day, at most {MOST_DAYS} days from now.",
        )
    check_target(plan, target)
    check_consistent(plan)
    if not plan.breaking:
        raise UsageError("This plan breaks nothing, so there is nothing to approve.", hint="Apply it.")
    breaking = list_breaking(plan.writes, plan.impacts)
    return Approval(plan.target.environment, plan.digest, until, reason, breaking)


def check_new(approval: Approval, listed: Sequence[ListedApproval]) -> None:
    """Raise `UsageError` where the plan has an approval already that is not spent, or if the same one is."""
    for each in listed:
        same = (each.approval.environment, each.approval.digest) == (approval.environment, approval.digest)
        if same and not each.spent:
            raise UsageError(
                f"The plan has an approval already, in {FILE}:{each.line}, until {each.approval.until}.",
                hint="Change that entry, or remove it.",
            )
        if each.approval == approval:
            raise UsageError(
                f"This approval is spent: {each.spent}.",
                hint="To do it once more, say in --reason why.",
            )


def list_approvals(
    root: Path, journal: Path, today: date, plan: Plan | None = None
) -> tuple[ListedApproval, ...]:
    """List the approvals in the file, and what speaks against keeping each.

    Where a plan is given, one for its environment with another digest is spent: nothing has that digest any more.
    Raises `UsageError` where the file cannot be read.
    """
    entries = read_entries(
        FILE, read_approvals_file(root) or b"", lambda each: (each.line, read_approval(each)), hint=HINT
    )
    given = [approval for _, approval in entries]
    used = find_used(journal)
    return tuple(
        ListedApproval(
            line,
            approval,
            known,
            describe_term(approval.until, today)
            or describe_use(approval, used)
            or _describe_other(approval, plan),
        )
        for (line, approval), known in zip(entries, trace_approvals(root, given), strict=True)
    )


def _describe_other(approval: Approval, plan: Plan | None) -> str:
    if plan is None or plan.target.environment != approval.environment or plan.digest == approval.digest:
        return ""
    return f"the plan is {plan.short_digest} now"


def remove_spent(root: Path, listed: Sequence[ListedApproval]) -> str:
    """Give the file without the approvals that are spent; the rest of it stays as it is.

    Raises `UsageError` where the others could not be left as they are.
    """
    lines = [each.line for each in listed if each.spent]
    return remove_entries(FILE, read_approvals_file(root) or b"", lines, hint=HINT)
