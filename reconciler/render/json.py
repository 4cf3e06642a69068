"""Plans, findings, drift, reports and histories as JSON documents, the same for every run on the same input.

Pure.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from reconciler.model.catalogue_list import PackageEntry
from reconciler.model.catalogue_search import is_usable
from reconciler.model.findings import finding_to_json
from reconciler.planning.acceptance_status import Status
from reconciler.planning.plan_file import list_left_out, print_plan
from reconciler.render import json_findings
from reconciler.render.acceptance import make_accept_command
from reconciler.render.json_findings import print_json
from reconciler.render.overview import count_differences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.execution.recovery import Recovered, Stranded
    from reconciler.execution.run_summary import RunSummary
    from reconciler.model.canonical_json import Json
    from reconciler.model.catalogue_list import CatalogueList, Entry, Renewed
    from reconciler.model.catalogue_search import Hits
    from reconciler.model.findings import Finding
    from reconciler.operations.evidence import Proof
    from reconciler.operations.evidence_lookup import Shown
    from reconciler.planning.acceptance_status import Judged
    from reconciler.planning.check_report import CheckReport
    from reconciler.planning.comparison import Comparison
    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.planning.inventory import Inventory
    from reconciler.planning.plan import Plan
    from reconciler.planning.timeline import TimelineEntry


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render `findings[]` and `summary`."""
    return json_findings.render_findings(findings, files)


def render_document(document: Mapping[str, Json]) -> str:
    """Render the body of a request."""
    return print_json(dict(document))


def render_plan(plan: Plan) -> str:
    """Render a plan in its documented form."""
    return print_plan(plan)


def render_recovered(recovered: Sequence[Recovered], stranded: Sequence[Stranded] = ()) -> str:
    """Render what became of each intent that had no outcome, and the client ids that are on no system."""
    settled = [
        {
            "run": each.run,
            "step": each.intent.step,
            "id": each.intent.id,
            "purpose": each.intent.purpose,
            "fate": each.fate.value,
            "evidence": each.evidence,
            "recorded": each.recorded,
            "asked": each.asked,
        }
        for each in recovered
    ]
    lost = [
        {
            "run": each.run,
            "environment": each.environment,
            "client_id": each.client,
            "released_by": each.released_by,
            "meant_for": each.meant_for,
        }
        for each in stranded
    ]
    return print_json({"recovered": settled, "stranded": lost})


def render_check(report: CheckReport) -> str:
    """Render a check of a registration, with every step."""
    system, org, reference = report.triple
    body = {
        "environment": report.environment,
        "system": system,
        "customer": org,
        "reference": reference,
        "request": report.request,
        "proven": report.proven,
        "steps": [asdict(each) for each in report.steps],
    }
    return print_json(body)


def render_runs(runs: Sequence[RunSummary]) -> str:
    """Render the runs of the journal, in the order in which they are given."""
    rows = [
        {
            "run": each.run.start.run,
            "at": each.run.start.at,
            "environment": each.run.start.environment,
            "register": each.run.start.register,
            "vendor": each.run.start.vendor,
            "digest": each.run.start.digest,
            "revision": each.run.start.revision or None,
            "uncommitted": each.run.start.uncommitted,
            "outcomes": dict(each.counts),
            "open": len(each.run.open),
            "ended": each.run.ended,
        }
        for each in runs
    ]
    return print_json({"runs": rows})


def render_evidence(proof: Proof, shown: Sequence[Shown] | None) -> str:
    """Render whether evidence is sound, and what the register shows; null where it was not asked."""
    run = proof.run
    return print_json(
        {
            "run": run.start.run if run else None,
            "digest": run.start.digest if run else None,
            "sha256": proof.digest,
            "problems": [{"member": each.member or None, "reason": each.reason} for each in proof.problems],
            "open": len(run.open) if run else None,
            "register": [asdict(each) for each in shown] if shown is not None else None,
        }
    )


def render_drift(report: DriftReport) -> str:
    """Render a report as JSON, the same for every run on the same input."""
    body: dict[str, Json] = {
        "environment": report.target.environment,
        "register": report.target.register,
        "vendor": report.target.vendor,
        "created": report.created,
        "tool_version": report.tool_version,
        "systems": report.systems,
        "unlisted": report.unlisted or None,
        **list_left_out(report),
        **({"expected": report.expected} if report.expected else {}),
        **({"findings": [finding_to_json(each) for each in report.findings]} if report.findings else {}),
        "differences": [_difference_to_json(each, report.target.environment) for each in report.differences],
        "summary": dict(count_differences(report)),
    }
    return print_json(body)


