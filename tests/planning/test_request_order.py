"""The requests of a plan and their order, where client ids pass from one system to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.plan import Plan, Target, plan_changes
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_registered_system, a_resolved

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

A, B = f"{VENDOR}_a", f"{VENDOR}_b"
TARGET = Target("tt02", "https://register.example", VENDOR)


def _plan(before: dict[str, list[Json]], after: dict[str, list[Json]]) -> Plan:
    """Plan for two systems that have some client ids and are to have others."""
    live = {name: a_registered_system(id=name, clientId=clients) for name, clients in before.items()}
    desired = [a_resolved("tt02", id=name, clientId=clients) for name, clients in after.items()]
    return plan_changes(TARGET, desired, live, [])


def test_a_swap_goes_through_a_step_that_only_releases() -> None:
    """Each purpose says what the step does, and each step that releases knows the way back."""
    steps = _plan({A: [CLIENT], B: [OTHER_CLIENT]}, {A: [OTHER_CLIENT], B: [CLIENT]}).steps

    assert [(each.id, each.purpose, each.after, each.final) for each in steps] == [
        (A, f"release client id {CLIENT}", (), False),
        (B, f"update, release client id {OTHER_CLIENT}, claim client id {CLIENT}", (1,), True),
        (A, f"update, claim client id {OTHER_CLIENT}", (1, 2), True),
    ]
    assert [each.way_back["clientId"] if each.way_back else None for each in steps] == [
        [CLIENT],
        [CLIENT, OTHER_CLIENT],
        None,
    ]


def test_what_is_handed_over_is_released_first() -> None:
    """Two client ids in one go."""
    both = f"client ids {CLIENT}, {OTHER_CLIENT}"
    steps = _plan({A: [CLIENT, OTHER_CLIENT], B: []}, {A: [], B: [CLIENT, OTHER_CLIENT]}).steps

    assert [(each.id, each.purpose, each.after) for each in steps] == [
        (A, f"update, release {both}", ()),
        (B, f"update, claim {both}", (1,)),
    ]


def test_what_needs_no_other_is_one_step() -> None:
    """Neither released nor claimed."""
    (step,) = _plan({A: [CLIENT]}, {A: []}).steps

    assert (step.purpose, step.claims, step.releases, step.way_back) == ("update", (), (), None)
