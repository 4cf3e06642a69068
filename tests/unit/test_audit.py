"""A plan that was traced to a base is as honest as one that was not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.audit import audit
from reconciler.changelog import LogEntry, State
from reconciler.diff import ADOPTED, FieldChange
from reconciler.impact import Evidence
from reconciler.origin import Past, trace
from reconciler.plan import Plan, Target, judge_plan, plan_changes
from tests.builders import VENDOR, a_registered_system, a_resolved, a_system

if TYPE_CHECKING:
    from reconciler.model import Json

TARGET = Target("tt02", "https://register.example", VENDOR)
HIDDEN: dict[str, Json] = {"isVisible": False}


def a_traced_plan(**files: Json) -> tuple[Plan, Plan]:
    """Make a plan of one system in which the definition adopts that it is hidden, and the same untraced."""
    desired = a_resolved("tt02", **{**HIDDEN, **files})
    live = a_registered_system(isDeleted=bool(files.get("withdrawn")), **HIDDEN)
    made = plan_changes(TARGET, [desired], {desired.system.id: live}, [])
    return trace(made, {desired.system.id: Past(a_system(), tuple)}), made


@pytest.mark.parametrize("files", [{}, {"clientId": []}, {"withdrawn": True}])
def test_what_is_adopted_is_no_lie(files: dict[str, Json]) -> None:
    """P1: a plan that was saved with --base can be applied: adopted fields stand beside the others."""
    traced, _ = a_traced_plan(**files)

    assert ADOPTED in {each.origin for each in traced.changes[0].fields}
    assert list(audit(traced)) == []


@pytest.mark.parametrize("files", [{}, {"clientId": []}])
def test_what_only_says_that_it_is_adopted_is_a_lie(files: dict[str, Json]) -> None:
    """W4: a field cannot hide behind an origin: what is adopted is what the register holds."""
    traced, _ = a_traced_plan(**files)
    lie = FieldChange(("name", "nb"), "SmartCloud", "Another", origin=ADOPTED)
    change = replace(traced.changes[0], fields=(*traced.changes[0].fields, lie))

    assert len(list(audit(replace(traced, changes=(change,))))) == 1


def test_what_is_adopted_does_nothing_to_anybody() -> None:
    """P5: judged again before it is applied, a traced plan has the impacts that it had before it was traced."""
    traced, made = a_traced_plan(clientId=[])
    theirs = LogEntry("update", VENDOR, "theirs", "2026-11-19T02:14:08Z")
    ours = LogEntry("create", VENDOR, "ours", "2026-11-18T02:14:08Z")
    states = [State(theirs, a_system(**HIDDEN)), State(ours, a_system())]
    evidence = {made.changes[0].id: Evidence(states, frozenset({"ours"}), 0, 0)}

    impacts = judge_plan(traced, evidence).changes[0].impacts

    assert impacts == judge_plan(made, evidence).changes[0].impacts
    assert [each.rule for each in impacts] == ["client-id-removed"]
