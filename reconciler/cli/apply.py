"""`reconciler apply`: make the register match the definitions, or do what a saved plan says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.console import tell
from reconciler.cli.context import (
    choose_saved,
    connect,
    find_target,
    make_plan,
    open_register,
    read_saved,
    set_scene,
    tell_warnings,
)
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
from reconciler.cli.writing import Manner, do_plan, find_journal, find_site, list_resources
from reconciler.definitions.files import probe
from reconciler.definitions.settings import find_root
from reconciler.execution.preflight import check_target, lock_for_apply
from reconciler.model.environment import WORKERS

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from reconciler.cli.context import Connection
    from reconciler.model.environment import Environment
    from reconciler.planning.plan import Plan

app = make_app()


@app.command()
def run(
    planfile: Annotated[
        Path | None,
        typer.Argument(metavar="[PLANFILE]", help="A saved plan; without one, plan now.", show_default=False),
    ] = None,
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    form: FormatOption = Format.TEXT,
    accept: Annotated[
        str,
        typer.Option(
            "--accept", metavar="DIGEST", help="Accept this plan's breaking impacts.", show_default=False
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Save the report as JSON.", show_default=False),
    ] = None,
    journal: JournalOption = None,
    workers: WorkersOption = WORKERS,
    patience: PatienceOption = 60.0,
    root: RootOption = None,
) -> None:
    """Make the register match the definitions.

    Plans, shows the plan, asks, writes, and reads every system back. With PLANFILE it does exactly that plan
    and nothing else, and refuses when the register has moved.
    """
    found = find_root(root or Path.cwd())
    folder = find_journal(found, journal)
    manner = Manner(form, accept, report, workers, patience, yes=yes)
    probe(report)
    if planfile is not None:
        saved = read_saved(planfile)
        chosen = choose_saved(found, saved.target.environment, environment)
        check_target(saved, find_target(chosen, vendor or saved.target.vendor))
        tell(f"Plan {saved.short_digest} of {saved.created}")
        connecting = _connect(saved, chosen, found, workers)
        with connecting as connection, lock_for_apply(find_site(connection, found, folder)) as lock:
            raise typer.Exit(do_plan(saved, lock, manner))
    scene = set_scene(root, environment, vendor, form)
    with (
        open_register(scene, read_only=False, workers=workers) as connection,
        lock_for_apply(find_site(connection, found, folder)) as lock,
    ):
        made = make_plan(scene, connection)
        tell_warnings(scene)
        raise typer.Exit(do_plan(made, lock, manner))


def _connect(
    saved: Plan, chosen: Environment, root: Path, workers: int
) -> AbstractContextManager[Connection]:
    """Connect to the register of a saved plan, which knows every resource that the plan names if it is local."""
    resources = list_resources(saved)
    return connect(root, chosen, saved.target.vendor, read_only=False, resources=resources, workers=workers)
