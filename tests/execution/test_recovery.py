"""What recover finds out, and what rollback puts back, from a journal and a register that tells."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from reconciler.errors import Forbidden, NoAnswer, ServerFailed
from reconciler.execution.journal import Intent, RecordedOutcome, Run, RunStart
from reconciler.execution.recovery import find_stranded, recover_run, recover_runs
from reconciler.model.system import RegisteredSystem
from reconciler.operations.rollback import undo
from reconciler.planning.change import Blocked, Keep, Update
from tests.builders import VENDOR, a_live_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.clients.register import Register
    from reconciler.errors import ReconcilerError
    from reconciler.model.canonical_json import Json

ONE = f"{VENDOR}_a"
BEFORE = a_live_document(id=ONE, contactEmail="a@b.no")
AFTER = a_live_document(id=ONE, contactEmail="a@b.no", isVisible=False)


def an_intent(step: int, method: str = "PUT", live: Json = BEFORE) -> Intent:
    """Make an intent."""
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return Intent(step, ONE, method, "update", final=True, live=live, body=AFTER, newest="", at=at)


def an_outcome(step: int, word: str = "done", by: str = "apply") -> RecordedOutcome:
    """Make an outcome."""
    return RecordedOutcome(step, ONE, word, "", AFTER, None, by, "")


def a_run(*records: Intent | RecordedOutcome) -> Run:
    """Make a run."""
    run = Run(Path("x.jsonl"), RunStart("r", "https://register.example", "tt02", VENDOR, "d", "1", ""))
    for record in records:
        if isinstance(record, Intent):
            run.intents[record.step] = record
        else:
            run.outcomes[record.step] = record
    return run


def test_an_update_is_put_back_with_all_its_members() -> None:
    """Those too that this tool does not know; read-only ones are not sent."""
    change = undo(a_run(an_intent(1), an_outcome(1)), ONE, RegisteredSystem(AFTER))

    assert isinstance(change, Update)
    assert change.document == {name: value for name, value in BEFORE.items() if name != "isDeleted"}
    assert [each.path for each in change.fields] == ["isVisible"]
    assert change.live == RegisteredSystem(AFTER)


def test_rollback_sends_what_was_held() -> None:
    """R9: a text that is null is demanded by the register, and taken as GET gave it."""
    held = {**BEFORE, "description": {"nb": "a", "nn": None, "en": "c"}}

    change = undo(a_run(an_intent(1, live=held), an_outcome(1)), ONE, RegisteredSystem(AFTER))

    assert isinstance(change, Update)
    assert change.document is not None
    assert change.document["description"] == held["description"]


def test_what_the_run_did_not_change_is_kept() -> None:
    """Its request failed."""
    assert isinstance(undo(a_run(an_intent(1), an_outcome(1, "failed")), ONE, RegisteredSystem(BEFORE)), Keep)


def test_several_steps_go_back_to_before_the_first() -> None:
    """A system that passed through an intermediate document."""
    middle = a_live_document(id=ONE, clientId=[])
    run = a_run(an_intent(1), an_outcome(1, "done"), an_intent(2, live=middle), an_outcome(2))

    change = undo(run, ONE, RegisteredSystem(AFTER))

    assert isinstance(change, Update)
    assert change.document is not None
    assert change.document["clientId"] == BEFORE["clientId"]


@dataclass
class Clock:
    """A clock that moves when somebody sleeps."""

    now: float = 1000.0

    def monotonic(self) -> float:
        """Give the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds > 0
        self.now += seconds


class Silent:
    """A register in which nothing ever happens."""

    def read_system(self, system: str) -> RegisteredSystem:
        """Give the document as it was."""
        return RegisteredSystem({**BEFORE, "id": system})

    def read_changes(self, system: str) -> tuple[Json, ...]:
        """Give an empty log."""
        del system
        return ()


