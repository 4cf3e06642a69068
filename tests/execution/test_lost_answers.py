"""What a run makes of answers that are lost, late, untrue or somebody else's fault."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from reconciler.clients.trace_context import read_trace_id
from reconciler.errors import NoAnswer, ServerFailed, Unintelligible
from reconciler.execution.executor import apply_plan
from reconciler.execution.journal_folder import read_runs
from reconciler.execution.outcome import Done, Failed, Unknown
from reconciler.execution.recovery import find_stranded
from tests.execution.stage import Stage, a_client, a_full_document, check_truth, define
from tests.execution.test_matrix import Meddled
from tests.served import CLIENT_ID, VENDOR_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved
    from reconciler.errors import RegisterError
    from reconciler.model.canonical_json import Json

    Send = Callable[[Mapping[str, Json]], None]
    Put = Callable[[Send, Mapping[str, Json]], None]

THEIRS = {"set": {"isVisible": False}, "client_id": "somebody"}


class Faulty(Meddled):
    """A register whose PUTs do what a test says instead, and pass on what it lets through."""

    def __init__(self, inner: Register, put: Put) -> None:
        super().__init__(inner, -1, lambda: None)
        self.put = put

    def replace_system(self, system: str, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Replace, as the test wants it."""
        self.count(system)
        self.put(lambda each: self.inner.replace_system(system, each, traceparent=traceparent), body)


def _one(stage: Stage, **changes: Json) -> tuple[str, list[Resolved]]:
    """Have one system, written by ourselves, and ask for another redirect URL."""
    (one,) = stage.fresh("a")
    mine = a_client(stage.count * 10)
    stage.seed(a_full_document(one, clientId=[mine]))
    stage.control("POST", "writes", {"system": one, "set": {}, "client_id": CLIENT_ID})
    return one, [define(one, clientId=[mine], allowedRedirectUrls=["https://other.example/"], **changes)]


def _swap(stage: Stage) -> tuple[list[str], list[Resolved]]:
    one, other = stage.fresh("a", "b")
    x, y = (a_client(stage.count * 10 + number) for number in range(2))
    stage.seed(a_full_document(one, clientId=[x]), a_full_document(other, clientId=[y]))
    return [one, other], [define(one, clientId=[y], isVisible=False), define(other, clientId=[x])]


def _methods(stage: Stage, method: str) -> int:
    ours = [each for each in stage.log() if "another writer" not in each["faults"]]
    return sum(each["method"] == method and str(each["path"]).startswith(VENDOR_PATH) for each in ours)


def _lines(stage: Stage, kind: str) -> list[str]:
    return [line for line in stage.newest().path.read_text().splitlines() if f'"kind":"{kind}"' in line]


@pytest.mark.parametrize("status", [401, 429])
def test_what_was_committed_is_not_sent_again(stage: Stage, status: int) -> None:
    """W19: the document and the log are read first, and show that it was carried out."""
    one, asked = _one(stage)
    plan = stage.plan(asked)
    stage.strike(fault="status", status=status, when="after", method="PUT", path=f"*{one}", retry_after=0)
    stage.control("DELETE", "log")

    (outcome,) = stage.apply(plan).outcomes

    assert isinstance(outcome, Done)
    assert "The change log shows that it was carried out" in outcome.reason
    assert _methods(stage, "PUT") == 1


@pytest.mark.parametrize("status", [401, 429])
def test_what_was_not_done_is_sent_again(stage: Stage, status: int) -> None:
    """W19: once the register has shown that nothing happened."""
    one, asked = _one(stage)
    plan = stage.plan(asked)
    stage.strike(fault="status", status=status, method="PUT", path=f"*{one}", retry_after=0)
    stage.control("DELETE", "log")

    (outcome,) = stage.apply(plan).outcomes

    assert (outcome.word, outcome.reason, _methods(stage, "PUT")) == ("done", "", 2)
    assert len(_lines(stage, "intent")) == 1


def test_a_second_401_is_the_last(stage: Stage) -> None:
    """W19: another token did not help, and a third would not."""
    one, asked = _one(stage)
    plan = stage.plan(asked)
    stage.strike(fault="status", status=401, method="PUT", path=f"*{one}", times=3)
    stage.control("DELETE", "log")

    (outcome,) = stage.apply(plan).outcomes

    assert (outcome.word, _methods(stage, "PUT")) == ("failed", 2)


def test_nothing_is_sent_again_over_the_write_of_another(stage: Stage) -> None:
    """W19: 429, and meanwhile somebody wrote: what we would send was made from another document."""
    one, asked = _one(stage)
    plan = stage.plan(asked)
    stage.strike(fault="writer", method="PUT", path=f"*{one}", write={"system": one, **THEIRS})
    stage.strike(fault="status", status=429, method="PUT", path=f"*{one}", retry_after=0)
    stage.control("DELETE", "log")

    (outcome,) = stage.apply(plan).outcomes

    assert isinstance(outcome, Failed)
    assert "client somebody" in outcome.reason
    assert (_methods(stage, "PUT"), stage.held(one)[one]["isVisible"]) == (1, False)


