"""What every verb that writes has in common: the lock, the journal, the guards and the report."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from reconciler import __version__
from reconciler.apply import apply_plan, check_fresh
from reconciler.attempt import Crew
from reconciler.cli.console import show, show_text, tell, tell_lines
from reconciler.cli.options import Format
from reconciler.digest import SHORT
from reconciler.errors import Refused
from reconciler.journal import find_lock_folder, find_open, lock, start_run
from reconciler.outcome import Report
from reconciler.render import json as as_json
from reconciler.render.text import render_plan, render_report
from reconciler.workspace import prepare_own_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.cli.scene import Connection
    from reconciler.plan import Plan


def find_journal(root: Path, folder: Path | None) -> Path:
    """Give the folder of journals: the one that was named, else `.reconciler/journal/` under the root."""
    return folder or prepare_own_folder(root) / "journal"


@contextmanager
def keep_others_away(connection: Connection, journal: Path) -> Iterator[None]:
    """Hold the lock of a register and vendor; raises `Refused` where another run holds it."""
    register, vendor = connection.target.register, connection.target.vendor
    # NOTE: the embedded register's state lies in the repository, so each repository's is another register.
    name = f"{register} {journal.parent}" if register == "local" else register
    with lock(find_lock_folder(os.environ), register=name, vendor=vendor):
        yield


@contextmanager
def hold_lock(connection: Connection, journal: Path) -> Iterator[None]:
    """Keep other runs away, and refuse where an earlier one left something open."""
    target = connection.target
    with keep_others_away(connection, journal):
        left = find_open(journal, register=target.register, vendor=target.vendor)
        if left:
            raise Refused(
                f"The run {left[0].start.run} left {len(left[0].open)} requests whose outcome is unknown.",
                hint="Run `reconciler recover` first; nothing was written.",
            )
        yield


def check_accepted(plan: Plan, accept: str) -> None:
    """Refuse a plan whose breaking impacts nobody accepted by its digest."""
    named = accept.lower()
    if accept and not (len(named) >= SHORT and plan.digest.startswith(named)):
        raise Refused(
            f"--accept names {accept[:SHORT]}, and this plan's digest is {plan.short_digest}.",
            hint="Review the plan as it is now, and accept its own digest.",
        )
    if plan.breaking and not accept:
        told = "\n".join(f"{each.rule}: {each.message}" for each in plan.breaking)
        raise Refused(
            f"The plan has breaking impacts that nobody has accepted, so nothing was written.\n{told}",
            hint=f"If they are meant, run it again with --accept {plan.short_digest}",
        )


def carry_out(plan: Plan, connection: Connection, journal: Path, *, workers: int, patience: float) -> Report:
    """Carry out a plan that was shown and accepted; raises `Refused` where it is stale."""
    if not plan.writes:
        return Report(plan)
    check_fresh(plan, connection.register, workers=workers)
    target = plan.target
    book = start_run(
        journal,
        register=target.register,
        environment=target.environment,
        vendor=target.vendor,
        digest=plan.digest,
        version=__version__,
    )
    tell(f"Journal: {book.path}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    crew = Crew(connection.register, book, connection.ours, patience)
    return apply_plan(
        plan, crew, tell=lambda outcome: tell(f"{outcome.word}: {outcome.change.id}"), workers=workers
    )


def ask(plan: Plan) -> None:
    """Ask on the terminal whether to go ahead; refuse where there is none, or the answer is no."""
    if not sys.stdin.isatty():
        raise Refused("Nothing was written: there is no terminal to ask on.", hint="Pass --yes to go ahead.")
    number = len(plan.writes)
    tell("")
    if not typer.confirm(f"Carry out {number} change{'' if number == 1 else 's'}?", err=True):
        raise Refused("Nothing was written: the answer was no.")


def show_plan(plan: Plan, form: Format) -> None:
    """Show what is about to be done: on stdout, or on stderr where stdout is for JSON."""
    (show if form is Format.TEXT else tell_lines)(render_plan(plan))


def show_report(report: Report, form: Format, file: Path | None) -> None:
    """Show what became of the plan, and save it where that was asked for."""
    if file is not None:
        write_file(file, as_json.render_report(report))
    if form is Format.JSON:
        show_text(as_json.render_report(report))
    elif report.outcomes:
        show(render_report(report))