def _difference_to_json(each: Difference, environment: str) -> dict[str, Json]:
    entry, accepted = each.entry, each.accepted
    return {
        "id": each.id,
        "kind": each.kind.value,
        "alarming": each.alarming,
        "path": each.path,
        "file": each.file,
        "line": each.line or None,
        "files": each.field.expected if each.field else None,
        "register": each.field.actual if each.field else None,
        "origin": (each.field.origin or None) if each.field else None,
        "reason": each.reason,
        "write": entry
        and {
            "at": entry.created,
            "organisation": entry.organisation,
            "client": entry.client,
            "kind": entry.kind,
        },
        "accepted": accepted and {"until": accepted.until.isoformat(), "reason": accepted.reason},
        "accept": make_accept_command(each, environment) or None,
    }


def render_acceptances(environment: str, entries: Sequence[Judged]) -> str:
    """Render the entries of `systems/.accepted.yaml` with what has become of them in an environment."""
    found = [
        {
            "environment": each.acceptance.environment,
            "id": each.acceptance.id,
            "path": each.acceptance.path,
            "until": each.acceptance.until.isoformat(),
            "reason": each.acceptance.reason,
            "line": each.acceptance.line or None,
            "status": each.status.slug,
            "spent": each.status.is_spent,
        }
        for each in entries
    ]
    summary = {each.slug: sum(one.status is each for one in entries) for each in Status}
    return print_json({"environment": environment, "entries": found, "summary": summary})


def render_inventory(found: Inventory) -> str:
    """Render what is registered and what is defined, by id; what is not known is null."""
    systems = [
        {
            "id": each.id,
            "name": each.name,
            "state": each.state.value,
            "file": each.file or None,
            "visible": each.visible,
            "rights": each.rights,
            "access_packages": each.packages,
            "client_ids": each.client_ids,
            "system_users": each.users,
            "deleted": each.deleted,
            "reason": each.reason,
        }
        for each in found.rows
    ]
    target = found.target
    narrowed = {"narrowed": found.narrowed.to_json()} if found.narrowed else {}
    return print_json(
        {
            "environment": target.environment,
            "register": target.register,
            "vendor": target.vendor,
            **narrowed,
            "unlisted": found.unlisted or None,
            "systems": systems,
        }
    )


def render_history(system: str, timeline: Sequence[TimelineEntry]) -> str:
    """Render a system's writes as JSON, oldest first."""
    body: dict[str, Json] = {"id": system, "chapters": [_write_to_json(each) for each in timeline]}
    return print_json(body)


def _write_to_json(written: TimelineEntry) -> dict[str, Json]:
    entry, revision = written.entry, written.revision
    return {
        "at": entry.created,
        "kind": entry.kind,
        "organisation": entry.organisation,
        "client": entry.client,
        "fields": [
            {"path": each.path, "before": each.before, "after": each.after} for each in written.fields
        ],
        "revision": revision
        and {
            "commit": revision.commit,
            "date": revision.date,
            "author": revision.author,
            "subject": revision.subject,
        },
        "uncommitted": written.uncommitted or None,
    }


def render_comparison(found: Comparison) -> str:
    """Render two environments side by side as JSON; `live` is null where the registers were not asked."""
    first, second = found.environments
    asked = not any(found.unread)
    systems: list[Json] = [
        {
            "file": each.file,
            "ids": dict(zip(found.environments, (name or None for name in each.ids), strict=True)),
            "behind": each.behind,
            "others": each.others,
            "fields": [
                {
                    "path": field.path,
                    "expected": field.is_expected,
                    "behind": field.is_behind,
                    "desired": {first: field.desired[0], second: field.desired[1]},
                    "live": {first: field.live[0], second: field.live[1]} if asked else None,
                }
                for field in each.contrasts
            ],
        }
        for each in found.systems
    ]
    body: dict[str, Json] = {
        "first": first,
        "second": second,
        "behind": found.behind,
        "others": found.others,
        "equal": found.equal,
        "unread": {name: why for name, why in zip(found.environments, found.unread, strict=True) if why},
        "systems": systems,
    }
    return print_json(body)


def render_hits(hits: Hits) -> str:
    """Render what was found in a list of packages and resources as JSON; the environment of the shipped one is null."""
    return print_json(
        {
            "list": _list_to_json(hits.listed),
            "term": hits.term,
            "entries": [_entry_to_json(each) for each in hits.entries],
        }
    )


def _entry_to_json(entry: Entry) -> dict[str, Json]:
    what = "package" if isinstance(entry, PackageEntry) else "resource"
    return {"what": what, **entry.to_json(), "usable": is_usable(entry)}


def _list_to_json(listed: CatalogueList) -> dict[str, Json]:
    return {
        "environment": listed.environment or None,
        "register": listed.register or None,
        "taken": listed.taken.isoformat(),
    }


def render_renewed(renewed: Renewed, file: str) -> str:
    """Render how a new list differs from the last one as JSON."""
    body = {name: getattr(renewed, name)._asdict() for name in ("packages", "resources")}
    return print_json({"file": file, "list": _list_to_json(renewed.listed), **body})
