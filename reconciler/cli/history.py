"""`reconciler history`: show a system's change log."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from reconciler.cli.console import show_lines, show_text
from reconciler.cli.context import notify_of_gap, open_archive, open_register, read_context
from reconciler.cli.options import EnvironmentOption, Format, FormatOption, RootOption, VendorOption, make_app
from reconciler.definitions.git import GitFailed
from reconciler.errors import UsageError
from reconciler.planning.change_log import read_log, replay
from reconciler.planning.timeline import make_timeline
from reconciler.render import json as as_json
from reconciler.render.text.history import render_history

app = make_app()


@app.command()
def run(
    system: Annotated[str, typer.Argument(metavar="ID", help="The system's id.", show_default=False)],
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    form: FormatOption = Format.TEXT,
    root: RootOption = None,
) -> None:
    """Show a system's change log, oldest write first.

    Who, when, which members before and after, and which revision of the definition each state equals.
    """
    context = read_context(root, environment, vendor, form)
    with open_register(context, read_only=True) as connection:
        log = read_log(connection.register.read_changes(system))
        if not log and connection.register.read_system(system) is None:
            raise UsageError(
                f"The register does not know `{system}`.", hint="Check the id and the environment."
            )
    files = [each.definition.document.file for each in context.systems if each.system.id == system]
    archive = open_archive(context)
    notify_of_gap(archive)
    revisions = []
    with suppress(GitFailed):  # which was said
        revisions = [found for file in files for found in archive.read_history(file, system)]
    story = make_timeline(replay(log), revisions)
    if form is Format.JSON:
        show_text(as_json.render_history(system, story))
    else:
        show_lines(render_history(system, story))
