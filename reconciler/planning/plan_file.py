"""The plan as JSON: printed in one way only, read back, and refused when a single byte is not as printed.

Pure. A saved plan holds everything that apply needs, so that what was reviewed is what is done.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import Refused
from reconciler.model.canonical_json import digest_json
from reconciler.model.findings import Finding, Location, finding_to_json
from reconciler.model.json_pieces import print_digested
from reconciler.model.revision import Checkout
from reconciler.model.system import RegisteredSystem
from reconciler.model.untrusted_text import escape_json
from reconciler.planning.acceptance import UNMANAGED, WHOLE, Acceptance, Standing
from reconciler.planning.approval import PlanApproval
from reconciler.planning.change import Blocked, Change, Create, Delete, Impact, Keep, Update
from reconciler.planning.customer_json import print_customers, read_customers
from reconciler.planning.diff import ADOPTED, FieldChange, adopt
from reconciler.planning.narrowing import Narrowing, Unjudged
from reconciler.planning.plan import FORMAT_VERSION, Plan, Target, Unmanaged, step_to_json
from reconciler.planning.plan_audit import check_applicable
from reconciler.planning.request_order import Step, group_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.canonical_json import Json
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan_file_v1 import (
        PlanFile,
        SavedChange,
        SavedElsewhere,
        SavedField,
        SavedFinding,
        SavedImpact,
        SavedRevision,
        SavedShown,
        SavedStanding,
        SavedTerm,
        SavedUnmanaged,
    )

MAX_BYTES = 64 << 20
"""Of a plan file: some thousand systems, or a few whose documents are as large as the register takes."""
MAX_VALUES = 1_000_000
"""In a plan file, so that a small file cannot fill the memory: an empty list takes twenty times its text."""
_KINDS: Mapping[str, type[Change]] = {kind.action: kind for kind in (Create, Update, Delete, Keep, Blocked)}


def print_plan(plan: Plan) -> str:
    """Print a plan; the same plan is always the same text."""
    return "".join(print_pieces(plan))


def print_pieces(plan: Plan) -> Iterator[str]:
    """Print a plan likewise, a change at a time: the documents of all would take ten times their texts."""
    steps = group_steps(plan.steps)
    changes = (_change_to_json(change, steps.get(change.id, ())) for change in plan.changes)
    yield from map(escape_json, print_digested(_list_members(plan), "changes", changes, "file_digest"))


def to_json(plan: Plan) -> dict[str, Json]:
    """Give the plan as JSON, shaped as the schema of the format says."""
    printed: dict[str, Json] = json.loads(print_plan(plan))
    return printed


def _list_members(plan: Plan) -> dict[str, Json]:
    """List what a plan has beside its changes, which stand in their place as an empty list."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": plan.tool_version,
        "created": plan.created,
        "environment": plan.target.environment,
        "register": plan.target.register,
        **({"against": plan.against} if plan.against else {}),
        **({"revision": revision_to_json(plan.revision)} if plan.revision else {}),
        "vendor": plan.target.vendor,
        "digest": plan.digest,
        "summary": dict(plan.summary),
        "impacts": [_impact_to_json(each) for each in plan.impacts],
        "changes": [],
        "unmanaged": [_unmanaged_to_json(each) for each in plan.unmanaged],
        "unlisted": plan.unlisted or None,
        **list_left_out(plan),
        **({"approvals": [_approval_to_json(each) for each in plan.approvals]} if plan.approvals else {}),
        **({"elsewhere": [_elsewhere_to_json(each) for each in plan.elsewhere]} if plan.elsewhere else {}),
        **({"elsewhere_unknown": plan.elsewhere_unknown} if plan.elsewhere_unknown else {}),
        **({"blocked_before": list(plan.blocked_before)} if plan.blocked_before else {}),
        **({"untouched": list(plan.untouched)} if plan.untouched else {}),
        "findings": [finding_to_json(finding) for finding in plan.findings],
    }


def list_left_out(made: Plan | DriftReport) -> dict[str, Json]:
    """Give what a plan or a report leaves out; where that is nothing, it has none of these members."""
    members: dict[str, Json] = {}
    if made.narrowed is not None:
        members["narrowed"] = made.narrowed.to_json()
    if made.unjudged:
        members["unjudged"] = [
            {
                "file": each.file,
                "line": each.line or None,
                "reason": each.reason,
                "ids": list(each.ids),
                **({"commit": each.commit} if each.commit else {}),
            }
            for each in made.unjudged
        ]
    if made.unmatched:
        members["unmatched"] = list(made.unmatched)
    return members


def revision_to_json(revision: Checkout) -> dict[str, Json]:
    """Give the commit that definitions were read at, and what differed from it."""
    return {"commit": revision.commit or None, "uncommitted": list(revision.uncommitted)}


