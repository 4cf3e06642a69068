"""What a run does when its steps depend on each other, others write meanwhile, or it has to stop."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event, Thread, Timer
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Exit, Refused
from reconciler.execution.executor import apply_plan
from reconciler.execution.journal import Journal, start_run
from reconciler.execution.outcome import Done, Failed, NotTried, Outcome, Stale, Unknown
from reconciler.execution.preflight import Site, Terms, clear, lock_for_apply
from reconciler.model.system import RegisteredSystem
from tests.builders import VENDOR
from tests.execution.stage import (
    Stage,
    a_client,
    a_full_document,
    check_sent_once,
    check_truth,
    define,
    open_stage,
    withdraw,
)
from tests.served import VENDOR_PATH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.definitions.definition import Resolved
    from reconciler.execution.journal import RecordedOutcome
    from reconciler.execution.outcome import Report
    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan

THEIRS = {"set": {"isVisible": False}, "client_id": "somebody"}


def _start_journal(stage: Stage) -> Journal:
    return start_run(stage.folder, stage.target, digest="", version="0")


def _apply_reporting(stage: Stage, plan: Plan, stop: Event, on_outcome: Callable[[Outcome], None]) -> Report:
    with stage.clear(plan, workers=4, stop=stop) as clearance:
        return apply_plan(clearance, on_outcome=on_outcome)


def _words(report: Report) -> dict[str, str]:
    return {outcome.change.id[-1]: outcome.word for outcome in report.outcomes}


def _gather(stage: Stage) -> tuple[list[str], list[Resolved]]:
    """Let C claim one client id of A and one of B; D has nothing to do with them."""
    ids = stage.fresh("a", "b", "c", "d")
    x, y = (a_client(stage.count * 10 + number) for number in range(2))
    stage.seed(a_full_document(ids[0], clientId=[x]), a_full_document(ids[1], clientId=[y]))
    stage.seed(a_full_document(ids[2], clientId=[]), a_full_document(ids[3], clientId=[]))
    asked = [define(ids[0], clientId=[]), define(ids[1], clientId=[]), define(ids[2], clientId=[x, y])]
    return ids, [*asked, define(ids[3], clientId=[], isVisible=False)]


def test_a_step_that_waits_for_two_is_sent_once(stage: Stage) -> None:
    """Also when both end at the same moment, as seen by the one who keeps account."""
    ids, asked = _gather(stage)
    stage.control("DELETE", "log")

    def wait_for_both(outcome: Outcome) -> None:
        if outcome.change.id == ids[3]:  # hold the account up until A and B are both done
            deadline = time.monotonic() + 5
            while (
                stage.newest().path.read_text().count('"kind":"outcome"') < 3 and time.monotonic() < deadline
            ):
                time.sleep(0.01)
            time.sleep(0.1)

    stage.strike(fault="latency", seconds=0.1, method="PUT", path=f"*{ids[0]}")
    stage.strike(fault="latency", seconds=0.1, method="PUT", path=f"*{ids[1]}")
    report = _apply_reporting(stage, stage.plan(asked), Event(), wait_for_both)

    assert set(_words(report).values()) == {"done"}
    check_sent_once(stage)


def test_what_was_released_for_nothing_is_put_back(stage: Stage) -> None:
    """B cannot release, so C gets nothing: what A released in the meantime goes back."""
    ids, asked = _gather(stage)
    stage.strike(fault="latency", seconds=0.3, method="PUT", path=f"*{ids[0]}")
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[1]}")
    before = stage.held(*ids)

    report = stage.apply(stage.plan(asked))

    assert _words(report) == {"a": "failed", "b": "failed", "c": "not tried", "d": "done"}
    check_truth(stage, report, before)
    assert stage.held(ids[0])[ids[0]]["clientId"] == before[ids[0]]["clientId"]
    assert "was put back" in report.outcomes[0].reason
    stage.heal()
    stage.converge(asked)


def test_what_is_given_up_between_its_two_steps_has_failed(stage: Stage) -> None:
    """A and B swap, and A claims one of D's too: D fails while A's first step is under way."""
    ids = stage.fresh("a", "b", "d")
    x, y, z = (a_client(stage.count * 10 + number) for number in range(3))
    stage.seed(
        *(a_full_document(name, clientId=[client]) for name, client in zip(ids, (x, y, z), strict=True))
    )
    asked = [define(ids[0], clientId=[y, z]), define(ids[1], clientId=[x]), define(ids[2], clientId=[])]
    stage.strike(fault="latency", seconds=0.5, method="PUT", path=f"*{ids[0]}")
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[2]}")
    before = stage.held(*ids)

    report = stage.apply(stage.plan(asked))

    assert _words(report) == {"a": "failed", "b": "not tried", "d": "failed"}
    assert report.outcomes[0].reason == (
        f"Another system comes first, and was not done. Client id {x} was released for `{ids[1]}`, which could "
        "not claim it, and was put back."
    )
    assert stage.held(*ids) == before
    check_truth(stage, report, before)
    stage.heal()
    stage.converge(asked)


def test_nothing_is_released_for_what_is_given_up(stage: Stage) -> None:
    """A's turn comes after B has failed: A keeps its client id."""
    ids, asked = _gather(stage)
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[0]}")
    before = stage.held(*ids)

    report = stage.apply(stage.plan(asked), workers=1)

    assert _words(report) == {"a": "failed", "b": "not tried", "c": "not tried", "d": "done"}
    assert stage.held(ids[1])[ids[1]] == before[ids[1]]


