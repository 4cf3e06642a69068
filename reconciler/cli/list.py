"""`reconciler list`: show what is registered, with or without definitions."""

from __future__ import annotations

import typer

from reconciler.cli.console import show_progress
from reconciler.cli.context import narrow, open_register, read_usable
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    OnlyOption,
    RootOption,
    TableFormat,
    TableFormatOption,
    VendorOption,
    Verb,
    WorkersOption,
    make_app,
)
from reconciler.cli.outputs import Outputs, show_table
from reconciler.errors import Exit
from reconciler.model.environment import READERS
from reconciler.operations.list_systems import list_systems
from reconciler.render import inventory_csv
from reconciler.render import json as as_json
from reconciler.render.text.inventory import render_inventory

app = make_app()
_EXAMPLES = """\
reconciler list -e tt02
reconciler list -e prod --format csv"""
_RENDERERS = {"json": as_json.render_inventory, "csv": inventory_csv.render_inventory}


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    only: OnlyOption = None,
    form: TableFormatOption = TableFormat.TEXT,
    workers: WorkersOption = READERS,
    root: RootOption = None,
) -> None:
    """Show what is registered, with or without definitions; never writes."""
    outputs = Outputs(Format.JSON if form is TableFormat.JSON else Format.TEXT)
    context = narrow(read_usable(root, environment, vendor, outputs, verb="list"), only)
    with (
        open_register(context, read_only=True, workers=workers) as connection,
        show_progress("Reading") as progress,
    ):
        found = list_systems(
            context.systems,
            connection.target,
            connection.register,
            context.scope,
            expected=connection.ownership.foreign,
            progress=progress,
        )
    show_table(form, found, render_inventory, _RENDERERS)
    raise typer.Exit(Exit.DONE if found.is_whole and not context.broken else Exit.FAILED)
