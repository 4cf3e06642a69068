"""Any set of accepted differences: apply leaves exactly those as they are, and the day after they are all back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.canonical_json import digest_json
from reconciler.model.normalise import normalise
from reconciler.model.system import RegisteredSystem
from reconciler.planning.acceptance import DELETED, MISSING, NONE, Acceptance, Acceptances
from reconciler.planning.change import Blocked, Create, Delete, Keep, Update
from reconciler.planning.diff import FieldChange, look_up, spread
from reconciler.planning.plan import Target, judge_plan, plan_changes, stamp
from reconciler.planning.plan_audit import audit
from reconciler.planning.plan_file import print_plan, read_plan
from tests.builders import VENDOR, a_live_document, a_resolved
from tests.differences import TODAY, UNMANAGED, Situation, find_day_after, list_acceptable, situations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.canonical_json import Json
    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan

TARGET = Target("tt02", "https://register.example", VENDOR)
UNKNOWN: dict[str, Json] = {"contactEmail": "a@b.example"}
Register = dict[str, RegisteredSystem]


def seed(situation: Situation) -> Register:
    """Hold what a situation says, with members that this tool does not know."""
    held = {name: a_live_document(id=name, **members, **UNKNOWN) for name, members in situation.live.items()}
    for document in held.values():
        document["rights"] = [{**each, **UNKNOWN} for each in document["rights"]]
    return {name: RegisteredSystem(document) for name, document in held.items()}


def make_plan(situation: Situation, live: Register, acceptances: Acceptances) -> Plan:
    """Plan a situation."""
    desired = [a_resolved("tt02", id=name, **members) for name, members in situation.desired.items()]
    found = {name: live.get(name) for name in situation.desired}
    made = plan_changes(TARGET, desired, found, [live[UNMANAGED]], acceptances=acceptances)
    return stamp(judge_plan(made, {}), [], created="2026-11-21T08:00:00+00:00", tool_version="0.1.0")


def carry_out(plan: Plan, live: Register) -> Register:
    """Do what a plan says, in memory."""
    after = dict(live)
    for change in plan.changes:
        match change:
            case Create() | Update():
                after[change.id] = RegisteredSystem({**(change.document or {}), "isDeleted": False})
            case Delete():
                after[change.id] = RegisteredSystem({**live[change.id].document, "isDeleted": True})
            case Keep() | Blocked():
                pass
    return after


def look(live: Register, entry: Acceptance) -> Json:
    """Look up what the register holds of an accepted difference."""
    system = live.get(entry.id)
    if entry.path in {MISSING, DELETED} or system is None:
        return None if system is None else system.is_deleted
    return look_up(spread(normalise(system.read())), FieldChange.read_path(entry.path))


def group(entries: Iterable[Acceptance]) -> dict[str, set[str]]:
    """Give the paths of entries, by system."""
    found: dict[str, set[str]] = {}
    for each in entries:
        found.setdefault(each.id, set()).add(each.path)
    return found


@given(situations(), st.data())
def test_apply_leaves_exactly_what_is_accepted(situation: Situation, data: st.DataObject) -> None:
    """Any set of differences stands as it is, the rest is done, the plan right after is empty, and all come back.

    P6. No client id is on two systems afterwards, and a plan is honest and survives its file.
    """
    live = seed(situation)
    offered = list_acceptable(make_plan(situation, live, NONE), "tt02")
    accepted = data.draw(st.lists(st.sampled_from(offered), unique=True)) if offered else []
    acceptances = Acceptances(TODAY, tuple(accepted))

    made = make_plan(situation, live, acceptances)
    after = carry_out(made, live)
    again = make_plan(situation, after, acceptances)
    later = make_plan(situation, after, Acceptances(find_day_after(accepted), tuple(accepted)))

    assert list(audit(made)) == []
    assert read_plan(print_plan(made).encode()) == made
    assert {each.acceptance for change in made.changes for each in change.standing} == set(accepted)
    assert [look(after, each) for each in accepted] == [look(live, each) for each in accepted]
    assert again.writes == ()
    assert {each.acceptance for change in again.changes for each in change.standing} == set(accepted)
    left = [each for each in list_acceptable(made, "tt02") if isinstance(_find(made, each.id), Blocked)]
    assert group(list_acceptable(later, "tt02")) == group([*accepted, *left])
    clients = [client for each in after.values() if not each.is_deleted for client in each.client_ids]
    assert len(clients) == len(set(clients))


def _find(plan: Plan, system: str) -> Change:
    return next(change for change in plan.changes if change.id == system)


@given(situations())
def test_no_acceptance_hides_a_deletion(situation: Situation) -> None:
    """Whatever the file of accepted differences says of a withdrawn system, by paths and by words."""
    live = seed(situation)
    first = make_plan(situation, live, NONE)
    deleted = {each.id for each in first.changes if isinstance(each, Delete)}
    entries = [
        Acceptance("tt02", name, path, TODAY, "a reason", digest_json(value))
        for name in deleted
        for path, value in (
            ("isVisible", live[name].read().isVisible),
            ("missing", None),
            ("deleted", None),
            ("unmanaged", None),
            ("withdrawn", False),
        )
    ]

    made = make_plan(situation, live, Acceptances(TODAY, tuple(entries)))

    assert made == first


@given(situations(), st.data())
def test_what_moved_since_is_drift_again(situation: Situation, data: st.DataObject) -> None:
    """An acceptance is of one value: of another it says nothing, and the plan is as if there were none."""
    live = seed(situation)
    offered = list_acceptable(make_plan(situation, live, NONE), "tt02")
    moved = [replace(each, digest=digest_json("another value")) for each in offered]
    accepted = data.draw(st.lists(st.sampled_from(moved), unique=True)) if moved else []

    assert make_plan(situation, live, Acceptances(TODAY, tuple(accepted))) == make_plan(situation, live, NONE)