@pytest.mark.parametrize(("age", "waited"), [(3600, 0), (59, 1), (50, 10), (0, 60), (-20, 60), (-3600, 60)])
def test_recover_waits_until_the_time_of_a_request_is_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: int, waited: int
) -> None:
    """T: no longer than the patience, also where the clock was set back since; at once where it is long over."""
    clock = Clock()
    monkeypatch.setattr("reconciler.execution.recovery.time", clock)
    at = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
    path = tmp_path / "x.jsonl"
    path.write_text("", encoding="utf-8")
    run = replace(a_run(replace(an_intent(1), at=at)), path=path)

    (found,) = recover_run(run, cast("Register", Silent()), frozenset(), patience=60.0)

    assert found.fate.value == "undone"
    assert clock.now - 1000 == pytest.approx(waited, abs=0.9)


class Failing(Silent):
    """A register that gives some systems, and fails for the others."""

    def __init__(self, **errors: ReconcilerError) -> None:
        self.errors = errors

    def read_system(self, system: str) -> RegisteredSystem:
        """Give the document as it was, or fail."""
        if system in self.errors:
            raise self.errors[system]
        return super().read_system(system)


def a_long_run(folder: Path) -> Run:
    """Make a run that left three requests open, to the systems a, b and c."""
    path = folder / "x.jsonl"
    path.write_text("", encoding="utf-8")
    intents = (
        replace(an_intent(number, live={**BEFORE, "id": name}), id=name)
        for number, name in enumerate("abc", start=1)
    )
    return replace(a_run(*intents), path=path)


@pytest.mark.parametrize(
    ("errors", "fates", "left"),
    [
        ({"b": Forbidden("no", status=403)}, ["undone", "unknown", "undone"], [2]),
        ({"b": NoAnswer("gone")}, ["undone", "unknown", "unknown"], [2, 3]),
        ({"a": Forbidden("no", status=403)}, ["unknown", "undone", "undone"], [1]),
        ({"c": ServerFailed("down", status=502)}, ["undone", "undone", "unknown"], [3]),
    ],
)
def test_recover_says_what_it_found_whatever_comes_next(
    tmp_path: Path, errors: dict[str, ReconcilerError], fates: list[str], left: list[int]
) -> None:
    """A system that cannot be read stays open, and takes no outcome from the others."""
    run = a_long_run(tmp_path)

    found = recover_runs([run], cast("Register", Failing(**errors)), frozenset(), patience=0)

    assert [each.fate.value for each in sorted(found, key=lambda each: each.intent.step)] == fates
    assert [each.intent.step for each in found if not each.asked] == left
    assert not any(each.alarming for each in found)
    assert [each.step for each in run.open] == left


