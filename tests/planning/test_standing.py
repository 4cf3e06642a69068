"""What stands accepted in a plan: beside what is done, in its file, and in the way of client ids."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.model.canonical_json import digest_json
from reconciler.planning.acceptance import Acceptance, Acceptances, Standing
from reconciler.planning.acceptance_status import Status, judge_entries
from reconciler.planning.change import Blocked, Keep, Update
from reconciler.planning.plan import (
    Plan,
    Target,
    accept_unmanaged,
    add_unlisted,
    list_standing,
    plan_changes,
    stamp,
)
from reconciler.planning.plan_audit import audit
from reconciler.planning.plan_file import print_plan, read_plan
from tests.builders import CLIENT, VENDOR, a_registered_system, a_resolved

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

TODAY = date(2026, 11, 21)
TARGET = Target("tt02", "https://register.example", VENDOR)
SYSTEM = f"{VENDOR}_smartcloud"
HIDDEN: dict[str, Json] = {"isVisible": False}


def accept(path: str, value: Json, system: str = SYSTEM, until: date = TODAY) -> Acceptance:
    """Let one difference stand."""
    return Acceptance("tt02", system, path, until, "a reason", digest_json(value))


def make_plan(*entries: Acceptance, live: dict[str, Json] | None = HIDDEN, **files: Json) -> Plan:
    """Plan one system, and one that only the register has."""
    desired = a_resolved("tt02", **files)
    held = None if live is None else a_registered_system(**live)
    other = a_registered_system(id=f"{VENDOR}_other", clientId=[])
    acceptances = Acceptances(TODAY, entries)
    made = plan_changes(TARGET, [desired], {SYSTEM: held}, [other], acceptances=acceptances)
    made = accept_unmanaged(made, acceptances)
    return stamp(made, [], created="2026-11-21T08:00:00+00:00", tool_version="1")


def test_an_update_that_becomes_empty_is_none() -> None:
    """It is kept, with what stands; nothing is sent for it."""
    made = make_plan(accept("isVisible", value=False))

    (change,) = made.changes
    assert isinstance(change, Keep)
    assert [each.path for each in change.standing] == ["isVisible"]
    assert (made.writes, made.steps) == ((), ())


@pytest.mark.parametrize("live", [HIDDEN, None, {"isDeleted": True}])
def test_what_stands_survives_the_file_of_a_plan(live: dict[str, Json] | None) -> None:
    """With its date and its reason; and the unmanaged system's."""
    entries = [accept("isVisible", value=False), accept("missing", None), accept("deleted", None)]
    made = make_plan(*entries, accept("unmanaged", None, f"{VENDOR}_other"), live=live)

    text = print_plan(made)

    assert read_plan(text.encode()) == made
    assert len(list_standing(made)) == 2
    (saved,) = json.loads(text)["changes"][0]["standing"]
    assert (saved["until"], saved["reason"]) == ("2026-11-21", "a reason")
    assert json.loads(text)["unmanaged"][0]["accepted"] == {"until": "2026-11-21", "reason": "a reason"}
    assert list(audit(made)) == []


def test_a_plan_without_anything_that_stands_is_written_as_before() -> None:
    """A plan file of an earlier version has no such member, and is read."""
    text = print_plan(make_plan())

    assert '"standing"' not in text
    assert '"accepted"' not in text
    assert read_plan(text.encode()).changes[0].standing == ()


FIELD = make_plan(accept("isVisible", value=False)).changes[0].standing[0]
WHOLE = Standing(accept("missing", None))


@pytest.mark.parametrize(
    ("plan", "standing", "said"),
    [
        (make_plan(), FIELD, "`isVisible` does not stand as it says"),
        (make_plan(live={}), FIELD, "`isVisible` does not stand as it says"),
        (make_plan(live=None), FIELD, "`isVisible` does not stand as it says"),
        (make_plan(withdrawn=True), FIELD, "`isVisible` does not stand as it says"),
        (make_plan(live={}), WHOLE, "it does not stand accepted as missing"),
        (make_plan(live=None), WHOLE, "it does not stand accepted as missing"),
        (
            make_plan(live={"isDeleted": True}),
            Standing(accept("deleted", None)),
            "it does not stand accepted as deleted",
        ),
    ],
    ids=["written", "not so", "created", "deleted", "registered", "missing", "blocked"],
)
def test_what_only_says_that_it_stands_is_a_lie(plan: Plan, standing: Standing, said: str) -> None:
    """W4: a saved plan is worked out again: what it does cannot hide behind what stands."""
    change = replace(plan.changes[0], standing=(standing,))

    found = list(audit(replace(plan, changes=(change,))))

    assert [each for each in found if said in each], found


