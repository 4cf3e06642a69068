"""Carrying out a plan of change requests: each customer is asked once, whatever happens on the way."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import (
    Exit,
    Forbidden,
    NoAnswer,
    NotConnected,
    ServerFailed,
    TokenRenewed,
    TooManyRequests,
    UsageError,
)
from reconciler.execution.ask_journal import name_ask_journal, open_ask_journal, read_ask_journals
from reconciler.execution.ask_outcome import AskState
from reconciler.execution.asking import MOST_FAILURES, Pace, read_status, withdraw_asks
from reconciler.model.customers import ACCEPTED, AGENT, NEW, REJECTED, Asking
from tests.customer_rows import PACKAGE, a_change, a_user, an_id
from tests.execution.change_requests import AT_ONCE, LINK, Killed, Service, carry_out, refuse
from tests.planning.test_ask_plan import a_plan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reconciler.execution.ask_outcome import AskReport
    from reconciler.model.customers import Triple
    from reconciler.planning.ask_plan import AskPlan

ASKED, ALREADY, FAILED = AskState.ASKED, AskState.ALREADY, AskState.FAILED


def a_service(number: int = 3) -> Service:
    """Make the side of so many customers."""
    users = [a_user(each) for each in range(1, number + 1)]
    return Service({each.id: each for each in users})


@pytest.fixture(autouse=True)
def _spare_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write without syncing: here the process stays alive, and with it what was written."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def _list_states(report: AskReport) -> list[AskState]:
    return [each.asked for each in report.outcomes]


def _find_keys(plan: AskPlan) -> list[str]:
    return [each.correlation_id for each in plan.asks]


def test_each_customer_is_asked_once(tmp_path: Path) -> None:
    """Its id is looked up, and its open change requests, before it is sent; a second run sends nothing."""
    plan, service = a_plan(), a_service()

    first, again = carry_out(plan, service, tmp_path), carry_out(plan, service, tmp_path)

    assert _list_states(first) == [ASKED] * 3
    assert _list_states(again) == [ALREADY] * 3
    assert service.list_posts() == _find_keys(plan)
    assert [method for method, _ in service.log[:4]] == ["LIST", "GET", "FIND", "POST"]
    assert first.exit_code is again.exit_code is Exit.DONE
    assert first.outcomes[0].link.reveal() == f"{LINK}{plan.asks[0].correlation_id}"


@pytest.mark.parametrize("before", [True, False], ids=["before", "behind"])
def test_a_run_that_is_killed_at_any_request_asks_nobody_twice(tmp_path: Path, before: bool) -> None:  # noqa: FBT001 - a case
    """Twelve customers, two of whom cannot be asked: killed at every request, and then run again."""
    plan = a_plan(range(1, 13))
    bad = {an_id(5): refuse(), an_id(9): refuse("AUTH-00011")}
    whole = replace(a_service(12), refused=bad)
    carry_out(plan, whole, tmp_path / "whole")

    for at in range(1, len(whole.log) + 1):
        service = replace(a_service(12), refused=bad, at=at, before=before)
        folder = tmp_path / str(at)
        with pytest.raises(Killed):
            carry_out(plan, service, folder)
        rejected = next(iter(service.rows), "")
        if rejected:
            service.decide(rejected, REJECTED)
        sent = service.list_posts()
        report = carry_out(plan, service, folder)

        assert sorted(each.user for each in service.rows.values()) == sorted(
            each.system_user for each in plan.asks if each.system_user not in bad
        )
        assert not rejected or (service.list_posts().count(rejected), service.rows[rejected].status) == (
            1,
            REJECTED,
        )
        assert set(sent) <= set(service.list_posts())
        failed = {each.ask.system_user: each.code for each in report.outcomes if each.asked is FAILED}
        assert failed == {an_id(5): "AUTH-00000", an_id(9): "AUTH-00011"}


@pytest.mark.thorough
def test_two_hundred_customers_killed_at_every_request(tmp_path: Path) -> None:
    """One change request each, and the 3.5 % that fail are named with code and reason."""
    plan = a_plan(range(1, 201))
    bad = {an_id(each): refuse() for each in range(20, 200, 28)}
    whole = replace(a_service(200), refused=bad)
    carry_out(plan, whole, tmp_path / "whole")

    for at in range(1, len(whole.log) + 1):
        service = replace(a_service(200), refused=bad, at=at)
        folder = tmp_path / str(at)
        with pytest.raises(Killed):
            carry_out(plan, service, folder)
        report = carry_out(plan, service, folder)
        name_ask_journal(folder, plan).unlink()

        assert len(service.rows) == len({each.user for each in service.rows.values()}) == 193
        named = [(each.code, each.reason) for each in report.outcomes if each.asked is FAILED]
        assert named == [("AUTH-00000", "The register answered 400: AUTH-00000 Party not found.")] * 7


def test_a_lost_journal_asks_nobody_twice(tmp_path: Path) -> None:
    """The ids follow from what is asked, so another machine finds what was sent."""
    plan, service = a_plan(), a_service()
    carry_out(plan, service, tmp_path / "one")

    assert _list_states(carry_out(plan, service, tmp_path / "another")) == [ALREADY] * 3
    assert len(service.list_posts()) == 3


@pytest.mark.parametrize("times", [1, 2])
def test_a_lost_answer_is_looked_up(tmp_path: Path, times: int) -> None:
    """What was carried out is found under its id, and not sent again."""
    plan, service = a_plan(range(1, 2)), a_service(1)
    service.lost[an_id(1)] = times

    assert _list_states(carry_out(plan, service, tmp_path)) == [ASKED]
    assert len(service.list_posts()) == 1


@pytest.mark.parametrize(
    "error", [NoAnswer("No answer."), TokenRenewed("Another token.")], ids=["lost", "token"]
)
def test_what_was_not_carried_out_is_sent_once_more(tmp_path: Path, error: NoAnswer | TokenRenewed) -> None:
    """The same request with the same id; where that fails too, it is not known, and the next run asks again."""
    plan, service = a_plan(range(1, 2)), a_service(1)
    service.refused = {an_id(1): error}

    report = carry_out(plan, service, tmp_path)
    service.refused = {}
    again = carry_out(plan, service, tmp_path)

    assert (_list_states(report), report.exit_code) == ([AskState.UNKNOWN], Exit.UNKNOWN)
    assert _list_states(again) == [ASKED]
    assert service.list_posts() == _find_keys(plan) * 3


@pytest.mark.parametrize(("wait", "slept"), [(3.0, 3.0), (None, 10.0), (900.0, 60.0)])
def test_too_many_requests_are_waited_for_once(tmp_path: Path, wait: float | None, slept: float) -> None:
    """As long as the register asks, within bounds; then it is one that failed."""
    plan, service, pauses = a_plan(range(1, 2)), a_service(1), list[float]()
    service.refused = {an_id(1): TooManyRequests("The register asks for fewer requests.", wait=wait)}

    (outcome,) = carry_out(plan, service, tmp_path, replace(AT_ONCE, sleep=pauses.append)).outcomes

    assert (outcome.asked, outcome.code, pauses) == (FAILED, "429", [slept, slept])
    assert service.rows == {}


@pytest.mark.parametrize("status", [NEW, ACCEPTED, REJECTED])
def test_another_body_under_the_id_is_not_taken_for_ours(tmp_path: Path, status: str) -> None:
    """The service answers 200 with what is stored, whatever was sent; nothing is sent on top of it."""
    plan, service = a_plan(range(1, 2)), a_service(1)
    (key,) = _find_keys(plan)
    user = service.users[an_id(1)]
    service.rows[key] = a_change(user, status, Asking(packages=frozenset({PACKAGE})), key=key)

    report = carry_out(plan, service, tmp_path)

    assert (_list_states(report), report.exit_code) == ([AskState.OTHER], Exit.FAILED)
    assert service.list_posts() == []
    assert not report.outcomes[0].link


def test_another_body_in_the_answer_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Stored by others between the look and the request."""
    plan, service = a_plan(range(1, 2)), a_service(1)
    (key,) = _find_keys(plan)
    stored = a_change(service.users[an_id(1)], NEW, Asking(packages=frozenset({PACKAGE})), key=key)

    def store_and_find_none(triple: Triple) -> None:
        del triple
        service.rows[key] = stored

    service.find_change = store_and_find_none  # type: ignore[method-assign]  # somebody stores it in between

    assert _list_states(carry_out(plan, service, tmp_path)) == [AskState.OTHER]


