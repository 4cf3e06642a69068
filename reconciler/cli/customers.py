"""`reconciler customers`: show who has, waits for, or lacks each right and access package of a system."""

from __future__ import annotations

import typer

from reconciler.cli.console import show_progress
from reconciler.cli.context import open_register, read_usable
from reconciler.cli.customer_side import open_system_users
from reconciler.cli.options import (
    AloneOption,
    EnvironmentOption,
    Format,
    RootOption,
    SystemArgument,
    TableFormat,
    TableFormatOption,
    VendorOption,
    Verb,
    WorkersOption,
    make_app,
)
from reconciler.cli.outputs import Outputs, show_table
from reconciler.errors import Exit
from reconciler.execution.ask_journal import find_ask_journals, read_ask_journals
from reconciler.model.environment import WORKERS
from reconciler.operations.customers import Sources, read_customers
from reconciler.render import customers as as_data
from reconciler.render.text.customers import render_customers

app = make_app()
_EXAMPLES = """\
reconciler customers 991825827_smartcloud -e tt02
reconciler customers 991825827_smartcloud -e prod --format csv"""

_RENDERERS = {"json": as_data.render_customers_json, "csv": as_data.render_customers_csv}


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    system: SystemArgument,
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    alone: AloneOption = False,
    form: TableFormatOption = TableFormat.TEXT,
    workers: WorkersOption = WORKERS,
    root: RootOption = None,
) -> None:
    """Show who has, waits for, or lacks each right and access package of a system; never writes.

    It is worked out from requests, change requests and the change log, and what cannot be known is unknown. What a
    customer really has, only a call with a token as its system user proves.
    """
    outputs = Outputs(Format.JSON if form is TableFormat.JSON else Format.TEXT)
    context = read_usable(root, environment, vendor, outputs, verb="customers")
    with (
        open_register(context, read_only=True, workers=workers) as connection,
        open_system_users(connection, read_only=True, workers=workers) as users,
        show_progress("Reading") as progress,
    ):
        records = read_ask_journals(find_ask_journals(context.root), connection.target.register)
        own = [key for each in records for key in each.intents]
        sources = Sources(connection.register, users, own, alone=alone, workers=workers)
        found, _ = read_customers(connection.target.environment, system, sources, progress)
    show_table(form, found, render_customers, _RENDERERS)
    raise typer.Exit(Exit.DONE if all(each.is_read for each in found.rows) else Exit.FAILED)
