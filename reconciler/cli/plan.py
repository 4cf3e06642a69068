"""`reconciler plan`: show what apply would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.console import show, show_text, tell
from reconciler.cli.options import EnvironmentOption, Format, FormatOption, RootOption, VendorOption, make_app
from reconciler.cli.scene import make_plan, open_register, set_scene, tell_warnings
from reconciler.errors import Exit
from reconciler.planfile import print_plan
from reconciler.render import json as as_json
from reconciler.render.text import render_plan
from reconciler.workspace import write_file

app = make_app()


@app.command()
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    form: FormatOption = Format.TEXT,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Save the plan for apply.", show_default=False, dir_okay=False
        ),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 3 when something would change.")
    ] = False,
    root: RootOption = None,
) -> None:
    """Show what apply would do; never writes to the register.

    Exits 1 when a change is blocked or a definition is wrong.
    """
    scene = set_scene(root, environment, vendor, form)
    with open_register(scene, read_only=True) as connection:
        made = make_plan(scene, connection)
    if out is not None:
        write_file(out, print_plan(made))
        tell(f"Saved: {out} (digest {made.short_digest})")
    if form is Format.JSON:
        show_text(as_json.render_plan(made))
    else:
        tell_warnings(scene)
        show(render_plan(made))
    codes = [Exit.FAILED] if made.blocked else []
    if exit_code and made.writes:
        codes.append(Exit.DIFFERENT)
    raise typer.Exit(Exit.worst(*codes))
