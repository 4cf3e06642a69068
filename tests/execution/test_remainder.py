"""The same plan file a second time, after a run that did part of it: only what is left is carried out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Refused, Remedy
from reconciler.execution.executor import apply_plan
from reconciler.execution.outcome import Done, Failed
from reconciler.execution.preflight import Site, Terms, clear, lock_for_apply
from reconciler.execution.run_summary import find_earlier_run
from reconciler.planning.remainder import Remainder, keep_left
from tests.execution.stage import Stage, a_client, a_full_document, define

if TYPE_CHECKING:
    from reconciler.execution.outcome import Report
    from reconciler.planning.plan import Plan


def _site(stage: Stage) -> Site:
    folder = stage.folder
    return Site(stage.register, stage.target, stage.ownership(), folder, folder, folder / "locks")


def _apply(stage: Stage, plan: Plan, remainder: Remainder | None) -> Report:
    terms = Terms(plan.digest, patience=stage.patience)
    with lock_for_apply(_site(stage)) as lock, clear(plan, lock, terms, remainder) as clearance:
        return apply_plan(clearance, on_outcome=stage.reported.append)


def _count_writes(stage: Stage) -> int:
    return sum(each["method"] in {"POST", "PUT", "DELETE"} for each in stage.log())


def _do_part(stage: Stage) -> tuple[list[str], Plan]:
    """Plan three updates, of which the register refuses the second."""
    ids = stage.fresh("a", "b", "c")
    clients = [a_client(stage.count * 10 + number) for number in range(3)]
    stage.seed(*(a_full_document(name, clientId=[own]) for name, own in zip(ids, clients, strict=True)))
    plan = stage.plan(
        [define(name, clientId=[own], isVisible=False) for name, own in zip(ids, clients, strict=True)]
    )
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[1]}")
    assert [type(each) for each in stage.apply(plan).outcomes] == [Done, Failed, Done]
    stage.heal()
    stage.control("DELETE", "log")
    return ids, plan


def test_our_own_writes_are_not_stale(stage: Stage) -> None:
    """One request for what is left; the report has all, and a third time nothing is left."""
    ids, plan = _do_part(stage)
    first = stage.newest().start.run

    earlier = find_earlier_run(plan, _site(stage))
    assert earlier is not None
    assert (earlier.remainder, earlier.differing, earlier.done) == (
        Remainder(frozenset({ids[1]}), (first,)),
        (),
        2,
    )
    report = _apply(stage, plan, earlier.remainder)
    last = find_earlier_run(plan, _site(stage))

    assert [type(each) for each in report.outcomes] == [Done, Done, Done]
    assert [bool(each.reason) for each in report.outcomes] == [True, False, True]
    assert (report.plan.digest, _count_writes(stage)) == (plan.digest, 1)
    assert all(each["isVisible"] is False for each in stage.held(*ids).values())
    assert last is not None
    assert (last.remainder.ids, last.differing, last.done) == (frozenset(), (), 3)


@pytest.mark.slow
@pytest.mark.parametrize("moved", [0, 1], ids=["what-was-done", "what-is-left"])
def test_what_others_wrote_since_is_stale(stage: Stage, moved: int) -> None:
    """Whether it is among what is left or not, nothing is written."""
    ids, plan = _do_part(stage)
    earlier = find_earlier_run(plan, _site(stage))
    assert earlier is not None
    write = {"system": ids[moved], "set": {"allowedRedirectUrls": []}, "client_id": "somebody"}
    stage.control("POST", "writes", write)
    stage.control("DELETE", "log")

    later = find_earlier_run(plan, _site(stage))
    with pytest.raises(Refused, match=f"`{ids[moved]}` moved") as refused:
        _apply(stage, plan, earlier.remainder)

    assert refused.value.remedy is Remedy.PLAN_AGAIN
    assert later is not None
    assert (later.differing, _count_writes(stage)) == ((ids[moved],), 0)


@pytest.mark.slow
def test_what_is_left_may_not_leave_out_what_is_missing(stage: Stage) -> None:
    """The register is asked about everything that is said to be done."""
    ids, plan = _do_part(stage)
    nothing = replace(Remainder(frozenset(ids), ("r",)), ids=frozenset({ids[0]}))

    with pytest.raises(Refused):
        _apply(stage, plan, nothing)

    assert _count_writes(stage) == 0


def test_the_steps_that_are_left_wait_for_no_others(stage: Stage) -> None:
    """A claim whose release was done is sent at once; without a remainder the plan is as it was."""
    one, two = stage.fresh("a", "b")
    client = a_client(stage.count * 10)
    stage.seed(a_full_document(one, clientId=[client]), a_full_document(two, clientId=[]))
    plan = stage.plan([define(one, clientId=[]), define(two, clientId=[client])])
    assert any(step.after for step in plan.steps)

    rest = keep_left(plan, Remainder(frozenset({two}), ("r",)))

    assert keep_left(plan, None) is plan
    assert [(step.id, step.after) for step in rest.steps] == [(two, ())]
    assert [(each.id, each.action) for each in rest.changes] == [(one, "keep"), (two, "update")]