@pytest.mark.slow
def test_a_long_chain_is_given_up_as_a_whole(stage: Stage) -> None:
    """Each of many systems claims what the next one releases; the first release fails."""
    ids = [f"{VENDOR}_chain{number:04}" for number in range(600)]
    clients = [a_client(900000 + number) for number in range(601)]
    stage.seed(*(a_full_document(name, clientId=[clients[at]]) for at, name in enumerate(ids)))
    asked = [define(name, clientId=[clients[at + 1]]) for at, name in enumerate(ids[:-1])]
    plan = stage.plan([*asked, define(ids[-1], clientId=[])])
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[-1]}")

    report = stage.apply(plan)

    words = [outcome.word for outcome in report.outcomes]
    assert (words.count("failed"), words.count("not tried")) == (1, 599)


@pytest.mark.parametrize("fault", [{"fault": "status", "status": 503}, {"fault": "status", "status": 404}])
def test_a_doubt_before_a_release_blocks_both(stage: Stage, fault: dict[str, Json]) -> None:
    """With the metadata APIs out, nobody can say that the claim will be taken, so nothing is released."""
    one, other = stage.fresh("a", "b")
    x = a_client(stage.count * 10)
    stage.seed(a_full_document(one, clientId=[x]), a_full_document(other, clientId=[]))
    plan = stage.plan([define(one, clientId=[]), define(other, clientId=[x])])
    before = stage.held(one, other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.clients.altinn_api.BUDGET", 0.1)
        stage.strike(path=["/resourceregistry/*", "/accessmanagement/*"], times=0, **fault)
        report = stage.apply(plan)

    assert _words(report) == {"a": "not tried", "b": "not tried"}
    assert f"Nothing was released for `{other}`" in report.outcomes[0].reason
    assert stage.held(one, other) == before


def _swap(stage: Stage) -> tuple[list[str], list[Resolved]]:
    one, other = stage.fresh("a", "b")
    x, y = (a_client(stage.count * 10 + number) for number in range(2))
    stage.seed(a_full_document(one, clientId=[x]), a_full_document(other, clientId=[y]))
    return [one, other], [define(one, clientId=[y], isVisible=False), define(other, clientId=[x])]


def test_a_failed_claim_puts_the_client_id_back(stage: Stage) -> None:
    """The claim is refused: the id is on its first system again, and the unknown members with it."""
    ids, asked = _swap(stage)
    before = stage.held(*ids)
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[1]}")

    report = stage.apply(stage.plan(asked))

    assert _words(report) == {"a": "failed", "b": "failed"}
    assert stage.held(*ids) == before
    check_truth(stage, report, before)


