"""`reconciler recover`: find out what became of an interrupted apply."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reconciler.cli.console import notify, show_lines, show_text
from reconciler.cli.context import Context, connect, open_register, read_context
from reconciler.cli.environment import choose_environment
from reconciler.cli.journal import find_journal, find_site
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    FormatOption,
    JournalOption,
    PatienceOption,
    RootOption,
    VendorOption,
    Verb,
    WorkersOption,
    make_app,
)
from reconciler.clients.parallel import ask_all
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import Exit, RegisterError, UsageError
from reconciler.execution.fate import Fate
from reconciler.execution.journal_folder import read_runs
from reconciler.execution.preflight import find_stranded_clients, lock_target, recover
from reconciler.model.environment import WORKERS
from reconciler.model.untrusted_text import escape_line
from reconciler.planning.change_log import read_log
from reconciler.render import json as as_json
from reconciler.render.text.report import render_recovered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.execution.journal import Run
    from reconciler.execution.preflight import TargetLock
    from reconciler.execution.recovery import Stranded
    from reconciler.model.environment import Environment

app = make_app()


@app.command(cls=Verb, epilog="reconciler recover -e prod\nreconciler recover -e prod --format json")
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    form: FormatOption = Format.TEXT,
    journal: JournalOption = None,
    patience: PatienceOption = 60.0,
    workers: WorkersOption = WORKERS,
    root: RootOption = None,
) -> None:
    """Find out what became of an interrupted apply; nothing is sent again.

    Exits 5 when an outcome stays unknown, and 1 while a client id that a run released is on no system, or where
    a write overwrote another's.
    """
    found = find_root(root or Path.cwd())
    folder = find_journal(found, journal)
    chosen = choose_environment(read_settings(found), environment, os.environ)
    runs = read_runs(folder)
    if not runs:
        notify(f"There is no journal in {folder}; this is what the change log alone shows.")
        _show_newest(read_context(root, environment, vendor, form), workers)
        return
    is_named = environment is not None or "RECONCILER_ENVIRONMENT" in os.environ
    owner = _find_vendor(_find_runs(runs, chosen, is_named=is_named), vendor)
    # Nothing here needs the definitions: they may be broken, and that is no reason to leave a run open.
    with (
        connect(found, chosen, owner, read_only=True, workers=workers) as connection,
        lock_target(find_site(connection, found, folder)) as lock,
    ):
        recovered = recover(lock, patience=patience)
        stranded, obstacle = _find_stranded(lock)
    if form is Format.JSON:
        show_text(as_json.render_recovered(recovered, stranded))
    else:
        show_lines(render_recovered(recovered, stranded))
    codes = [Exit.UNKNOWN for each in recovered if each.fate is Fate.UNKNOWN]
    codes += [Exit.FAILED for each in recovered if each.alarming or not each.recorded]
    if obstacle:
        notify(f"Whether a client id is on no system is not known: {obstacle}")
        notify("    Hint: Run `reconciler recover` again when the register answers.")
        codes.append(Exit.FAILED)
    raise typer.Exit(Exit.worst(*codes, *(Exit.FAILED for _ in stranded)))


def _find_stranded(lock: TargetLock) -> tuple[tuple[Stranded, ...], str]:
    """Find the client ids that are on no system, or say why that cannot be known: what was settled is shown first."""
    try:
        return find_stranded_clients(lock), ""
    except RegisterError as error:
        return (), error.message


def _find_runs(runs: Sequence[Run], chosen: Environment, *, is_named: bool) -> list[Run]:
    """Find the runs on an environment's register.

    Raises `UsageError` where there are only runs on others, and where only others are open and nobody named
    an environment: the embedded register knows nothing of a run on another one.
    """
    own = [run for run in runs if run.start.register == chosen.identity]
    others = [run for run in runs if run.start.register != chosen.identity]
    left = [run for run in others if run.open or run.unconfirmed]
    if own and (is_named or not left or any(run.open for run in own)):
        if left:
            notify(f"Not looked at: open runs of {_list_registers(left)}.")
        return own
    wanted = left or others
    raise UsageError(
        f"The {'open ' if left else ''}runs here are of {_list_registers(wanted)}, not of {chosen.name}.",
        hint=f"Name the environment: reconciler recover --environment {wanted[-1].start.environment}",
    )


def _list_registers(runs: Sequence[Run]) -> str:
    return ", ".join(dict.fromkeys(f"{run.start.environment} ({run.start.register})" for run in runs))


def _find_vendor(runs: Sequence[Run], vendor: str) -> str:
    """Name the vendor whose runs are to be settled.

    Raises `UsageError` where runs of several vendors are open and none was picked, or another one was.
    """
    known = sorted({run.start.vendor for run in runs})
    left = sorted({run.start.vendor for run in runs if run.open})
    if len(left) > 1 and not vendor:
        raise UsageError(
            f"Runs of several vendors are open: {', '.join(left)}.", hint="Pick one with --vendor ORG."
        )
    if vendor and vendor not in known:
        raise UsageError(f"The runs here are of vendor {', '.join(known)}, not of {vendor}.")
    return vendor or (left or [runs[-1].start.vendor])[0]


def _show_newest(context: Context, workers: int) -> None:
    with open_register(context, read_only=True, workers=workers) as connection:
        names = sorted({each.system.id for each in context.systems})
        logs = ask_all(connection.register.read_changes, names, workers=workers)
    for name, answer in logs.items():
        newest = next(iter(read_log(answer)), None)
        entry = f"{newest.kind} at {newest.created} by {newest.who}" if newest else "no entry"
        show_text(escape_line(f"{name}: {entry}") + "\n")
