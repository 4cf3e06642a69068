"""A plan held against its own documents: what is honest passes, and each lie is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.planning.change_log import LogEntry, State
from reconciler.planning.diff import ADOPTED, adopt
from reconciler.planning.impact import Evidence
from reconciler.planning.origin import DefinitionHistory, trace
from reconciler.planning.plan import Plan, Target, judge_plan, plan_changes
from reconciler.planning.plan_audit import audit
from reconciler.planning.request_order import order_steps
from tests.builders import VENDOR, a_live_document, a_registered_system, a_resolved, a_system

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

TARGET = Target("tt02", "https://register.example", VENDOR)
HIDDEN: dict[str, Json] = {"isVisible": False}


def a_traced_plan(**files: Json) -> tuple[Plan, Plan]:
    """Make a plan of one system in which the definition adopts that it is hidden, and the same untraced."""
    desired = a_resolved("tt02", **{**HIDDEN, **files})
    live = a_registered_system(isDeleted=bool(files.get("withdrawn")), **HIDDEN)
    made = plan_changes(TARGET, [desired], {desired.system.id: live}, [])
    return trace(made, {desired.system.id: DefinitionHistory(a_system(), tuple)}), made


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
    lie = adopt(("name", "nb"), "SmartCloud", "Another")
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


def _update() -> Plan:
    desired = a_resolved("tt02", **HIDDEN)
    return plan_changes(TARGET, [desired], {desired.system.id: a_registered_system()}, [])


def _deletion() -> Plan:
    desired = a_resolved("tt02", withdrawn=True)
    return plan_changes(TARGET, [desired], {desired.system.id: a_registered_system()}, [])


def _creation() -> Plan:
    desired = a_resolved("tt02")
    return plan_changes(TARGET, [desired], {desired.system.id: None}, [])


OTHER: dict[str, Json] = {"vendor": {"ID": "0192:313367002"}}


@pytest.mark.parametrize(
    ("plan", "members", "said"),
    [
        (
            _update(),
            {"live": a_registered_system(**OTHER)},
            "the live document is of another system or vendor",
        ),
        (_update(), {"live": a_registered_system(id="991825827_b")}, "is of another system or vendor"),
        (_update(), {"live": a_registered_system(isDeleted=True)}, "the system is deleted already"),
        (_update(), {"live": None}, "it would update what is not registered"),
        (_update(), {"live": a_registered_system(**HIDDEN), "fields": ()}, "its documents do not differ"),
        (_update(), {"document": a_live_document(**HIDDEN, **OTHER)}, "the document is of another"),
        (_update(), {"document": None}, "it has no document to be sent"),
        (_update(), {"document": {"id": 7}}, "its documents cannot be read"),
        (_update(), {"document": {}}, "its documents cannot be read"),
        (_creation(), {"live": a_registered_system()}, "it would create what is registered"),
        (_deletion(), {"live": None}, "it deletes what is not registered"),
        (_deletion(), {"live": a_registered_system(**OTHER)}, "is of another system or vendor"),
        (_deletion(), {"live": a_registered_system(isDeleted=True)}, "the system is deleted already"),
        (_deletion(), {"document": a_live_document()}, "a deletion sends no document"),
        (_deletion(), {"fields": ()}, "its fields are not those of a deletion"),
    ],
)
def test_each_lie_is_named(plan: Plan, members: dict[str, Any], said: str) -> None:
    """W4: what is not as the documents make it is no plan, whatever digests it was sealed with."""
    assert list(audit(plan)) == []

    found = list(audit(replace(plan, changes=(replace(plan.changes[0], **members),))))

    assert [each for each in found if said in each], found
    assert all("cannot be read" not in each or "cannot be read" in said for each in found)


def test_a_system_has_one_change_and_they_stand_in_order() -> None:
    """W4: two changes of one system could undo each other."""
    (one,) = _creation().changes
    other = a_resolved("tt02", id=f"{VENDOR}_z", clientId=[])
    (two,) = plan_changes(TARGET, [other], {other.system.id: None}, []).changes

    for changes in ((one, one), (two, one)):
        plan = replace(_creation(), changes=changes, steps=order_steps(changes))
        assert "Its changes are not one for each system, by id." in list(audit(plan))
    plan = replace(_creation(), changes=(one, two), steps=order_steps((one, two)))
    assert list(audit(plan)) == []
    assert list(audit(replace(plan, steps=plan.steps[:1]))) == [
        "Its steps are not those that its changes need."
    ]
