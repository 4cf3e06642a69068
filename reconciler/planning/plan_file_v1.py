"""The types of a saved plan, format 1: every member and its type, and nothing else.

Pure. A plan file is a claim by whoever wrote it, so it is read whole with these types before anything in it
is looked at. `data/plan.schema.json` says the same to other programs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reconciler.model.findings import Severity  # noqa: TC001 - as above
from reconciler.planning.change import Weight  # noqa: TC001 - pydantic reads the annotations

Number = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Document = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SavedImpact(_Part):
    """What a change does to people."""

    rule: str
    severity: Weight
    message: str
    path: str
    system_users: Count | None
    agents: Count | None


class SavedField(_Part):
    """One scalar or one entry of a list that differs."""

    path: str
    before: Any
    after: Any
    line: Number | None
    origin: str | None


class SavedStep(_Part):
    """One request."""

    number: Number
    method: Literal["POST", "PUT", "DELETE"]
    purpose: str
    after: tuple[Number, ...]
    claims: tuple[str, ...]
    releases: tuple[str, ...]
    document: Document | None
    way_back: Document | None


class SavedChange(_Part):
    """What becomes of one system."""

    id: str
    action: Literal["create", "update", "delete", "keep", "blocked"]
    reason: str
    hint: str
    file: str
    line: Number | None
    fields: tuple[SavedField, ...]
    impacts: tuple[SavedImpact, ...]
    steps: tuple[SavedStep, ...]
    document: Document | None
    live: Document | None
    live_digest: str | None
    newest_entry: str | None


class SavedUnmanaged(_Part):
    """A live system without a definition."""

    id: str
    name: str
    clientId: tuple[str, ...]
    former: str | None
    unreadable: str | None


class SavedFinding(_Part):
    """What was found in a definition."""

    rule: str
    severity: Severity
    message: str
    hint: str
    code: str
    environments: tuple[str, ...]
    file: str
    path: str
    line: Number | None
    column: Number | None


class SavedSummary(_Part):
    """How many systems there are of each kind."""

    create: Count
    update: Count
    delete: Count
    blocked: Count
    keep: Count
    unmanaged: Count


class PlanFile(_Part):
    """The whole file."""

    format_version: Literal["1"]
    tool_version: str
    created: str
    environment: str
    register_: str = Field(alias="register")
    vendor: str
    digest: str
    summary: SavedSummary
    impacts: tuple[SavedImpact, ...]
    changes: tuple[SavedChange, ...]
    unmanaged: tuple[SavedUnmanaged, ...]
    unlisted: str | None
    findings: tuple[SavedFinding, ...]
    file_digest: str


def read_plan_file(content: bytes) -> PlanFile:
    """Read a plan file; raises ValueError whose text names the first member that is wrong."""
    try:
        return PlanFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in first["loc"])
        raise ValueError(where.removeprefix(".")) from None
