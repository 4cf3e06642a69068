"""`reconciler runs`: list the runs of the journal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.console import notify, show_lines, show_text
from reconciler.cli.environment import choose_environment
from reconciler.cli.journal import find_journal
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    FormatOption,
    JournalOption,
    RootOption,
    Verb,
    make_app,
)
from reconciler.definitions.settings import find_root, read_settings
from reconciler.execution.journal_folder import read_runs
from reconciler.execution.run_summary import summarise_run
from reconciler.render import json as as_json
from reconciler.render.phrases import count
from reconciler.render.text.runs import render_runs

app = make_app()
_EXAMPLES = """\
reconciler runs
reconciler runs -e prod --format json"""


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: Annotated[
        str,
        typer.Option(
            "--vendor", metavar="ORG", help="Only the runs of this organisation number.", show_default=False
        ),
    ] = "",
    form: FormatOption = Format.TEXT,
    journal: JournalOption = None,
    root: RootOption = None,
) -> None:
    """List the runs of the journal, newest first; asks no register.

    Each has its time, its plan's digest and how many systems came to which outcome. A run can be named by the
    start of its name, and the newest one as latest.
    """
    found = find_root(root or Path.cwd())
    runs = read_runs(find_journal(found, journal))
    named = environment if environment is not None else os.environ.get("RECONCILER_ENVIRONMENT")
    if named is not None and named not in {each.start.environment for each in runs}:
        choose_environment(read_settings(found), named, os.environ)
    shown = [
        each
        for each in reversed(runs)
        if named in {None, each.start.environment} and vendor in {"", each.start.vendor}
    ]
    if len(shown) < len(runs):
        notify(f"Not shown: {count(len(runs) - len(shown), 'run')} of another environment or vendor.")
    summaries = [summarise_run(each) for each in shown]
    if form is Format.JSON:
        show_text(as_json.render_runs(summaries))
    else:
        show_lines(render_runs(summaries))
