"""What apply was about to do and what came of it: an append-only file a run, synced before each request.

An intent without an outcome is a request whose fate is unknown; `recover` finds it out by reading the register
and never by sending again. So it does with a line that cannot be read: it may have been such an intent.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.execution.line_writer import LineWriter
from reconciler.platform import make_private_folder, open_plain, sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.model.canonical_json import Json
    from reconciler.model.provenance import Provenance
    from reconciler.model.revision import Checkout
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.approval import Signoff
    from reconciler.planning.plan import Target
    from reconciler.planning.request_order import Step

FORMAT = 1
"""Of the journal's lines; a program passes over a journal of a version that it does not know, and says so."""
NO_COMMIT, NOT_IN_GIT = "no commit", "not in git"
"""The revision of a run whose definitions were in a repository without a commit, or in none."""
KEPT_PLAN, KEPT_APPROVAL = "plan.json", "approval.yaml"
"""What is kept beside a journal: the plan as it was applied, and the approval in git that was for it."""


@dataclass(frozen=True, slots=True)
class RunStart:
    """Which run a journal belongs to: where it wrote, whose systems, and the plan it carried out."""

    run: str
    register: str
    environment: str
    vendor: str
    digest: str
    tool_version: str
    at: str
    format: int = FORMAT
    revision: str = ""
    """The commit that the definitions were read at, `no commit` or `not in git`; empty where it is not known."""
    uncommitted: bool = False
    """Whether definitions differed from that commit."""
    accepted: Mapping[str, Json] | None = None
    """How the plan's breaking impacts were accepted; None where nothing was to accept."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A request that is about to be sent, with the document as it was and the body."""

    step: int
    id: str
    method: str
    purpose: str
    final: bool
    live: Mapping[str, Json] | None
    body: Mapping[str, Json] | None
    newest: str
    """The time of the newest change-log entry before the request; empty where there was none."""
    at: str
    releases: Mapping[str, Json] | None = None
    """The client ids that it frees for other systems, each with the system that is to get it."""
    traceparent: str = ""
    """The id that connects the request with Altinn's own traces."""


