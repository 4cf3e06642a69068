"""What every verb that writes has in common: the lock, the journal, the guards and the report."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from reconciler.cli.console import show, show_text, tell, tell_lines
from reconciler.cli.context import confirm
from reconciler.cli.options import Format
from reconciler.definitions.files import open_drafts, prepare_own_folder
from reconciler.errors import Exit, Refused, UsageError
from reconciler.execution.executor import apply_plan
from reconciler.execution.journal import read_folder
from reconciler.execution.lock import find_lock_folder
from reconciler.execution.outcome import Report
from reconciler.execution.preflight import Site, TargetLock, Terms, check_accepted, check_consistent, clear
from reconciler.platform import STOP_SIGNALS
from reconciler.render import json as as_json
from reconciler.render.text.plan import render_plan
from reconciler.render.text.report import render_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import FrameType

    from reconciler.cli.context import Connection
    from reconciler.definitions.files import Draft
    from reconciler.planning.plan import Plan


def find_journal(root: Path, folder: Path | None) -> Path:
    """Give the folder of journals: the one that was named, else `.reconciler/journal/` under the root.

    What is no journal there, or cannot be read whole, is named on stderr.
    """
    found = folder or prepare_own_folder(root, "journal")
    for each in read_folder(found).problems:
        tell(each)
    return found


def list_resources(plan: Plan) -> list[str]:
    """List the resources that a plan's documents name, which the embedded register is to know."""
    rights = [right for change in plan.writes for right in (change.document or {}).get("rights") or ()]
    return sorted({str(pair["value"]) for right in rights for pair in right["resource"]})


def find_site(connection: Connection, root: Path, journal: Path) -> Site:
    """Name what a run writes to, and where it keeps its records."""
    locks = find_lock_folder(os.environ)
    return Site(connection.register, connection.target, connection.ownership, root, journal, locks)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a plan is to be carried out, as the command line says."""

    form: Format
    accept: str
    """The digest whose breaking impacts are accepted; empty where none is."""
    report: Path | None
    workers: int
    patience: float
    yes: bool
    """Whether nobody is asked."""


def do_plan(plan: Plan, lock: TargetLock, manner: Manner) -> Exit:
    """Show a plan, check that it is accepted, ask, carry it out, and show what became of it.

    Raises `Refused` before the first write where it is stale, not accepted, or the answer is no.
    """
    check_consistent(plan)
    (show if manner.form is Format.TEXT else tell_lines)(render_plan(plan))
    check_accepted(plan, manner.accept)
    if plan.writes and not manner.yes:
        ask(plan)
    stop = stop_on_signals()
    outputs = (manner.report,) if manner.report else ()
    if not plan.writes:
        with open_drafts(outputs) as drafts:
            return put_out(Report(plan), manner, drafts)
    terms = Terms(manner.accept, manner.workers, manner.patience, stop, outputs)
    with clear(plan, lock, terms) as clearance:
        _mention(f"Journal: {clearance.writer.journal.path}")
        report = apply_plan(clearance, on_outcome=lambda each: _mention(f"{each.word}: {each.change.id}"))
        return put_out(report, manner, clearance.drafts)


def put_out(report: Report, manner: Manner, drafts: Mapping[Path, Draft]) -> Exit:
    """Show a report and save it; what cannot be put out is said, and does not hide what became of the plan."""
    code = report.exit_code
    if (
        manner.form is Format.JSON
    ):  # what stdout does not take is said at the end, and weighs in the exit code
        show_text(as_json.render_report(report))
    elif report.outcomes:
        show(render_report(report))
    for draft in drafts.values():
        try:
            draft.write(as_json.render_report(report))
        except UsageError as error:  # the run is over: trouble with a file is no usage error any more
            _mention(f"error: {error.message} {error.hint}")
            code = Exit.worst(code, Exit.FAILED)
    return code


def _mention(sentence: str) -> None:
    """Say something on stderr; a reader that went away, or a full disk, must not end a run half-way."""
    with suppress(OSError):
        tell(sentence)


def stop_on_signals() -> Event:
    """Turn what asks a program to end into a wish to stop: what is under way is finished, and reported.

    It stays so until the process ends, so that no signal can hide what became of a run.
    """
    stop = Event()

    def wish(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
            signal.signal(number, wish)
    return stop


def ask(plan: Plan) -> None:
    """Ask on the terminal whether to go ahead; refuse where there is none, or the answer is no."""
    if not sys.stdin.isatty():
        raise Refused("Nothing was written: there is no terminal to ask on.", hint="Pass --yes to go ahead.")
    number = len(plan.writes)
    tell("")
    if not confirm(f"Carry out {number} change{'' if number == 1 else 's'}?"):
        raise Refused("Nothing was written: the answer was no.")
