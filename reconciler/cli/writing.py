"""What every verb that writes has in common: the lock, the journal, the guards and the report."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

import typer

from reconciler.apply import apply_plan
from reconciler.cli.console import show, show_text, tell, tell_lines
from reconciler.cli.options import Format
from reconciler.errors import Exit, Refused, UsageError
from reconciler.journal import read_folder
from reconciler.lock import find_lock_folder
from reconciler.outcome import Report
from reconciler.preflight import Hold, Site, Terms, check_accepted, clear
from reconciler.render import json as as_json
from reconciler.render.text import render_plan, render_report
from reconciler.workspace import prepare_own_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from reconciler.cli.scene import Connection
    from reconciler.outcome import Outcome
    from reconciler.plan import Plan


def find_journal(root: Path, folder: Path | None) -> Path:
    """Give the folder of journals: the one that was named, else `.reconciler/journal/` under the root.

    What is no journal there, or cannot be read whole, is named on stderr.
    """
    found = folder or prepare_own_folder(root, "journal")
    for each in read_folder(found).strange:
        tell(each)
    return found


def list_resources(plan: Plan) -> list[str]:
    """List the resources that a plan's documents name, which the embedded register is to know."""
    rights = [right for change in plan.writes for right in (change.document or {}).get("rights") or ()]
    return sorted({str(pair["value"]) for right in rights for pair in right["resource"]})


def find_site(connection: Connection, root: Path, journal: Path) -> Site:
    """Name what a run writes to, and where it keeps its records."""
    locks = find_lock_folder(os.environ)
    return Site(connection.register, connection.target, connection.around, root, journal, locks)


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


def do_plan(plan: Plan, held: Hold, manner: Manner) -> Exit:
    """Show a plan, check that it is accepted, ask, carry it out, and show what became of it.

    Raises `Refused` before the first write where it is stale, not accepted, or the answer is no.
    """
    if manner.report is not None and not manner.report.absolute().parent.is_dir():
        raise UsageError(
            f"{manner.report} cannot be written: there is no such folder.", hint="Make it first."
        )
    (show if manner.form is Format.TEXT else tell_lines)(render_plan(plan))
    check_accepted(plan, manner.accept)
    if plan.writes and not manner.yes:
        ask(plan)
    with stop_on_signals() as stop:  # until the report is out
        report = _carry_out(plan, held, manner, stop) if plan.writes else Report(plan)
        if manner.form is Format.JSON:
            show_text(as_json.render_report(report))
        elif report.outcomes:
            show(render_report(report))
        if manner.report is not None:  # after it was shown, so that a full disk takes one of the two only
            write_file(manner.report, as_json.render_report(report))
    return report.exit_code


def _carry_out(plan: Plan, held: Hold, manner: Manner, stop: Event) -> Report:
    """Carry out a plan that was shown and accepted; raises `Refused` where it is stale."""
    terms = Terms(manner.accept, manner.workers, manner.patience, stop)
    with clear(plan, held, terms) as clearance:
        tell(f"Journal: {clearance.crew.journal.path}")
        return apply_plan(clearance, tell=_tell_outcome)


def _tell_outcome(outcome: Outcome) -> None:
    with suppress(OSError):  # a reader of stderr that went away must not end a run half-way
        tell(f"{outcome.word}: {outcome.change.id}")


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """Turn SIGINT and SIGTERM into a wish to stop: what is under way is finished, and all of it is told."""
    stop = Event()

    def wish(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ask(plan: Plan) -> None:
    """Ask on the terminal whether to go ahead; refuse where there is none, or the answer is no."""
    if not sys.stdin.isatty():
        raise Refused("Nothing was written: there is no terminal to ask on.", hint="Pass --yes to go ahead.")
    number = len(plan.writes)
    tell("")
    if not typer.confirm(f"Carry out {number} change{'' if number == 1 else 's'}?", err=True):
        raise Refused("Nothing was written: the answer was no.")