def test_a_client_id_that_stands_blocks_who_claims_it() -> None:
    """Two systems never hold one id; the reason names where it is, and that it stands accepted."""
    taker = f"{VENDOR}_taker"
    desired = [a_resolved("tt02", clientId=[]), a_resolved("tt02", id=taker, clientId=[CLIENT])]
    live = {SYSTEM: a_registered_system(), taker: a_registered_system(id=taker, clientId=[])}
    entry = accept(f'clientId["{CLIENT}"]', CLIENT)

    made = plan_changes(TARGET, desired, live, [], acceptances=Acceptances(TODAY, (entry,)))

    keeper, blocked = made.changes
    assert isinstance(keeper, Keep)
    assert isinstance(blocked, Blocked)
    assert blocked.reason == f"client id {CLIENT} is on `{SYSTEM}`, where it stands accepted"
    assert "systems/.accepted.yaml" in blocked.hint


def test_a_client_id_that_is_not_claimed_is_free() -> None:
    """That it is missing here stands accepted, so that another system may take it in two steps or give it away."""
    giver = f"{VENDOR}_giver"
    desired = [
        a_resolved("tt02", clientId=[CLIENT], rights=..., name={"nb": "A", "nn": "A", "en": "A"}),
        a_resolved("tt02", id=giver, clientId=[]),
    ]
    live = {SYSTEM: a_registered_system(clientId=[]), giver: a_registered_system(id=giver)}
    entry = accept(f'clientId["{CLIENT}"]', None)

    without = plan_changes(TARGET, desired, live, [])
    made = plan_changes(TARGET, desired, live, [], acceptances=Acceptances(TODAY, (entry,)))

    assert [type(each) for each in without.changes] == [Blocked, Blocked]  # left out, so its claim waits
    assert [(each.id, type(each)) for each in made.changes] == [(giver, Update), (SYSTEM, Blocked)]
    assert made.changes[1].standing


@pytest.mark.parametrize(
    ("entry", "live", "status"),
    [
        (accept("isVisible", value=False), HIDDEN, Status.STANDS),
        (accept("isVisible", value=False, until=TODAY - timedelta(1)), HIDDEN, Status.PASSED),
        (accept("isVisible", None), HIDDEN, Status.MOVED),
        (accept("isVisible", value=False), {}, Status.GONE),
        (accept("missing", None), HIDDEN, Status.GONE),
        (accept("missing", None), None, Status.STANDS),
        (replace(accept("isVisible", value=False), environment="prod"), HIDDEN, Status.UNKNOWN),
        (accept("unmanaged", None, f"{VENDOR}_other"), {}, Status.STANDS),
        (accept("isVisible", None, f"{VENDOR}_other"), {}, Status.GONE),
        (accept("unmanaged", None, f"{VENDOR}_none"), {}, Status.GONE),
        (accept("unmanaged", None, "310904473_other"), {}, Status.UNKNOWN),
        (accept("isVisible", value=False), {"vendor": {"ID": "0192:310904473"}}, Status.UNKNOWN),
    ],
)
def test_an_entry_is_judged_by_a_plan(
    entry: Acceptance, live: dict[str, Json] | None, status: Status
) -> None:
    """What is of another environment or vendor is not compared, and so never removed."""
    made = make_plan(entry, live=live)

    (judged,) = judge_entries([entry], made, TODAY)

    assert judged.status is status
    assert status.is_spent is (status in {Status.PASSED, Status.MOVED, Status.GONE})


def test_what_could_not_be_read_is_not_compared() -> None:
    """Nor a deletion's fields, nor a system that the register could not list."""
    gone = make_plan(withdrawn=True)
    unlisted = add_unlisted(make_plan(), {}, "it answered 500")
    entries = [accept("isVisible", value=False), accept("unmanaged", None, f"{VENDOR}_none")]

    assert judge_entries(entries[:1], gone, TODAY)[0].status is Status.UNKNOWN
    assert judge_entries(entries[1:], unlisted, TODAY)[0].status is Status.UNKNOWN