def test_a_swap_through_a_text_that_is_null(stage: Stage) -> None:
    """W10: the intermediate document says every language, as the register demands, also one that is null."""
    ids, asked = _swap(stage)
    names = {"nb": "a", "nn": None, "en": "c"}
    for name in ids:
        stage.seed({**stage.held(name)[name], "name": names, "description": names})

    assert set(_words(stage.apply(stage.plan(asked))).values()) == {"done"}


def test_a_way_back_through_a_text_that_is_null(stage: Stage) -> None:
    """W10: what is put back says it too."""
    ids, asked = _swap(stage)
    for name in ids:
        stage.seed({**stage.held(name)[name], "name": {"nb": "a", "nn": None, "en": "c"}})
    before = stage.held(*ids)
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[1]}")

    stage.apply(stage.plan(asked))

    assert stage.held(*ids) == before


def test_what_is_not_asked_to_change_keeps_blanks_and_repeats(stage: Stage) -> None:
    """R10, R13: a PUT for another reason takes neither from the live redirect URLs."""
    (one,) = stage.fresh("a")
    sent = ["https://x.example/A%20", "https://y.example/", "https://y.example/", "https://y.example/"]
    stage.seed(a_full_document(one, clientId=[], allowedRedirectUrls=sent))
    urls = stage.held(one)[one]["allowedRedirectUrls"]
    assert (urls[0], len(urls)) == ("https://x.example/A ", 4)
    asked = [define(one, clientId=[], isVisible=False, allowedRedirectUrls=[urls[0].strip(), urls[1]])]

    (outcome,) = stage.apply(stage.plan(asked)).outcomes

    assert (outcome.word, outcome.alarming) == ("done", False)
    assert stage.held(one)[one]["allowedRedirectUrls"] == urls


def test_what_others_wrote_stays_when_an_id_is_put_back(stage: Stage) -> None:
    """Somebody writes between the release and the way back: the id is put back on what they left."""
    ids, asked = _swap(stage)
    write = {"system": ids[0], **THEIRS}
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[1]}")
    stage.strike(fault="writer", when="after", method="GET", path=f"*{ids[1]}/changelog", skip=3, write=write)

    report = stage.apply(stage.plan(asked))

    held = stage.held(*ids)[ids[0]]
    assert (held["isVisible"], held["clientId"]) == (False, [a_client(stage.count * 10)])
    assert _words(report) == {"a": "failed", "b": "failed"}


def test_a_deleted_systems_client_id_cannot_be_put_back(stage: Stage) -> None:
    """The report says so: the deletion was done, and somebody has to look."""
    one, other = stage.fresh("a", "b")
    x = a_client(stage.count * 10)
    stage.seed(a_full_document(one, clientId=[x]), a_full_document(other, clientId=[]))
    plan = stage.plan([withdraw(one), define(other, clientId=[x])])
    stage.strike(fault="status", status=400, method="PUT", path=f"*{other}")

    report = stage.apply(plan)

    assert _words(report) == {"a": "done", "b": "failed"}
    assert report.outcomes[0].alarming
    assert "cannot be put back" in report.outcomes[0].reason
    assert report.exit_code == 1


def test_a_client_id_that_is_not_put_back_is_said(stage: Stage) -> None:
    """The release was done, the claim was refused, and so was the way back: the id is on no system."""
    one, other = stage.fresh("a", "b")
    x = a_client(stage.count * 10)
    stage.seed(a_full_document(one, clientId=[x]), a_full_document(other, clientId=[]))
    plan = stage.plan([define(one, clientId=[]), define(other, clientId=[x])])
    stage.strike(fault="status", status=400, method="PUT", path=f"*{other}", times=0)
    stage.strike(fault="status", status=400, method="PUT", path=f"*{one}", times=0, skip=1)

    report = stage.apply(plan)

    assert _words(report) == {"a": "done", "b": "failed"}
    released = report.outcomes[0]
    assert released.alarming
    assert "putting it back failed" in released.reason
    assert released.hint == "Plan again; the id is on no system."


