"""`reconciler history`: show a system's change log."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.cli.console import show_lines, show_text
from reconciler.cli.context import notify_of_gap, open_archive, open_register, read_usable
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    FormatOption,
    RootOption,
    SystemArgument,
    VendorOption,
    Verb,
    make_app,
)
from reconciler.cli.outputs import Outputs
from reconciler.definitions.git import GitFailed
from reconciler.definitions.working_tree import compare_with_head
from reconciler.errors import UsageError
from reconciler.model.normalise import normalise
from reconciler.planning.change_log import read_log, replay
from reconciler.planning.timeline import make_timeline
from reconciler.render import json as as_json
from reconciler.render.text.history import render_history

if TYPE_CHECKING:
    from reconciler.cli.context import Context
    from reconciler.model.revision import Revision
    from reconciler.model.system import System

app = make_app()
_EXAMPLES = """\
reconciler history 991825827_smartcloud -e prod
reconciler history 991825827_smartcloud --format json"""


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    system: SystemArgument,
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    form: FormatOption = Format.TEXT,
    root: RootOption = None,
) -> None:
    """Show a system's change log, oldest write first.

    Who, when, which members before and after, and which revision of the definition each state equals, or
    which file that is not committed.
    """
    context = read_usable(root, environment, vendor, Outputs(form), verb="history")
    with open_register(context, read_only=True) as connection:
        log = read_log(connection.register.read_changes(system))
        if not log and connection.register.read_system(system) is None:
            raise UsageError(
                f"The register does not know `{system}`.", hint="Check the id and the environment."
            )
    revisions, uncommitted = _read_sources(context, system)
    story = make_timeline(replay(log), revisions, uncommitted)
    if form is Format.JSON:
        show_text(as_json.render_history(system, story))
    else:
        show_lines(render_history(system, story))


def _read_sources(context: Context, system: str) -> tuple[list[tuple[Revision, System]], dict[str, System]]:
    """Read what the definition of a system stated at its revisions, newest first, and what it states uncommitted.

    Says where the history is not whole.
    """
    defined = [each for each in context.systems if each.system.id == system]
    files = [each.definition.document.file for each in defined]
    files += [each.unjudged.file for each in context.broken if system in each.unjudged.ids]
    archive = open_archive(context)
    notify_of_gap(archive)
    revisions: list[tuple[Revision, System]] = []
    with suppress(GitFailed):  # which was said
        for file in files:
            revisions += archive.read_history(file, system)
    checkout = compare_with_head(context.root, [each.definition.document for each in defined])
    if checkout is None:
        return revisions, {}
    stated = {each.definition.document.file: normalise(each.system) for each in defined}
    return revisions, {
        file: found
        for file, found in stated.items()
        # A file whose comments alone differ from the commit states what the commit states.
        if (file in checkout.uncommitted or not checkout.is_tracked)
        and not any(found == each for _, each in revisions[:1])
    }
