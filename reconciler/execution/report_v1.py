"""The types of the report that `apply --report` writes, format 1: every member and its type, and nothing else.

Pure. `data/report.schema.json` is made from these types, with their docstrings, for other programs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
"""SHA-256 in hex."""
Organisation = Annotated[str, Field(pattern="^[0-9]{9}$")]
Value = Annotated[Any, Field(json_schema_extra={"type": ["string", "boolean", "object", "null"]})]
"""Of a field: a text, a truth value, an entry of `rights` or `accessPackages`, or null for what is absent."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class ReportedDifference(_Part):
    """One field in which a system is not as the plan asked."""

    path: str
    held: Value
    """What the register holds now."""
    asked: Value
    """What the plan asked for."""


class ReportedOutcome(_Part):
    """What became of the change of one system."""

    id: str
    action: Literal["create", "update", "delete"]
    outcome: Literal["done", "failed", "stale", "unknown", "not tried"]
    reason: str
    hint: str
    differs: tuple[ReportedDifference, ...]


class ReportedSummary(_Part):
    """How many changes there are of each outcome; one that there is none of is left out."""

    done: Count | None = None
    failed: Count | None = None
    stale: Count | None = None
    unknown: Count | None = None
    not_tried: Annotated[Count | None, Field(alias="not tried")] = None
    blocked: Count
    """Changes of the plan that were never sent."""


class ReportedSignoff(_Part):
    """How the plan's breaking impacts were accepted, and the approval in git that was for it, if there was one."""

    how: Literal["option", "approval"]
    """By `--accept`, or by the approval."""
    until: str | None
    """The last day of the approval, in UTC."""
    reason: str | None
    author: str | None
    """Who committed it; null where that is not known."""
    commit: str | None


class ReportFile(_Part):
    """The whole file."""

    environment: str
    vendor: Organisation
    digest: Digest
    """The digest of the plan that was applied."""
    accepted: ReportedSignoff | None
    """How the plan's breaking impacts were accepted; null where nothing was to accept."""
    outcomes: tuple[ReportedOutcome, ...]
    summary: ReportedSummary
    unrecorded: tuple[str, ...]
    """What the journal could not take."""
