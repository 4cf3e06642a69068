"""Compares the definitions with the live register, or with earlier definitions, and judges the differences."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.clients.listing import list_ids, read_listed
from reconciler.errors import UsageError
from reconciler.execution.customer_evidence import know_customers
from reconciler.execution.impact_evidence import gather_evidence
from reconciler.model.canonical_json import SHORT
from reconciler.model.findings import Severity
from reconciler.model.system import READ_ONLY_NAMES, RegisteredSystem
from reconciler.operations.archive import trace_to_definitions
from reconciler.operations.broken_files import find_broken_before
from reconciler.operations.look_up import plan_looked_up
from reconciler.operations.scope import EVERYTHING, Scope, divide, find_claims
from reconciler.operations.touched import read_touched
from reconciler.operations.validate import find_vendor
from reconciler.planning.blocking import Obstacles
from reconciler.planning.change import decide
from reconciler.planning.plan import (
    Plan,
    Target,
    accept_unmanaged,
    add_unlisted,
    judge_plan,
    plan_changes,
    plan_decided,
)
from reconciler.planning.request_body import build_body
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.clients.parallel import Progress
    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved
    from reconciler.execution.customer_evidence import OpenCustomers
    from reconciler.model.findings import Finding
    from reconciler.model.system import System
    from reconciler.operations.archive import Archive, BaseDefinitions
    from reconciler.planning.change import Change
    from reconciler.planning.ownership import Ownership


def plan(
    systems: Sequence[Resolved],
    target: Target,
    register: Register,
    ownership: Ownership,
    *,
    scope: Scope = EVERYTHING,
    progress: Progress | None = None,
) -> Plan:
    """Compare the systems with the live register, and judge the differences; nothing is written.

    Raises what `plan_unjudged` raises.
    """
    made = plan_unjudged(systems, target, register, ownership, scope=scope, progress=progress)
    return judge(made, register, ownership)


def judge(
    made: Plan,
    register: Register,
    ownership: Ownership,
    open_customers: OpenCustomers | None = None,
    *,
    for_apply: bool = True,
) -> Plan:
    """Judge what `plan_unjudged` gave; count the customers whom a change concerns where they can be opened.

    A plan that is only to be read does without the change logs that can add nothing to it.
    """
    evidence = gather_evidence(made, register, ownership, for_apply=for_apply)
    judged = judge_plan(made, evidence)
    return know_customers(judged, evidence, open_customers) if open_customers else judged


def plan_unjudged(
    systems: Sequence[Resolved],
    target: Target,
    register: Register,
    ownership: Ownership,
    *,
    scope: Scope = EVERYTHING,
    progress: Progress | None = None,
) -> Plan:
    """Compare the systems with the live register; what the differences do to people is not judged.

    Every defined and every unmanaged system that is asked for is read in full, several at a time; the others only
    where a client id is claimed that one of them can hold. Where what a change touches is asked for, so is every system
    that shares a client id with it. What the register can neither list nor read is named
    in the plan, and the rest goes on. What a change adds is looked up in the environment's metadata. Raises what
    `Register` raises, `Forbidden` where the token's organisation is not the vendor, and `UsageError` where a
    pattern fits no system.
    """
    listing = list_ids(register, target.vendor)
    standing = (each.id for each in ownership.acceptances.entries)
    division = divide(systems, None if listing.unlisted else listing.ids, scope.add_touched(standing))
    division.check("the definitions here and the registered systems")
    wanted = {each.system.id: each for each in systems}
    decided: dict[str, Change] = {}

    def see(name: str, found: RegisteredSystem | None) -> None:
        if name in wanted:
            decided[name] = decide(wanted[name], found, ownership.acceptances)

    division, every = read_touched(division, register, listing, progress, see)
    chosen, reading, others = division.chosen, every.keep(division.planned), every.leave(division.planned)
    live = reading.found
    if scope.touched is None and find_claims(chosen, live):
        # A client id cannot be looked up, so that every system that can hold one which is claimed has to be read.
        others = read_listed(register, division.list_others(), listing)
    obstacles = Obstacles(find_allowed(systems, scope.findings), reading.unreadable)
    unmanaged = [system for name in division.unmanaged if (system := live.get(name)) is not None]
    compare = partial(plan_decided, target, chosen, decided, unmanaged)
    obstacles = division.find_obstacles(live, others.found.values(), obstacles)
    made = plan_looked_up(compare, chosen, obstacles, register)
    made = add_unlisted(made, reading.unreadable, listing.unlisted)
    return accept_unmanaged(division.describe(made, ownership.foreign), ownership.acceptances)


def plan_against(
    systems: Sequence[Resolved],
    target: Target,
    archive: Archive,
    base: BaseDefinitions,
    scope: Scope = EVERYTHING,
) -> Plan:
    """Compare the systems with what the definitions asked for at another revision; nothing is asked of a register.

    Each system of the base is taken as registered with the document that a POST of it would carry, and a withdrawn
    one as deleted. Change logs and system users are not known. A system that a file can be about which cannot be used
    at the base is neither created nor changed here, but named: what it was is not known. A scope that asks for what a
    change touches has to have what shares a client id with it. Raises `UsageError` where
    nothing is known of the base, or a pattern fits no system.
    """
    _check_known(base)
    before = find_broken_before(base, systems, archive)
    unknown = {name for each in before for name in each.unjudged.ids}
    states = {name: system for name, (_, system) in base.systems.items() if name not in unknown}
    listed = [
        name
        for name, system in states.items()
        if not system.isDeleted and system.vendor.organisation == target.vendor
    ]
    known = [each for each in systems if each.system.id not in unknown]
    whole = replace(add_ids(scope, base), broken=(*add_ids(scope, base).broken, *before))
    division = divide(known, listed, whole)
    division.check(f"the definitions here and those at {base.commit[:SHORT]}")
    # What a change touches has every system that shares a client id with it, so that no other holds one.
    others = division.list_others() if scope.touched is None else []
    needed = states.keys() & {*division.planned, *others}
    registered = {name: _take_as_registered(states[name]) for name in needed}
    live = {each.system.id: registered.get(each.system.id) for each in division.chosen}
    obstacles = Obstacles(find_allowed(systems, scope.findings))
    made = plan_changes(
        target,
        division.chosen,
        live,
        [registered[name] for name in division.unmanaged],
        division.find_obstacles(live, [registered[name] for name in others], obstacles),
    )
    judged = replace(judge_plan(division.describe(made, ()), {}), against=base.commit)
    return trace_to_definitions(judged, systems, archive, base)


def add_ids(scope: Scope, base: BaseDefinitions) -> Scope:
    """Add to the broken files of a scope which systems they were about at a base."""
    return replace(
        scope,
        broken=tuple(
            each.add_ids(name for name, (file, _) in base.systems.items() if file == each.unjudged.file)
            for each in scope.broken
        ),
    )


def find_vendor_of_both(systems: Sequence[Resolved], base: BaseDefinitions, vendor: str) -> str:
    """Name the one vendor of the systems, or of those of the base where no system is left.

    Raises `UsageError` where neither has one.
    """
    found = {each.vendor.organisation for _, each in base.systems.values()}
    chosen = found & {vendor} if vendor else found
    if systems or len(chosen) != 1:
        return find_vendor(systems, vendor)
    return chosen.pop()


def _check_known(base: BaseDefinitions) -> None:
    """Refuse a base that is not known: everything would look new."""
    if base.reason:
        raise UsageError(
            f"There is nothing to compare with: {base.reason}.",
            hint="Fetch the history first: git fetch --unshallow, or fetch-depth: 0 in the checkout step.",
        )


def describe_gap(base: BaseDefinitions) -> str:
    """Say why the definitions of a base are not known in full; empty where they are."""
    if base.reason or not base.unread:
        return base.reason
    file = min(base.unread)
    more = f", and {len(base.unread) - 1} more files cannot be used" if len(base.unread) > 1 else ""
    return f"at {base.commit[:SHORT]}, {file} {base.unread[file].reason}{more}"


def _take_as_registered(system: System) -> RegisteredSystem:
    given = system.model_dump(mode="json", include=set(READ_ONLY_NAMES))
    return RegisteredSystem({**build_body(system, None), **given})


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
