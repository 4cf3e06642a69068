"""All changes in order, and the digest that binds an approval to them."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.normalise import normalise
from reconciler.planning.change import Blocked, Create, Update
from reconciler.planning.change_log import LogEntry, State
from reconciler.planning.impact import Evidence
from reconciler.planning.plan import Plan, Target, judge_plan, plan_changes, stamp
from reconciler.planning.plan_file import print_plan, to_json
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_registered_system, a_resolved

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.system import RegisteredSystem

TARGET = Target("tt02", "https://platform.tt02.altinn.no", VENDOR)


def a_plan(live: RegisteredSystem | None = None, unmanaged: tuple[RegisteredSystem, ...] = ()) -> Plan:
    """Make a plan of one system."""
    desired = a_resolved("tt02")
    return plan_changes(TARGET, [desired], {desired.system.id: live}, unmanaged)


def test_no_changes_is_an_empty_plan() -> None:
    """A plan that does nothing is a plan."""
    plan = plan_changes(TARGET, [], {}, [])

    assert plan.writes == ()
    assert plan.summary == {"create": 0, "update": 0, "delete": 0, "blocked": 0, "keep": 0, "unmanaged": 0}


def test_a_client_id_of_an_unmanaged_system_blocks_the_claim() -> None:
    """The register would refuse the claim, and the unmanaged system is not ours to change."""
    other = a_registered_system(id="991825827_other")

    (change,) = a_plan(None, (other,)).changes

    assert isinstance(change, Blocked)
    assert change.reason == f"client id {CLIENT} is on `991825827_other`"


def test_client_ids_are_compared_exactly() -> None:
    """The register's key is case-sensitive: another spelling is another id."""
    other = a_registered_system(id="991825827_other", clientId=[CLIENT.upper()])

    (change,) = a_plan(None, (other,)).changes

    assert isinstance(change, Create)


def test_a_blocked_release_blocks_the_claim() -> None:
    """A system that keeps its client id because its own change is blocked keeps it from the others too."""
    first = a_resolved(id="991825827_a", rights=..., clientId=[OTHER_CLIENT])
    second = a_resolved(id="991825827_b", clientId=[CLIENT])
    third = a_resolved(id="991825827_c", clientId=["33333333-3333-4333-8333-333333333333"])
    live = {
        "991825827_a": a_registered_system(id="991825827_a"),
        "991825827_b": a_registered_system(
            id="991825827_b", clientId=["33333333-3333-4333-8333-333333333333"]
        ),
        "991825827_c": None,
    }

    plan = plan_changes(TARGET, [third, second, first], live, [])

    assert [type(change) for change in plan.changes] == [Blocked, Blocked, Blocked]
    assert plan.changes[2].reason.endswith("is on `991825827_b`")


def test_the_order_of_the_input_means_nothing() -> None:
    """Two machines that read the same files make the same plan, and the same digest."""
    systems = [a_resolved(id=f"991825827_{name}", clientId=[]) for name in "abc"]
    live = dict.fromkeys([each.system.id for each in systems])

    plans = [plan_changes(TARGET, order, live, []) for order in (systems, systems[::-1])]

    assert plans[0] == plans[1]
    assert plans[0].digest == plans[1].digest


@pytest.mark.parametrize("held", [None, a_registered_system(), a_registered_system(isVisible=False)])
def test_what_customers_are_asked_for_is_no_part_of_a_plan(held: RegisteredSystem | None) -> None:
    """No document, no difference and no digest holds a template, whatever the register has."""
    templates = {"standard": {"rights": ["ske-krav-og-betalinger"]}}
    plans = [
        plan_changes(TARGET, [each], {each.system.id: held}, [])
        for each in (a_resolved(), a_resolved(requests=templates))
    ]

    assert plans[0].digest == plans[1].digest
    assert plans[0] == plans[1]


def test_the_digest_leaves_out_what_changes_nothing() -> None:
    """Lines, findings, times, versions and unmanaged systems do not void an approval."""
    plan = a_plan()
    finding = Finding("spelling", Severity.NOTE, "x", Location("a.yaml"))
    moved = replace(plan.changes[0], line=99, file="elsewhere.yaml", reason="other", fields=())
    other = replace(
        stamp(plan, [finding], created="2026-01-01T00:00:00+00:00", tool_version="9"),
        changes=(moved,),
        unmanaged=a_plan(None, (a_registered_system(id="991825827_x", clientId=[]),)).unmanaged,
    )

    assert other.digest == plan.digest


