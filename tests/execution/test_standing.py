"""What stands accepted, with a register that is written to: apply leaves exactly that as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import Refused
from reconciler.model.canonical_json import digest_json
from reconciler.planning.acceptance import Acceptance, Acceptances
from reconciler.planning.change import Blocked, Create, Update
from tests.builders import VENDOR
from tests.differences import IDS, TODAY, UNMANAGED, Situation, find_day_after, list_acceptable, situations
from tests.execution.stage import a_client, a_full_document, check_truth, define

if TYPE_CHECKING:
    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan
    from tests.execution.stage import Stage


def _set_up(stage: Stage, situation: Situation) -> list[Resolved]:
    """Hold what a situation says, under ids and client ids that nobody has used here."""
    stage.fresh()
    start = stage.count * 100

    def rename(name: str, members: dict[str, Json]) -> tuple[str, dict[str, Json]]:
        clients = [a_client(start + int(each[-4:])) for each in members["clientId"]]
        return f"{VENDOR}_x{stage.count}{name[-1]}", {**members, "clientId": clients}

    living = (rename(*each) for each in situation.live.items() if each[0] != UNMANAGED)
    stage.seed(*(a_full_document(name, **members) for name, members in living))
    return [
        define(name, **members) for name, members in (rename(*each) for each in situation.desired.items())
    ]


def _open(plan: Plan) -> set[tuple[str, str]]:
    return {(each.id, each.path) for each in list_acceptable(plan, "served")}


@pytest.mark.slow
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(situation=situations(deletions=False), chosen=st.sets(st.integers(0, 20)))
def test_apply_leaves_exactly_what_is_accepted(stage: Stage, situation: Situation, chosen: set[int]) -> None:
    """P6: the rest is done, the plan right after has nothing to write, and the day after all are back."""
    stage.acceptances = Acceptances(TODAY)
    asked = _set_up(stage, situation)
    offered = list_acceptable(stage.plan(asked), "served")
    accepted = [each for number, each in enumerate(offered) if number in chosen]
    stage.acceptances = Acceptances(TODAY, tuple(accepted))
    ids = [each.system.id for each in asked]
    before = stage.held(*ids)

    made = stage.plan(asked)
    report = stage.apply(made)
    again = stage.plan(asked)
    stage.acceptances = Acceptances(find_day_after(accepted), tuple(accepted))
    later = stage.plan(asked)

    check_truth(stage, report, before)
    assert [each.word for each in report.outcomes] == ["done"] * len(made.writes)
    assert again.writes == ()
    assert {each.acceptance for change in again.changes for each in change.standing} == set(accepted)
    blocked = {change.id for change in made.changes if isinstance(change, Blocked)}
    left = {each for each in _open(made) if each[0] in blocked}
    assert _open(later) == {(each.id, each.path) for each in accepted} | left
    assert len(IDS) == len(asked)


def test_what_stands_is_not_breaking(stage: Stage) -> None:
    """P6: what another client set stands, and another field of the same system is written."""
    (name,) = stage.fresh("a")
    stage.seed(a_full_document(name, clientId=[], isVisible=False))
    asked = [define(name, clientId=[], description={"nb": "Ny", "nn": "Ny", "en": "New"})]
    entry = Acceptance("served", name, "isVisible", TODAY, "a reason", digest_json(False))  # noqa: FBT003 - the live value
    without = stage.plan(asked)
    stage.acceptances = Acceptances(TODAY, (entry,))

    made = stage.plan(asked)
    report = stage.apply(made)

    breaking = {each.path for each in without.breaking}
    assert "isVisible" in breaking
    assert {each.path for each in made.breaking} == breaking - {"isVisible"}
    assert [each.word for each in report.outcomes] == ["done"]
    held = stage.held(name)[name]
    assert (held["isVisible"], held["description"]["en"]) == (False, "New")


@pytest.mark.parametrize("kind", [Update, Create])
def test_a_plan_is_not_applied_over_what_was_accepted_since(
    stage: Stage, kind: type[Update | Create]
) -> None:
    """A saved plan knows what stood when it was made: what stands now is left alone, or the plan made again."""
    (name,) = stage.fresh("a")
    if kind is Update:
        stage.seed(a_full_document(name, clientId=[], isVisible=False))
    asked = [define(name, clientId=[])]
    made = stage.plan(asked)
    path, value = ("isVisible", False) if kind is Update else ("missing", None)
    entry = Acceptance("served", name, path, TODAY, "agreed", digest_json(value))
    stage.acceptances = Acceptances(TODAY, (entry,))

    with pytest.raises(Refused, match=f"{path} stands until {TODAY} .agreed."):
        stage.apply(made)
    assert isinstance(made.changes[0], kind)
    kept = stage.plan(asked)
    stage.acceptances = Acceptances(TODAY, (replace(entry, reason="longer"),))
    assert stage.apply(kept).outcomes == ()
