"""`reconciler recover`: settle what an interrupted apply left open, by looking."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from reconciler.changelog import read_log
from reconciler.cli.console import show, show_text, tell
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    FormatOption,
    JournalOption,
    PatienceOption,
    RootOption,
    VendorOption,
    WorkersOption,
    make_app,
)
from reconciler.cli.scene import Scene, connect, open_register, set_scene
from reconciler.cli.writing import find_journal, find_site
from reconciler.errors import Exit, UsageError
from reconciler.journal import read_runs
from reconciler.preflight import keep_others_away
from reconciler.recovery import find_stranded, recover_runs
from reconciler.render import json as as_json
from reconciler.render.text import render_recovered
from reconciler.settings import WORKERS, choose_environment, find_root, read_settings
from reconciler.settlement import Fate
from reconciler.survey import ask_all

app = make_app()


@app.command()
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
    """Settle what an interrupted apply left open, by looking; nothing is sent again.

    Exits 5 when an outcome stays unknown, and 1 while a client id that a run released is on no system.
    """
    found = find_root(root or Path.cwd())
    folder = find_journal(found, journal)
    chosen = choose_environment(read_settings(found), environment, os.environ)
    owner = _find_vendor(folder, chosen.identity, vendor)
    if not owner:
        tell(f"There is no journal in {folder}; this is what the change log alone can tell.")
        _show_newest(set_scene(root, environment, vendor, form), workers)
        return
    # Nothing here needs the definitions: they may be broken, and that is no reason to leave a run open.
    with (
        connect(found, chosen, owner, read_only=True, workers=workers) as connection,
        keep_others_away(find_site(connection, found, folder)),
    ):
        target = connection.target
        left = (target.register, target.vendor)
        runs = [each for each in read_runs(folder) if (each.start.register, each.start.vendor) == left]
        recovered = recover_runs(runs, connection.register, connection.around.ours, patience=patience)
        stranded = find_stranded(runs, connection.register)
    if form is Format.JSON:
        show_text(as_json.render_recovered(recovered, stranded))
    else:
        show(render_recovered(recovered, stranded))
    codes = [Exit.UNKNOWN for each in recovered if each.fate is Fate.UNKNOWN]
    raise typer.Exit(Exit.worst(*codes, *(Exit.FAILED for _ in stranded)))


def _find_vendor(folder: Path, register: str, vendor: str) -> str:
    """Name the vendor whose runs are to be settled; empty where there is no journal of this register.

    Raises `UsageError` where runs of several vendors are open and none was picked.
    """
    runs = [run for run in read_runs(folder) if run.start.register == register]
    left = sorted({run.start.vendor for run in runs if run.open})
    if len(left) > 1 and not vendor:
        raise UsageError(
            f"Runs of several vendors are open: {', '.join(left)}.", hint="Pick one with --vendor ORG."
        )
    if vendor and any(run.start.vendor == vendor for run in runs):
        return vendor
    return "" if vendor or not runs else (left or [runs[-1].start.vendor])[0]


def _show_newest(scene: Scene, workers: int) -> None:
    with open_register(scene, read_only=True, workers=workers) as connection:
        names = sorted({each.system.id for each in scene.systems})
        logs = ask_all(connection.register.read_changes, names, workers=workers)
    for name, answer in logs.items():
        newest = next(iter(read_log(answer)), None)
        told = f"{newest.kind} at {newest.created} by {newest.who}" if newest else "no entry"
        show_text(f"{name}: {told}\n")
