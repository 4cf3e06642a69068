"""`reconciler fmt`: put definition files in their canonical form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.console import notify, notify_findings, show_lines
from reconciler.cli.options import RootOption, Verb, make_app
from reconciler.definitions.files import find_definitions, read_documents, read_mark, write_definition
from reconciler.definitions.settings import find_common_root, read_settings
from reconciler.errors import Exit
from reconciler.operations.format import format_documents
from reconciler.render.lines import LONG, Piece, make_line, make_safe
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.operations.format import Formatted

app = make_app()
_EXAMPLES = """\
reconciler fmt
reconciler fmt --check systems/smartcloud.yaml"""


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files or folders. Default: systems/.", show_default=False),
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; list what would change, and exit 1.")
    ] = False,
    root: RootOption = None,
) -> None:
    """Put definition files in their canonical form; no network.

    Names, short forms and the order of members. Comments stay with their member, and what a file asks for is the
    same.
    """
    found = find_common_root(root, paths or ())
    documents = read_documents(found, find_definitions(found, paths or ()))
    formatted = format_documents(documents, tuple(read_settings(found).environments))
    changed = [each for each in formatted if each.changed]
    if not check:
        for each in changed:
            path = found / each.file
            write_definition(path, read_mark(path) + each.text)
    show_lines(make_line(Piece(make_safe(each.file, LONG), "strong")) for each in changed)
    show_lines([make_line(_summarise(len(changed), len(formatted), check=check))])
    faulty = _report(formatted)
    if faulty or (check and changed):
        raise typer.Exit(Exit.FAILED)


def _summarise(changed: int, files: int, *, check: bool) -> str:
    if not changed:
        return f"{count(files, 'file')}, and nothing to change."
    verb = "would change" if check else "changed"
    return f"{count(files, 'file')}, of which {changed} {verb}."


def _report(formatted: Sequence[Formatted]) -> bool:
    """Report the files that cannot be read, or not be changed, and say whether there are any."""
    unread = [each for each in formatted if each.findings]
    if unread:
        notify_findings([finding for each in unread for finding in each.findings], len(unread))
    obstructed = [each for each in formatted if each.obstacle]
    for each in obstructed:
        notify(f"{each.file} stays as it is: {each.obstacle}.")
    return bool(unread or obstructed)
