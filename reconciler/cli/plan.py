"""`reconciler plan`: show what apply would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.console import tell
from reconciler.cli.context import make_plan, open_archive, open_register, set_scene, tell_gap, tell_warnings
from reconciler.cli.options import (
    EnvironmentOption,
    FormatsOption,
    RootOption,
    VendorOption,
    WorkersOption,
    make_app,
)
from reconciler.cli.outputs import choose_outputs, write_plan
from reconciler.definitions.files import open_drafts
from reconciler.errors import Exit
from reconciler.model.environment import WORKERS
from reconciler.operations.archive import trace_to_base
from reconciler.planning.plan_file import print_plan

app = make_app()


@app.command()
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    formats: FormatsOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Save the plan for apply.", show_default=False, dir_okay=False
        ),
    ] = None,
    base: Annotated[
        str,
        typer.Option(
            "--base", metavar="REF", help="Tell this change from what was open at REF.", show_default=False
        ),
    ] = "",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 3 when something would change.")
    ] = False,
    workers: WorkersOption = WORKERS,
    root: RootOption = None,
) -> None:
    """Show what apply would do; never writes to the register.

    Exits 1 when a change is blocked or a definition is wrong.
    """
    outputs = choose_outputs(formats)
    scene = set_scene(root, environment, vendor, outputs.form)
    with open_drafts([*outputs.paths, *([out] if out else [])]) as drafts:
        with open_register(scene, read_only=True, workers=workers) as connection:
            made = make_plan(scene, connection)
        if base:
            archive = open_archive(scene)
            tell_gap(archive)
            made = trace_to_base(made, scene.systems, archive, base)
        if out is not None:
            drafts[out].write(print_plan(made))
            tell(f"Saved: {out} (digest {made.short_digest})")
        tell_warnings(scene)
        write_plan(made, outputs, drafts, scene.root, out)
    codes = [Exit.FAILED] if made.blocked else []
    if exit_code and made.writes:
        codes.append(Exit.DIFFERENT)
    raise typer.Exit(Exit.worst(*codes))
