"""`reconciler accept`: accept one difference for a while."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from reconciler.cli.completions import complete_system
from reconciler.cli.console import show_text
from reconciler.cli.context import open_register, read_context
from reconciler.cli.options import EnvironmentOption, Format, RootOption, VendorOption, make_app
from reconciler.definitions.files import append_file
from reconciler.errors import UsageError
from reconciler.model.untrusted_text import escape_line
from reconciler.operations.accept import accept_difference
from reconciler.planning.acceptance import FILE, print_acceptance

app = make_app()


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"`{text}` is not a date.", hint="Write it like 2026-12-31; that day is included."
        ) from None


@app.command()
def run(
    system: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="The system's id.", show_default=False, autocompletion=complete_system
        ),
    ],
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="As drift shows it; or unmanaged, missing, deleted.", show_default=False
        ),
    ],
    *,
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="The last day, in UTC.", show_default=False)
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.", show_default=False)],
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    root: RootOption = None,
) -> None:
    """Accept one difference for a while.

    It stops alarming until the day is over or the value changes again; overwriting it is breaking until then.
    """
    last = _read_date(until)
    context = read_context(root, environment, vendor, Format.TEXT)
    desired = next((each for each in context.systems if each.system.id == system), None)
    with open_register(context, read_only=True) as connection:
        made = accept_difference(desired, system, path, connection.register, until=last, reason=reason)
    append_file(context.root / FILE, print_acceptance(made))
    show_text(escape_line(f"Accepted until {last}, in {FILE}: {path} of {system}") + "\n")
