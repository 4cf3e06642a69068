"""Compares the definitions with the live register, and judges the differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.clients.listing import list_ids, read_listed
from reconciler.execution.impact_evidence import gather_evidence
from reconciler.model.findings import Severity
from reconciler.planning.plan import Plan, Target, add_unlisted, judge_plan, plan_changes
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.clients.parallel import Progress
    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved
    from reconciler.model.findings import Finding
    from reconciler.planning.ownership import Ownership


def plan(
    systems: Sequence[Resolved],
    target: Target,
    register: Register,
    ownership: Ownership,
    *,
    findings: Iterable[Finding] = (),
    progress: Progress | None = None,
) -> Plan:
    """Compare the systems with the live register, and judge the differences; nothing is written.

    Every defined and every unmanaged system is read in full, several at a time. What the register can neither
    list nor read is named in the plan, and the rest goes on. Raises what `Register` raises, and `Forbidden`
    where the token's organisation is not the vendor.
    """
    wanted = {each.system.id for each in systems}
    listing = list_ids(register, target.vendor)
    unmanaged = [name for name in listing.ids if name not in wanted]
    reading = read_listed(register, [*sorted(wanted), *unmanaged], listing, progress)
    made = plan_changes(
        target,
        systems,
        reading.found,
        [system for name in unmanaged if (system := reading.found.get(name)) is not None],
        find_allowed(systems, findings),
        reading.unreadable,
    )
    made = add_unlisted(made, reading.unreadable, listing.unlisted)
    return judge_plan(made, gather_evidence(made, register, ownership))


def find_allowed(systems: Iterable[Resolved], findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Find the errors that `allow:` made milder and that can block a change, by the system's id.

    They are those that the register has a code for, and those that are let through only where it holds them. The
    embedded register starts empty and takes them.
    """
    allowed: dict[str, list[Finding]] = {}
    for each in findings:
        rule = RULES[each.rule]
        blocks = each.code or rule.allowable == "held"
        if blocks and each.severity is not Severity.ERROR and rule.severity is Severity.ERROR:
            allowed.setdefault(each.place.file, []).append(each)
    return {
        each.system.id: [
            fault
            for fault in allowed[each.definition.document.file]
            if not fault.environments or each.environment in fault.environments
            if fault.code or each.environment != "local"
        ]
        for each in systems
        if each.definition.document.file in allowed
    }
