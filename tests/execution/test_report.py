"""The report of a real apply, held against the register: what it says of each write stands there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.execution.journal_reader import read_run
from reconciler.execution.past_report import rebuild_report
from reconciler.execution.report_file import print_report
from reconciler.execution.report_v1 import read_report
from reconciler.model.canonical_json import digest_json
from reconciler.operations.evidence import check_evidence, collect_evidence
from reconciler.operations.evidence_lookup import look_up_evidence
from tests.execution.stage import a_client, a_full_document, define, withdraw
from tests.served import CLIENT_ID

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from tests.execution.stage import Stage


def _plan_all_kinds(stage: Stage) -> Plan:
    """Plan a creation, a deletion, and a client id that moves from one system to another."""
    ids = stage.fresh("a", "b", "c", "d")
    x, y = a_client(stage.count * 10), a_client(stage.count * 10 + 1)
    stage.seed(a_full_document(ids[0], clientId=[x]), a_full_document(ids[1], clientId=[y]))
    stage.seed(a_full_document(ids[3], clientId=[]))
    swapped = [define(ids[0], clientId=[y]), define(ids[1], clientId=[x])]
    return stage.plan([*swapped, define(ids[2], clientId=[]), withdraw(ids[3])])


def test_the_report_says_what_the_register_says(stage: Stage) -> None:
    """The digests before and after are those of its documents, and each entry stands in its change log."""
    plan = _plan_all_kinds(stage)

    report = stage.apply(plan)

    found = read_report(print_report(report).encode())
    assert found.run == stage.newest().start.run
    assert found.started is not None
    assert found.ended is not None
    assert found.started < found.ended
    assert [each.outcome for each in found.outcomes] == ["done"] * 4
    by_id = {change.id: change for change in plan.writes}
    for each in found.outcomes:
        document = stage.register.read_system(each.id)
        assert document is not None
        assert (each.before or "") == by_id[each.id].live_digest
        assert each.after == document.digest
        log = {str(entry["created"]): entry for entry in stage.register.read_changes(each.id)}
        for entry in each.entries:
            held = log[entry.at]
            assert (entry.kind, entry.client) == (held["changeType"], CLIENT_ID)
            assert entry.organisation == held["changedByOrgNumber"]
            data = held.get("changedData")
            assert entry.digest == (digest_json(data) if data is not None else None)
    steps = {each.id: sum(step.id == each.id for step in plan.steps) for each in found.outcomes}
    assert {each.id: len(each.entries) for each in found.outcomes} == steps
    assert max(steps.values()) == 2


def test_the_journal_says_it_too(stage: Stage) -> None:
    """What was kept in memory is what the file holds."""
    report = stage.apply(_plan_all_kinds(stage))
    read = read_run(stage.newest().path)

    assert read is not None
    assert read.damaged == ()
    assert print_report(replace(report, run=read)) == print_report(report)
    assert list(read.final) == [each.to_json() for each in report.outcomes]


def test_it_can_be_made_again(stage: Stage) -> None:
    """From the plan and the journal: byte for byte, also where systems differ, failed or were not tried."""
    words: list[str] = []
    for strikes in ((), ({"status": 400, "method": "PUT"},), ({"status": 401},)):
        plan = _plan_all_kinds(stage)
        for each in strikes:
            stage.strike(fault="status", **each)
        report = stage.apply(plan)
        stage.heal()

        assert print_report(rebuild_report(plan, stage.newest())) == print_report(report)
        words += [each.word for each in report.outcomes]
    assert {"done", "failed", "not tried"} <= set(words)


def test_evidence_is_held_against_the_register(stage: Stage) -> None:
    """It stands right after the run, and later too, with the writes of others named."""
    plan = _plan_all_kinds(stage)
    stage.apply(plan)
    run = stage.newest()

    checked = check_evidence(collect_evidence(run))
    assert (checked.problems, checked.run is not None) == ((), True)
    shown = look_up_evidence(run, stage.register)
    assert [(each.id, each.stands) for each in shown] == [(each.id, True) for each in plan.writes]
    assert sum(each.entries for each in shown) == len(plan.steps)
    written = plan.writes[0].id
    stage.control("POST", "writes", {"system": written, "set": {"isVisible": False}, "client_id": "somebody"})
    later = look_up_evidence(run, stage.register)
    assert [each.stands for each in later] == [True] * 4
    assert "client somebody" in later[0].reason
