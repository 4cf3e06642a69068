"""The journals of a folder: every run that was recorded there, and the one that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.execution.journal_reader import read_run

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.execution.journal import Run

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
    return Journals(tuple(runs), tuple(problems))


def read_runs(folder: Path) -> tuple[Run, ...]:
    """Read every journal of a folder, oldest first."""
    return read_folder(folder).runs


def find_run(folder: Path, name: str, environment: str | None = None) -> Run:
    """Find a run by its name, or the start of it; `latest` is the newest one, of an environment if that is named.

    Raises `UsageError` where there is none or several.
    """
    runs = read_runs(folder)
    if name == LATEST:
        found = [run for run in runs if environment in {None, run.start.environment}][-1:]
    else:
        found = [run for run in runs if run.start.run.startswith(name)]
    if not found and name == LATEST and runs:
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


def find_open(folder: Path, *, register: str, vendor: str) -> tuple[Run, ...]:
    """Find the runs on a register and vendor that left an intent without an outcome, or a damaged line."""
    return tuple(
        run
        for run in read_runs(folder)
        if run.open and (run.start.register, run.start.vendor) == (register, vendor)
    )