def _late(error: RegisterError, seconds: float = 0.1) -> Put:
    """Answer with an error, and carry the write out later."""

    def put(send: Send, body: Mapping[str, Json]) -> None:
        def commit() -> None:
            time.sleep(seconds)
            send(body)

        Thread(target=commit).start()
        raise error

    return put


@pytest.mark.parametrize(
    "error",
    [
        NoAnswer("cut off"),
        Unintelligible("no sense"),
        ServerFailed("502", status=502),
        ServerFailed("503", status=503),
        ServerFailed("504", status=504),
    ],
    ids=lambda error: error.message,
)
def test_a_write_that_comes_through_after_its_answer_is_waited_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: RegisterError
) -> None:
    """W20: after an answer that says nothing, the register is looked at for as long as the patience lasts."""
    _, asked = _one(stage)
    monkeypatch.setattr(stage, "patience", 10.0)
    monkeypatch.setattr("reconciler.execution.request.LOOK_AGAIN", 0.05)

    (outcome,) = stage.apply(stage.plan(asked), register=Faulty(stage.register, _late(error))).outcomes

    assert isinstance(outcome, Done)
    assert error.message in outcome.reason


@pytest.mark.parametrize(("slow", "word"), [(0.0, "done"), (25.0, "failed")])
def test_a_slow_500_is_waited_for_and_a_quick_one_is_not(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, slow: float, word: str
) -> None:
    """W20: a COMMIT that is held up comes through after a 500 that took long (contract §9.3)."""
    one, asked = _one(stage)
    plan = stage.plan(asked)
    monkeypatch.setattr(stage, "patience", 10.0)
    monkeypatch.setattr("reconciler.execution.request.LOOK_AGAIN", 0.05)
    monkeypatch.setattr("reconciler.execution.request.SLOW", slow)
    register = Faulty(stage.register, _late(ServerFailed("The register answered 500.", status=500), 0.3))

    (outcome,) = stage.apply(plan, register=register).outcomes

    assert outcome.word == word
    assert stage.newest().outcomes[1].lost
    time.sleep(0 if slow == 0 else 0.4)
    assert [each.fate.value for each in stage.recover()] == ([] if slow == 0 else ["done"])
    assert stage.held(one)[one]["allowedRedirectUrls"] == ["https://other.example/"]


