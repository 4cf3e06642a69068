"""`reconciler apply`: make the register match the definitions."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

import typer

from reconciler import __version__
from reconciler.apply import apply_plan
from reconciler.cli.console import show, show_progress, show_text, tell, tell_lines
from reconciler.cli.options import EnvironmentOption, Format, FormatOption, RootOption, VendorOption, make_app
from reconciler.cli.scene import open_register, set_scene, tell_warnings
from reconciler.errors import Refused
from reconciler.operations import plan
from reconciler.outcome import Report
from reconciler.plan import stamp
from reconciler.render import json as as_json
from reconciler.render.text import render_plan, render_report

app = make_app()


@app.command()
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    form: FormatOption = Format.TEXT,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    root: RootOption = None,
) -> None:
    """Make the register match the definitions.

    Plans, shows the plan, asks, writes, and reads every system back.
    """
    scene = set_scene(root, environment, vendor, form)
    with open_register(scene, read_only=False) as (chosen, register):
        _refuse_remote(chosen.register)
        with show_progress("Reading") as progress:
            made = plan(scene.systems, chosen, register, vendor=scene.vendor, progress=progress)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        made = stamp(made, scene.checked.findings, created=now, tool_version=__version__)
        tell_warnings(scene)
        (show if form is Format.TEXT else tell_lines)(render_plan(made))
        if made.writes and not yes:
            _ask(len(made.writes))
        report = apply_plan(made, register, tell=lambda _: None) if made.writes else Report(made)
    if form is Format.JSON:
        show_text(as_json.render_report(report))
    elif report.outcomes:
        show(render_report(report))
    raise typer.Exit(report.exit_code)


def _refuse_remote(address: str) -> None:
    if urlsplit(address).hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise Refused(
            f"This version writes to a register on this machine only, and {address} is not.",
            hint="Use plan and validate there; applying needs the journal, which is not built yet.",
        )


def _ask(writes: int) -> None:
    if not sys.stdin.isatty():
        raise Refused("Nothing was written: there is no terminal to ask on.", hint="Pass --yes to go ahead.")
    tell("")
    if not typer.confirm(f"Carry out {writes} change{'' if writes == 1 else 's'}?", err=True):
        raise Refused("Nothing was written: the answer was no.")