@dataclass(frozen=True, slots=True)
class RecordedOutcome:
    """What came of an intent: done, failed or unknown, with the document as read back."""

    step: int
    id: str
    outcome: str
    reason: str
    held: Mapping[str, Json] | None
    entry: Mapping[str, Json] | None
    """The change-log entry that is ours; None where there is none."""
    by: str
    """`apply` or `recover`."""
    at: str
    lost: bool = False
    """Whether the answer to it was lost, so that it may have come through after its time was out."""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be found out; what `recover` could not find out in its time is not."""
        return self.outcome == "unknown" and self.by != "recover"


@dataclass(slots=True)
class Run:
    """One run, as its journal has it."""

    path: Path
    start: RunStart
    intents: dict[int, Intent] = field(default_factory=dict)
    outcomes: dict[int, RecordedOutcome] = field(default_factory=dict)
    provenance: Provenance | None = None
    """Where it came from; None in a journal that does not say it."""
    waived: tuple[str, ...] = ()
    """The earlier runs of the pipeline whose missing journals somebody let pass."""
    kept: dict[str, str] = field(default_factory=dict)
    """The files that lie beside the journal, by name, with their SHA-256 in hex."""
    ended: bool = False
    ended_at: str = ""
    """When apply came to its end; empty where it did not, or that is not known."""
    final: tuple[Mapping[str, Json], ...] = ()
    """What apply said of each change in the end, as in its report; empty where it did not come to that."""
    damaged: tuple[int, ...] = ()
    """The numbers of the lines that cannot be read."""

    @property
    def open(self) -> tuple[Intent, ...]:
        """The intents without an outcome, in the order of their steps, and behind them the damaged lines.

        A damaged line is an intent without an id, whose step is the negative number of the line: what it
        asked for cannot be known. `recover` records it as unknown, and reports it.
        """
        unreadable = {
            -line: Intent(-line, "", "", f"line {line} cannot be read", True, None, None, "", self.start.at)  # noqa: FBT003 - the record's order
            for line in self.damaged
        }
        return tuple(
            intent
            for step, intent in [*sorted(self.intents.items()), *sorted(unreadable.items(), reverse=True)]
            if step not in self.outcomes or self.outcomes[step].is_open
        )

    @property
    def unconfirmed(self) -> tuple[Intent, ...]:
        """The intents that count as failed after a lost answer, and that were not looked at since."""
        return tuple(
            self.intents[step]
            for step, recorded in sorted(self.outcomes.items())
            if recorded.lost
            and recorded.outcome == "failed"
            and recorded.by == "apply"
            and step in self.intents
        )


def name_kept(journal: Path, name: str) -> Path:
    """Name a file that is kept beside a journal."""
    return journal.with_name(f"{journal.stem}.{name}")


def now() -> str:
    """Give the time as the journal writes it: ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Journal(LineWriter):
    """The journal of one run; each line is on the disk before the method returns. Safe for threads."""

    def __init__(self, path: Path, descriptor: int) -> None:
        super().__init__(path, descriptor)
        self.run: Run | None = None
        """What was recorded, and what was to be."""
        self.unrecorded: list[str] = []
        """The systems of the outcomes that could not be written; their requests stay open."""

    def record_intent(
        self,
        step: Step,
        *,
        live: RegisteredSystem | None,
        newest: str,
        releases: Mapping[str, str] | None = None,
        traceparent: str = "",
    ) -> None:
        """Write what is about to be sent; `releases` names the system that each freed client id is to go to."""
        intent = Intent(
            step.number,
            step.id,
            step.method,
            step.purpose,
            step.final,
            live.document if live else None,
            step.document,
            newest,
            now(),
            releases or None,
            traceparent,
        )
        self._append("intent", asdict(intent))
        if self.run:
            self.run.intents[step.number] = intent

    def record_outcome(self, outcome: RecordedOutcome) -> None:
        """Write what came of a request; raises `OSError` where that fails, and remembers that it did."""
        if self.run and self.is_open:
            self.run.outcomes[outcome.step] = outcome
        try:
            self._append("outcome", asdict(outcome))
        except OSError:
            self.unrecorded.append(outcome.id)
            raise

    def record_provenance(self, provenance: Provenance, waived: Sequence[str] = ()) -> None:
        """Write where the run came from, and of which earlier runs of the pipeline nobody has to have the journal.

        Raises `UsageError` where that fails, since nothing was sent yet.
        """
        try:
            self._append("provenance", {**asdict(provenance), "waived": list(waived)})
        except OSError as error:
            raise _explain(self.path.parent, error) from error
        if self.run:
            self.run.provenance, self.run.waived = provenance, tuple(waived)

    def keep(self, name: str, content: bytes) -> None:
        """Save a file beside the journal, for whoever has to prove the run; raises `UsageError` likewise."""
        path, digest = name_kept(self.path, name), hashlib.sha256(content).hexdigest()
        try:
            descriptor = open_plain(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            sync_folder(path.parent)
            self._append("kept", {"name": name, "digest": digest})
        except OSError as error:
            raise _explain(self.path.parent, error) from error
        if self.run:
            self.run.kept[name] = digest

    def end(self, final: Sequence[Mapping[str, Json]] = ()) -> None:
        """Write that the run came to its end, and close the file; a full disk takes nothing from the outcomes.

        `final` is what apply says of each change, as in its report.
        """
        at = now()
        if self.run:
            self.run.ended, self.run.ended_at, self.run.final = True, at, tuple(final)
        try:
            with suppress(OSError):
                self._append("end", {"at": at, "outcomes": list(final)} if final else {"at": at})
        finally:
            self.close()


def start_run(
    folder: Path,
    target: Target,
    *,
    digest: str,
    version: str,
    revision: Checkout | None = None,
    accepted: Signoff | None = None,
) -> Journal:
    """Open a new journal in a folder, readable by its owner only; `revision` is where the definitions are from.

    `accepted` is how what the plan breaks was accepted. Raises `UsageError` where that fails.
    """
    start = RunStart(
        "",
        target.register,
        target.environment,
        target.vendor,
        digest,
        version,
        now(),
        revision=_name(revision),
        accepted=accepted.to_json() if accepted else None,
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not folder.is_dir():  # a folder that a person named may be a link, and stays as open as it is
            make_private_folder(folder)
        return _start_run(folder, replace(start, uncommitted=bool(revision and revision.uncommitted)))
    except OSError as error:
        raise _explain(folder, error) from error


def _explain(folder: Path, error: OSError) -> UsageError:
    return UsageError(
        f"No journal can be kept in {folder}: {error.strerror}.",
        hint="Nothing was written. Name another folder with --journal.",
    )


def _name(revision: Checkout | None) -> str:
    """Name a revision as the journal's first line does."""
    if revision is None:
        return ""
    return revision.commit or (NO_COMMIT if revision.is_tracked else NOT_IN_GIT)


def _start_run(folder: Path, start: RunStart) -> Journal:
    at = start.at
    run = f"{at[:19].replace(':', '').replace('-', '')}Z-{secrets.token_hex(3)}"
    path = folder / f"{run}.jsonl"
    journal = _open(path, os.O_CREAT | os.O_EXCL)
    journal.run = Run(path, replace(start, run=run))
    journal._append("run", asdict(journal.run.start))  # noqa: SLF001 - the module's own
    sync_folder(folder)
    return journal


def continue_run(run: Run) -> Journal:
    """Open the journal of a run that did not come to its end, to write what came of it."""
    journal = _open(run.path, 0)
    journal.end_torn()
    return journal


def _open(path: Path, flags: int) -> Journal:
    return Journal(path, open_plain(path, os.O_WRONLY | os.O_APPEND | flags))