def test_a_rejected_one_is_never_asked_again(tmp_path: Path) -> None:
    """Nor is one that was withdrawn, whose id the service only fails for."""
    plan, service = a_plan(), a_service()
    carry_out(plan, service, tmp_path)
    first, second, _ = _find_keys(plan)
    service.decide(first, REJECTED)
    service.withdraw_change(second)
    sent = service.list_posts()

    report = carry_out(plan, service, tmp_path)

    assert _list_states(report) == [AskState.REJECTED, AskState.GONE, ALREADY]
    assert service.list_posts() == sent
    assert report.exit_code is Exit.FAILED


def test_an_id_that_is_used_up_fails_without_harm(tmp_path: Path) -> None:
    """Without a journal nothing says that it was withdrawn; the service answers 500, and it stays so."""
    plan, service = a_plan(range(1, 2)), a_service(1)
    service.burnt = set(_find_keys(plan))

    (outcome,) = carry_out(plan, service, tmp_path).outcomes

    assert (outcome.asked, outcome.code) == (FAILED, "500")
    assert service.rows == {}


def test_an_open_change_request_bars_another(tmp_path: Path) -> None:
    """Ours, by the journal of another plan, or anybody's that the register finds."""
    plan, service = a_plan(), a_service()
    ours, theirs = (service.users[an_id(each)] for each in (1, 2))
    service.rows[an_id(801)] = a_change(ours, REJECTED, key=an_id(801))
    service.rows[an_id(802)] = a_change(ours, NEW, key=an_id(802))
    service.rows[an_id(803)] = a_change(theirs, NEW, key=an_id(803))
    earlier = open_ask_journal(tmp_path, a_plan(range(1, 2)), "0.1.0")
    earlier.record_intent(an_id(802), ours.id)
    earlier.close()

    assert _list_states(carry_out(plan, service, tmp_path)) == [AskState.OPEN, AskState.OPEN, ASKED]
    assert set(service.rows) == {an_id(801), an_id(802), an_id(803), plan.asks[2].correlation_id}


