"""What recover finds out of a request whose sender was killed, from a register that did what it does in trouble."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ReconcilerError, RegisterError
from tests.execution.stage import Stage, a_client, a_full_document, define, withdraw
from tests.execution.test_matrix import Meddled
from tests.served import CLIENT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json

METHODS = ("POST", "PUT", "DELETE")
NOT_DONE = {
    "POST": "the register does not know the system",
    "PUT": "the change log has no entry of it",
    "DELETE": "the change log has no entry of it",
}


class Killed(BaseException):
    """What ends a run without its knowing."""


class Deadly(Meddled):
    """A register that kills its client once a write is sent, whatever the answer is."""

    def create_system(self, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Create, and kill."""
        with suppress(RegisterError):
            self.inner.create_system(body, traceparent=traceparent)
        raise Killed

    def replace_system(self, system: str, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Replace, and kill."""
        with suppress(RegisterError):
            self.inner.replace_system(system, body, traceparent=traceparent)
        raise Killed

    def delete_system(self, system: str, *, traceparent: str = "") -> None:
        """Delete, and kill."""
        with suppress(RegisterError):
            self.inner.delete_system(system, traceparent=traceparent)
        raise Killed


def _ask(stage: Stage, method: str) -> tuple[str, list[Resolved]]:
    """Ask for something that takes one request of a method."""
    (one,) = stage.fresh("a")
    mine = a_client(stage.count * 10)
    if method != "POST":
        stage.seed(a_full_document(one, clientId=[mine]))
        stage.control("POST", "writes", {"system": one, "set": {}, "client_id": CLIENT_ID})
    if method == "DELETE":
        return one, [withdraw(one)]
    return one, [define(one, clientId=[mine], allowedRedirectUrls=["https://other.example/"])]


def _kill_after(stage: Stage, method: str, **fault: Json) -> str:
    """Send one request, which a fault strikes, and die of it before anything is recorded; gives the system."""
    one, asked = _ask(stage, method)
    plan = stage.plan(asked)
    stage.strike(method=method, path="*/vendor*", **fault)
    with pytest.raises(Killed):
        stage.apply(plan, register=Deadly(stage.register, -1, lambda: None))
    assert [(intent.id, intent.method) for intent in stage.newest().open] == [(one, method)]
    return one


def _is_done(stage: Stage, one: str, method: str) -> bool:
    """Say whether the register holds what was asked for."""
    held = stage.held(one).get(one)
    if method == "DELETE":
        return held is not None and held["isDeleted"] is True
    return held is not None and held["allowedRedirectUrls"] == ["https://other.example/"]


@pytest.mark.parametrize("method", METHODS)
def test_what_was_committed_and_not_acknowledged_is_done(stage: Stage, method: str) -> None:
    """`unacknowledged`: the database was lost behind COMMIT, and the change log has the entry."""
    one = _kill_after(stage, method, fault="unacknowledged")

    (found,) = stage.recover()

    assert (found.intent.id, found.fate.value, found.alarming) == (one, "done", False)
    assert found.evidence.startswith("its entry in the change log is of 20")
    assert _is_done(stage, one, method)
    assert stage.recover() == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", ["restart", "metadata"])
@pytest.mark.slow
def test_what_the_register_refused_in_trouble_is_undone(stage: Stage, method: str, fault: str) -> None:
    """`restart`, `metadata`: the request was answered 500, and nothing of it was done."""
    one = _kill_after(stage, method, fault=fault)

    (found,) = stage.recover()

    assert (found.intent.id, found.fate.value, found.alarming) == (one, "undone", False)
    assert found.evidence == NOT_DONE[method]
    assert not _is_done(stage, one, method)
    assert stage.newest().outcomes[1].outcome == "failed"
    assert stage.recover() == []


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_what_comes_through_late_is_waited_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """`late`: the register is looked at again for as long as the request may take."""
    monkeypatch.setattr(stage, "patience", 30.0)
    one = _kill_after(stage, method, fault="late", seconds=1.5)

    (found,) = stage.recover()

    assert (found.intent.id, found.fate.value, found.alarming) == (one, "done", False)
    assert _is_done(stage, one, method)
    assert stage.recover() == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["restart", "metadata"])
def test_recover_under_a_register_in_trouble_leaves_everything_open(stage: Stage, fault: str) -> None:
    """Whoever cannot ask records nothing, and finds it out as soon as the register answers again."""
    one = _kill_after(stage, "PUT", fault="unacknowledged")
    stage.strike(fault=fault, method="GET", path="*/vendor*", times=0)

    with pytest.raises(ReconcilerError):
        stage.recover()

    assert [intent.id for intent in stage.newest().open] == [one]
    stage.heal()
    assert [each.fate.value for each in stage.recover()] == ["done"]


def test_a_restart_while_recover_reads_is_read_over(stage: Stage) -> None:
    """`restart`: a reading that met it is repeated."""
    _kill_after(stage, "PUT", fault="unacknowledged")
    stage.strike(fault="restart", method="GET", path="*/vendor*")

    assert [each.fate.value for each in stage.recover()] == ["done"]
