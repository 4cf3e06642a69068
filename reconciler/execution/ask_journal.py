"""What `ask` was about to send to which customer and what came of it: one file for an environment and a plan.

An intent without an outcome needs no recovery: the id of a change request follows from what it asks, so the next run
finds it under that id, or sends it again as the same request.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from reconciler.errors import UsageError
from reconciler.execution.journal import now
from reconciler.execution.line_writer import TORN, LineWriter
from reconciler.model.canonical_json import SHORT
from reconciler.platform import open_plain, sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.planning.ask_plan import AskPlan

FORMAT = 1
"""Of the lines."""
FOLDER = "asks"
"""Under `.reconciler/`."""
_MOST_BYTES = 64 << 20
"""Of one journal: some hundred bytes a line."""
_STORED = frozenset({"asked", "already asked", "rejected", "other body"})
"""The outcomes that say that something was stored under the id."""


@dataclass(frozen=True, slots=True)
class AskStart:
    """Which plan a journal belongs to."""

    environment: str
    register: str
    vendor: str
    system: str
    digest: str
    tool_version: str
    at: str
    format: int = FORMAT


@dataclass(slots=True)
class AskRecord:
    """What a journal says."""

    start: AskStart
    intents: dict[str, str] = field(default_factory=dict)
    """The system user of each correlation id that something was sent for."""
    outcomes: dict[str, str] = field(default_factory=dict)
    """The last outcome of each correlation id."""
    codes: dict[str, str] = field(default_factory=dict)
    """The code that its last outcome had; empty where nothing failed."""
    withdrawn: set[str] = field(default_factory=set)
    """The correlation ids whose withdrawal was begun."""

    @property
    def has_success(self) -> bool:
        """Whether a change request of the plan was stored, so that the first one went well."""
        return any(each in {"asked", "already asked"} for each in self.outcomes.values())

    def is_used(self, key: str) -> bool:
        """Say whether something was stored under an id: when it is gone, the id cannot be used again."""
        return key in self.withdrawn or self.outcomes.get(key) in _STORED


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class _Start(_Line):
    kind: Literal["asks"]
    environment: str
    register_: Annotated[str, Field(alias="register")]
    vendor: str
    system: str
    digest: str
    tool_version: str
    at: str
    format: Literal[1]


class _Entry(_Line):
    kind: Literal["intent", "outcome", "withdrawal"]
    correlation_id: str
    system_user: str = ""
    outcome: str = ""
    code: str = ""


_ENTRY: TypeAdapter[_Entry] = TypeAdapter(_Entry)


class AskJournal(LineWriter):
    """The open journal of a plan; each line is on the disk before the method returns."""

    def __init__(self, path: Path, descriptor: int, record: AskRecord) -> None:
        super().__init__(path, descriptor)
        self.record = record

    def record_intent(self, key: str, system_user: str) -> None:
        """Write that a change request is about to be sent."""
        self._append("intent", {"correlation_id": key, "system_user": system_user, "at": now()})
        self.record.intents[key] = system_user

    def record_withdrawal(self, key: str) -> None:
        """Write that one is about to be withdrawn."""
        self._append("withdrawal", {"correlation_id": key, "at": now()})
        self.record.withdrawn.add(key)

    def record_outcome(self, key: str, outcome: str, *, code: str = "", reason: str = "") -> None:
        """Write what came of it; `reason` holds no link and nobody's number."""
        detail = {"code": code, "reason": reason}
        self._append("outcome", {"correlation_id": key, "outcome": outcome, **detail, "at": now()})
        self.record.outcomes[key], self.record.codes[key] = outcome, code


def find_ask_journals(root: Path) -> Path:
    """Give the folder of these journals under a root; it need not exist."""
    return root / ".reconciler" / FOLDER


def name_ask_journal(folder: Path, plan: AskPlan) -> Path:
    """Name the journal of a plan; the folder is the environment's name, which is checked where it is configured."""
    return folder / f"{plan.environment}-{plan.digest[:SHORT]}.jsonl"


def open_ask_journal(folder: Path, plan: AskPlan, version: str) -> AskJournal:
    """Open the journal of a plan, which is made where there is none; its owner alone can read it.

    Raises `UsageError` where that fails.
    """
    path = name_ask_journal(folder, plan)
    try:
        record = _read(path) if os.path.lexists(path) else None
        if record is not None:
            journal = AskJournal(path, open_plain(path, os.O_WRONLY | os.O_APPEND), record)
            journal.end_torn()
            return journal
        start = AskStart(
            plan.environment, plan.register_, plan.vendor, plan.system, plan.digest, version, now()
        )
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC
        journal = AskJournal(path, open_plain(path, flags), AskRecord(start))
        journal._append("asks", asdict(start))  # noqa: SLF001 - the module's own
        sync_folder(folder)
    except OSError as error:
        raise UsageError(
            f"No journal can be kept in {folder}: {error.strerror}.", hint="Nothing was asked."
        ) from error
    return journal


def read_ask_journals(folder: Path, register: str) -> tuple[AskRecord, ...]:
    """Read every journal of change requests to a register; what is none is refused, since it may have been one.

    Raises `UsageError`.
    """
    records = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            record = _read(path)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}.", hint=_HINT) from error
        if record is not None and record.start.register == register:
            records.append(record)
    return tuple(records)


_HINT = "It says whom `ask` has asked. Put it back, or move it out of the folder."


def _read(path: Path) -> AskRecord | None:
    """Read a journal; None for one that a crash cut off before its first line was whole."""
    with os.fdopen(open_plain(path, os.O_RDONLY), "rb") as stream:
        content = stream.read(_MOST_BYTES + 1)
    lines = content.split(b"\n")
    if len(lines) == 1:
        return None
    try:
        start = _Start.model_validate_json(lines[0])
    except ValidationError:
        raise UsageError(f"{path} is no journal of change requests.", hint=_HINT) from None
    members = start.model_dump(exclude={"kind", "register_"})
    record = AskRecord(AskStart(**members, register=start.register_))
    damaged = []
    for number, line in enumerate(lines[1:-1], 2):  # the last one has no end: nothing, or what a crash tore
        try:
            _add(json.loads(line), record)
        except (ValueError, RecursionError):
            damaged.append(number)
            continue
        if number - 1 in damaged and json.loads(line).get("kind") == TORN:
            damaged.remove(number - 1)
    if damaged:
        raise UsageError(f"{path}, line {damaged[0]}, cannot be read.", hint=_HINT)
    return record


def _add(line: Mapping[str, object], record: AskRecord) -> None:
    if line.get("kind") == TORN:
        return
    entry = _ENTRY.validate_python(line)
    if entry.kind == "intent":
        record.intents[entry.correlation_id] = entry.system_user
    elif entry.kind == "outcome":
        record.outcomes[entry.correlation_id] = entry.outcome
        record.codes[entry.correlation_id] = entry.code
    else:
        record.withdrawn.add(entry.correlation_id)
