"""The types of a saved plan, format 1: every member and its type, and nothing else.

Pure. A plan file is a claim by whoever wrote it, so it is read whole with these types before anything in it
is looked at. `data/plan.schema.json` is made from these types, with their docstrings, for other programs.
"""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reconciler.model.findings import Severity  # noqa: TC001 - as above
from reconciler.planning.change import Weight  # noqa: TC001 - pydantic reads the annotations
from reconciler.planning.customer_count import RequestFate  # noqa: TC001 - as above

# `json_schema_extra` stands in the schema alone: reading compares the whole file with how it would be printed.
Number = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Body = dict[str, Any]
Digest = Annotated[str, Field(json_schema_extra={"pattern": "^[0-9a-f]{64}$"})]
"""SHA-256 in hex."""
Organisation = Annotated[str, Field(json_schema_extra={"pattern": "^[0-9]{9}$"})]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Value = Annotated[Any, Field(json_schema_extra={"type": ["string", "boolean", "object", "null"]})]
"""Of a field: a text, a truth value, an entry of `rights` or `accessPackages`, or null for what is absent."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class SavedCount(_Part):
    """A number of customers or of their requests."""

    number: Count | None
    """Null where it is not known, which is never 0."""
    at_least: Count = 0
    """How many were found where there can be more; left out where none were, or the number is known."""
    reason: str = ""
    """Why it is not known; left out where it is."""


class SavedCustomers(_Part):
    """Which customers an impact concerns; what is of no interest to it is left out."""

    lacking: SavedCount | None = None
    """The standard system users that do not hold what is added: each needs a change request."""
    anew: SavedCount | None = None
    """The agents' system users that do not hold it: each has to be made anew under another reference."""
    portal: bool = False
    """Whether who makes a system user in the portal has to hold more than before; on the first impact of a system."""
    fate: RequestFate | None = None
    """What becomes of the open requests that are counted: approval `fails`, or it succeeds and gives `no-token`, or
    `no-token-with-client` where other client ids stay."""
    requests: SavedCount | None = None
    """The open requests for system users."""
    change_requests: SavedCount | None = None
    """The open change requests."""


class SavedImpact(_Part):
    """What a change does to people."""

    rule: str
    """Its id, which `explain` knows."""
    severity: Weight
    """`breaking` stops apply until it is accepted; `notable` and `note` stop nothing."""
    message: str
    """One sentence."""
    path: str
    """The field that it is about; empty where it is about the whole system."""
    system_users: Count | None
    """How many system users it touches; null where that is not known or not counted."""
    agents: Count | None
    """How many of them are agents' system users; null likewise."""
    customers: SavedCustomers | None = None
    """Only where it concerns what customers hold or are asked for. It is no part of the digest."""


class SavedField(_Part):
    """One scalar or one entry of a list that differs."""

    path: str
    """Such as `isVisible`, `name.en` or `clientId["…"]`."""
    before: Value
    """What the register holds; where the files adopted that, what they asked for before."""
    after: Value
    """What the files ask for."""
    line: Number | None
    """In the file; null where the file does not say it."""
    origin: str | None
    """Why it differs, where the plan was made with `--base`."""


class SavedStanding(_Part):
    """One difference that stands accepted: left as the register holds it."""

    path: str
    """A field's, or `missing` or `deleted` for a whole system."""
    before: Value
    """What the register holds, and keeps."""
    after: Value
    """What the files ask for."""
    line: Number | None
    """In the file; null where the file does not say it."""
    origin: str | None
    """Why it differs, where the plan was made with `--base`."""
    until: date
    """The last day, in UTC."""
    reason: str
    """Why it may stand."""


class SavedTerm(_Part):
    """Until when a system stands accepted as unmanaged, and why."""

    until: date
    """The last day, in UTC."""
    reason: str
    """Why it may stand."""