def test_a_write_before_the_last_step_of_a_swap_is_what_differs(stage: Stage) -> None:
    """The first step was sent, so the change failed, and what is said to differ is what is held now."""
    ids, asked = _swap(stage)
    write = {"system": ids[0], "set": {"description": {"nb": "T", "nn": "T", "en": "T"}}}
    stage.strike(fault="writer", when="after", method="PUT", path=f"*{ids[1]}", write=write)

    report = stage.apply(stage.plan(asked))

    first = report.outcomes[0]
    assert first.word == "failed"
    assert "The system moved since the plan was made" in first.reason
    assert "description.nb" in {each.path for each in first.differs}
    assert stage.held(*ids)[ids[0]]["description"]["nb"] == "T"


def test_a_write_around_an_intermediate_step_stops_the_rest(stage: Stage) -> None:
    """What somebody wrote after the release was in no plan, so the claim does not overwrite it."""
    ids, asked = _swap(stage)
    write = {"system": ids[0], "set": {"description": {"nb": "T", "nn": "T", "en": "T"}}}
    stage.strike(fault="writer", when="after", method="PUT", path=f"*{ids[0]}", write=write)

    report = stage.apply(stage.plan(asked))

    assert _words(report)["a"] == "failed"
    assert "another-writer" in report.outcomes[0].reason
    assert stage.held(*ids)[ids[0]]["description"]["nb"] == "T"
    stage.converge(asked)


def _one_update(stage: Stage) -> tuple[str, list[Resolved]]:
    (one,) = stage.fresh("a")
    mine = a_client(stage.count * 10)
    stage.seed(a_full_document(one, clientId=[mine]))
    return one, [define(one, clientId=[mine], allowedRedirectUrls=["https://other.example/"])]


def test_a_system_that_moved_since_the_plan_is_refused(stage: Stage) -> None:
    """The refusal names the member, the client and the time; nothing is written to any system."""
    one, asked = _one_update(stage)
    other, more = _one_update(stage)
    plan = stage.plan([*asked, *more])
    stage.control("POST", "writes", {"system": one, **THEIRS})
    before = stage.held(one, other)

    with pytest.raises(Refused) as refused:
        stage.apply(plan)

    message = refused.value.message
    assert f"`{one}` moved in isVisible: client somebody of organisation {VENDOR} wrote at 20" in message
    assert other not in message
    assert stage.held(one, other) == before


def test_a_write_before_the_last_reading_makes_the_system_stale(stage: Stage) -> None:
    """It is found right before the request, and nothing is sent."""
    one, asked = _one_update(stage)
    write = {"system": one, **THEIRS}
    stage.strike(fault="writer", when="after", method="GET", path=f"*{one}", skip=1, write=write)
    plan = stage.plan(asked)
    stage.control("DELETE", "log")

    report = stage.apply(plan)

    (outcome,) = report.outcomes
    assert isinstance(outcome, Stale)
    assert "client somebody" in outcome.reason
    assert {each.path for each in outcome.differs} >= {"isVisible"}
    assert [e for e in stage.log() if e["method"] == "PUT" and "another writer" not in e["faults"]] == []


def test_a_write_between_the_last_reading_and_ours_is_found_in_the_log(stage: Stage) -> None:
    """It is told with client, time and the values that were lost, and the run ends with 1."""
    one, asked = _one_update(stage)
    plan = stage.plan(asked)
    stage.strike(fault="writer", method="PUT", path=f"*{one}", write={"system": one, **THEIRS})

    report = stage.apply(plan)

    (outcome,) = report.outcomes
    assert isinstance(outcome, Done)
    assert "Between the last reading and this write, client somebody of organisation" in outcome.reason
    assert "wrote at 20" in outcome.reason
    assert "isVisible was false, is now true" in outcome.reason
    assert (outcome.differs, report.exit_code) == ((), 1)
    assert stage.held(one)[one]["isVisible"] is True


