"""Nothing is written without the clearance that only `preflight` gives."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reconciler
from reconciler.errors import Refused, WriteRefused
from reconciler.execution.executor import apply_plan
from reconciler.execution.fate import Fate
from reconciler.execution.freshness import _describe_mismatch
from reconciler.execution.journal import start_run
from reconciler.execution.journal_folder import read_runs
from reconciler.execution.preflight import (
    Clearance,
    Site,
    TargetLock,
    Terms,
    clear,
    find_stranded_clients,
    lock_for_apply,
    lock_target,
    recover,
)
from reconciler.planning.change import Impact, Weight
from reconciler.planning.plan import Target
from tests.execution.stage import Stage, a_client, a_full_document, define

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.planning.plan import Plan

SOURCES = Path(reconciler.__file__).parent
OURS = [path for path in SOURCES.rglob("*.py") if "emulator" not in path.parts]
WRITERS = {"create_system", "replace_system", "delete_system"}


def _site(stage: Stage) -> Site:
    folder = stage.folder
    return Site(stage.register, stage.target, stage.ownership(), folder, folder, folder / "locks")


def _an_update(stage: Stage) -> Plan:
    (one,) = stage.fresh("a")
    client = a_client(stage.count * 10)
    stage.seed(a_full_document(one, clientId=[client]))
    return stage.plan([define(one, clientId=[client], isVisible=False)])


def _writes(stage: Stage) -> list[str]:
    return [each["method"] for each in stage.log() if each["method"] in {"POST", "PUT", "DELETE"}]


@cache
def _read_nodes() -> tuple[tuple[str, ast.AST], ...]:
    """Read each node of every module once, with the module's path."""
    return tuple(
        (str(path.relative_to(SOURCES)), node)
        for path in OURS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Attribute, ast.Name, ast.Call))
    )


def _uses(names: set[str]) -> Iterator[tuple[str, str]]:
    """Give each module that mentions one of the names, as a name or an attribute."""
    for path, node in _read_nodes():
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if name in names:
            yield path, name


def test_a_program_cannot_make_a_clearance(stage: Stage) -> None:
    """Neither a hold nor a clearance can be made outside `preflight`."""
    plan = _an_update(stage)
    stage.control("DELETE", "log")

    with pytest.raises(WriteRefused, match="may clear a plan"):
        TargetLock(object(), _site(stage))
    with stage.clear(plan) as clearance, pytest.raises(WriteRefused):
        Clearance(object(), (plan, None), clearance.writer, 1, {}, None)
    assert _writes(stage) == []


def test_a_clearance_is_for_one_run(stage: Stage) -> None:
    """Used a second time, or after its block, it is refused and nothing is sent."""
    plan = _an_update(stage)
    with stage.clear(plan) as late:
        pass
    stage.control("DELETE", "log")

    with pytest.raises(WriteRefused, match="used up"):
        apply_plan(late, on_outcome=stage.reported.append)
    assert _writes(stage) == []
    with stage.clear(plan) as clearance:
        assert apply_plan(clearance, on_outcome=stage.reported.append).exit_code == 0
        with pytest.raises(WriteRefused, match="used up"):
            apply_plan(clearance, on_outcome=stage.reported.append)
    assert _writes(stage) == ["PUT"]


def test_a_lock_that_was_given_back_clears_nothing(stage: Stage) -> None:
    """After its block a hold holds nothing: neither writes nor journals are its own any more."""
    plan = _an_update(stage)
    with lock_for_apply(_site(stage)) as lock:
        pass

    with pytest.raises(WriteRefused, match="lock"), clear(plan, lock, Terms()):
        pytest.fail("it was cleared")
    with pytest.raises(WriteRefused, match="lock"):
        recover(lock, patience=0.0)
    with pytest.raises(WriteRefused, match="lock"):
        find_stranded_clients(lock)


def test_each_register_and_vendor_has_a_lock_of_its_own(stage: Stage) -> None:
    """W18: who writes to another register, or for another vendor, is no other run; who writes to the same is."""
    site = _site(stage)
    target = site.target
    others = [replace(target, register="https://register.example"), replace(target, vendor="313367002")]

    with lock_target(site):
        for other in others:
            with lock_target(replace(site, target=other)):
                pass
        with pytest.raises(Refused, match="Another run holds the lock"), lock_target(site):
            pytest.fail("it was held twice")


