"""What apply was about to do and what came of it: an append-only file a run, synced before each request.

An intent without an outcome is a request whose fate nobody knows; it is settled by reading the register
and never by sending again. The lock here keeps two runs on one register and vendor apart.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model import Json
    from reconciler.steps import Step

FORMAT = 1
"""Of the journal's lines; a program refuses a version that it does not know."""


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


@dataclass(frozen=True, slots=True)
class Settled:
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

    @property
    def is_open(self) -> bool:
        """Whether it is still to be found out; what `recover` could not tell when its time was out is not."""
        return self.outcome == "unknown" and self.by != "recover"


@dataclass(slots=True)
class Run:
    """One run as its journal tells it."""

    path: Path
    start: RunStart
    intents: dict[int, Intent] = field(default_factory=dict)
    settled: dict[int, Settled] = field(default_factory=dict)
    ended: bool = False

    @property
    def open(self) -> tuple[Intent, ...]:
        """The intents without an outcome, in the order of their steps."""
        return tuple(
            intent
            for step, intent in sorted(self.intents.items())
            if step not in self.settled or self.settled[step].is_open
        )


def now() -> str:
    """Tell the time as the journal does: ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Journal:
    """The journal of one run; each line is on the disk before the method returns. Safe for threads."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._lock = Lock()
        self._is_torn = False

    def intend(self, step: Step, *, live: Mapping[str, Json] | None, newest: str) -> None:
        """Write what is about to be sent."""
        intent = Intent(
            step.number, step.id, step.method, step.purpose, step.final, live, step.document, newest, now()
        )
        self._append("intent", asdict(intent))

    def settle(self, settled: Settled) -> None:
        """Write what came of a request."""
        self._append("outcome", asdict(settled))

    def end(self) -> None:
        """Write that the run came to its end, and close the file; a full disk takes nothing from the outcomes."""
        try:
            with suppress(OSError):
                self._append("end", {"at": now()})
        finally:
            os.close(self._descriptor)

    def _append(self, kind: str, record: Mapping[str, Any]) -> None:
        line = json.dumps({"kind": kind, **record}, ensure_ascii=False, separators=(",", ":")) + "\n"
        with self._lock:
            # A disk that is full takes the half of a line, and the next line must not hang on to it.
            left = line.encode() if not self._is_torn else b"\n" + line.encode()
            self._is_torn = True
            while left:
                left = left[os.write(self._descriptor, left) :]
            self._is_torn = False
        os.fsync(self._descriptor)


def start_run(
    folder: Path, *, register: str, environment: str, vendor: str, digest: str, version: str
) -> Journal:
    """Open a new journal in a folder, readable by its owner only; raises `UsageError` where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _start_run(folder, RunStart("", register, environment, vendor, digest, version, now()))
    except OSError as error:
        raise UsageError(
            f"No journal can be kept in {folder}: {error.strerror}.",
            hint="Nothing was written. Name another folder with --journal.",
        ) from error


def _start_run(folder: Path, start: RunStart) -> Journal:
    at = start.at
    run = f"{at[:19].replace(':', '').replace('-', '')}Z-{secrets.token_hex(3)}"
    path = folder / f"{run}.jsonl"
    journal = _open(path, os.O_CREAT | os.O_EXCL)
    journal._append("run", asdict(replace(start, run=run)))  # noqa: SLF001 - the module's own
    parent = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
    return journal


def continue_run(run: Run) -> Journal:
    """Open the journal of a run that did not come to its end, to write what came of it."""
    journal = _open(run.path, 0)
    if run.path.read_bytes()[-1:] != b"\n":
        os.write(journal._descriptor, b"\n")  # noqa: SLF001 - ends the line that the crash tore
    return journal


def _open(path: Path, flags: int) -> Journal:
    return Journal(path, os.open(path, os.O_WRONLY | os.O_APPEND | flags, 0o600))


def read_run(path: Path) -> Run | None:
    """Read a journal; None where not even its first line is whole. A torn last line is left out.

    Raises `UsageError` for a format that this version does not know.
    """
    records = list(_read_lines(path))
    if not records or records[0].pop("kind", None) != "run":
        return None
    if records[0].get("format") != FORMAT:
        raise UsageError(
            f"{path.name} is a journal of another format than {FORMAT}, which this version reads.",
            hint="Use the version of the tool that wrote it.",
        )
    run = Run(path, RunStart(**records[0]))
    for record in records[1:]:
        kind = record.pop("kind", None)
        if kind == "intent":
            run.intents[record["step"]] = Intent(**record)
        elif kind == "outcome":
            run.settled[record["step"]] = Settled(**record)
        elif kind == "end":
            run.ended = True
    return run


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().split(b"\n"):
        try:
            record = json.loads(line)
        except ValueError:  # torn by a crash, or the nothing after the last line break
            continue
        if isinstance(record, dict):
            yield record


def read_runs(folder: Path) -> tuple[Run, ...]:
    """Read every journal of a folder, oldest first."""
    runs = (read_run(path) for path in sorted(folder.glob("*.jsonl")))
    return tuple(run for run in runs if run is not None)


def find_run(folder: Path, name: str) -> Run:
    """Find a run by its name, or the start of it; raises `UsageError` where there is none or several."""
    found = [run for run in read_runs(folder) if run.start.run.startswith(name)]
    if len(found) != 1:
        known = ", ".join(run.start.run for run in read_runs(folder)[-5:]) or "none"
        many = "more than one run" if found else "no run"
        raise UsageError(f"There is {many} `{name}` in {folder}.", hint=f"The newest: {known}.")
    return found[0]


def find_open(folder: Path, *, register: str, vendor: str) -> tuple[Run, ...]:
    """Find the runs on a register and vendor that left an intent without an outcome."""
    return tuple(
        run
        for run in read_runs(folder)
        if run.open and (run.start.register, run.start.vendor) == (register, vendor)
    )


def find_lock_folder(environ: Mapping[str, str]) -> Path:
    """Give the folder of locks in the user's state directory (XDG Base Directory Specification 0.8)."""
    named = Path(environ.get("XDG_STATE_HOME", ""))
    # A relative path in the variable is to be ignored, and would give each folder a lock of its own.
    state = named if named.is_absolute() else Path(environ.get("HOME") or "~").expanduser() / ".local/state"
    return state / "reconciler" / "locks"


@contextmanager
def lock(folder: Path, *, register: str, vendor: str) -> Iterator[None]:
    """Hold the lock of a register and vendor; raises `Refused` where another run holds it.

    The lock is the kernel's, on an open file: that of a dead run is free at once.
    """
    name = sha256(f"{register} {vendor}".encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refused(
            f"No lock can be taken in {folder}: {error.strerror}.",
            hint="Nothing was written. Name a folder that can be written in XDG_STATE_HOME.",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 500).decode(errors="replace").strip() or "another process"
            raise Refused(
                f"Another run holds the lock on {register} for vendor {vendor}: {holder}.",
                hint="Nothing was written. Wait for it to end, then plan and apply again.",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, since {now()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
