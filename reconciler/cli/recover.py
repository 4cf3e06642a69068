"""`reconciler recover`: settle what an interrupted apply left open, by looking."""

from __future__ import annotations

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
    make_app,
)
from reconciler.cli.scene import Scene, open_register, set_scene
from reconciler.cli.writing import find_journal, keep_others_away
from reconciler.errors import Exit
from reconciler.journal import find_open, read_runs
from reconciler.recovery import Recovered, recover_run
from reconciler.register import Register
from reconciler.render import json as as_json
from reconciler.render.text import render_recovered
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
    root: RootOption = None,
) -> None:
    """Settle what an interrupted apply left open, by looking; nothing is sent again.

    Exits 5 when an outcome stays unknown.
    """
    scene = set_scene(root, environment, vendor, form)
    folder = find_journal(scene.root, journal)
    with open_register(scene, read_only=True) as connection, keep_others_away(connection, folder):
        target = connection.target
        left = find_open(folder, register=target.register, vendor=target.vendor)
        if not left and not read_runs(folder):
            tell(f"There is no journal in {folder}; this is what the change log alone can tell.")
            _show_newest(scene, connection.register)
            return
        recovered: list[Recovered] = []
        for each in left:
            recovered += recover_run(each, connection.register, connection.around.ours, patience=patience)
    if form is Format.JSON:
        show_text(as_json.render_recovered(recovered))
    else:
        show(render_recovered(recovered))
    raise typer.Exit(Exit.UNKNOWN if any(each.fate is Fate.UNKNOWN for each in recovered) else Exit.DONE)


def _show_newest(scene: Scene, register: Register) -> None:
    logs = ask_all(register.read_changes, sorted({each.system.id for each in scene.systems}))
    for name, answer in logs.items():
        newest = next(iter(read_log(answer)), None)
        told = f"{newest.kind} at {newest.created} by {newest.who}" if newest else "no entry"
        show_text(f"{name}: {told}\n")
