"""One request against a register that does and answers what a test says; nothing waits for a second."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, cast

import pytest

from reconciler.errors import (
    NoAnswer,
    NotConnected,
    Rejected,
    ServerFailed,
    TokenRenewed,
    TooManyRequests,
    Unauthorised,
)
from reconciler.execution.journal import start_run
from reconciler.execution.journal_folder import read_runs
from reconciler.execution.outcome import Done, Failed, NotTried, Stale, Unknown
from reconciler.execution.request import SLOW, Attempted, Writer, _Sending, carry_out
from reconciler.execution.snapshot import Known
from reconciler.model.system import RegisteredSystem
from reconciler.planning.plan import Plan, Target, plan_changes
from tests.builders import VENDOR, a_live_document, a_resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.clients.register import Register
    from reconciler.errors import ReconcilerError
    from reconciler.execution.journal import Run
    from reconciler.model.canonical_json import Json

ONE = f"{VENDOR}_smartcloud"
TARGET = Target("tt02", "https://register.example", VENDOR)
FIRST = "2026-07-17T01"


@dataclass
class Told:
    """A register with one system; `answers` are what its writes do: whether they are carried out, and say."""

    answers: Iterator[tuple[bool, ReconcilerError | None]]
    client: str = "ours"
    reads: list[ReconcilerError | None] = field(default_factory=list)
    """What the next readings of the document raise; None for nothing."""
    document: dict[str, Json] = field(default_factory=a_live_document)
    log: list[dict[str, Json]] = field(default_factory=list)
    sent: int = 0
    deletes: bool = False
    """Whether somebody deletes the system right after a write."""

    def write(self, client: str, kind: str = "update", **members: Json) -> None:
        """Carry a write out, as the register does: document and log together."""
        self.document |= members
        data = None if kind == "delete" else dict(self.document)
        entry = {"changeType": kind, "clientId": client, "changedByOrgNumber": VENDOR, "changedData": data}
        self.log.insert(0, {**entry, "created": f"2026-07-17T{len(self.log) + 1:02}"})

    def read_system(self, system: str) -> RegisteredSystem:
        """Read the document."""
        assert system == ONE
        error = self.reads.pop(0) if self.reads else None
        if error is not None:
            raise error
        return RegisteredSystem(dict(self.document))

    def read_changes(self, system: str) -> tuple[Mapping[str, Json], ...]:
        """Read the log."""
        assert system == ONE
        return tuple(self.log)

    def replace_system(self, system: str, body: Mapping[str, Json], *, traceparent: str) -> None:
        """Do what the test says."""
        assert (system, len(traceparent)) == (ONE, 55)
        self.sent += 1
        is_done, error = next(self.answers)
        if is_done:
            self.write(self.client, **body)
            if self.deletes:
                self.write("theirs", "delete", isDeleted=True)
        if error is not None:
            raise error


def _plan() -> Plan:
    desired = a_resolved("tt02", isVisible=False)
    return plan_changes(TARGET, [desired], {desired.system.id: RegisteredSystem(a_live_document())}, [])


def _attempt(
    register: Told,
    folder: Path,
    *,
    newest: str | None = FIRST,
    patience: float = 0.0,
    stop: Event | None = None,
) -> tuple[Attempted, Run]:
    plan = _plan()
    (change,), (step,) = plan.changes, plan.steps
    journal = start_run(folder, TARGET, digest=plan.digest, version="1")
    writer = Writer(cast("Register", register), journal, frozenset({"ours"}), patience, stop or Event())
    try:
        attempted = carry_out(step, change, Known(change.live_digest, newest), writer)
    finally:
        journal.end()
    (run,) = read_runs(folder)
    return attempted, run


def _answering(*answers: tuple[bool, ReconcilerError | None], client: str = "ours") -> Told:
    """Make a register whose system was registered by ourselves."""
    register = Told(iter(answers), client)
    register.write("ours", "create")
    return register


def test_what_was_carried_out_is_done_and_recorded(tmp_path: Path) -> None:
    """The intent names the newest entry before it, the outcome the entry that is ours."""
    attempted, run = _attempt(_answering((True, None)), tmp_path)

    assert isinstance(attempted.outcome, Done)
    assert (attempted.halt, attempted.is_moved, attempted.outcome.reason) == ("", False, "")
    assert (run.intents[1].newest, run.intents[1].live) == (FIRST, a_live_document())
    recorded = run.outcomes[1]
    assert recorded.entry is not None
    assert (recorded.id, recorded.outcome, recorded.by, recorded.lost) == (ONE, "done", "apply", False)
    assert recorded.entry["created"] == "2026-07-17T02"
    assert recorded.held == {**a_live_document(), "isVisible": False}


def test_what_a_name_that_is_not_ours_wrote_is_not_ours(tmp_path: Path) -> None:
    """R15: the same content, by a client that nobody configured: it may be ours, and may not."""
    attempted, run = _attempt(_answering((True, NoAnswer("It did not answer.")), client="theirs"), tmp_path)

    assert isinstance(attempted.outcome, Unknown)
    assert (run.outcomes[1].outcome, run.outcomes[1].entry, run.outcomes[1].lost) == ("unknown", None, True)


def test_a_write_that_a_deletion_followed_is_recorded_as_done(tmp_path: Path) -> None:
    """R3: the change failed, since nobody holds it; the request was carried out, and recover must not ask again."""
    register = _answering((True, None))
    register.deletes = True
    attempted, run = _attempt(register, tmp_path)

    assert isinstance(attempted.outcome, Failed)
    assert (run.outcomes[1].outcome, attempted.is_moved) == ("done", True)


@pytest.mark.parametrize(
    ("error", "halts"), [(Unauthorised("No token."), True), (ServerFailed("It failed.", status=500), False)]
)
def test_what_cannot_be_read_is_not_tried(tmp_path: Path, error: ReconcilerError, *, halts: bool) -> None:
    """Without a token no other request can do better; after a 500 it may."""
    register = _answering()
    register.reads = [error]
    attempted, run = _attempt(register, tmp_path)

    assert isinstance(attempted.outcome, NotTried)
    assert attempted.halt == (error.message if halts else "")
    assert (register.sent, run.intents) == (0, {})


@pytest.mark.parametrize(
    ("newest", "named"),
    [(FIRST, ["one", "two"]), (None, ["two"])],
    ids=["all-since-the-plan", "the-newest-where-nobody-looked"],
)
def test_a_system_that_moved_is_left_with_names(tmp_path: Path, newest: str | None, named: list[str]) -> None:
    """W1: nothing is sent over a document that nobody reviewed, and who wrote it is said."""
    register = _answering()
    register.write("one", isVisible=False)
    register.write("two", clientId=[])
    attempted, run = _attempt(register, tmp_path, newest=newest)

    assert isinstance(attempted.outcome, Stale)
    assert [who for who in ("one", "two") if f"client {who} " in attempted.outcome.reason] == named
    assert (register.sent, run.intents) == (0, {})


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (TokenRenewed("401.", status=401), 2),
        (TooManyRequests("429.", wait=0.0), 3),
        (Unauthorised("401.", status=401), 1),
        (ServerFailed("500.", status=500), 1),
        (Rejected("400."), 1),
        (NotConnected("No connection."), 1),
    ],
)
def test_how_often_a_write_is_sent(tmp_path: Path, error: ReconcilerError, sent: int) -> None:
    """W19: once; after 401 with another token once more, after 429 until it is taken or its time is out."""
    register = _answering((False, error), (False, error), (True, None))
    attempted, run = _attempt(register, tmp_path)

    assert (register.sent, len(run.intents)) == (sent, 1)
    assert isinstance(attempted.outcome, Done if sent == 3 else Failed)
    assert attempted.halt == (error.message if isinstance(error, (Unauthorised, NotConnected)) else "")


def test_a_wait_that_is_too_long_is_not_waited(tmp_path: Path) -> None:
    """W19: 429 that asks for a minute is the end of it."""
    register = _answering((False, TooManyRequests("429.", wait=60.0)))

    assert isinstance(_attempt(register, tmp_path)[0].outcome, Failed)
    assert register.sent == 1


@pytest.mark.parametrize("error", [TokenRenewed("401.", status=401), TooManyRequests("429.", wait=0.0)])
def test_nothing_is_sent_again_once_the_run_is_to_stop(tmp_path: Path, error: ReconcilerError) -> None:
    """What is under way is verified, and nothing new begun."""
    stop = Event()
    stop.set()
    register = _answering((False, error))

    assert isinstance(_attempt(register, tmp_path, stop=stop)[0].outcome, Failed)
    assert register.sent == 1


@pytest.mark.parametrize(
    ("error", "word", "lost"),
    [
        (NoAnswer("No answer."), "failed", True),
        (NoAnswer("No answer.", overdue=True), "unknown", True),
        (ServerFailed("502.", status=502), "failed", True),
        (Rejected("400."), "failed", False),
    ],
)
def test_what_left_no_trace_in_its_time(
    tmp_path: Path, error: ReconcilerError, word: str, *, lost: bool
) -> None:
    """W20: failed where its time is out, and marked where recover is to look once more."""
    attempted, run = _attempt(_answering((False, error)), tmp_path)

    assert (attempted.outcome.word, run.outcomes[1].outcome, run.outcomes[1].lost) == (word, word, lost)


def test_a_stop_while_a_lost_answer_is_waited_for_leaves_it_unknown(tmp_path: Path) -> None:
    """Its time is not out, so it is unknown."""
    stop = Event()
    stop.set()
    register = _answering((False, NoAnswer("No answer.")))

    assert isinstance(_attempt(register, tmp_path, patience=60.0, stop=stop)[0].outcome, Unknown)


def test_what_cannot_be_read_back_is_unknown(tmp_path: Path) -> None:
    """The token is gone, which ends the run, and the register fails as well."""
    register = _answering((False, Unauthorised("No token.", status=401)))
    register.reads = [None, ServerFailed("It failed.", status=500)]
    attempted, run = _attempt(register, tmp_path)

    assert isinstance(attempted.outcome, Unknown)
    assert (attempted.halt, run.outcomes[1].outcome) == ("No token.", "unknown")


@pytest.mark.parametrize(
    ("error", "took", "may"),
    [
        (ServerFailed("", status=500), SLOW - 0.01, False),
        (ServerFailed("", status=500), SLOW, True),
        (ServerFailed("", status=502), 0.0, True),
        (NoAnswer(""), 0.0, True),
        (Rejected(""), SLOW, False),
        (NotConnected(""), SLOW, False),
        (None, SLOW, False),
    ],
)
def test_what_may_still_come(error: ReconcilerError | None, took: float, *, may: bool) -> None:
    """W19, contract §9.3: a quick 500 is the last word, a slow one, a 502 or no answer is not."""
    assert replace(_Sending("trace", error), took=took).may_still_come is may


def test_what_nobody_planned_is_said(tmp_path: Path) -> None:
    """W1: somebody wrote since the plan and left the document as it was."""
    register = _answering((True, None))
    register.write("theirs")
    attempted, _ = _attempt(register, tmp_path)

    assert isinstance(attempted.outcome, Done)
    assert attempted.outcome.reason.startswith("Since the plan, client theirs ")