def test_recover_looks_at_what_was_sent_to_this_register_by_us(stage: Stage) -> None:
    """R15: another register's run is left alone, and what a client that is not ours wrote is not ours."""
    plan = _an_update(stage)
    (change,), (step,) = plan.changes, plan.steps
    site = _site(stage)
    for register in (site.target.register, "https://register.example"):
        journal = start_run(
            site.journal,
            replace(site.target, register=register),
            digest=plan.digest,
            version="1",
        )
        journal.record_intent(step, live=change.live, newest=change.newest or "")
        journal.end()
    stage.control(
        "POST", "writes", {"system": change.id, "set": {"isVisible": False}, "client_id": "somebody"}
    )

    with lock_target(site) as lock:
        (found,) = recover(lock, patience=0.0)

    assert (found.intent.id, found.fate) == (change.id, Fate.UNKNOWN)
    (left,) = [run for run in read_runs(site.journal) if run.open]
    assert left.start.register == "https://register.example"


def test_a_plan_for_another_register_is_not_cleared(stage: Stage) -> None:
    """The lock of one register clears no plan for another."""
    plan = _an_update(stage)
    other = replace(plan, target=Target("prod", "https://platform.altinn.no", plan.target.vendor))

    with (
        lock_for_apply(_site(stage)) as lock,
        pytest.raises(Refused, match="The plan was made for"),
        clear(other, lock, Terms()),
    ):
        pytest.fail("it was cleared")


def test_an_open_request_of_an_earlier_run_clears_nothing(stage: Stage) -> None:
    """Also when it was left after the lock was taken: by a program that has no lock."""
    plan = _an_update(stage)
    with lock_for_apply(_site(stage)) as lock:
        with clear(plan, lock, Terms(plan.digest)) as clearance:
            clearance.writer.journal.record_intent(plan.steps[0], live=plan.writes[0].live, newest="")
        with pytest.raises(Refused, match="whose outcome is unknown"), clear(plan, lock, Terms(plan.digest)):
            pytest.fail("it was cleared")


@pytest.mark.parametrize("length", [1, 4, 11])
def test_a_digest_that_is_named_too_short_accepts_nothing(stage: Stage, length: int) -> None:
    """T: twelve digits are the least, and eleven right ones are refused; twelve are not."""
    plan = _an_update(stage)
    with lock_for_apply(_site(stage)) as lock:
        with (
            pytest.raises(Refused, match="--accept names"),
            clear(plan, lock, Terms(plan.digest[:length])),
        ):
            pytest.fail("it was cleared")
        with clear(plan, lock, Terms(plan.digest[:12].upper())):
            pass


def test_the_impact_that_does_not_hold_is_named() -> None:
    """W4: not the first one that the plan says, but the first that is not so."""
    first, second = Impact("right-added", Weight.NOTABLE, "a"), Impact("hidden", Weight.NOTABLE, "b")

    assert (
        _describe_mismatch("The plan", [first, second], [first])
        == "The plan says hidden, which does not hold."
    )
    assert _describe_mismatch("The plan", [first], [first, second]) == "The plan leaves out hidden: b"


@pytest.mark.slow
def test_only_the_gate_leads_to_a_write() -> None:
    """Requests that write are sent in `request`, which only the executor calls, with what only preflight makes."""
    assert {where for where, _ in _uses(WRITERS)} <= {"execution/request.py", "clients/register.py"}
    assert {where for where, _ in _uses({"carry_out"})} == {"execution/executor.py"}
    assert {where for where, _ in _uses({"recover_run", "recover_runs"})} <= {
        "execution/recovery.py",
        "execution/preflight.py",
    }
    made = {
        (path, node.func.id)
        for path, node in _read_nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in {"Writer", "TargetLock", "Clearance"}
    }
    gate = "execution/preflight.py"
    assert made == {(gate, "Writer"), (gate, "TargetLock"), (gate, "Clearance")}
    assert {where for where, _ in _uses({"_SEAL"})} == {gate}
