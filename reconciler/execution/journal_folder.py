"""The journals of a folder: every run that was recorded there, and the one that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from reconciler.build import find_version
from reconciler.errors import Refused, Remedy, UsageError
from reconciler.execution.journal import start_run
from reconciler.execution.journal_reader import read_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.execution.journal import Run
    from reconciler.model.provenance import Provenance
    from reconciler.planning.plan import Target

_NAMED = 5
"""How many runs a message names."""
LATEST = "latest"
"""What stands for the newest run where a run is named."""


@dataclass(frozen=True, slots=True)
class Journals:
    """What a folder of journals holds."""

    runs: tuple[Run, ...]
    """Oldest first."""
    problems: tuple[str, ...]
    """A sentence about each thing that is no journal, and each journal that is damaged."""


def read_folder(folder: Path) -> Journals:
    """Read every journal of a folder; what is none is passed over, with a sentence."""
    runs, problems = [], []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            run = read_run(path)
        except UsageError as error:
            problems.append(f"Passed over: {error.message}")
            continue
        if run is not None:
            runs.append(run)
            problems += [f"{path}, line {line}, cannot be read." for line in run.damaged]
    runs.sort(key=lambda run: datetime.fromisoformat(run.start.at))  # names tell the second only
    return Journals(tuple(runs), tuple(problems))


def read_runs(folder: Path) -> tuple[Run, ...]:
    """Read every journal of a folder, oldest first."""
    return read_folder(folder).runs


def find_run(folder: Path, name: str, environment: str | None = None, *, sent: bool = False) -> Run:
    """Find a run by its name, or the start of it; `latest` is the newest one, of an environment if that is named.

    With `sent` it is the newest that sent something, if there is one: a pipeline leaves journals of others, too.
    Raises `UsageError` where there is none or several.
    """
    runs = read_runs(folder)
    if name == LATEST and not runs:
        raise UsageError(f"No run is recorded in {folder}.", hint="`apply` records one there.")
    if name == LATEST:
        own = [run for run in runs if environment in {None, run.start.environment}]
        found = ([run for run in own if run.intents or not sent] or own)[-1:]
    else:
        found = [run for run in runs if run.start.run.startswith(name)]
    if not found and name == LATEST:
        raise UsageError(
            f"There is no run on {environment} in {folder}.",
            hint="`reconciler runs` lists those that there are.",
        )
    if len(found) != 1:
        many = "more than one run" if found else "no run"
        known = "".join(f"\n  {run.start.run}" for run in (found or runs)[: -_NAMED - 1 : -1]) or " none"
        raise UsageError(
            f"There is {many} `{name}` in {folder}.",
            hint=f"The newest{' of them' if found else ''}:{known}\n`reconciler runs` lists all.",
        )
    return found[0]


def record_quiet_run(
    folder: Path, target: Target, digest: str, provenance: Provenance, waived: tuple[str, ...] = ()
) -> None:
    """Leave a journal of a pipeline's run that sent nothing, unless it has one; raises `UsageError` where that fails.

    Elsewhere than in a pipeline none is left.
    """
    if not provenance.name:
        return
    own = (provenance.name, target.register, target.vendor)
    if own not in [(_name(run), run.start.register, run.start.vendor) for run in read_runs(folder)]:
        journal = start_run(folder, target, digest=digest, version=find_version())
        journal.record_provenance(provenance, waived)
        journal.end()


def _name(run: Run) -> str:
    return run.provenance.name if run.provenance else ""


def check_journals(runs: Sequence[Run], wanted: Sequence[str], waived: Sequence[str], folder: Path) -> None:
    """Refuse where a run of the pipeline that may have written has left no journal.

    `runs` are those of one register and vendor. Those that are `waived` are let pass, and those that an earlier run's
    journal has as waived. Only what the journals hold counts, and no file's name. Raises `Refused`.
    """
    known = {*waived, *map(_name, runs), *chain.from_iterable(run.waived for run in runs)}
    missing = [each for each in dict.fromkeys(wanted) if each not in known]
    if not missing:
        return
    names = ", ".join(missing[:_NAMED]) + (f" and {len(missing) - _NAMED} more" if missing[_NAMED:] else "")
    noun, have, their = ("run", "has", "it") if len(missing) == 1 else ("runs", "have", "they")
    options = " ".join(f"--without-journal {each}" for each in missing[:_NAMED])
    raise Refused(
        f"The earlier {noun} {names} may have written, and {have} left no journal in {folder}; nothing was written.",
        hint=f"What {their} sent is not known: a request may still be carried out, and this run could overwrite it. "
        f"Keep the journal there, or look at the register with `reconciler plan` and go on with {options}.",
        remedy=Remedy.FIND_JOURNAL,
    )


def find_open(folder: Path, *, register: str, vendor: str) -> tuple[Run, ...]:
    """Find the runs on a register and vendor that left an intent without an outcome, or a damaged line."""
    return tuple(
        run
        for run in read_runs(folder)
        if run.open and (run.start.register, run.start.vendor) == (register, vendor)
    )