def test_a_write_after_ours_is_found_by_the_read_back(stage: Stage) -> None:
    """What the register holds now is told where it differs from the plan, and who did it."""
    one, asked = _one_update(stage)
    plan = stage.plan(asked)
    stage.strike(fault="writer", when="after", method="PUT", path=f"*{one}", write={"system": one, **THEIRS})

    report = stage.apply(plan)

    (outcome,) = report.outcomes
    assert isinstance(outcome, Done)
    assert "Since then, client somebody" in outcome.reason
    assert [(each.path, each.actual, each.expected) for each in outcome.differs] == [
        ("isVisible", False, True)
    ]
    assert report.exit_code == 1


def _many(stage: Stage, number: int = 4) -> list[Resolved]:
    asked = []
    for _ in range(number):
        asked += _one_update(stage)[1]
    return asked


def test_a_second_401_stops_the_run(stage: Stage) -> None:
    """The token is renewed once; refused again, every further request is pointless."""
    asked = _many(stage)
    plan = stage.plan(asked)
    before = stage.held(*(each.system.id for each in asked))
    stage.strike(fault="status", status=401, method="PUT", times=0, skip=1)

    report = stage.apply(plan, workers=1)

    assert [each.word for each in report.outcomes] == ["done", "failed", "not tried", "not tried"]
    check_truth(stage, report, before)


def test_401_on_everything_proves_nothing(stage: Stage) -> None:
    """W19: what 401 says of a write can be untrue, and here it cannot be read back."""
    asked = _many(stage, 2)
    plan = stage.plan(asked)
    before = stage.held(*(each.system.id for each in asked))
    stage.strike(fault="status", status=401, times=0, path="*systemregister*", skip=2 + 2 + 2)

    report = stage.apply(plan, workers=1)

    assert [each.word for each in report.outcomes] == ["unknown", "not tried"]
    check_truth(stage, report, before)
    stage.heal()
    assert [each.fate.value for each in stage.recover()] == ["undone"]


def test_a_token_that_expires_is_renewed(stage: Stage) -> None:
    """Mid-run, at a write: it is sent again with a fresh token, and everything is done."""
    asked = _many(stage)
    plan = stage.plan(asked)
    stage.strike(fault="expire", method="PUT", skip=2)

    assert {each.word for each in stage.apply(plan, workers=1).outcomes} == {"done"}


def test_a_wish_to_stop_finishes_what_is_under_way(stage: Stage) -> None:
    """Nothing new is begun; what was begun has its outcome, and the rest was not tried."""
    asked = _many(stage, 6)
    stop = Event()
    before = stage.held(*(each.system.id for each in asked))
    stage.strike(fault="latency", seconds=0.1, method="PUT", times=0)

    report = _apply_reporting(stage, stage.plan(asked), stop, lambda _: stop.set())

    words = [each.word for each in report.outcomes]
    assert sorted(set(words)) == ["done", "not tried"]
    ids = {each.system.id for each in asked}
    sent = [
        each for each in stage.log() if each["method"] == "PUT" and each["path"].rpartition("/")[2] in ids
    ]
    assert words.count("done") == len(sent)
    check_truth(stage, report, before)
    assert stage.newest().ended


