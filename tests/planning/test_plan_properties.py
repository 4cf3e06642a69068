"""Any two systems: their difference is whole, and the plan that comes of it survives its file."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.normalise import normalise
from reconciler.model.system import RegisteredSystem, System
from reconciler.planning.change import Blocked, Delete, Update
from reconciler.planning.change_log import LogEntry, State
from reconciler.planning.diff import FieldChange, diff, look_up, spread
from reconciler.planning.impact import Evidence
from reconciler.planning.plan import Target, judge_plan, plan_changes, stamp
from reconciler.planning.plan_file import print_plan, read_plan
from tests.builders import VENDOR, a_live_document, a_resolved

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

letters = st.characters(exclude_categories=["C"])
"""What may stand in YAML as it is."""
names = st.text(letters, max_size=4) | st.sampled_from(
    ["a", "b", "a+b", "a:b", "a=b", "a,b", "__a", "", "[", '"', "."]
)
pairs = st.fixed_dictionaries({"id": st.just("urn:altinn:resource"), "value": names})
rights = st.fixed_dictionaries({"resource": st.lists(pairs, max_size=3)}, optional={"action": names})
texts = st.dictionaries(names, names, max_size=3)
documents = st.builds(
    a_live_document,
    name=texts,
    description=texts,
    rights=st.lists(rights, max_size=4),
    accessPackages=st.lists(st.fixed_dictionaries({"urn": names}), max_size=3),
    clientId=st.lists(names, max_size=3),
    allowedRedirectUrls=st.lists(names, max_size=3),
    isVisible=st.booleans(),
)
"""Documents of one id, as odd as the register could hold them; small, so that entries meet."""

A_PLUS_B: Json = [{"resource": [{"id": "urn:altinn:resource", "value": "a+b"}]}]
A_AND_B: Json = [{"resource": [{"id": "urn:altinn:resource", "value": each} for each in "ab"]}]
A_COMMA_B: Json = [{"resource": [{"id": "urn:altinn:resource", "value": "a,urn:altinn:resource:b"}]}]


def _read(document: Json) -> System:
    return normalise(RegisteredSystem(document).read())


@given(documents, documents)
@example(a_live_document(rights=A_PLUS_B), a_live_document(rights=A_AND_B))
@example(a_live_document(clientId=["__a"]), a_live_document(clientId=[]))
def test_a_difference_is_whole(one: Json, other: Json) -> None:
    """P2: laid over the one system, the fields give the other; each has a path of its own."""
    desired, live = _read(one), _read(other)
    changes = diff(desired, live)
    tree: Json = copy.deepcopy(spread(live))
    for each in changes:
        *parents, last = each.steps
        branch = look_up(tree, parents)
        assert look_up(tree, each.steps) == each.actual
        if each.expected is None:
            del branch[last]
        else:
            branch[last] = each.expected

    assert tree == spread(desired)
    assert len({each.path for each in changes}) == len(changes)
    assert (changes == ()) == (desired == live)
    assert all(FieldChange.read_path(each.path) == each.steps for each in changes)


@given(documents, documents, documents, st.booleans())
@example(a_live_document(rights=A_PLUS_B), a_live_document(rights=A_AND_B), a_live_document(), False)  # noqa: FBT003 - drawn
@example(a_live_document(rights=A_COMMA_B), a_live_document(rights=A_AND_B), a_live_document(), False)  # noqa: FBT003 - drawn
@example(a_live_document(name={"": "a"}), a_live_document(), a_live_document(), False)  # noqa: FBT003 - drawn
def test_a_plan_survives_its_file(one: Json, other: Json, past: Json, withdrawn: bool) -> None:  # noqa: FBT001 - drawn
    """P2: plan, file, plan is the identity, the impacts and the steps included."""
    desired = a_resolved("tt02", **one, **({"withdrawn": True} if withdrawn else {}))
    states = (
        State(LogEntry("update", "310904473", "theirs", "2026-11-19T02:14:08Z"), _read(other)),
        State(LogEntry("create", VENDOR, "ours", "2026-11-18T02:14:08Z"), _read(past)),
    )
    target = Target("tt02", "https://register.example", VENDOR)
    made = plan_changes(
        target, [desired], {desired.system.id: RegisteredSystem({**other, "unknown": "kept"})}, []
    )
    plan = stamp(
        judge_plan(made, {desired.system.id: Evidence(states, frozenset({"ours"}), 3)}),
        [],
        created="2026-11-20T08:00:00+00:00",
        tool_version="0.1.0",
    )
    (change,) = plan.changes

    assert read_plan(print_plan(plan).encode()) == plan
    assert isinstance(change, (Update, Blocked, Delete)) or _read(one) == _read(other)
    overwritten = {each.path for each in change.impacts if each.rule == "outside-value-overwritten"}
    if isinstance(change, Update):
        theirs = {
            each.path
            for each in change.fields
            if look_up(spread(_read(past)), each.steps) != look_up(spread(_read(other)), each.steps)
        }
        assert overwritten == theirs