@pytest.mark.parametrize("kind", [AGENT, "standalone", ""])
def test_only_standard_system_users_are_asked(tmp_path: Path, kind: str) -> None:
    """An agent's, one of an unknown type, or one that is gone since the plan was made."""
    plan, service = a_plan(), a_service()
    users = dict(service.users)
    first = users.pop(an_id(1))
    service.users = {**users, **({first.id: replace(first, kind=kind)} if kind else {})}
    pace = replace(AT_ONCE, only=frozenset({"310000001"}))

    report = carry_out(plan, service, tmp_path, pace)

    assert (report.outcomes[0].asked, report.outcomes[0].code) == (FAILED, "AUTH-00015")
    assert service.list_posts() == []


def test_the_first_one_goes_alone(tmp_path: Path) -> None:
    """Where it fails, nobody else is asked; the next run begins with another, and ends with what failed."""
    plan, service = a_plan(), a_service()
    service.refused = {an_id(1): refuse()}

    first, again = carry_out(plan, service, tmp_path), carry_out(plan, service, tmp_path)

    not_asked = AskState.NOT_ASKED
    assert (_list_states(first), first.stopped) == (
        [FAILED, not_asked, not_asked],
        "The first one did not go well, so nobody else was asked.",
    )
    assert (_list_states(again), again.stopped) == ([FAILED, ASKED, ASKED], "")


def test_one_can_be_chosen_to_go_first(tmp_path: Path) -> None:
    """After it the others need no other first one."""
    plan, service = a_plan(), a_service()
    service.refused = {an_id(1): refuse()}

    first = carry_out(plan, service, tmp_path, replace(AT_ONCE, only=frozenset({"310000002"})))

    assert _list_states(first) == [AskState.NOT_ASKED, ASKED, AskState.NOT_ASKED]
    assert _list_states(carry_out(plan, service, tmp_path)) == [FAILED, ALREADY, ASKED]


