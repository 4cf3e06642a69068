"""Plans, findings, reports and recoveries, one for each situation, and their texts and JSON documents."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.definitions.yaml_document import read_document
from reconciler.execution.fate import Fate
from reconciler.execution.journal import Intent, RecordedOutcome, Run, RunStart
from reconciler.execution.outcome import Done, Failed, NotTried, Report, Stale, Unknown
from reconciler.execution.recovery import Recovered, Stranded
from reconciler.execution.report_file import print_report
from reconciler.model.canonical_json import digest_json
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.provenance import Provenance
from reconciler.model.revision import Checkout
from reconciler.operations.validate import validate
from reconciler.planning.acceptance import Acceptance, Acceptances
from reconciler.planning.approval import PlanApproval, Signoff
from reconciler.planning.change_log import LogEntry
from reconciler.planning.plan import Target, accept_unmanaged, judge_plan, plan_changes, stamp
from reconciler.render import json as as_json
from reconciler.render.lines import print_lines
from reconciler.render.text.findings import render_findings
from reconciler.render.text.plan import render_plan
from reconciler.render.text.report import render_progress, render_recovered, render_report
from tests.builders import (
    CLIENT,
    ENVIRONMENTS,
    OTHER_CLIENT,
    VENDOR,
    a_definition_text,
    a_registered_system,
    a_resolved,
)
from tests.render.samples import a_plan_against, an_approved_plan, an_empty_plan_against

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.plan import Plan

TARGET = Target("tt02", "https://platform.tt02.altinn.no", VENDOR)
ID = f"{VENDOR}_smartcloud"
LONG = "SmartCloud keeps the books of small companies. " * 12
HOSTILE = "\x1b[2J\x1b[31mred\x07 \u202egnp.exe\u2066 one\r\ntwo\x00 \u200b\x9b1m"


def _plan(
    desired: Iterable[Resolved] = (),
    live: Iterable[RegisteredSystem] = (),
    unmanaged: Iterable[RegisteredSystem] = (),
) -> Plan:
    held = {each.id: each for each in live}
    wanted = list(desired)
    found = {each.system.id: held.get(each.system.id) for each in wanted}
    return judge_plan(plan_changes(TARGET, wanted, found, list(unmanaged)), {})


def _right(value: str, **more: Json) -> dict[str, Json]:
    return {"resource": [{"id": "urn:altinn:resource", "value": value}], **more}


def _plan_a_create() -> Plan:
    return _plan([a_resolved()])


def _plan_an_update() -> Plan:
    desired = a_resolved(
        name={"nb": "SmartSky", "nn": "SmartSky", "en": "SmartCloud"},
        rights=[_right("ske-krav-og-betalinger", action="read"), _right("app_brg_aarsregnskap")],
        accessPackages=[],
        clientId=[OTHER_CLIENT],
        isVisible=False,
        allowedRedirectUrls=["https://SmartCloud.example:443/receipt", "https://æ.example/b%20c"],
    )
    return _plan([desired], [a_registered_system()])


def _plan_long_texts() -> Plan:
    texts = {"nb": LONG, "nn": "To\nlinjer", "en": "Rocks"}
    return _plan([a_resolved(description=texts)], [a_registered_system()])


def _plan_a_delete() -> Plan:
    return _plan([a_resolved(withdrawn=True)], [a_registered_system()])


def _plan_what_is_blocked() -> Plan:
    deleted, left_out = f"{VENDOR}_burnt", f"{VENDOR}_left_out"
    desired = [
        a_resolved(id=deleted, clientId=[]),
        a_resolved(id=left_out, clientId=[], rights=..., isVisible=...),
        a_resolved(),
    ]
    live = [
        a_registered_system(id=deleted, clientId=[], isDeleted=True),
        a_registered_system(id=left_out, clientId=[], rights=[_right("a"), _right("b")], isVisible=False),
    ]
    taken = a_registered_system(id=f"{VENDOR}_other", name={"nb": "Den andre", "nn": "x", "en": "x"})
    return _plan(desired, live, [taken])


def _plan_unmanaged() -> Plan:
    nameless = a_registered_system(id=f"{VENDOR}_a", name={}, clientId=[])
    long = a_registered_system(id=f"{VENDOR}_b", name={"nb": LONG, "nn": "x", "en": "x"}, clientId=[])
    return _plan([a_resolved()], [a_registered_system()], [long, nameless])


def _plan_nothing() -> Plan:
    return _plan([a_resolved()], [a_registered_system()])


def _plan_standing() -> Plan:
    """What stands accepted, of a system that is updated besides, one that is kept and three whole ones."""
    reason = "Agreed with the agency, see `the minutes`"
    held = {"updated": {"isVisible": False}, "kept": {"isVisible": False}, "deleted": {"isDeleted": True}}
    entries = [
        Acceptance("tt02", f"{VENDOR}_{name}", path, date(2026, 12, 24 + day), reason, digest_json(value))
        for day, (name, path, value) in enumerate(
            [
                ("updated", 'clientId["x"]', "x"),
                ("updated", "isVisible", False),
                ("kept", "isVisible", False),
                ("missing", "missing", None),
                ("deleted", "deleted", None),
                ("other", "unmanaged", None),
            ]
        )
    ]
    acceptances = Acceptances(date(2026, 11, 21), tuple(entries))
    desired = [
        a_resolved(id=f"{VENDOR}_updated", clientId=[], name={"nb": "A", "nn": "B", "en": "C"}),
        *(a_resolved(id=f"{VENDOR}_{name}", clientId=[]) for name in ("kept", "missing", "deleted")),
    ]
    live = {
        f"{VENDOR}_{name}": a_registered_system(
            id=f"{VENDOR}_{name}", clientId=["x"] if name == "updated" else [], **members
        )
        for name, members in held.items()
    }
    found = {each.system.id: live.get(each.system.id) for each in desired}
    others = [a_registered_system(id=f"{VENDOR}_other", clientId=[])]
    made = plan_changes(TARGET, desired, found, others, acceptances=acceptances)
    return judge_plan(accept_unmanaged(made, acceptances), {})


def _plan_a_move() -> Plan:
    giver, taker = f"{VENDOR}_giver", f"{VENDOR}_taker"
    desired = [a_resolved(id=giver, clientId=[]), a_resolved(id=taker, clientId=[CLIENT])]
    live = [
        a_registered_system(id=giver, clientId=[CLIENT]),
        a_registered_system(id=taker, clientId=[]),
    ]
    return _plan(desired, live)


def _plan_hostile() -> Plan:
    """Everything that somebody else can write holds what a terminal obeys."""
    live = a_registered_system(
        name={"nb": HOSTILE, "nn": HOSTILE, "en": "SmartCloud"},
        rights=[_right(HOSTILE, action=HOSTILE)],
        accessPackages=[{"urn": HOSTILE}],
        clientId=[HOSTILE],
        allowedRedirectUrls=[HOSTILE],
    )
    other = a_registered_system(id=f"{VENDOR}_{HOSTILE}", name={"nb": HOSTILE, "nn": "x", "en": "x"})
    return _plan([a_resolved()], [live], [other])


PLANS: dict[str, Callable[[], Plan]] = {
    "plan-create": _plan_a_create,
    "plan-update": _plan_an_update,
    "plan-long-texts": _plan_long_texts,
    "plan-delete": _plan_a_delete,
    "plan-blocked": _plan_what_is_blocked,
    "plan-unmanaged": _plan_unmanaged,
    "plan-nothing": _plan_nothing,
    "plan-standing": _plan_standing,
    "plan-move": _plan_a_move,
    "plan-hostile": _plan_hostile,
    "plan-approved": an_approved_plan,
    "plan-against": a_plan_against,
    "plan-against-empty": an_empty_plan_against,
}


def _find() -> tuple[Finding, ...]:
    """Find what is wrong in three files, one of them not YAML, one with faults in one environment only."""
    files = {
        f"systems/{ID}.yaml": a_definition_text(clientId=[CLIENT], environments={"prod": {"id": "x"}}),
        "systems/broken.yaml": "id: [\n",
        "systems/wrong.yaml": a_definition_text(
            id=f"{VENDOR}_wrong",
            clientId=["xxxx-xxxx"],
            rights=[_right("a"), _right("a")],
            isVisible=...,
            clientid=[],
        ),
    }
    documents = [read_document(name, text.encode()) for name, text in files.items()]
    return validate(documents, ENVIRONMENTS).findings


def _find_hostile() -> tuple[Finding, ...]:
    place = Location(f"systems/{HOSTILE}.yaml", HOSTILE, 3, 1)
    message, hint = f"{HOSTILE} is wrong", f"Write {HOSTILE * 1000}."
    return (Finding("id-format", Severity.ERROR, message, place, hint, "AUTH.VLD-00001", ("tt02", "prod")),)


FINDINGS: dict[str, Callable[[], tuple[Finding, ...]]] = {
    "findings-none": tuple,
    "findings": _find,
    "findings-hostile": _find_hostile,
}


def _report() -> Report:
    """Report one outcome of each kind, and a change that was blocked."""
    names = [f"{VENDOR}_{name}" for name in ("done", "failed", "stale", "unknown", "untried", "overwritten")]
    live = [a_registered_system(id=names[0], isVisible=False, clientId=[])]
    wanted = [a_resolved(id=name, clientId=[]) for name in names]
    deleted = a_registered_system(id=f"{VENDOR}_burnt", isDeleted=True, clientId=[])
    plan = _plan([*wanted, a_resolved(id=deleted.id, clientId=[])], [*live, deleted])
    by_id = {change.id: change for change in plan.changes}
    (differs,) = (field for field in by_id[names[0]].fields if field.member == "isVisible")
    refused = "The register answered 400: AUTH.VLD-00003 One or more resources were not found."
    return Report(
        plan,
        (
            Done(change=by_id[names[0]]),
            Failed(change=by_id[names[1]], reason=refused, hint="Try again later."),
            Stale(change=by_id[names[2]], reason="It moved since the plan was made.", differs=(differs,)),
            Unknown(change=by_id[names[3]], reason="No answer came.", hint="Run `reconciler recover`."),
            NotTried(change=by_id[names[4]], reason=HOSTILE),
            Done(change=by_id[names[5]], reason="Somebody wrote in between.", alarming=True),
        ),
    )


def _recover() -> tuple[Recovered, ...]:
    intents = [
        Intent(
            step, f"{VENDOR}_{fate.value}", "PUT", "update", final=True, live={}, body={}, newest="", at=""
        )
        for step, fate in enumerate(Fate, 1)
    ]
    return tuple(
        Recovered("20260821T120000Z-0001", intent, fate, f"What shows it: {HOSTILE}")
        for intent, fate in zip(intents, Fate, strict=True)
    )


def _strand() -> tuple[Stranded, ...]:
    """W15: a client id that was released and never claimed, and another whose names are hostile."""
    run = "20260821T120000Z-0001"
    return (
        Stranded(run, "tt02", CLIENT, f"{VENDOR}_giver", f"{VENDOR}_taker"),
        Stranded(run, "tt02", HOSTILE, f"{VENDOR}_giver", HOSTILE),
    )


def _print_plan(make: Callable[[], Plan]) -> str:
    return print_lines(render_plan(make()))


def _print_findings(find: Callable[[], tuple[Finding, ...]]) -> str:
    return print_lines(render_findings(find(), 3))


def _save_plan(make: Callable[[], Plan]) -> str:
    made = stamp(make(), _find()[:1], created="2026-08-21T12:00:00Z", tool_version="1.2.3")
    return as_json.render_plan(made)


def _report_an_approved_plan() -> Report:
    plan = an_approved_plan()
    return Report(plan, accepted=Signoff("approval", plan.approvals[0]))


def _report_a_run() -> Report:
    """Report a run of which everything is known: a client id that moved, in two requests of one system."""
    plan = replace(_plan_an_update(), revision=Checkout("0" * 40, ("systems/a.yaml",)))
    (change,) = plan.writes
    assert change.live is not None
    moment = "2026-11-01T12:00:0{}.000+00:00"
    start = RunStart(
        "20261101T120000Z-0a1b2c", TARGET.register, "tt02", VENDOR, plan.digest, "1", moment.format(0)
    )
    run = Run(Path("journal.jsonl"), start, ended=True, ended_at=moment.format(9))
    held = {**change.live.document, "isVisible": False}
    for step in (1, 2):
        entry = LogEntry(
            "update", VENDOR, CLIENT, f"2026-11-01T12:00:0{step}.123456+00:00", {"IsVisible": False}
        )
        run.outcomes[step] = RecordedOutcome(
            step, ID, "done", "", held, asdict(entry), "apply", moment.format(step)
        )
    came_from = Provenance(
        tool_version="0.1.0",
        tool_commit="1" * 40,
        tool_digest="2" * 64,
        platform="github",
        repository="https://github.com/smartcloud/systems",
        commit="0" * 40,
        branch="main",
        pull_request="7",
        pull_request_address="https://github.com/smartcloud/systems/pull/7",
        actor="anna",
        job="42",
        attempt="1",
        address="https://github.com/smartcloud/systems/actions/runs/42/attempts/1",
    )
    approval = PlanApproval(date(2026, 11, 5), "agreed", "Anna", "3" * 40, at="2026-11-01T09:00:00+01:00")
    return Report(plan, (Done(change=change),), (), Signoff("approval", approval), came_from, run)


TEXTS: dict[str, Callable[[], str]] = {
    **{name: partial(_print_plan, make) for name, make in PLANS.items()},
    **{name: partial(_print_findings, find) for name, find in FINDINGS.items()},
    "report": lambda: print_lines(render_report(_report())),
    "progress": lambda: print_lines(
        render_progress(number, 12, each) for number, each in enumerate(_report().outcomes, 1)
    ),
    "report-nothing": lambda: print_lines(render_report(Report(_plan_nothing()))),
    "recovered": lambda: print_lines(render_recovered(_recover())),
    "recovered-stranded": lambda: print_lines(render_recovered(_recover()[:1], _strand())),
    "recovered-nothing": lambda: print_lines(render_recovered(())),
}
JSONS: dict[str, Callable[[], str]] = {
    **{name: partial(_save_plan, make) for name, make in PLANS.items()},
    **{
        name: partial(lambda find: as_json.render_findings(find(), 3), find)
        for name, find in FINDINGS.items()
    },
    "report": lambda: print_report(_report()),
    "report-approved": lambda: print_report(_report_an_approved_plan()),
    "report-run": lambda: print_report(_report_a_run()),
    "recovered": lambda: as_json.render_recovered(_recover()),
    "recovered-stranded": lambda: as_json.render_recovered(_recover()[:1], _strand()),
    "recovered-nothing": lambda: as_json.render_recovered(()),
}