@pytest.mark.parametrize(
    "target",
    [
        Target("prod", TARGET.register, VENDOR),
        Target("tt02", "https://elsewhere.example", VENDOR),
        Target("tt02", TARGET.register, "310904473"),
    ],
)
def test_the_digest_holds_where_and_whose(target: Target) -> None:
    """A plan for another environment, register or vendor is another plan."""
    assert replace(a_plan(), target=target).digest != a_plan().digest


def test_the_digest_holds_the_document_and_the_live_one() -> None:
    """What is sent and what it was made from are both bound, an unknown member included."""
    update = a_plan(a_registered_system(isVisible=False))
    moved = a_plan(a_registered_system(isVisible=False, contactEmail="a@b.no"))

    assert isinstance(update.changes[0], Update)
    assert update.digest != moved.digest != a_plan().digest


@given(st.permutations(["id", "vendor", "name", "clientId", "isVisible"]))
def test_the_order_of_a_live_documents_members_means_nothing(order: list[str]) -> None:
    """JSON objects have no order, so the digest has none either."""
    live = a_registered_system(isVisible=False).document
    shuffled = {name: live[name] for name in [*order, *(name for name in live if name not in order)]}

    assert (
        a_plan(type(a_registered_system())(shuffled)).digest
        == a_plan(a_registered_system(isVisible=False)).digest
    )


def test_the_same_input_gives_the_same_bytes() -> None:
    """T: in whatever order systems were read, the printed plan is the same to the byte."""
    systems = [a_resolved(id=f"991825827_{name}", clientId=[]) for name in "abcd"]
    live: dict[str, RegisteredSystem | None] = {
        "991825827_a": a_registered_system(id="991825827_a", clientId=[], rights=[], isVisible=False),
        "991825827_b": None,
        "991825827_c": a_registered_system(id="991825827_c", clientId=[OTHER_CLIENT]),
        "991825827_d": a_registered_system(id="991825827_d", isDeleted=True),
    }
    others = [a_registered_system(id=f"991825827_{name}", clientId=[]) for name in "xy"]

    forth = plan_changes(TARGET, systems, live, others)
    back = plan_changes(TARGET, systems[::-1], dict(reversed(live.items())), others[::-1])

    assert print_plan(forth) == print_plan(back)
    assert {"create", "update", "blocked"} == {each.action for each in forth.changes}


def test_the_plan_is_json_in_its_documented_form() -> None:
    """Every documented member is there, in its order."""
    plan = stamp(a_plan(), [], created="2026-11-20T08:00:00+00:00", tool_version="0.1.0")
    body = to_json(plan)

    assert list(body) == [
        "format_version",
        "tool_version",
        "created",
        "environment",
        "register",
        "vendor",
        "digest",
        "summary",
        "impacts",
        "changes",
        "unmanaged",
        "unlisted",
        "findings",
        "file_digest",
    ]
    assert list(body["changes"][0]) == [
        "id",
        "action",
        "reason",
        "hint",
        "file",
        "line",
        "fields",
        "impacts",
        "steps",
        "document",
        "live",
        "live_digest",
        "newest_entry",
    ]
    assert list(body["changes"][0]["fields"][0]) == ["path", "before", "after", "line", "origin"]


def count_calls(work: Callable[[], object]) -> int:
    """Count the calls that a piece of work makes."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def test_the_work_grows_with_the_rights() -> None:
    """P16: twice as many rights take twice the calls, and not four times; so do their places and writers."""

    def work(number: int) -> Callable[[], Plan]:
        rights = [f"new-{each}" for each in range(number)]
        held = [
            {"resource": [{"id": "urn:altinn:resource", "value": f"old-{each}"}]} for each in range(number)
        ]
        desired, live = a_resolved("tt02", rights=rights), a_registered_system(rights=held)
        states = [
            State(LogEntry("update", VENDOR, "x", str(each)), normalise(live.read())) for each in range(3)
        ]

        def plan() -> Plan:
            made = plan_changes(TARGET, [desired], {desired.system.id: live}, [])
            return judge_plan(made, {desired.system.id: Evidence(states, frozenset(), 1)})

        return plan

    work(1)()  # what is imported when it is first needed
    once, twice = (count_calls(work(number)) for number in (60, 120))

    assert len(work(60)().changes[0].fields) == 120
    assert twice < 2.5 * once