@pytest.mark.parametrize(
    "error",
    [
        refuse(),
        Forbidden("No scope.", status=403),
        NotConnected("No network."),
        ServerFailed("500", status=500),
    ],
    ids=["refused", "forbidden", "no network", "500"],
)
def test_five_failures_in_a_row_stop_the_run(
    tmp_path: Path, error: ServerFailed | Forbidden | NotConnected
) -> None:
    """Those of the others are left for another run."""
    plan, service = a_plan(range(1, 13)), a_service(12)
    service.refused = {an_id(each): error for each in (2, 3, 5, 6, 7, 8, 9)}

    report = carry_out(plan, service, tmp_path)

    states = _list_states(report)
    assert states == [ASKED, FAILED, FAILED, ASKED, *[FAILED] * MOST_FAILURES, *[AskState.NOT_ASKED] * 3]
    assert report.stopped == "5 failed in a row, so nobody else was asked."
    assert all(each.code and each.reason for each in report.outcomes if each.asked is FAILED)


def test_customers_who_are_refused_again_stop_nothing(tmp_path: Path) -> None:
    """They come last, behind each other: once that counted as a row of failures, and two of them were not named."""
    plan, service = a_plan(range(1, 16)), a_service(15)
    service.refused = {an_id(each): refuse() for each in range(3, 16, 2)}

    first, again = carry_out(plan, service, tmp_path), carry_out(plan, service, tmp_path)

    assert (_list_states(first).count(FAILED), first.stopped) == (7, "")
    assert (_list_states(again).count(FAILED), again.stopped) == (7, "")


def test_a_limit_and_a_pace_are_kept(tmp_path: Path) -> None:
    """So many are sent in a run, and so far apart; what was sent before does not count."""
    plan, service, slept = a_plan(), a_service(), list[float]()
    pace = Pace(limit=2, seconds=60, sleep=slept.append)

    first, again = carry_out(plan, service, tmp_path, pace), carry_out(plan, service, tmp_path, pace)

    assert _list_states(first) == [ASKED, ASKED, AskState.NOT_ASKED]
    assert _list_states(again) == [ALREADY, ALREADY, ASKED]
    assert len(slept) == 1
    assert 59 < slept[0] <= 60


def test_a_run_that_is_told_to_stop_begins_nothing_more(tmp_path: Path) -> None:
    """What is under way is finished; the next run goes on."""
    plan, service = a_plan(), a_service()
    over = replace(AT_ONCE, is_over=lambda: bool(service.rows))

    report = carry_out(plan, service, tmp_path, over)
    waiting = carry_out(plan, service, tmp_path, replace(AT_ONCE, is_over=lambda: True))

    assert _list_states(report) == [ASKED, AskState.NOT_ASKED, AskState.NOT_ASKED]
    assert (report.stopped, report.exit_code) == (
        "The run was interrupted, so nobody else was asked.",
        Exit.FAILED,
    )
    assert _list_states(waiting) == [ALREADY, AskState.NOT_ASKED, AskState.NOT_ASKED]
    assert len(service.list_posts()) == 1
    assert _list_states(carry_out(plan, service, tmp_path)) == [ALREADY, ASKED, ASKED]


def test_a_persons_number_is_in_no_reason_and_no_address(tmp_path: Path) -> None:
    """The register may name it in what it says; what is looked for by it would be logged."""
    person = "01017012345"
    user = a_user(1, org=person)
    plan = a_plan(range(1, 2))
    service = Service({user.id: user}, refused={user.id: refuse(f"AUTH-00000 {person}")})

    (outcome,) = carry_out(plan, service, tmp_path).outcomes

    assert "(masked)" in outcome.reason
    assert [method for method, _ in service.log] == ["LIST", "GET", "POST"]


