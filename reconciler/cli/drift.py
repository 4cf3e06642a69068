"""`reconciler drift`: show what differs from the files, since when and by whom."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from reconciler.cli.console import notify, show_progress
from reconciler.cli.context import make_plan, narrow, notify_of_gap, open_archive, open_register, read_usable
from reconciler.cli.github_actions import find_prefix, is_runner, write_outputs, write_summary
from reconciler.cli.options import (
    EnvironmentOption,
    FormatsOption,
    OnlyOption,
    RootOption,
    VendorOption,
    WorkersOption,
    make_app,
)
from reconciler.cli.outputs import choose_outputs
from reconciler.definitions.files import open_drafts
from reconciler.model.environment import WORKERS
from reconciler.operations.archive import trace_to_history
from reconciler.operations.drift import detect_drift
from reconciler.render.formats import PLACED, load_renderer
from reconciler.render.places import move_drift
from reconciler.render.text.drift import render_drift

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.cli.outputs import Outputs
    from reconciler.definitions.files import Draft
    from reconciler.planning.drift import DriftReport

app = make_app()


@app.command()
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    only: OnlyOption = None,
    formats: FormatsOption = None,
    workers: WorkersOption = WORKERS,
    root: RootOption = None,
) -> None:
    """Show what differs from the files, since when and by whom; never writes.

    Exits 3 for what was changed outside, is missing, deleted or unmanaged, and is not accepted.
    """
    outputs = choose_outputs(formats)
    context = narrow(read_usable(root, environment, vendor, outputs.form), only)
    archive = open_archive(context)
    notify_of_gap(archive)
    with open_drafts(outputs.paths) as drafts:
        with open_register(context, read_only=True, workers=workers) as connection:
            made = trace_to_history(make_plan(context, connection), context.systems, archive)
            with show_progress("Reading change logs") as progress:
                report = detect_drift(made, connection.register, connection.ownership, progress=progress)
        report = replace(report, created=made.created, tool_version=made.tool_version)
        _write(report, outputs, drafts, context.root)
        if is_runner(os.environ):
            write_summary(load_renderer("markdown").render_drift(report), os.environ)
            has_drift = str(bool(report.alarming)).lower()
            write_outputs({"has-drift": has_drift, "differences": str(len(report.alarming))}, os.environ)
    if report.alarming:
        notify("`reconciler accept ID PATH --until DATE --reason TEXT` accepts a difference for a while.")
    raise typer.Exit(report.exit_code)


def _write(report: DriftReport, outputs: Outputs, drafts: Mapping[Path, Draft], root: Path) -> None:
    """Write a report to all outputs, whose files are open."""
    placed = move_drift(report, find_prefix(root, os.environ))
    outputs.write(
        lines=lambda: render_drift(report),
        render=lambda name: load_renderer(name).render_drift(placed if name in PLACED else report),
        save=lambda path, text: drafts[path].write(text),
    )