@pytest.mark.slow
def test_a_write_that_is_committed_right_after_a_quick_500_is_done(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is read within milliseconds of the answer, before the COMMIT stands in it: it is read once more."""
    _, asked = _one(stage)
    plan = stage.plan(asked)
    monkeypatch.setattr(stage, "patience", 10.0)
    register = Faulty(stage.register, _late(ServerFailed("The register answered 500.", status=500), 0.2))

    (outcome,) = stage.apply(plan, register=register).outcomes

    assert isinstance(outcome, Done)
    assert outcome.reason == "The register answered 500. The change log shows that it was carried out."


def test_a_wish_to_stop_does_not_wait_for_a_second_look(stage: Stage) -> None:
    """What the log says right after a quick 500 is the outcome then."""
    _, asked = _one(stage)
    stop = Event()

    def put(send: Send, body: Mapping[str, Json]) -> None:
        del send, body
        stop.set()
        raise ServerFailed("The register answered 500.", status=500)

    with stage.clear(stage.plan(asked), register=Faulty(stage.register, put), stop=stop) as clearance:
        (outcome,) = apply_plan(clearance, on_outcome=stage.reported.append).outcomes

    assert isinstance(outcome, Failed)


@pytest.mark.slow
def test_recover_looks_again_after_a_lost_answer(stage: Stage) -> None:
    """W20: what was reported as failed, and came through later all the same, is found; once, and not again."""
    one, asked = _one(stage)
    plan = stage.plan(asked)
    register = Faulty(stage.register, _late(ServerFailed("The register answered 503.", status=503), 0.8))
    (outcome,) = stage.apply(plan, register=register).outcomes
    assert isinstance(outcome, Failed)
    assert "looks once more" in outcome.hint
    time.sleep(0.8)

    (found,) = stage.recover()

    assert (found.intent.id, found.fate.value) == (one, "done")
    assert stage.recover() == []
    assert stage.newest().outcomes[1].outcome == "done"


def test_recover_does_not_take_a_later_run_for_the_lost_one(stage: Stage) -> None:
    """W20: the same was sent again, by a later run, and that one's entry is its own."""
    _, asked = _one(stage)
    stage.strike(fault="status", status=503, method="PUT")
    assert stage.apply(stage.plan(asked)).outcomes[0].word == "failed"
    assert stage.apply(stage.plan(asked)).outcomes[0].word == "done"

    (found,) = stage.recover()

    assert found.fate.value == "undone"


def test_a_500_that_was_committed_is_done(stage: Stage) -> None:
    """W20: the database goes away after COMMIT; the log decides."""
    one, asked = _one(stage)
    stage.strike(fault="status", status=500, when="after", method="PUT", path=f"*{one}")

    (outcome,) = stage.apply(stage.plan(asked)).outcomes

    assert isinstance(outcome, Done)
    assert outcome.reason.startswith("The register answered 500")


def test_a_500_beside_the_write_of_another_is_explained(stage: Stage) -> None:
    """W26, R15: it lost the race, and nothing of it was done; theirs is named, whoever's client it is."""
    one, asked = _one(stage)
    plan = stage.plan(asked)
    write = {"system": one, "set": {"isVisible": False}, "client_id": CLIENT_ID}
    stage.strike(fault="writer", method="PUT", path=f"*{one}", write=write)
    stage.strike(fault="status", status=500, method="PUT", path=f"*{one}")

    (outcome,) = stage.apply(plan).outcomes

    assert isinstance(outcome, Failed)
    assert "another write came at the same moment; this one was not done" in outcome.reason
    assert f"client {CLIENT_ID}" in outcome.reason
    assert outcome.hint == "Plan again."


def test_a_500_alone_names_the_other_possibility(stage: Stage) -> None:
    """W26: a rival that held one of the client ids has its entry in the log of another system."""
    one, asked = _one(stage)
    plan = stage.plan(asked)
    stage.strike(fault="status", status=500, method="PUT", path=f"*{one}")

    (outcome,) = stage.apply(plan).outcomes

    assert isinstance(outcome, Failed)
    assert "A write at the same moment" in outcome.hint


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_deletion_by_another_around_ours_is_not_done(stage: Stage, when: str) -> None:
    """R3: nobody holds what was asked for; it says who deleted the system."""
    one, asked = _one(stage)
    plan = stage.plan(asked)
    write = {"system": one, "action": "delete", "client_id": "somebody"}
    stage.strike(fault="writer", when=when, method="PUT", path=f"*{one}", write=write)

    report = stage.apply(plan)

    (outcome,) = report.outcomes
    assert isinstance(outcome, Failed)
    assert "lient somebody" in outcome.reason
    assert "deleted it at 20" in outcome.reason
    assert report.exit_code == 1


def test_members_that_the_register_drops_are_named(stage: Stage) -> None:
    """W6: the plan said that they are kept, so somebody has to look, and it is not merely done."""
    _, asked = _one(stage)

    def put(send: Send, body: Mapping[str, Json]) -> None:
        send({name: value for name, value in body.items() if name != "contactEmail"})

    plan = stage.plan(asked)
    report = stage.apply(plan, register=Faulty(stage.register, put))

    (outcome,) = report.outcomes
    assert isinstance(outcome, Done)
    assert "does not hold as they were sent: contactEmail." in outcome.reason
    assert (outcome.alarming, report.exit_code) == (True, 1)


def test_what_the_registry_did_not_answer_is_an_outage(stage: Stage) -> None:
    """W22: the register says 00003 as if the right did not exist; the metadata knows it."""
    _, asked = _one(stage)
    stage.strike(path="/resourceregistry/*", sender="register", times=0, fault="status", status=503)

    report = stage.apply(stage.plan(asked))

    (outcome,) = report.outcomes
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("The register could not reach the registry; nothing was written.")
    assert "AUTH.VLD-00003" in outcome.reason
    assert report.exit_code == 1


def test_what_the_registry_does_not_know_is_the_authors(stage: Stage) -> None:
    """W22: the metadata says so too."""
    right = {"resource": [{"id": "urn:altinn:resource", "value": "nobody-knows-this"}]}
    _, asked = _one(stage, rights=[right])

    (outcome,) = stage.apply(stage.plan(asked)).outcomes

    assert isinstance(outcome, Failed)
    assert "could not reach" not in outcome.reason
    assert "The metadata says so too: `nobody-knows-this` is not a resource" in outcome.reason


def test_each_change_has_one_outcome(stage: Stage) -> None:
    """W11: a release is reported when its claim has ended, and not as done and then as failed."""
    ids = stage.fresh("a", "b")
    x = a_client(stage.count * 10)
    stage.seed(a_full_document(ids[0], clientId=[x]), a_full_document(ids[1], clientId=[]))
    asked = [define(ids[0], clientId=[]), define(ids[1], clientId=[x])]
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[1]}")
    before = stage.held(*ids)

    report = stage.apply(stage.plan(asked))

    assert sorted((each.change.id, each.word) for each in stage.reported) == [
        (name, "failed") for name in ids
    ]
    assert {each.change.id: each for each in stage.reported} == {
        each.change.id: each for each in report.outcomes
    }
    check_truth(stage, report, before)