def _approval_to_json(approval: PlanApproval) -> dict[str, Json]:
    return {
        "until": approval.until.isoformat(),
        "reason": approval.reason,
        "author": approval.author or None,
        "commit": approval.commit or None,
        "obstacle": approval.obstacle or None,
    }


def _elsewhere_to_json(plan: Plan) -> dict[str, Json]:
    """Give what is shown of a plan for another environment; nothing of it can be applied."""
    return {
        "environment": plan.target.environment,
        "vendor": plan.target.vendor,
        "against": plan.against,
        "summary": {name: number for name, number in plan.summary.items() if name != Keep.action},
        "impacts": [_impact_to_json(each) for each in plan.impacts],
        "changes": [_shown_to_json(each) for each in plan.changes],
        "unmanaged": [_unmanaged_to_json(each) for each in plan.unmanaged],
    }


def _unmanaged_to_json(each: Unmanaged) -> dict[str, Json]:
    return {
        "id": each.id,
        "name": each.name,
        "clientId": list(each.client_ids),
        "former": each.former or None,
        "unreadable": each.unreadable or None,
        **({"expected": True} if each.expected else {}),
        **({"accepted": _term_to_json(each.accepted)} if each.accepted else {}),
    }


def _impact_to_json(impact: Impact) -> dict[str, Json]:
    return {
        "rule": impact.rule,
        "severity": impact.weight.value,
        "message": impact.message,
        "path": impact.path,
        "system_users": impact.users,
        "agents": impact.agents,
        **({"customers": print_customers(impact.customers)} if impact.customers else {}),
    }


def _change_to_json(change: Change, steps: Iterable[Step]) -> dict[str, Json]:
    return {
        **_shown_to_json(change),
        "steps": [step_to_json(step) for step in steps],
        "document": change.document,
        "live": change.live.document if change.live else None,
        "live_digest": change.live_digest or None,
        "newest_entry": change.newest,
    }


def _shown_to_json(change: Change) -> dict[str, Json]:
    """Give what a person is shown of a change."""
    standing = [
        {
            **_field_to_json(each.field or FieldChange((each.path,), None, None)),
            **_term_to_json(each.acceptance),
        }
        for each in change.standing
    ]
    return {
        "id": change.id,
        "action": change.action,
        "reason": change.reason,
        "hint": change.hint,
        "file": change.file,
        "line": change.line or None,
        "fields": [_field_to_json(each) for each in change.fields],
        "impacts": [_impact_to_json(each) for each in change.impacts],
        **({"standing": standing} if standing else {}),
    }


def _field_to_json(field: FieldChange) -> dict[str, Json]:
    return {
        "path": field.path,
        "before": field.before,
        "after": field.after,
        "line": field.line or None,
        "origin": field.origin or None,
    }


def _term_to_json(acceptance: Acceptance) -> dict[str, Json]:
    return {"until": acceptance.until.isoformat(), "reason": acceptance.reason}


def read_plan(content: bytes) -> Plan:
    """Read a saved plan; raises `Refused` for anything but what `print_plan` printed of a plan for apply.

    That its fields, impacts and steps are honest is another question: `preflight` asks it of every plan.
    """
    if (
        len(content) > MAX_BYTES
        or content.count(b",") + content.count(b"[") + content.count(b"{") > MAX_VALUES
    ):
        raise Refused(
            f"The plan file is larger than {MAX_BYTES >> 20} MiB, or has more than {MAX_VALUES:,} values.",
            hint="Plan fewer systems at a time.",
        )
    from reconciler.planning.plan_file_v1 import read_plan_file  # noqa: PLC0415 - its types take 50 ms to make

    try:
        saved = read_plan_file(content)
    except ValueError as error:
        raise _explain(content, str(error)) from None
    try:
        plan = _read(saved)
        whole = print_plan(plan).encode() == content
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise Refused(
            "The plan file is not as it was written: its digest does not match its content.",
            hint="Plan again, and apply the file as it comes.",
        )
    check_applicable(plan)
    return plan


