"""Every change in order, the environment, and the digests of what it was made from.

Pure, and data only: a plan can be shown, saved, compared and refused, and holds nothing that runs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.change import Blocked, Change, Create, Delete, Keep, Update, decide
from reconciler.digest import SHORT, digest_json
from reconciler.findings import finding_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.findings import Finding
    from reconciler.model import Json, RegisteredSystem, Resolved

FORMAT_VERSION = "1"
"""Of the plan as JSON; a program refuses a version that it does not know."""
ACTIONS = tuple(kind.action for kind in (Create, Update, Delete, Blocked, Keep))
"""In the order of the summary line."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whose systems, and in which register."""

    environment: str
    register: str
    """The register's address; for `local` the name, since its port is new every time."""
    vendor: str
    """Nine digits."""


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """A live system without a definition here."""

    id: str
    name: str
    client_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What would make the register match the definitions."""

    target: Target
    changes: tuple[Change, ...] = ()
    """By id."""
    unmanaged: tuple[Unmanaged, ...] = ()
    findings: tuple[Finding, ...] = ()
    created: str = ""
    """When it was made: ISO 8601 in UTC."""
    tool_version: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over what apply would do and what it was made from, in hex.

        Files, lines, findings, unmanaged systems, versions and times are outside, so that a comment does not
        void an approval.
        """
        acted: list[Json] = [
            {
                "id": change.id,
                "action": change.action,
                "steps": [],
                "document": change.document,
                "live_digest": change.live_digest,
            }
            for change in self.changes
            if not isinstance(change, Keep)
        ]
        return digest_json(
            {
                "format_version": FORMAT_VERSION,
                "environment": self.target.environment,
                "register": self.target.register,
                "vendor": self.target.vendor,
                "changes": acted,
            }
        )

    @property
    def short_digest(self) -> str:
        """The digest's first twelve digits."""
        return self.digest[:SHORT]

    @property
    def summary(self) -> Mapping[str, int]:
        """Count the changes by action, and the unmanaged systems."""
        counts = Counter(change.action for change in self.changes)
        return {**{action: counts[action] for action in ACTIONS}, "unmanaged": len(self.unmanaged)}

    @property
    def writes(self) -> tuple[Create | Update | Delete, ...]:
        """The changes that apply would carry out."""
        return tuple(each for each in self.changes if isinstance(each, (Create, Update, Delete)))

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        """The changes that cannot be carried out."""
        return tuple(each for each in self.changes if isinstance(each, Blocked))


def plan_changes(
    target: Target,
    desired: Iterable[Resolved],
    live: Mapping[str, RegisteredSystem | None],
    unmanaged: Sequence[RegisteredSystem],
) -> Plan:
    """Work out what would make the register match the definitions.

    `live` has an entry for every desired id. Equal inputs give an equal plan, whatever their order. A
    registered system without a definition is kept: the absence of a file is not a request to delete.
    """
    ordered = sorted(desired, key=lambda each: each.system.id)
    changes = [decide(each, live[each.system.id]) for each in ordered]
    others = {
        client: system.id
        for system in unmanaged
        for client in system.read().clientId
        if not system.read().isDeleted
    }
    return Plan(
        target,
        _block_claims(changes, {each.system.id: each for each in ordered}, others),
        tuple(_describe_unmanaged(system) for system in sorted(unmanaged, key=lambda each: each.id)),
    )


def _describe_unmanaged(system: RegisteredSystem) -> Unmanaged:
    held = system.read()
    return Unmanaged(held.id, held.name.get("nb") or held.name.get("en", ""), tuple(sorted(held.clientId)))


def _block_claims(
    changes: Sequence[Change], desired: Mapping[str, Resolved], others: Mapping[str, str]
) -> tuple[Change, ...]:
    """Block every claim on a client id that another system will go on holding.

    That is an unmanaged system, or one whose own change is blocked; blocking one can block the next.
    """
    settled = {change.id: change for change in changes}
    while True:
        held = dict(others)
        for change in settled.values():
            if isinstance(change, Blocked) and change.live is not None and not change.live.get("isDeleted"):
                held |= dict.fromkeys(change.live.get("clientId") or (), change.id)
        newly = {
            change.id: blocked
            for change in settled.values()
            if (blocked := _block_claim(change, desired[change.id], held)) is not None
        }
        if not newly:
            return tuple(settled.values())
        settled |= newly


def _block_claim(change: Change, desired: Resolved, held: Mapping[str, str]) -> Blocked | None:
    if not isinstance(change, (Create, Update)):
        return None
    taken = [client for client in desired.system.clientId if held.get(client, change.id) != change.id]
    if not taken:
        return None
    told = ", ".join(f"client id {client} is on `{held[client]}`" for client in taken)
    return Blocked(
        id=change.id,
        reason=told,
        hint="A client id sits on one system only: take it from the other system first.",
        file=change.file,
        line=change.line,
        fields=change.fields,
        live=change.live,
    )


def stamp(plan: Plan, findings: Iterable[Finding], *, created: str, tool_version: str) -> Plan:
    """Add what was found while checking, and when and by what the plan was made."""
    return replace(plan, findings=tuple(findings), created=created, tool_version=tool_version)


def to_json(plan: Plan) -> dict[str, Json]:
    """Give the plan as JSON, shaped as the documentation of the format says."""
    body: dict[str, Json] = {
        "format_version": FORMAT_VERSION,
        "tool_version": plan.tool_version,
        "created": plan.created,
        "environment": plan.target.environment,
        "register": plan.target.register,
        "vendor": plan.target.vendor,
        "digest": plan.digest,
        "summary": dict(plan.summary),
        "changes": [_change_to_json(change) for change in plan.changes],
        "unmanaged": [
            {"id": each.id, "name": each.name, "clientId": list(each.client_ids)} for each in plan.unmanaged
        ],
        "findings": [finding_to_json(finding) for finding in plan.findings],
    }
    return {**body, "file_digest": digest_json(body)}


def _change_to_json(change: Change) -> dict[str, Json]:
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
        "impacts": [],
        "steps": [],
        "document": change.document,
        "live": change.live,
        "live_digest": change.live_digest or None,
    }
