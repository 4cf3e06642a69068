"""The plan as JSON: printed in one way only, read back, and refused when a single byte is not as printed.

Pure. A saved plan holds everything that apply needs, so that what was reviewed is what is done.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.change import Blocked, Change, Create, Delete, Impact, Keep, Update, Weight
from reconciler.diff import FieldChange
from reconciler.digest import digest_json
from reconciler.errors import Refused
from reconciler.findings import Finding, Location, Severity, finding_to_json
from reconciler.plan import FORMAT_VERSION, Plan, Target, Unmanaged, step_to_json
from reconciler.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model import Json

_KINDS: Mapping[str, type[Change]] = {kind.action: kind for kind in (Create, Update, Delete, Keep, Blocked)}


def print_plan(plan: Plan) -> str:
    """Print a plan; the same plan is always the same text."""
    return json.dumps(to_json(plan), indent=2, ensure_ascii=False) + "\n"


def to_json(plan: Plan) -> dict[str, Json]:
    """Give the plan as JSON, shaped as the schema of the format says."""
    body: dict[str, Json] = {
        "format_version": FORMAT_VERSION,
        "tool_version": plan.tool_version,
        "created": plan.created,
        "environment": plan.target.environment,
        "register": plan.target.register,
        "vendor": plan.target.vendor,
        "digest": plan.digest,
        "summary": dict(plan.summary),
        "impacts": [_impact_to_json(each) for each in plan.impacts],
        "changes": [_change_to_json(change, plan.steps) for change in plan.changes],
        "unmanaged": [
            {
                "id": each.id,
                "name": each.name,
                "clientId": list(each.client_ids),
                "former": each.former or None,
            }
            for each in plan.unmanaged
        ],
        "findings": [finding_to_json(finding) for finding in plan.findings],
    }
    return {**body, "file_digest": digest_json(body)}


def _impact_to_json(impact: Impact) -> dict[str, Json]:
    return {
        "rule": impact.rule,
        "severity": impact.weight.value,
        "message": impact.message,
        "path": impact.path,
        "system_users": impact.users,
    }


def _change_to_json(change: Change, steps: Iterable[Step]) -> dict[str, Json]:
    fields = [
        {
            "path": each.path,
            "before": each.before,
            "after": each.after,
            "line": each.line or None,
            "origin": each.origin or None,
        }
        for each in change.fields
    ]
    return {
        "id": change.id,
        "action": change.action,
        "reason": change.reason,
        "hint": change.hint,
        "file": change.file,
        "line": change.line or None,
        "fields": fields,
        "impacts": [_impact_to_json(each) for each in change.impacts],
        "steps": [step_to_json(step) for step in steps if step.id == change.id],
        "document": change.document,
        "live": change.live,
        "live_digest": change.live_digest or None,
    }


def read_plan(content: bytes) -> Plan:
    """Read a saved plan; raises `Refused` for anything but what `print_plan` printed."""
    try:
        body = json.loads(content)
        version = body["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("This is no saved plan.", hint="Make one with `reconciler plan --out FILE`.") from None
    if version != FORMAT_VERSION:
        raise Refused(
            f"The plan has format {str(version)[:20]}, and this version reads {FORMAT_VERSION}.",
            hint="Plan again with the version of the tool that applies.",
        )
    try:
        plan = _read(body)
        whole = print_plan(plan).encode() == content
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise Refused(
            "The plan file is not as it was written: its digest does not match its content.",
            hint="Plan again, and apply the file as it comes.",
        )
    return plan


def _read(body: Mapping[str, Json]) -> Plan:
    target = Target(body["environment"], body["register"], body["vendor"])
    changes = tuple(_read_change(each) for each in body["changes"])
    steps = [step for each in body["changes"] for step in _read_steps(each)]
    return Plan(
        target,
        changes,
        tuple(sorted(steps, key=lambda step: step.number)),
        tuple(_read_impact(each) for each in body["impacts"]),
        tuple(
            Unmanaged(each["id"], each["name"], tuple(each["clientId"]), each["former"] or "")
            for each in body["unmanaged"]
        ),
        tuple(_read_finding(each) for each in body["findings"]),
        body["created"],
        body["tool_version"],
    )


def _read_change(each: Mapping[str, Json]) -> Change:
    fields = tuple(
        FieldChange(
            FieldChange.read_path(field["path"]),
            field["before"],
            field["after"],
            field["line"] or 0,
            field["origin"] or "",
        )
        for field in each["fields"]
    )
    return _KINDS[each["action"]](
        id=each["id"],
        reason=each["reason"],
        hint=each["hint"],
        file=each["file"],
        line=each["line"] or 0,
        fields=fields,
        document=each["document"],
        impacts=tuple(_read_impact(impact) for impact in each["impacts"]),
        live=each["live"],
    )


def _read_impact(each: Mapping[str, Json]) -> Impact:
    return Impact(each["rule"], Weight(each["severity"]), each["message"], each["path"], each["system_users"])


def _read_steps(change: Mapping[str, Json]) -> list[Step]:
    last = max((step["number"] for step in change["steps"]), default=0)
    return [
        Step(
            number=step["number"],
            id=change["id"],
            method=step["method"],
            purpose=step["purpose"],
            document=change["document"] if step["number"] == last else step["document"],
            after=tuple(step["after"]),
            claims=tuple(step["claims"]),
            releases=tuple(step["releases"]),
            way_back=step["way_back"],
            final=step["number"] == last,
        )
        for step in change["steps"]
    ]


def _read_finding(each: Mapping[str, Json]) -> Finding:
    place = Location(each["file"], each["path"], each["line"] or 0, each["column"] or 0)
    return Finding(
        each["rule"],
        Severity(each["severity"]),
        each["message"],
        place,
        each["hint"],
        each["code"],
        tuple(each["environments"]),
    )
