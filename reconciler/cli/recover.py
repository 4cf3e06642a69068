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
    Format,
    FormatOption,
    JournalEnvironmentOption,
    JournalOption,
    JournalVendorOption,
    PatienceOption,
    RootOption,
    Verb,
    WorkersOption,
    make_app,
)
from reconciler.clients.parallel import ask_all
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import Exit, RegisterError, SettingsError, UsageError
from reconciler.execution.journal_folder import read_runs
from reconciler.execution.preflight import find_stranded_clients, lock_target, recover
from reconciler.model.environment import READERS
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


@app.command(cls=Verb, epilog="reconciler recover\nreconciler recover -e prod --journal DIR --format json")
def run(
    *,
    environment: JournalEnvironmentOption = None,
    vendor: JournalVendorOption = "",
    form: FormatOption = Format.TEXT,
    journal: JournalOption = None,
    patience: PatienceOption = 60.0,
    workers: WorkersOption = READERS,
    root: RootOption = None,
) -> None:
    """Find out what became of an interrupted apply; nothing is sent again.

    Environment and vendor are those of the journals, unless they are named; definitions are not needed.
    """
    found, is_repository = _find_root(root, journal)
    folder = find_journal(found, journal)
    runs = read_runs(folder)
    if not runs and not is_repository:
        raise UsageError(
            f"There is no journal in {folder}.",
            hint="Check the folder; to ask for change logs, name the repository with --root.",
        )
    if not runs:
        notify(f"There is no journal in {folder}; this is what the change log alone shows.")
        _show_newest(read_context(root, environment, vendor, form), workers)
        return
    chosen = _choose_environment(found, environment, runs)
    if chosen.name == "local" and not is_repository:
        raise UsageError(
            "The runs here are of the embedded register, which lies in its repository.",
            hint="Name the repository with --root.",
        )
    owner = _find_vendor(_find_runs(runs, chosen), vendor)
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
    codes = [each.exit_code for each in recovered]
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


def _find_root(root: Path | None, journal: Path | None) -> tuple[Path, bool]:
    """Find the root, and say whether it is a repository of definitions: a folder of journals that is named needs none.

    Raises `UsageError` where there is none and no folder of journals is named.
    """
    try:
        return find_root(root or Path.cwd()), True
    except SettingsError:
        raise
    except UsageError:
        if journal is None:
            raise
        return root or Path.cwd(), False


def _choose_environment(root: Path, name: str | None, runs: Sequence[Run]) -> Environment:
    """Choose the environment that is named, else that of the open runs, else that of the newest one.

    Raises `UsageError` where open runs are of several, or it is not configured here.
    """
    settings = read_settings(root)
    if name is not None or "RECONCILER_ENVIRONMENT" in os.environ:
        return choose_environment(settings, name, os.environ)
    left = [run for run in runs if run.open or run.unconfirmed]
    names = list(dict.fromkeys(run.start.environment for run in left or runs[-1:]))
    if len(names) > 1:
        raise UsageError(
            f"Runs on several registers are open: {_list_registers(left)}.",
            hint=f"Pick one: reconciler recover --environment {names[-1]}",
        )
    if names[0] not in settings.environments:
        raise UsageError(
            f"The runs here are of {_list_registers(left or runs[-1:])}, which is not configured here.",
            hint="Name the repository with its configuration: --root DIR.",
        )
    return choose_environment(settings, names[0], os.environ)


def _find_runs(runs: Sequence[Run], chosen: Environment) -> list[Run]:
    """Find the runs on an environment's register; raises `UsageError` where there are only runs on others."""
    own = [run for run in runs if run.start.register == chosen.identity]
    others = [run for run in runs if run.start.register != chosen.identity]
    left = [run for run in others if run.open or run.unconfirmed]
    if own:
        if left:
            notify(f"Not looked at: open runs of {_list_registers(left)}.")
        return own
    wanted = left or others
    raise UsageError(
        f"The {'open ' if left else ''}runs here are of {_list_registers(wanted)}, not of {chosen.name} "
        f"({chosen.identity}).",
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