def test_a_journal_is_private_and_holds_no_link(tmp_path: Path) -> None:
    """Its owner alone can read it, and each request stands in it before it is sent."""
    plan, service = a_plan(), a_service()

    report = carry_out(plan, service, tmp_path)

    path = name_ask_journal(tmp_path, plan)
    text = path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text.count('"kind":"intent"') == text.count('"outcome":"asked"') == 3
    assert "confirm" not in text
    assert LINK not in text
    assert LINK not in repr(report)


def test_a_torn_line_is_passed_over_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    """A crash tears the last line; anything else may have been whom we asked."""
    plan, service = a_plan(), a_service()
    carry_out(plan, service, tmp_path)
    path = name_ask_journal(tmp_path, plan)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"kind":"intent","corr')

    assert _list_states(carry_out(plan, service, tmp_path)) == [ALREADY] * 3
    path.write_bytes(whole.replace(b'"kind":"outcome"', b'"kind":"outc', 1))
    with pytest.raises(UsageError, match="cannot be read"):
        read_ask_journals(tmp_path, plan.register_)
    path.write_bytes(b'{"kind":"run"}\n')
    with pytest.raises(UsageError, match="is no journal of change requests"):
        carry_out(plan, service, tmp_path)
    path.write_bytes(b'{"kind":"as')
    assert _list_states(carry_out(plan, service, tmp_path)) == [ALREADY] * 3


def _withdraw(plan: AskPlan, service: Service, folder: Path, only: Iterable[str] = ()) -> AskReport:
    journal = open_ask_journal(folder, plan, "0.1.0")
    try:
        return withdraw_asks(plan, service, journal, replace(AT_ONCE, only=frozenset(only)))
    finally:
        journal.close()


def test_only_what_is_ours_and_open_is_withdrawn(tmp_path: Path) -> None:
    """Not what the customer answered, not another's under the id, and not what another machine sent."""
    plan, service = a_plan(range(1, 6)), a_service(5)
    carry_out(plan, service, tmp_path, replace(AT_ONCE, limit=3))
    ours, accepted, other, elsewhere, _ = _find_keys(plan)
    service.decide(accepted, ACCEPTED)
    service.rows[other] = replace(service.rows[other], required=Asking(packages=frozenset({PACKAGE})))
    service.rows[elsewhere] = replace(service.rows[ours], id=elsewhere, user=plan.asks[3].system_user)

    report = _withdraw(plan, service, tmp_path)

    withdrawn = AskState.WITHDRAWN
    assert _list_states(report) == [withdrawn, ALREADY, AskState.OTHER, ALREADY, AskState.NOT_ASKED]
    assert set(service.rows) == {accepted, other, elsewhere}
    assert report.exit_code is Exit.DONE
    again = _withdraw(plan, service, tmp_path)
    assert again.outcomes[0].asked is AskState.GONE
    assert [each for each in service.log if each[0] == "DELETE"] == [("DELETE", ours)]


def test_one_can_be_chosen_to_be_withdrawn(tmp_path: Path) -> None:
    """The others are left."""
    plan, service = a_plan(), a_service()
    carry_out(plan, service, tmp_path)

    _withdraw(plan, service, tmp_path, ["310000002"])

    assert sorted(each.user for each in service.rows.values()) == sorted([an_id(1), an_id(3)])


def test_the_status_of_each_is_read(tmp_path: Path) -> None:
    """What the customers said, what was withdrawn, and what was never sent."""
    plan, service = a_plan(range(1, 6)), a_service(5)
    carry_out(plan, service, tmp_path, replace(AT_ONCE, limit=4))
    _, accepted, rejected, gone, _ = _find_keys(plan)
    service.decide(accepted, ACCEPTED)
    service.decide(rejected, REJECTED)
    service.withdraw_change(gone)
    sent = len(service.list_posts())

    report = read_status(plan, service, read_ask_journals(tmp_path, plan.register_))

    assert [(each.asked, each.status) for each in report.outcomes] == [
        (ALREADY, NEW),
        (ALREADY, ACCEPTED),
        (AskState.REJECTED, REJECTED),
        (AskState.GONE, ""),
        (AskState.NOT_ASKED, ""),
    ]
    assert len(service.list_posts()) == sent