def test_a_wish_to_stop_does_not_wait_for_a_lost_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outcome is unknown, and `recover` finds it out."""
    one, asked = _one_update(stage)
    stop = Event()
    monkeypatch.setattr(stage, "patience", 60.0)
    stage.strike(fault="reset", method="PUT", path=f"*{one}")
    plan = stage.plan(asked)
    report: list[Report] = []
    run = Thread(target=lambda: report.append(_apply_reporting(stage, plan, stop, stage.reported.append)))
    run.start()
    while not any(entry["method"] == "PUT" for entry in stage.log()):
        time.sleep(0.02)
    stop.set()
    run.join(10)
    monkeypatch.undo()

    assert not run.is_alive()
    assert isinstance(report[0].outcomes[0], Unknown)
    assert [each.fate.value for each in stage.recover()] == ["undone"]
    stage.converge(asked)


@pytest.mark.slow
def test_a_job_that_is_cancelled_does_not_wait_for_an_answer(stage: Stage) -> None:
    """When its time is over, what is under way is unknown and stays open; the request itself may come through."""
    one, asked = _one_update(stage)
    stop, plan = Event(), stage.plan(asked)
    stage.strike(fault="latency", seconds=1.5, method="PUT", path=f"*{one}")
    site = Site(
        stage.register, stage.target, stage.ownership(), stage.folder, stage.folder, stage.folder / "l"
    )
    terms = Terms(plan.digest, stop=stop, grace=0.1)
    began = time.monotonic()
    with lock_for_apply(site) as lock, clear(plan, lock, terms) as clearance:
        Timer(0.3, stop.set).start()
        report = apply_plan(clearance, on_outcome=stage.reported.append)
    took = time.monotonic() - began

    assert (report.exit_code, took < 1.4) == (Exit.UNKNOWN, True)
    assert [each.reason for each in report.outcomes] == ["The run was stopped before its answer came."]
    (left,) = stage.newest().open
    assert left.id == one
    time.sleep(1.5)
    assert stage.newest().open == (left,)  # what its thread found out afterwards is in no file
    assert [each.fate.value for each in stage.recover()] == ["done"]


class _Full(Journal):
    """A journal on a disk that is full from one of its lines on, those before the first request not counted."""

    def __init__(self, journal: Journal, room: int) -> None:
        super().__init__(journal.path, journal._descriptor)
        self.room = room

    def _append(self, kind: str, record: Json) -> None:
        self.room -= kind not in {"provenance", "kept"}
        if self.room < 0:
            raise OSError(28, "No space left on device")
        super()._append(kind, record)


@pytest.mark.parametrize(("room", "first"), [(0, NotTried), (1, Done), (2, Done), (3, Done)])
def test_a_journal_that_cannot_be_written_stops_the_run(stage: Stage, room: int, first: type) -> None:
    """What cannot be written down is not done; what was done is told."""
    asked = _many(stage, 3)
    before = stage.held(*(each.system.id for each in asked))
    plan = stage.plan(asked)

    with stage.clear(plan, workers=1, wrap=lambda journal: _Full(journal, room)) as clearance:
        report = apply_plan(clearance, on_outcome=stage.reported.append)

    assert isinstance(report.outcomes[0], first)
    assert isinstance(report.outcomes[-1], NotTried)
    assert "No space left on device" in report.outcomes[-1].reason
    assert [each.alarming for each in report.outcomes] == [room == 1, room == 3, False]
    check_truth(stage, report, before)
    stage.converge(asked)


class _Broken(Journal):
    """A journal with a fault of our own in it."""

    def record_outcome(self, outcome: RecordedOutcome) -> None:
        raise RuntimeError(f"a bug at step {outcome.step}")


def test_a_fault_of_our_own_loses_no_report(stage: Stage) -> None:
    """The system it struck is unknown, the rest is not tried, and there is a report."""
    asked = _many(stage, 2)
    plan = stage.plan(asked)

    with stage.clear(plan, workers=1, wrap=lambda made: _Broken(made.path, made._descriptor)) as clearance:
        report = apply_plan(clearance, on_outcome=stage.reported.append)

    assert [each.word for each in report.outcomes] == ["unknown", "not tried"]
    stage.converge(asked)


@pytest.mark.slow
def test_a_write_that_is_committed_late_is_waited_for(
    private_key: RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client gave up, and the register commits afterwards: within the patience that is Done."""
    monkeypatch.setattr("reconciler.clients.altinn_api.find_seconds", lambda _: 0.3)
    with open_stage(private_key, tmp_path) as stage:
        one, asked = _one_update(stage)
        plan = stage.plan(asked)
        stage.patience = 5.0
        stage.strike(fault="late", seconds=1.0, method="PUT", path=f"*{one}")
        stage.strike(fault="timeout", when="after", method="PUT", path=f"*{one}")

        report = stage.apply(plan)

        assert isinstance(report.outcomes[0], Done)
        check_truth(stage, report, {})
        check_sent_once(stage)


