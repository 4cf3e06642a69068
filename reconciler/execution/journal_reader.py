"""Reads journals: every line is checked before anything in it is believed, and none is larger than it can be."""

from __future__ import annotations

import json
import os
from typing import IO, TYPE_CHECKING, Any, assert_never

from reconciler.errors import UsageError
from reconciler.execution import journal_v1
from reconciler.execution.journal import FORMAT, Intent, RecordedOutcome, Run, RunStart
from reconciler.model.provenance import Provenance
from reconciler.platform import open_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 72 * 1024 * 1024
"""Of one line: it holds two documents at most, and the register takes 30 MB (System Register contract §9.1)."""
_MOST_VALUES = 2_000_000
"""In one line; a list of that many redirect URLs is larger than what the register takes."""
_MOST_START = 64 * 1024
"""Bytes of the first line."""


def read_run(path: Path) -> Run | None:
    """Read a journal; None for one that a crash cut off before its first line was whole.

    Raises `UsageError` for what is no journal, or one of another format.
    """
    try:
        with os.fdopen(open_plain(path, os.O_RDONLY), "rb") as stream:
            return read_journal(path, stream)
    except OSError as error:
        raise UsageError(f"{path} is no journal: {error.strerror}.", hint=_HINT) from error


def read_journal(path: Path, stream: IO[bytes]) -> Run | None:
    """Read an opened journal; None for one that was cut off likewise.

    A torn last line is left out: what it was to announce was never sent. Every other line that cannot be read
    is in `damaged`. Raises `UsageError` for what is no journal, or one of another format.
    """
    first = stream.readline(_MOST_START)
    if not first.endswith(b"\n") and len(first) < _MOST_START:
        return None
    run = Run(path, _read_start(path, first))
    run.damaged = tuple(_read_records(run, stream))
    return run


def _read_records(run: Run, stream: IO[bytes]) -> list[int]:
    """Read every line but the first into a run; give the numbers of those that cannot be read."""
    damaged = []
    for number, line in enumerate(_read_lines(stream), 2):
        try:
            record = _read_record(line)
        except (ValueError, RecursionError):
            damaged.append(number)
            continue
        if isinstance(record, journal_v1.TornLine):
            if number - 1 in damaged[-1:]:
                damaged.pop()
        else:
            _add(record, run)
    return damaged


def _add(record: journal_v1.Record, run: Run) -> None:
    """Add what a line says to a run."""
    match record:
        case journal_v1.ProvenanceLine():
            members = _list_members(record)
            run.waived = tuple(members.pop("waived"))
            run.provenance = Provenance(**members)
        case journal_v1.KeptLine():
            run.kept[record.name] = record.digest
        case journal_v1.IntentLine():
            run.intents[record.step] = Intent(**_list_members(record))
        case journal_v1.OutcomeLine():
            run.outcomes[record.step] = RecordedOutcome(**_list_members(record))
        case journal_v1.EndLine():
            is_settled = any(each.by == "recover" for each in run.outcomes.values())
            if not run.ended and not is_settled:  # a later one is the end of a recovery
                run.ended_at = record.at or ""
                run.final = tuple(each.model_dump() for each in record.outcomes)
            run.ended = True
        case _:
            assert_never(record)


def _list_members(
    record: journal_v1.IntentLine | journal_v1.OutcomeLine | journal_v1.ProvenanceLine | journal_v1.StartLine,
) -> dict[str, Any]:
    """List the members of a line but its kind; the documents in it are not copied."""
    members = {
        field.alias or name: getattr(record, name) for name, field in type(record).model_fields.items()
    }
    return {name: value for name, value in members.items() if name != "kind"}


def _read_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Read lines of a bounded size, one at a time; a longer one is given as an empty one, which is no record.

    The last line is left out where it has no end: that is nothing, or what a crash tore.
    """
    while line := stream.readline(MOST_BYTES):
        is_long = False
        while not line.endswith(b"\n"):
            if len(line) < MOST_BYTES and not is_long:
                return
            is_long = True
            line = stream.readline(_MOST_START)
            if not line:
                return
        yield b"" if is_long else line


_HINT = "Remove it from the folder of journals, or name another folder with --journal."


def _read_start(path: Path, line: bytes) -> RunStart:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or record.get("kind") != "run":
        raise UsageError(f"{path} is no journal: its first line is not that of a run.", hint=_HINT)
    if record.get("format") != FORMAT:
        raise UsageError(
            f"{path} is a journal of another format than {FORMAT}, which this version reads.",
            hint="Use the version of the tool that wrote it.",
        )
    try:
        start = journal_v1.read_start(record)
        accepted = start.accepted.model_dump() if start.accepted else None
        return RunStart(**{**_list_members(start), "accepted": accepted})
    except ValueError:
        raise UsageError(f"{path} is no journal: its first line is not that of a run.", hint=_HINT) from None


def _read_record(line: bytes) -> journal_v1.Line:
    """Read one line but the first; raises `ValueError`."""
    if line.count(b",") + line.count(b"[") + line.count(b"{") > _MOST_VALUES:
        raise ValueError("more values than a document can have")
    return journal_v1.read_line(json.loads(line))
