"""The report of a real apply, held against the register: what it says of each write stands there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.execution.journal_reader import read_run
from reconciler.execution.report_v1 import read_report
from reconciler.model.canonical_json import digest_json
from reconciler.render.report_json import render_report
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

    found = read_report(render_report(report).encode())
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
    assert render_report(replace(report, run=read)) == render_report(report)
    assert list(read.final) == [each.to_json() for each in report.outcomes]