@dataclass
class Holding:
    """A register with one system and its change log."""

    document: Mapping[str, Json] | None
    log: tuple[Mapping[str, Json], ...] = ()

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Give the document."""
        assert system == ONE
        return RegisteredSystem(self.document) if self.document is not None else None

    def read_changes(self, system: str) -> tuple[Mapping[str, Json], ...]:
        """Give the log."""
        assert system == ONE
        return self.log


def _entry(client: str, hour: int, data: Json) -> dict[str, Json]:
    return {
        "changeType": "update",
        "clientId": client,
        "created": f"2026-07-17T{hour:02}",
        "changedData": data,
    }


OWN, THEIRS = _entry("ours", 2, AFTER), _entry("theirs", 1, {**BEFORE, "clientId": []})


@pytest.mark.parametrize(
    ("intent", "register", "fate", "evidence", "alarming"),
    [
        (an_intent(1), Holding(BEFORE), "undone", "the change log has no entry of it", False),
        (an_intent(1, "POST", None), Holding(None), "undone", "the register does not know the system", False),
        (
            an_intent(1),
            Holding(AFTER, (OWN,)),
            "done",
            "its entry in the change log is of 2026-07-17T02",
            False,
        ),
        (
            an_intent(1),
            Holding(AFTER, (OWN, THEIRS)),
            "done",
            "its entry in the change log is of 2026-07-17T02. Between the last reading and this write, client theirs",
            True,
        ),
        (
            an_intent(1),
            Holding({**BEFORE, "clientId": []}, (THEIRS,)),
            "undone",
            "the change log has no entry of it; then client theirs",
            False,
        ),
        (
            an_intent(1),
            Holding(AFTER),
            "unknown",
            "the document is not what it was, and the change log",
            False,
        ),
    ],
)
def test_what_shows_the_fate_of_a_request(
    tmp_path: Path, intent: Intent, register: Holding, fate: str, evidence: str, *, alarming: bool
) -> None:
    """The evidence names what was found, and stands in the journal as well."""
    path = tmp_path / "x.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    run = replace(a_run(intent), path=path)

    (found,) = recover_runs([run], cast("Register", register), frozenset({"ours"}), patience=0)

    assert (found.fate.value, found.alarming, found.recorded) == (fate, alarming, True)
    assert found.evidence.startswith(evidence)
    recorded = run.outcomes[1]
    word = {"done": "done", "undone": "failed", "unknown": "unknown"}[fate]
    assert (recorded.outcome, recorded.by, recorded.reason) == (word, "recover", found.evidence)
    assert recorded.held == register.document
    assert (recorded.entry or {}).get("created") == (OWN["created"] if fate == "done" else None)
    assert run.open == ()
    kinds = [json.loads(line).get("kind") for line in path.read_text(encoding="utf-8").splitlines()]
    assert kinds == [None, "outcome", "end"]


def test_a_damaged_line_is_recorded_as_unknown_and_nothing_is_asked(tmp_path: Path) -> None:
    """W14: what it asked for is unknown, and once that was reported it blocks no more."""
    path = tmp_path / "x.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    run = replace(a_run(), path=path, damaged=(3,))

    (found,) = recover_runs([run], cast("Register", None), frozenset(), patience=60.0)

    assert (found.fate.value, found.evidence) == ("unknown", "line 3 cannot be read; look at the plan")
    assert run.open == ()


def test_runs_are_told_apart_by_their_start_and_not_by_their_names() -> None:
    """W22: a later run that wrote the system which was to get a client id has decided on it."""
    claimer = f"{VENDOR}_heir"
    first = a_run(replace(an_intent(1), releases={"x": claimer}), an_outcome(1))
    second = a_run(replace(an_intent(1), id=claimer), an_outcome(1))
    first.start = replace(first.start, run="b", at="2026-07-17T01:00:00.100+00:00")
    second.start = replace(second.start, run="a", at="2026-07-17T01:00:00.200+00:00")

    assert find_stranded([second, first], cast("Register", None)) == ()


def test_recover_stops_where_nothing_can_be_asked(tmp_path: Path) -> None:
    """The register is gone: that is one sentence, and everything stays open."""
    run = a_long_run(tmp_path)

    with pytest.raises(NoAnswer):
        recover_runs([run], cast("Register", Failing(a=NoAnswer("gone"))), frozenset(), patience=0)

    assert [each.step for each in run.open] == [1, 2, 3]


@pytest.mark.parametrize(
    ("run", "found", "reason", "hint"),
    [
        (a_run(an_intent(1), an_outcome(1)), {**AFTER, "isDeleted": True}, "it was deleted since", ""),
        (a_run(an_intent(1)), AFTER, "not known", "Run `reconciler recover` first."),
        (
            a_run(an_intent(1), an_outcome(1, "unknown")),
            AFTER,
            "not known",
            "Run `reconciler recover` first.",
        ),
        (
            a_run(an_intent(1), an_outcome(1, "unknown", by="recover")),
            AFTER,
            "not known",
            "Look at it with `reconciler plan`.",
        ),
        (a_run(an_intent(1, "POST", None), an_outcome(1)), AFTER, "the run created it", ""),
        (a_run(an_intent(1, "DELETE"), an_outcome(1)), AFTER, "the run deleted it", ""),
        (
            a_run(an_intent(1), an_outcome(1)),
            {**AFTER, "clientId": []},
            "it moved since the run",
            "Look at it with `reconciler plan`.",
        ),
    ],
)
def test_what_cannot_be_put_back_is_blocked(run: Run, found: Json, reason: str, hint: str) -> None:
    """With the reason, and what to do where something can be done."""
    change = undo(run, ONE, RegisteredSystem(found))

    assert isinstance(change, Blocked)
    assert reason in change.reason
    assert change.hint == hint