def _explain(content: bytes, where: str) -> Refused:
    """Say what is wrong with a file that is no plan of this format; `where` is the first member at fault."""
    try:
        version = json.loads(content)["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Refused("This is no saved plan.", hint="Make one with `reconciler plan --out FILE`.")
    if version != FORMAT_VERSION:
        return Refused(
            f"The plan has format {str(version)[:20]}, and this version reads {FORMAT_VERSION}.",
            hint="Plan again with the version of the tool that applies.",
        )
    return Refused(
        f"The plan file is not as it was written: `{where[:80]}` is missing, unknown or of the wrong type.",
        hint="Plan again, and apply the file as it comes.",
    )


def _read(saved: PlanFile) -> Plan:
    steps = [step for each in saved.changes for step in _read_steps(each)]
    return Plan(
        Target(saved.environment, saved.register_, saved.vendor),
        tuple(_read_change(each, saved.environment) for each in saved.changes),
        tuple(sorted(steps, key=lambda step: step.number)),
        tuple(_read_impact(each) for each in saved.impacts),
        tuple(_read_unmanaged(each, saved.environment) for each in saved.unmanaged),
        tuple(_read_finding(each) for each in saved.findings),
        saved.created,
        saved.tool_version,
        saved.unlisted or "",
        saved.against,
        Narrowing(**dict(saved.narrowed)) if saved.narrowed else None,
        tuple(
            Unjudged(each.file, each.reason, each.line or 0, each.ids, each.commit) for each in saved.unjudged
        ),
        saved.unmatched,
        _read_revision(saved.revision),
        tuple(
            PlanApproval(each.until, each.reason, each.author or "", each.commit or "", each.obstacle or "")
            for each in saved.approvals
        ),
        elsewhere=tuple(_read_elsewhere(each) for each in saved.elsewhere),
        elsewhere_unknown=saved.elsewhere_unknown,
        blocked_before=saved.blocked_before,
        untouched=saved.untouched,
    )


def _read_revision(saved: SavedRevision | None) -> Checkout | None:
    return Checkout(saved.commit or "", saved.uncommitted) if saved else None


def _read_elsewhere(each: SavedElsewhere) -> Plan:
    return Plan(
        Target(each.environment, "", each.vendor),
        tuple(_read_shown(change, each.environment) for change in each.changes),
        impacts=tuple(_read_impact(impact) for impact in each.impacts),
        unmanaged=tuple(_read_unmanaged(one, each.environment) for one in each.unmanaged),
        against=each.against,
    )


def _read_unmanaged(each: SavedUnmanaged, environment: str) -> Unmanaged:
    accepted = _read_acceptance(environment, each.id, UNMANAGED, each.accepted) if each.accepted else None
    return Unmanaged(
        each.id, each.name, each.clientId, each.former or "", each.unreadable or "", each.expected, accepted
    )


def _read_change(each: SavedChange, environment: str) -> Change:
    return replace(
        _read_shown(each, environment),
        document=each.document,
        live=RegisteredSystem(each.live) if each.live is not None else None,
        newest=each.newest_entry,
    )


def _read_shown(each: SavedShown, environment: str) -> Change:
    return _KINDS[each.action](
        id=each.id,
        reason=each.reason,
        hint=each.hint,
        file=each.file,
        line=each.line or 0,
        fields=tuple(_read_field(field) for field in each.fields),
        impacts=tuple(_read_impact(impact) for impact in each.impacts),
        standing=tuple(_read_standing(environment, each.id, one) for one in each.standing),
    )


def _read_standing(environment: str, system: str, saved: SavedStanding) -> Standing:
    acceptance = _read_acceptance(environment, system, saved.path, saved, saved.before)
    if saved.path in WHOLE:
        return Standing(acceptance)
    steps = FieldChange.read_path(saved.path)
    return Standing(
        acceptance, FieldChange(steps, saved.before, saved.after, saved.line or 0, saved.origin or "")
    )


def _read_acceptance(
    environment: str, system: str, path: str, term: SavedStanding | SavedTerm, value: Json = None
) -> Acceptance:
    return Acceptance(environment, system, path, term.until, term.reason, digest_json(value))


def _read_field(each: SavedField) -> FieldChange:
    steps = FieldChange.read_path(each.path)
    if each.origin == ADOPTED:
        return replace(adopt(steps, each.before, each.after), line=each.line or 0)
    return FieldChange(steps, each.before, each.after, each.line or 0, each.origin or "")


def _read_impact(each: SavedImpact) -> Impact:
    known = read_customers(each.customers) if each.customers else None
    return Impact(each.rule, each.severity, each.message, each.path, each.system_users, each.agents, known)


def _read_steps(change: SavedChange) -> list[Step]:
    last = max((step.number for step in change.steps), default=0)
    return [
        Step(
            number=step.number,
            id=change.id,
            method=step.method,
            purpose=step.purpose,
            document=change.document if step.number == last else step.document,
            after=step.after,
            claims=step.claims,
            releases=step.releases,
            way_back=step.way_back,
            final=step.number == last,
        )
        for step in change.steps
    ]


def _read_finding(each: SavedFinding) -> Finding:
    place = Location(each.file, each.path, each.line or 0, each.column or 0)
    return Finding(each.rule, each.severity, each.message, place, each.hint, each.code, each.environments)
