"""Approvals of plans that break something, as git keeps them.

Pure. They stand in `systems/.approvals.yaml`: one names the digest of a plan, what it breaks for how many, its last day
(UTC) and why. It counts for that plan alone, and only while the plan breaks what it names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from reconciler.definitions.entry_list import print_entry, read_entries
from reconciler.errors import UsageError
from reconciler.model.canonical_json import SHORT
from reconciler.planning.change import Weight, describe_users, order_users

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.definitions.entry_list import Entry, Row
    from reconciler.model.canonical_json import Json
    from reconciler.planning.change import Change, Impact

FILE = "systems/.approvals.yaml"
HINT = "`reconciler approve` writes the file."
DAYS = 14
"""How long an approval holds where nobody says until when."""
MOST_DAYS = 90
"""How long it can hold: whoever approved knew the customers of that time."""
LONGEST_REASON = 1000
"""In characters; it is copied into the first line of a journal, which is small."""
_MEMBERS = ("environment", "digest", "until", "reason")
_PARTS = ("rule", "system", "path", "system_users")
_DIGEST = re.compile("[0-9a-f]{64}")
_UNKNOWN = "not known"
"""What stands for a number of system users that could not be read."""


@dataclass(frozen=True, slots=True)
class ApprovedImpact:
    """One breaking impact, and how many system users it touched when it was approved."""

    rule: str
    system: str
    """Empty for an impact of the plan as a whole."""
    path: str
    users: int | None
    """None where they are not counted for this rule, or could not be."""

    @property
    def place(self) -> tuple[str, str, str]:
        """What it is, whatever the number is."""
        return self.rule, self.system, self.path

    @property
    def magnitude(self) -> int | None:
        """The order of magnitude of the number, as a plan's digest covers it."""
        return None if self.users is None else order_users(self.users)


@dataclass(frozen=True, slots=True)
class Approval:
    """One entry: the plan, what it breaks, the last day and the reason."""

    environment: str
    digest: str
    """Of the plan, in full."""
    until: date
    """The last day, in UTC."""
    reason: str
    breaking: tuple[ApprovedImpact, ...]


@dataclass(frozen=True, slots=True)
class PlanApproval:
    """An approval that was given for a plan, or for what it was, and whether it counts."""

    until: date
    """The last day, in UTC."""
    reason: str
    author: str = ""
    """Who committed it; empty where that is not known."""
    commit: str = ""
    """The commit that holds it; empty where there is none, or it is not known."""
    obstacle: str = ""
    """Why it does not count; empty where it does."""
    at: str = ""
    """When that commit was made, ISO 8601; empty where that is not known."""
    entry: str = field(default="", compare=False)
    """The entry as the file holds it; empty in one that was read from a plan."""


@dataclass(frozen=True, slots=True)
class Signoff:
    """How the breaking impacts of a plan were accepted."""

    how: Literal["option", "approval"]
    """By `--accept`, or by an approval in git."""
    approval: PlanApproval | None = None
    """The one that counted; None where there was none, and the option alone did it."""

    def to_json(self) -> dict[str, Json]:
        """Give it as journal and report have it."""
        found = self.approval
        return {
            "how": self.how,
            "until": found.until.isoformat() if found else None,
            "reason": found.reason if found else None,
            "author": (found.author or None) if found else None,
            "commit": (found.commit or None) if found else None,
            "at": (found.at or None) if found else None,
        }


def describe_approval(approval: PlanApproval) -> str:
    """Describe an approval in one sentence: until when, by whom, why, and why it does not count."""
    who = f" by {approval.author} (commit {approval.commit[:SHORT]})" if approval.commit else ""
    obstacle = f"{approval.obstacle} " if approval.obstacle else ""
    sentence = f"{obstacle}(until {approval.until}{who}: {approval.reason})"
    return " ".join(sentence.split())


def list_breaking(changes: Iterable[Change], impacts: Iterable[Impact]) -> tuple[ApprovedImpact, ...]:
    """List what the changes of a plan, and the plan as a whole, break."""
    every = [("", each) for each in impacts]
    every += [(change.id, each) for change in changes for each in change.impacts]
    return tuple(
        ApprovedImpact(each.rule, system, each.path, each.users)
        for system, each in every
        if each.weight is Weight.BREAKING
    )


def find_change(approval: Approval, digest: str, breaking: Iterable[ApprovedImpact]) -> str:
    """Say in what a plan is not the one that was approved; empty where it is that one.

    What the entry says that the plan breaks has to be so too: it is what its reviewers read.
    """
    now = sorted(breaking, key=lambda each: each.place)
    then = sorted(approval.breaking, key=lambda each: each.place)
    if [each.place for each in now] != [each.place for each in then]:
        return "it does not name what the plan breaks"
    for before, after in zip(then, now, strict=True):
        if before.magnitude != after.magnitude:
            who = after.system or "what the plan changes"
            was, has = describe_users(before.users), describe_users(after.users)
            return f"{who} had {was} when it was approved, and has {has} now"
    if approval.digest != digest:
        return f"it is for plan {approval.digest[:SHORT]}, and this is plan {digest[:SHORT]}"
    return ""


def is_about(approval: Approval, digest: str, breaking: Iterable[ApprovedImpact]) -> bool:
    """Say whether an approval is for a plan, or for one that breaks the same in the same places."""
    places = sorted(each.place for each in breaking)
    return approval.digest == digest or sorted(each.place for each in approval.breaking) == places


def read_approvals(content: bytes) -> tuple[Approval, ...]:
    """Read the file; raises `UsageError` with every problem on a line of its own."""
    return read_entries(FILE, content, read_approval, hint=HINT)


def read_approval(entry: Entry) -> Approval:
    """Read one entry; raises `UsageError` where it is none."""
    entry.check_members(_MEMBERS, ["breaking"])
    values = entry.values
    if not _DIGEST.fullmatch(values["digest"]):
        raise UsageError("the digest of a plan has 64 digits")
    check_reason(values["reason"])
    try:
        until = date.fromisoformat(values["until"])
    except ValueError:
        raise UsageError("until is a date, such as 2026-12-31") from None
    breaking = tuple(_read_impact(each) for each in entry.lists["breaking"])
    if not breaking:
        raise UsageError("breaking names nothing")
    return Approval(values["environment"], values["digest"], until, values["reason"], breaking)


def check_reason(reason: str) -> None:
    """Raise `UsageError` where a reason says nothing, or too much."""
    if not reason.strip():
        raise UsageError("the reason is empty")
    if len(reason) > LONGEST_REASON:
        raise UsageError(f"the reason has more than {LONGEST_REASON:,} characters")


def _read_impact(row: Row) -> ApprovedImpact:
    number = row.get("system_users", "")
    if set(row) != set(_PARTS) or not (number == _UNKNOWN or re.fullmatch("[0-9]{1,9}", number)):
        raise UsageError(f"each of breaking has {', '.join(_PARTS)}, which is a number or `{_UNKNOWN}`")
    users = None if number == _UNKNOWN else int(number)
    return ApprovedImpact(row["rule"], row["system"], row["path"], users)


def print_approval(approval: Approval) -> str:
    """Print an entry as the file holds it."""
    values = {
        "environment": approval.environment,
        "digest": approval.digest,
        "until": approval.until.isoformat(),
        "reason": approval.reason,
    }
    rows = [
        {
            "rule": each.rule,
            "system": each.system,
            "path": each.path,
            "system_users": _UNKNOWN if each.users is None else each.users,
        }
        for each in approval.breaking
    ]
    return print_entry(values, {"breaking": rows})
