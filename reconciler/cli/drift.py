"""`reconciler drift`: tell what differs from the files, since when and by whom."""

from __future__ import annotations

from dataclasses import replace

import typer

from reconciler.cli.console import show_progress, tell
from reconciler.cli.context import make_plan, open_archive, open_register, set_scene, tell_gap
from reconciler.cli.options import (
    EnvironmentOption,
    FormatsOption,
    RootOption,
    VendorOption,
    WorkersOption,
    make_app,
)
from reconciler.cli.outputs import choose_outputs, write_drift
from reconciler.definitions.files import open_drafts
from reconciler.model.environment import WORKERS
from reconciler.operations.archive import trace_to_history
from reconciler.operations.drift import detect_drift

app = make_app()


@app.command()
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    formats: FormatsOption = None,
    workers: WorkersOption = WORKERS,
    root: RootOption = None,
) -> None:
    """Tell what differs from the files, since when and by whom; never writes.

    Exits 3 for what was changed outside, is missing, deleted or unmanaged, and is not accepted.
    """
    outputs = choose_outputs(formats)
    scene = set_scene(root, environment, vendor, outputs.form)
    archive = open_archive(scene)
    tell_gap(archive)
    with open_drafts(outputs.paths) as drafts:
        with open_register(scene, read_only=True, workers=workers) as connection:
            made = trace_to_history(make_plan(scene, connection), scene.systems, archive)
            with show_progress("Reading change logs") as progress:
                report = detect_drift(made, connection.register, connection.around, progress=progress)
        report = replace(report, created=made.created, tool_version=made.tool_version)
        write_drift(report, outputs, drafts, scene.root)
    if report.alarming:
        tell("`reconciler accept ID PATH --until DATE --reason TEXT` lets a difference stand for a while.")
    raise typer.Exit(report.exit_code)