def test_a_write_that_passes_its_time_is_unknown_and_not_failed(
    private_key: RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W23: the register may still look up one right after the other; patience begins when we stop waiting."""
    monkeypatch.setattr("reconciler.clients.altinn_api.find_seconds", lambda _: 0.5)
    with open_stage(private_key, tmp_path) as stage:
        one, asked = _one_update(stage)
        plan = stage.plan(asked)
        stage.patience = 0.3
        stage.strike(fault="latency", seconds=2.0, method="PUT", path=f"*{one}")

        (outcome,) = stage.apply(plan).outcomes

        assert outcome.word == "unknown"
        assert "it took too long" in outcome.reason
        assert "recover" in outcome.hint


def test_our_own_entry_under_another_client_is_not_told_as_failed(stage: Stage) -> None:
    """The configuration names other clients than the one that writes: nothing shows the lost write undone."""
    one, asked = _one_update(stage)
    plan = stage.plan(asked)
    stage.strike(fault="reset", when="after", method="PUT", path=f"*{one}")

    with stage.clear(plan, ours=frozenset({"somebody-else"})) as clearance:
        report = apply_plan(clearance, on_outcome=stage.reported.append)

    assert isinstance(report.outcomes[0], Unknown)
    assert (report.exit_code, stage.newest().open[0].id) == (5, one)


def test_outcomes_are_told_as_they_are_known(stage: Stage) -> None:
    """Each system is told once where nothing is put back."""
    asked = _many(stage, 3)

    report = stage.apply(stage.plan(asked))

    assert sorted(each.change.id for each in stage.reported) == [each.change.id for each in report.outcomes]


def test_a_plan_without_writes_leaves_an_empty_journal(stage: Stage) -> None:
    """The journal says that the run came to its end."""
    one, _ = _one_update(stage)
    plan = stage.plan([define(one, clientId=stage.held(one)[one]["clientId"])])

    assert stage.apply(replace(plan)).outcomes == ()
    assert (stage.newest().ended, stage.newest().intents) == (True, {})


def _sent(stage: Stage) -> list[str]:
    return [e["method"] for e in stage.log() if e["path"].startswith(VENDOR_PATH) and e["method"] != "GET"]


def test_recover_sends_nothing(stage: Stage) -> None:
    """It only reads, whatever it finds."""
    one, asked = _one_update(stage)
    journal = _start_journal(stage)
    plan = stage.plan(asked)
    newest = stage.register.read_changes(one)[0]["created"]
    journal.record_intent(plan.steps[0], live=plan.writes[0].live, newest=newest)
    stage.control("DELETE", "log")

    (found,) = stage.recover()

    assert (found.intent.id, found.fate.value) == (one, "undone")
    assert _sent(stage) == []


def test_what_recover_cannot_tell_blocks_nobody_for_ever(stage: Stage) -> None:
    """With its time out, a request whose fate nothing shows is recorded as unknown, and a new plan may go on."""
    one, asked = _one_update(stage)
    plan = stage.plan(asked)
    journal = _start_journal(stage)
    live = plan.writes[0].live
    assert live is not None
    other = RegisteredSystem({**live.document, "isVisible": False})
    journal.record_intent(plan.steps[0], live=other, newest="9999")

    assert [each.fate.value for each in stage.recover()] == ["unknown"]
    assert stage.recover() == []
    stage.converge(asked)
    assert stage.held(one)[one]["allowedRedirectUrls"] == ["https://other.example/"]


def test_failed_is_what_the_register_refused(stage: Stage) -> None:
    """The reason is the register's, and what it holds is told where it differs."""
    (one,) = stage.fresh("a")
    right = {"resource": [{"id": "urn:altinn:resource", "value": "nobody-knows-this"}]}
    stage.seed(a_full_document(one, clientId=[]))

    (outcome,) = stage.apply(stage.plan([define(one, clientId=[], rights=[right])])).outcomes

    assert isinstance(outcome, Failed)
    assert "AUTH.VLD-00003" in outcome.reason
    assert len(outcome.differs) == 2
