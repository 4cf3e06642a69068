"""`reconciler verify`: say whether a saved plan is still fresh."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.console import show_text
from reconciler.cli.context import choose_saved, connect, find_target, read_saved
from reconciler.cli.options import EnvironmentOption, RootOption, make_app
from reconciler.definitions.settings import find_root
from reconciler.execution.preflight import check_fresh, check_target

app = make_app()


@app.command()
def run(
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A saved plan.", show_default=False)],
    *,
    environment: EnvironmentOption = None,
    root: RootOption = None,
) -> None:
    """Say whether a saved plan is still fresh; writes nothing.

    Exits 0 when it is, and 4 when a system moved since, or has another order of system users.
    """
    found = find_root(root or Path.cwd())
    saved = read_saved(planfile)
    chosen = choose_saved(found, saved.target.environment, environment)
    check_target(saved, find_target(chosen, saved.target.vendor))
    with connect(found, chosen, saved.target.vendor, read_only=True) as connection:
        check_fresh(saved, connection.register, connection.ownership)
    show_text(f"Fresh: plan {saved.short_digest} can be applied as it was reviewed.\n")