class SavedStep(_Part):
    """One request."""

    number: Number
    """From 1, in the order in which they are listed."""
    method: Literal["POST", "PUT", "DELETE"]
    """Of the request."""
    purpose: str
    """In words."""
    after: tuple[Number, ...]
    """The steps that have to be done before."""
    claims: tuple[str, ...]
    """The client ids that come to the system with it."""
    releases: tuple[str, ...]
    """The client ids that leave the system with it."""
    document: Body | None
    """The body of an intermediate step; that of the last one is the change's document."""
    way_back: Body | None
    """The body that puts the released client ids back."""


class SavedShown(_Part):
    """What becomes of one system, as a person is shown it."""

    id: str
    """Of the system."""
    action: Literal["create", "update", "delete", "keep", "blocked"]
    """`keep` is a system in which nothing changes, `blocked` one whose change is not sent."""
    reason: str
    """Why it is blocked; else empty."""
    hint: str
    """What to do about that; else empty."""
    file: str
    """The definition; empty where there is none."""
    line: Number | None
    """Where the change stands in it."""
    fields: tuple[SavedField, ...]
    """What differs; empty for `keep`."""
    impacts: tuple[SavedImpact, ...]
    """What it does to people."""
    standing: tuple[SavedStanding, ...] = ()
    """What is left as it is, with a reason and a last day; only where there is something."""


class SavedChange(SavedShown):
    """What becomes of one system."""

    steps: tuple[SavedStep, ...]
    """The requests, in their order."""
    document: Body | None
    """The body to be sent."""
    live: Body | None
    """The register's answer as received."""
    live_digest: Digest | None
    """SHA-256 of that answer; null where there is none."""
    newest_entry: str | None
    """The time of the newest change-log entry when the plan was made; empty where there was none, and null where
    the log was not read, as in a plan that is only shown."""


class SavedUnmanaged(_Part):
    """A live system without a definition."""

    id: str
    """Of the system."""
    name: str
    """One of its names."""
    clientId: tuple[str, ...]
    """Its client ids."""
    former: str | None
    """The file that defined it at the base revision."""
    unreadable: str | None
    """Why the register could not give it; null where it could."""
    expected: bool = False
    """Whether the configuration says that it has no definition; left out where it does not."""
    accepted: SavedTerm | None = None
    """Only where that it is unmanaged stands accepted."""


class SavedNarrowing(_Part):
    """What a plan was narrowed to, and how much it leaves out."""

    only: tuple[str, ...]
    """Patterns of ids."""
    definitions: Count
    """The definitions that were left out."""
    registered: Count
    """How many of their systems the register has."""
    unmanaged: Count
    """The systems without a definition that were left out."""
    base: str = ""
    """The commit of `--base`, where only what was changed since is compared; left out where everything was."""
    files: Count = 0
    """The definition files that were not read, since the change has nothing to do with them; left out where all were.
    The other numbers do not count them, and `unmanaged` is 0 then."""


class SavedUnjudged(_Part):
    """A definition that cannot be used."""

    file: str
    """The definition."""
    line: Number | None
    """Where it is wrong."""
    reason: str
    """What is wrong with it."""
    ids: tuple[str, ...]
    """The systems that it can be about; empty where that is not known."""
    commit: str = ""
    """The revision at which it could not be used; only in a plan against definitions, where what its systems were
    before is not known."""


class SavedFinding(_Part):
    """What was found in a definition."""

    rule: str
    """Its id, which `explain` knows."""
    severity: Severity
    """How much it matters."""
    code: str
    """The register's code for it, such as `AUTH.VLD-00001`; else empty."""
    message: str
    """One sentence that names the value."""
    hint: str
    """What to do; may be empty."""
    file: str
    """The definition."""
    path: str
    """The member, such as `rights[0]`; empty for the whole file."""
    line: Number | None
    """From 1; null where it is not known."""
    column: Number | None
    """From 1; null where it is not known."""
    environments: tuple[str, ...]
    """Where it holds; empty for wherever the definition exists."""


class SavedRevision(_Part):
    """The commit that the definitions were read at."""

    commit: str | None
    """Null where there is none: no repository, or one without a commit."""
    uncommitted: tuple[str, ...]
    """The files that differ from the commit, are not in it, or are removed."""


