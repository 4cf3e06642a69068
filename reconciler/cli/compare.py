"""`reconciler compare`: put two environments side by side."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from reconciler.cli.completions import complete_environment, complete_system
from reconciler.cli.console import notify_findings, show_lines, show_text
from reconciler.cli.context import connect
from reconciler.cli.environment import choose_environment
from reconciler.cli.options import Format, FormatOption, RootOption, VendorOption, Verb, make_app
from reconciler.clients.credentials import choose_variables
from reconciler.definitions.catalogue_file import read_catalogues
from reconciler.definitions.files import find_definitions, read_documents
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import Exit, UsageError
from reconciler.model.findings import Severity
from reconciler.operations.compare import compare_environments, name_systems, read_live
from reconciler.operations.validate import find_vendor, resolve_all, validate
from reconciler.render import json as as_json
from reconciler.render.text.comparison import render_comparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.definitions.definition import Definition
    from reconciler.model.environment import Environment
    from reconciler.model.system import System

app = make_app()
_EXAMPLES = """\
reconciler compare tt02 prod
reconciler compare tt02 prod 991825827_smartcloud --live"""
_OFFLINE = "--live asks it"


_First: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ENV",
        help="The one that is ahead.",
        show_default=False,
        autocompletion=complete_environment,
    ),
]
_Second: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ENV",
        help="The one that follows.",
        show_default=False,
        autocompletion=complete_environment,
    ),
]
_Ids: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID", help="Only these systems.", show_default=False, autocompletion=complete_system
    ),
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    first: _First,
    second: _Second,
    ids: _Ids = None,
    *,
    live: Annotated[bool, typer.Option("--live", help="Ask both registers too.")] = False,
    whole: Annotated[bool, typer.Option("--all", help="Show what is expected to differ as well.")] = False,
    vendor: VendorOption = "",
    form: FormatOption = Format.TEXT,
    root: RootOption = None,
) -> None:
    """Put two environments side by side: what the files ask for, and with --live what the registers hold.

    Client ids, redirect URLs and visibility are expected to differ, and are counted apart. The credentials of
    an environment may stand in variables with its name behind them: MASKINPORTEN_CLIENT_ID_PROD.
    """
    found = find_root(root or Path.cwd())
    settings = read_settings(found)
    chosen = [choose_environment(settings, name, os.environ) for name in (first, second)]
    if first == second:
        raise UsageError(f"Both environments are `{first}`.", hint="Name two: reconciler compare tt02 prod.")
    documents = read_documents(found, find_definitions(found))
    asked = read_catalogues(found, settings.environments)
    checked = validate(documents, settings.environments, vendor=vendor, asked=asked)
    if not checked.sound:
        errors = [each for each in checked.findings if each.severity is Severity.ERROR]
        notify_findings(errors, len(documents))
        raise typer.Exit(Exit.FAILED)
    definitions = _choose(checked.definitions, chosen, ids or ())
    sides = [_read_side(found, each, definitions, vendor) if live else ({}, _OFFLINE) for each in chosen]
    compared = compare_environments(
        definitions, (first, second), (sides[0][0], sides[1][0]), (sides[0][1], sides[1][1])
    )
    if form is Format.JSON:
        show_text(as_json.render_comparison(compared))
    else:
        show_lines(render_comparison(compared, whole=whole))


def _choose(
    definitions: Sequence[Definition], environments: Sequence[Environment], ids: Sequence[str]
) -> list[Definition]:
    """Choose the definitions of some systems, of all where none is named; raises `UsageError` for an unknown one."""
    names = {
        id(each): {name for place in environments for name in name_systems([each], place.name)}
        for each in definitions
    }
    for wanted in ids:
        if not any(wanted in found for found in names.values()):
            raise UsageError(
                f"No definition asks for `{wanted}` in {environments[0].name} or {environments[1].name}.",
                hint="Check the id, and where the definition exists.",
            )
    return [each for each in definitions if not ids or names[id(each)] & set(ids)]


def _read_side(
    root: Path, environment: Environment, definitions: Sequence[Definition], vendor: str
) -> tuple[dict[str, System], str]:
    systems = name_systems(definitions, environment.name)
    if not systems:
        return {}, ""
    owner = find_vendor(resolve_all(definitions, environment.name), vendor)
    environ = choose_variables(os.environ, environment.name)
    with connect(root, environment, owner, read_only=True, environ=environ) as connection:
        return read_live(connection.register, systems)
