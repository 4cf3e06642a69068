"""What has become of the entries of `systems/.accepted.yaml`, by a plan of what they are about.

Pure. An entry that is spent counts for nothing any more, and can be removed from the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.planning.acceptance import DELETED, MISSING, UNMANAGED
from reconciler.planning.change import Blocked, Create, Delete

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from reconciler.planning.acceptance import Acceptance
    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan


class Status(StrEnum):
    """What has become of an entry."""

    STANDS = "stands"
    PASSED = "its last day has passed"
    MOVED = "the register holds another value now"
    GONE = "the difference is gone"
    UNKNOWN = "not compared"
    """It is of another environment or vendor, or what it is about could not be read."""

    @property
    def slug(self) -> str:
        """The word by which programs know it."""
        return self.name.lower()

    @property
    def is_spent(self) -> bool:
        """Say whether the entry counts for nothing any more."""
        return self in {Status.PASSED, Status.MOVED, Status.GONE}


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry and what has become of it."""

    acceptance: Acceptance
    status: Status


def judge_entries(entries: Iterable[Acceptance], plan: Plan, today: date) -> tuple[Judged, ...]:
    """Say what has become of each entry; a plan knows one environment and vendor only."""
    changes = {each.id: each for each in plan.changes}
    unmanaged = {each.id for each in plan.unmanaged}
    return tuple(Judged(each, _judge(each, plan, changes.get(each.id), unmanaged, today)) for each in entries)


def _judge(entry: Acceptance, plan: Plan, change: Change | None, unmanaged: set[str], today: date) -> Status:
    if today > entry.until:
        return Status.PASSED
    if entry.environment != plan.target.environment:
        return Status.UNKNOWN
    if change is not None:
        return _compare(entry, change)
    if entry.id in unmanaged:
        return Status.STANDS if entry.path == UNMANAGED else Status.GONE
    # No system that is read has the id; whether one of another vendor has it is not known here.
    is_whole = not (plan.unlisted or plan.unjudged or plan.narrowed)
    is_known = is_whole and entry.id.startswith(f"{plan.target.vendor}_")
    return Status.GONE if is_known else Status.UNKNOWN


def _compare(entry: Acceptance, change: Change) -> Status:
    if any(each.acceptance == entry for each in change.standing):
        return Status.STANDS
    if _is_opaque(change):
        return Status.UNKNOWN
    if entry.path in {MISSING, DELETED, UNMANAGED}:
        return Status.GONE
    is_open = any(each.path == entry.path for each in change.open_fields)
    return Status.MOVED if is_open else Status.GONE


def _is_opaque(change: Change) -> bool:
    """Say whether a change does not show in which fields the register differs from the files."""
    if isinstance(change, Delete):
        return True
    is_unread = change.live is None and not change.fields
    is_foreign = any(each.member == "vendor" for each in change.fields)
    return isinstance(change, Blocked) and (is_unread or is_foreign) and not isinstance(change, Create)
