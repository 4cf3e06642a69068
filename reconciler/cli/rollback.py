"""`reconciler rollback`: make a plan that puts back what a run updated."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from reconciler.build import find_version
from reconciler.cli.completions import complete_run
from reconciler.cli.console import notify, show_lines, show_text
from reconciler.cli.context import connect
from reconciler.cli.customer_side import let_read
from reconciler.cli.environment import choose_saved
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
from reconciler.definitions.files import open_drafts
from reconciler.definitions.settings import find_root
from reconciler.errors import Exit, Refused
from reconciler.execution.journal_folder import find_run
from reconciler.model.canonical_json import SHORT
from reconciler.operations.rollback import plan_rollback
from reconciler.planning.plan_file import print_plan
from reconciler.render import json as as_json
from reconciler.render.phrases import describe_time
from reconciler.render.text.plan import render_plan

app = make_app()
_EXAMPLES = """\
reconciler rollback latest -e prod --out back.json
reconciler apply back.json -e prod"""


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    name: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            autocompletion=complete_run,
            help="A run, or the start of its name, or latest.",
            show_default=False,
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Save the plan for apply.", show_default=False),
    ] = None,
    environment: EnvironmentOption = None,
    form: FormatOption = Format.TEXT,
    journal: JournalOption = None,
    root: RootOption = None,
) -> None:
    """Make a plan that puts back what a run updated; writes nothing.

    Apply it with: reconciler apply FILE. What the run created or deleted cannot be undone.
    """
    found = find_root(root or Path.cwd())
    named = environment or os.environ.get("RECONCILER_ENVIRONMENT")
    past = find_run(find_journal(found, journal), name, named, sent=True)
    notify(f"Run {past.start.run} of {describe_time(past.start.at)}: plan {past.start.digest[:SHORT]}")
    chosen = choose_saved(found, past.start.environment, environment)
    if past.start.register != chosen.identity:
        raise Refused(
            f"The run wrote to {past.start.register}, and {chosen.name} is {chosen.identity} now.",
            hint="Name the environment that it wrote to; nothing was written.",
        )
    with open_drafts([out] if out else []) as drafts:
        with connect(found, chosen, past.start.vendor, read_only=True) as connection:
            register, owned = connection.register, connection.ownership
            made = plan_rollback(past, connection.target, register, owned, let_read(connection))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        made = replace(made, created=now, tool_version=find_version())
        for draft in drafts.values():
            draft.write(print_plan(made))
            notify(f"Saved: {out} (digest {made.short_digest})")
    if form is Format.JSON:
        show_text(as_json.render_plan(made))
    else:
        show_lines(render_plan(made))
    if made.writes:
        _say_how_to_go_on(chosen.name, out)
    raise typer.Exit(Exit.FAILED if made.blocked else Exit.DONE)


def _say_how_to_go_on(environment: str, out: Path | None) -> None:
    """Say which command carries the plan out, and what has to be done in git."""
    words = ["reconciler", "apply", str(out), "--environment", environment]
    notify(f"To carry it out: {shlex.join(words)}" if out else "To carry it out, save it with --out FILE.")
    notify("The files still ask for the other state: revert them too,")
    notify("or the next apply undoes this.")