def test_what_others_did_before_a_way_back_is_still_said(stage: Stage) -> None:
    """W1, W11: the outcome of a put-back keeps what the release had to say."""
    ids = stage.fresh("a", "b")
    x = a_client(stage.count * 10)
    stage.seed(a_full_document(ids[0], clientId=[x]), a_full_document(ids[1], clientId=[]))
    plan = stage.plan([define(ids[0], clientId=[]), define(ids[1], clientId=[x])])
    stage.strike(fault="writer", method="PUT", path=f"*{ids[0]}", write={"system": ids[0], **THEIRS})
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[1]}")

    report = stage.apply(plan)

    assert "client somebody" in report.outcomes[0].reason
    assert "was put back" in report.outcomes[0].reason


class Killed(BaseException):
    """What ends a run without its knowing."""


def _kill_before(stage: Stage, asked: list[Resolved], number: int) -> None:
    """Run until the request before a PUT of a number, and end there as a killed process does."""
    count = 0

    def put(send: Send, body: Mapping[str, Json]) -> None:
        nonlocal count
        if count == number:
            raise Killed
        count += 1
        send(body)

    with pytest.raises(Killed):
        stage.apply(stage.plan(asked), register=Faulty(stage.register, put), workers=1)


def test_a_client_id_between_its_release_and_its_claim_is_named(stage: Stage) -> None:
    """W15: it persists until it is put right, which another run does."""
    ids, asked = _swap(stage)
    x = a_client(stage.count * 10)
    _kill_before(stage, asked, 1)
    assert stage.held(*ids)[ids[0]]["clientId"] == []

    for _ in range(2):
        stage.recover()
        (found,) = find_stranded(read_runs(stage.folder), stage.register)
        assert (found.client, found.released_by, found.meant_for) == (x, ids[0], ids[1])
        assert found.run == stage.newest().start.run

    stage.converge(asked)
    assert find_stranded(read_runs(stage.folder), stage.register) == ()


def test_a_client_id_that_another_system_holds_is_on_one(stage: Stage) -> None:
    """W15: the register is read, and not the journals alone."""
    ids, asked = _swap(stage)
    x = a_client(stage.count * 10)
    _kill_before(stage, asked, 1)
    (third,) = stage.fresh("c")
    stage.seed(a_full_document(third, clientId=[x]))

    stage.recover()

    assert find_stranded(read_runs(stage.folder), stage.register) == ()
    assert stage.held(*ids)[ids[1]]["clientId"] != [x]


def test_a_client_id_that_a_later_run_decided_on_is_not_missing(stage: Stage) -> None:
    """W15: the definitions do not ask for it any more, and a run has carried that out."""
    ids, asked = _swap(stage)
    y = a_client(stage.count * 10 + 1)
    _kill_before(stage, asked, 1)
    stage.recover()

    stage.converge([define(ids[0], clientId=[]), define(ids[1], clientId=[y], isVisible=False)])

    assert find_stranded(read_runs(stage.folder), stage.register) == ()


def test_what_a_deleted_system_was_to_get_is_not_missing(stage: Stage) -> None:
    """W15: nothing can put it there."""
    ids, asked = _swap(stage)
    _kill_before(stage, asked, 1)
    stage.recover()
    stage.control("POST", "writes", {"system": ids[1], "action": "delete"})

    assert find_stranded(read_runs(stage.folder), stage.register) == ()


def test_a_run_that_came_to_its_end_misses_nothing(stage: Stage) -> None:
    """W15: what was released was claimed, or put back."""
    ids, asked = _swap(stage)
    stage.strike(fault="status", status=400, method="PUT", path=f"*{ids[1]}")
    stage.apply(stage.plan(asked))
    stage.control("DELETE", "log")

    assert find_stranded(read_runs(stage.folder), stage.register) == ()
    assert stage.log() == []


def test_an_unknown_outcome_names_its_trace(stage: Stage) -> None:
    """W25: the id in the journal, in the request and in the hint is one."""
    one, asked = _one(stage)
    plan = stage.plan(asked)

    stage.strike(fault="reset", when="after", method="PUT", path=f"*{one}")
    stage.strike(fault="status", status=400, method="GET", path=f"*{one}/changelog", skip=3, times=0)

    (outcome,) = stage.apply(plan).outcomes

    assert isinstance(outcome, Unknown)
    trace = read_trace_id(stage.newest().intents[1].traceparent)
    assert len(trace) == 32
    assert trace in outcome.hint
