"""`reconciler plan`: show what apply would do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli.console import show, show_progress, show_text
from reconciler.cli.options import EnvironmentOption, Format, FormatOption, RootOption, VendorOption, make_app
from reconciler.cli.scene import open_register, set_scene, tell_warnings
from reconciler.errors import Exit
from reconciler.operations import plan
from reconciler.plan import stamp
from reconciler.render import json as as_json
from reconciler.render.text import render_plan

app = make_app()


@app.command()
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    form: FormatOption = Format.TEXT,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 3 when something would change.")
    ] = False,
    root: RootOption = None,
) -> None:
    """Show what apply would do; never writes.

    Exits 1 when a change is blocked or a definition is wrong.
    """
    scene = set_scene(root, environment, vendor, form)
    with open_register(scene, read_only=True) as (chosen, register), show_progress("Reading") as progress:
        made = plan(scene.systems, chosen, register, vendor=scene.vendor, progress=progress)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = stamp(made, scene.checked.findings, created=now, tool_version=__version__)
    if form is Format.JSON:
        show_text(as_json.render_plan(made))
    else:
        tell_warnings(scene)
        show(render_plan(made))
    codes = [Exit.FAILED] if made.blocked else []
    if exit_code and made.writes:
        codes.append(Exit.DIFFERENT)
    raise typer.Exit(Exit.worst(*codes))