class SavedApproval(_Part):
    """An approval in git, and whether it counts."""

    until: date
    """The last day, in UTC."""
    reason: str
    """As it was written."""
    author: str | None
    """Who committed it; null where that is not known."""
    commit: str | None
    """In which it stands; null where that is not known."""
    obstacle: str | None
    """Why it does not count; null where it does."""


class SavedSummary(_Part):
    """How many systems there are of each kind."""

    create: Count
    """Systems to register."""
    update: Count
    """Systems to change."""
    delete: Count
    """Systems to delete for ever."""
    blocked: Count
    """Systems whose change is not sent."""
    keep: Count
    """Systems in which nothing changes."""
    unmanaged: Count
    """Without those that are expected."""


class SavedElsewhereSummary(_Part):
    """How many systems of another environment there are of each kind."""

    create: Count
    """Systems to register."""
    update: Count
    """Systems to change."""
    delete: Count
    """Systems to delete for ever."""
    blocked: Count
    """Systems whose change would not be sent."""
    unmanaged: Count
    """Systems that lose their definition."""


class SavedElsewhere(_Part):
    """What this change does in another environment, as far as the definitions alone can say."""

    environment: str
    """Its name."""
    vendor: Organisation
    """The organisation number."""
    against: str
    """The commit whose definitions stand for the register."""
    summary: SavedElsewhereSummary
    impacts: tuple[SavedImpact, ...]
    """What it does there as a whole."""
    changes: tuple[SavedShown, ...]
    """Only those that change something, or would."""
    unmanaged: tuple[SavedUnmanaged, ...]
    """The systems whose file is removed."""


class PlanFile(_Part):
    """The whole file."""

    format_version: Literal["1"]
    """Of this description; another one is refused."""
    tool_version: str
    """Of the build that made the plan; behind a plus sign the commit it was built from, where that is known."""
    created: Time
    """When, in UTC."""
    environment: str
    """Its name."""
    register_: str = Field(alias="register")
    """The register's address; for `local` the name; empty where the register was not asked."""
    against: str = ""
    """The commit whose definitions stand for the register; only in a plan made with `--against`, which apply
    refuses."""
    revision: SavedRevision | None = None
    """Left out where it is not known, and in a plan that rollback made."""
    vendor: Organisation
    """The organisation number."""
    digest: Digest
    """SHA-256 of what would be done and what it was made from; what `apply --accept` names."""
    summary: SavedSummary
    """How many systems there are of each kind."""
    impacts: tuple[SavedImpact, ...]
    """What the plan does as a whole."""
    changes: tuple[SavedChange, ...]
    """One for each definition, also where nothing changes."""
    unmanaged: tuple[SavedUnmanaged, ...]
    """The systems of the vendor that have no definition."""
    unlisted: str | None
    """Why unmanaged systems could not be listed, so that there may be more; null where they could."""
    narrowed: SavedNarrowing | None = None
    """Only in a plan that was made with `--only`."""
    unjudged: tuple[SavedUnjudged, ...] = ()
    """Only where definitions could not be used; apply refuses such a plan."""
    unmatched: tuple[str, ...] = ()
    """The patterns of expected unmanaged systems that fit none; only where there are any."""
    approvals: tuple[SavedApproval, ...] = ()
    """The approvals in git that are for this plan, or for what it was; only where there are any. Apply reads them
    again."""
    elsewhere: tuple[SavedElsewhere, ...] = ()
    """The other environments that this change touches; only in a plan made with `--base` or `--against`."""
    elsewhere_unknown: str = ""
    """In which other environments that is not known, and why; only where it is not."""
    blocked_before: tuple[str, ...] = ()
    """The blocked systems that this change has nothing to do with; only against a base, and where there are any."""
    untouched: tuple[str, ...] = ()
    """The other environments that definitions name and in which this change does nothing; only where there are any."""
    findings: tuple[SavedFinding, ...]
    """What was found in the definitions."""
    file_digest: Digest
    """SHA-256 of everything else in the file."""


def read_plan_file(content: bytes) -> PlanFile:
    """Read a plan file; raises ValueError whose text names the first member that is wrong."""
    try:
        return PlanFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in first["loc"])
        raise ValueError(where.removeprefix(".")) from None
