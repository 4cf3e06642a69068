"""The types of a journal's lines, format 1: every member and its type, and nothing else.

Pure. A crash or a disk can have made anything of a line, so it is read whole with these types before anything in it
is believed. A member that has a default came after the first journals were written, which have none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter


def _check_time(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("a time without its zone")
    return text


Time = Annotated[str, AfterValidator(_check_time)]
"""ISO 8601, with its zone."""
Document = dict[str, Any]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AcceptedPart(_Line):
    """How the plan's breaking impacts were accepted."""

    how: Literal["option", "approval"]
    until: str | None
    reason: str | None
    author: str | None
    commit: str | None
    at: str | None = None


class StartLine(_Line):
    """The first line: which run the journal belongs to."""

    kind: Literal["run"]
    run: str
    register_: str = Field(alias="register")
    environment: str
    vendor: str
    digest: str
    tool_version: str
    at: Time
    format: Literal[1] = 1
    revision: str = ""
    uncommitted: bool = False
    accepted: AcceptedPart | None = None


class IntentLine(_Line):
    """A request that is about to be sent."""

    kind: Literal["intent"]
    step: int
    id: str
    method: str
    purpose: str
    final: bool
    live: Document | None
    body: Document | None
    newest: str
    at: Time
    releases: Document | None = None
    traceparent: str = ""


class OutcomeLine(_Line):
    """What came of an intent."""

    kind: Literal["outcome"]
    step: int
    id: str
    outcome: Literal["done", "failed", "stale", "unknown", "not tried"]
    reason: str
    held: Document | None
    entry: Document | None
    by: str
    at: Time
    lost: bool = False


class ProvenanceLine(_Line):
    """Where the run came from, behind the first line; what is not known is empty."""

    kind: Literal["provenance"]
    tool_version: str
    tool_commit: str
    tool_digest: str
    platform: str
    repository: str
    commit: str
    branch: str
    pull_request: str
    pull_request_address: str
    actor: str
    job: str
    attempt: str
    address: str
    waived: list[str] = []
    """The earlier runs of the pipeline whose missing journals somebody let pass."""


class KeptLine(_Line):
    """A file that lies beside the journal, under its name and then `.`."""

    kind: Literal["kept"]
    name: str
    digest: str


class DifferencePart(_Line):
    """One field in which a system is not as the plan asked."""

    path: str
    held: Any
    asked: Any


class FinalPart(_Line):
    """What apply said of the change of one system in the end."""

    id: str
    action: Literal["create", "update", "delete"]
    outcome: Literal["done", "failed", "stale", "unknown", "not tried"]
    reason: str
    hint: str
    alarming: bool
    differs: list[DifferencePart]


class EndLine(_Line):
    """The run came to its end."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["end"]
    at: Time | None = None
    outcomes: list[FinalPart] = []
    """What apply said of every change in the end; only apply writes it."""


class TornLine(_Line):
    """The line before was cut off while it was written, so nothing was sent for it."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["torn"]


Record: TypeAlias = ProvenanceLine | KeptLine | IntentLine | OutcomeLine | EndLine
"""A line that says something of the run."""
Line: TypeAlias = Record | TornLine
"""Any line but the first."""
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


def read_start(record: object) -> StartLine:
    """Read the first line; raises `ValueError` where it is not that of a run."""
    return StartLine.model_validate(record)


def read_line(record: object) -> Line:
    """Read any other line; raises `ValueError` where it is none."""
    return _LINE.validate_python(record)
