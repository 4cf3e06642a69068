"""The types of the report that `apply --report` writes, format 1: every member and its type, and nothing else.

Pure. `data/report.schema.json` is made from these types, with their docstrings, for other programs. A member that has
a default came after the first reports were written, which have none.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
"""SHA-256 in hex."""
Organisation = Annotated[str, Field(pattern="^[0-9]{9}$")]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Value = Annotated[Any, Field(json_schema_extra={"type": ["string", "boolean", "object", "null"]})]
"""Of a field: a text, a truth value, an entry of `rights` or `accessPackages`, or null for what is absent."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class ReportedDifference(_Part):
    """One field in which a system is not as the plan asked."""

    path: str
    """Such as `isVisible`, `name.en` or `clientId["…"]`."""
    held: Value
    """What the register holds now."""
    asked: Value
    """What the plan asked for."""


class ReportedEntry(_Part):
    """An entry of the register's change log that a request of the run made."""

    at: Time
    """The register's own time, as its change log gives it."""
    kind: str
    """`create`, `update` or `delete`."""
    organisation: str
    """That wrote it, by its number."""
    client: str
    """The Maskinporten client; empty where the register knows none."""
    digest: Digest | None
    """Of what the entry says was sent (`changedData`), as canonical JSON: sorted keys, no white space, UTF-8.
    Null for a deletion, for which the change log has nothing."""


class ReportedOutcome(_Part):
    """What became of the change of one system."""

    id: str
    """Of the system."""
    action: Literal["create", "update", "delete"]
    """What the plan asked for."""
    outcome: Literal["done", "failed", "stale", "unknown", "not tried"]
    """`stale`: the system moved since the plan, and nothing was sent."""
    reason: str
    """In words; may be empty for `done`."""
    hint: str
    """What to do; may be empty."""
    alarming: bool = False
    """Whether a person should look at it although it was done."""
    differs: tuple[ReportedDifference, ...]
    """Where the register does not hold what was asked for."""
    before: Digest | None = None
    """Of the register's document that the change was made from, as canonical JSON; null where there was none."""
    after: Digest | None = None
    """Of the document as read back after the last request; null where nothing was sent or read back."""
    entries: tuple[ReportedEntry, ...] = ()
    """What proves the writes: oldest first, and one for each request that is known to be carried out."""
    settled: Time | None = None
    """When `recover` found out what became of it; null where apply knew that itself. Only in a report that was made
    again from the journal."""


class ReportedSummary(_Part):
    """How many changes there are of each outcome; one that there is none of is left out."""

    done: Count | None = None
    """The register holds what was asked for, as read back."""
    failed: Count | None = None
    """It does not."""
    stale: Count | None = None
    """The system moved since the plan, and nothing was sent."""
    unknown: Count | None = None
    """Nothing shows what became of the request: run `recover`."""
    not_tried: Annotated[Count | None, Field(alias="not tried")] = None
    """Nothing was sent, because something before it failed or the run was stopped."""
    blocked: Count
    """Changes of the plan that were never sent."""


class ReportedSignoff(_Part):
    """How the plan's breaking impacts were accepted, and the approval in git that was for it, if there was one."""

    how: Literal["option", "approval"]
    """By `--accept`, which is the actor's, or by the approval."""
    until: str | None
    """The last day of the approval, in UTC."""
    reason: str | None
    """Of the approval, as it was written."""
    author: str | None
    """Who committed it; null where that is not known."""
    commit: str | None
    """In which the approval stands; null where that is not known."""
    at: Time | None = None
    """When that commit was made."""


class ReportedRevision(_Part):
    """The commit that the definitions were read at when the plan was made."""

    commit: str | None
    """Null where there is none: no repository, or one without a commit."""
    uncommitted: tuple[str, ...]
    """The files that differ from the commit, are not in it, or are removed."""


class ReportedRequest(_Part):
    """The pull request, or merge request, that the run was started for."""

    number: str
    """As the platform shows it."""
    address: str | None
    """Where the platform shows it."""


class ReportedPipeline(_Part):
    """The run, pipeline or build of the platform that this ran in."""

    platform: Literal["github", "gitlab", "azure"]
    """Which one."""
    run: str | None
    """The platform's number of it."""
    attempt: str | None
    """Which try of that run it was."""
    address: str | None
    """Where the platform shows it."""


class ReportedTool(_Part):
    """The program that ran."""

    version: str
    """As `reconciler --version` says it."""
    commit: str | None
    """The commit that it was built from."""
    digest: Digest | None
    """Over its installed files: of what `sha256sum` prints of them, sorted by name."""


class ReportFile(_Part):
    """The whole file. What is not known is null."""

    format_version: Literal["1"] = "1"
    """Of this description."""
    run: str | None = None
    """The run's name in the journal; null where nothing was sent."""
    environment: str
    """Its name."""
    register_: Annotated[str | None, Field(alias="register")] = None
    """The register's address; for `local` the name."""
    vendor: Organisation
    """The organisation number."""
    digest: Digest
    """The digest of the plan that was applied."""
    revision: ReportedRevision | None = None
    repository: str | None = None
    """The repository's address, where the platform says it."""
    commit: str | None = None
    """The commit that the run was started for, by the platform, or else by git."""
    branch: str | None = None
    """Of that commit, where the platform or git says it."""
    pull_request: ReportedRequest | None = None
    """Null also where the platform does not say which one it was, as after a merge."""
    actor: str | None = None
    """Who started the run, by the platform's name for them."""
    pipeline: ReportedPipeline | None = None
    """Null where the program ran on none of the platforms."""
    tool: ReportedTool | None = None
    started: Time | None = None
    """When the journal was opened, in UTC; null where nothing was sent."""
    ended: Time | None = None
    """Null where the run did not come to its end."""
    accepted: ReportedSignoff | None
    """How the plan's breaking impacts were accepted; null where nothing was to accept."""
    outcomes: tuple[ReportedOutcome, ...]
    """One for each change of the plan that was to be sent."""
    summary: ReportedSummary
    """How many there are of each outcome."""
    unrecorded: tuple[str, ...]
    """What the journal could not take."""


def read_report(content: bytes) -> ReportFile:
    """Read a report, also one without the members that came later; raises `ValueError` for what is none."""
    return ReportFile.model_validate_json(content)
