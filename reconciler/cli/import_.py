"""`reconciler import`: write or update definition files from the register, or from files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from reconciler.cli.completions import complete_system
from reconciler.cli.console import show_progress
from reconciler.cli.context import connect
from reconciler.cli.definition_files import finish_import, read_texts
from reconciler.cli.environment import choose_environment
from reconciler.cli.options import EnvironmentOption, RootOption, VendorOption, Verb, WorkersOption, make_app
from reconciler.clients.listing import list_ids, read_listed
from reconciler.definitions.bodies import read_bodies
from reconciler.definitions.catalogue_file import read_catalogues
from reconciler.definitions.files import find_top, has_schema, list_names, read_file
from reconciler.definitions.request_bodies import read_requests
from reconciler.definitions.settings import find_root, read_settings
from reconciler.definitions.yaml_document import MAX_BYTES, read_document
from reconciler.errors import SettingsError, UsageError
from reconciler.model.environment import READERS
from reconciler.model.id_pattern import find_unmatched, fits
from reconciler.model.suggest import list_nearest
from reconciler.operations.import_ import Place, find_defined, import_bodies, import_systems, take_all
from reconciler.operations.import_requests import add_requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.context import Connection
    from reconciler.definitions.request_bodies import RequestBody
    from reconciler.definitions.settings import Settings
    from reconciler.model.system import RegisteredSystem, System

app = make_app()
_EXAMPLES = """\
reconciler import --all -e tt02
reconciler import 991825827_smartcloud -e prod --dry-run
reconciler import --from body.json"""
_IdsArgument: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID",
        help="Systems to import; * fits any text.",
        show_default=False,
        autocompletion=complete_system,
    ),
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    ids: _IdsArgument = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every system that is registered.")] = False,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="A file of JSON bodies, of systems or of requests; repeatable, and no network.",
            show_default=False,
            exists=True,
        ),
    ] = None,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show a diff; write nothing.")] = False,
    workers: WorkersOption = READERS,
    root: RootOption = None,
) -> None:
    """Write or update definition files from the register, by the smallest edit.

    Without definitions, the organisation of the token is the vendor. What is registered although a rule objects
    to it gets an entry under allow; what comes from a file does not.
    """
    if not (ids or everything or files) or (everything and (ids or files)):
        raise UsageError(
            "Say what to import: ids, --all, or --from FILE.",
            hint="One of the three: reconciler import --all",
        )
    found = _find_root(root)
    settings = read_settings(found)
    texts, names = read_texts(found), list_names(found)
    if files:
        place = _find_place(found, settings, _name_environment(settings, environment))
        read = _read_files([*files, *map(Path, ids or ())])  # as a shell's `--from *.json` gives them
        problems = read.problems
        imported = import_bodies(read.systems, texts, names, place)
        imported = add_requests(read.requests, imported, texts, place)
    else:
        chosen = choose_environment(settings, environment, os.environ)
        place = _find_place(found, settings, chosen.name)
        defined = find_defined(texts, place.environments)
        with connect(found, chosen, vendor or defined.vendor, read_only=True, workers=workers) as connection:
            live, problems = _read_register(connection, ids or (), defined.ids)
            imported = import_systems(take_all(connection.target, live), texts, names, place)
    raise typer.Exit(finish_import(found, imported, problems, dry_run=dry_run))


def _find_place(root: Path, settings: Settings, environment: str) -> Place:
    asked = read_catalogues(root, settings.environments)
    return Place(environment, tuple(settings.environments), asked, has_schema(root))


def _find_root(root: Path | None) -> Path:
    """Find the root as every verb does; where nothing is set up yet, the top of the repository, or this folder."""
    start = root or Path.cwd()
    try:
        return find_root(start)
    except SettingsError:
        raise
    except UsageError:
        return find_top(start) or start.resolve()


def _name_environment(settings: Settings, named: str | None) -> str:
    """Name the environment that bodies are of: the one that is asked for, or none."""
    if named is None and "RECONCILER_ENVIRONMENT" not in os.environ:
        return ""
    return choose_environment(settings, named, os.environ).name


@dataclass(frozen=True, slots=True)
class _Read:
    """What stands in files of bodies."""

    systems: list[System] = field(default_factory=list)
    requests: list[RequestBody] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def _read_files(files: Sequence[Path]) -> _Read:
    read = _Read()
    for file in files:
        document = read_document(str(file), read_file(file, most=MAX_BYTES))
        systems, wrong = read_bodies(document)
        requests, outdated = read_requests(document)
        read.systems.extend(systems)
        read.requests.extend(requests)
        read.problems.extend([*wrong, *outdated])
    return read


def _read_register(
    connection: Connection, patterns: Sequence[str], defined: Sequence[str]
) -> tuple[dict[str, RegisteredSystem], list[str]]:
    """Read the systems that fit the patterns; without any, all that are listed, and all that have a definition."""
    register, target = connection.register, connection.target
    listing = list_ids(register, target.vendor)
    problems = [f"Not every system is listed: {listing.unlisted}."] if listing.unlisted else []
    known = list(dict.fromkeys([*listing.ids, *defined]))
    named = [each for each in patterns if not set(each) & set("*?[")]
    missing = find_unmatched([each for each in patterns if each not in named], known)
    if missing:
        near = list_nearest(missing[0], known)
        raise UsageError(
            f"No system of organisation {target.vendor} fits `{missing[0][:80]}`.",
            hint=f"The nearest: {', '.join(near)}." if near else "`reconciler import --all` takes them all.",
        )
    wanted = [each for each in known if not patterns or fits(each, patterns)]
    wanted += [each for each in dict.fromkeys(named) if each not in wanted]
    with show_progress("Reading") as progress:
        reading = read_listed(register, wanted, listing, progress)
    problems += [f"`{name}` is not imported: {why}." for name, why in reading.unreadable.items()]
    problems += [
        f"`{name}` is not registered in {target.environment}."
        for name, found in reading.found.items()
        if found is None and name in named
    ]
    return {name: found for name, found in reading.found.items() if found is not None}, problems
