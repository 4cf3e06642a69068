"""`reconciler catalogue`: look up access packages and resources, and save what an environment lists."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.completions import complete_entry
from reconciler.cli.console import notify, show_lines, show_text
from reconciler.cli.environment import choose_environment
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    FormatOption,
    RootOption,
    Verb,
    VerbGroup,
    make_app,
)
from reconciler.definitions.catalogue_file import choose_list, print_list, read_list
from reconciler.definitions.files import find_lists, locate_list, write_definition
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import SettingsError, UsageError
from reconciler.model.catalogue_list import read_shipped_list
from reconciler.model.catalogue_search import Hits, find_entries, search, suggest_entries
from reconciler.render import json as as_json
from reconciler.render.text.catalogue import render_entries, render_hits, render_renewed

if TYPE_CHECKING:
    from reconciler.model.catalogue_list import CatalogueList, Renewed


app = make_app(group=True)
_VARIABLE = "RECONCILER_ENVIRONMENT"


@app.callback(
    cls=VerbGroup, epilog="reconciler catalogue search skatt\nreconciler catalogue show skattegrunnlag"
)
def group() -> None:
    """Look up access packages and resources, by name or by words."""


@app.command(
    cls=Verb,
    epilog="reconciler catalogue refresh -e tt02\nreconciler catalogue refresh -e prod --format json",
)
def refresh(
    *,
    environment: EnvironmentOption = None,
    form: FormatOption = Format.TEXT,
    root: RootOption = None,
) -> None:
    """Save what an environment lists today; needs no credential.

    Writes systems/.catalogue.NAME.json, to be committed: validate, local, schema and search use it. Says what was
    added, removed and changed since the last one. An answer that cannot be whole is not written.
    """
    found = find_root(root or Path.cwd())
    settings = read_settings(found)
    chosen = choose_environment(settings, environment, os.environ)
    if chosen.name == "local":
        others = [f"-e {name}" for name in settings.environments if name != "local"]
        raise UsageError(
            "The environment local goes by the lists of the others, and has none of its own.",
            hint=f"Name another one: {', '.join(others)}.",
        )
    path = locate_list(found, chosen.name)
    if path.is_symlink():
        raise UsageError(f"{path} is a link, and not written to.", hint="Put the file in its place.")
    renewed = _renew(chosen.name, path, found)
    write_definition(path, print_list(renewed.listed))
    shown = path.relative_to(found).as_posix()
    if form is Format.JSON:
        show_text(as_json.render_renewed(renewed, shown))
    else:
        show_lines(render_renewed(renewed, shown))


def _renew(name: str, path: Path, root: Path) -> Renewed:
    """Take the list of an environment anew, and compare it with the last one that can be read."""
    from reconciler.clients.metadata import WithoutToken  # noqa: PLC0415 - loads HTTP
    from reconciler.clients.register import HttpRegister  # noqa: PLC0415 - as above
    from reconciler.operations.catalogue import renew_list  # noqa: PLC0415 - as above

    environment = read_settings(root).environments[name]
    last = None
    if os.path.lexists(path):
        try:
            last = read_list(root, path, name)
        except UsageError as error:
            notify(f"The last list is not compared: {error.message}")
    notify(f"Environment {name}: {environment.register}")
    with HttpRegister(environment, WithoutToken(), read_only=True, notify=notify) as register:
        return renew_list(environment, register, datetime.now(UTC).date(), last)


@app.command(
    "search",
    cls=Verb,
    epilog="reconciler catalogue search regnskap\nreconciler catalogue search tax --limit 5",
)
def find(
    term: Annotated[
        list[str] | None,
        typer.Argument(metavar="TERM", help="Words; each of them has to fit.", show_default=False),
    ] = None,
    *,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=0, help="How many entries to show; 0 shows all.")
    ] = 20,
    environment: EnvironmentOption = None,
    form: FormatOption = Format.TEXT,
    root: RootOption = None,
) -> None:
    """Find packages and resources by words.

    Asks no network. Looks at Norwegian and English names, descriptions, areas and owners, in the environment's saved
    list. Without -e in the newest that is saved; where none is, in the shipped list, which has the Norwegian names
    of packages only.
    """
    hits = search(_choose_list(root, environment), " ".join(term or ()))
    if form is Format.JSON:
        show_text(as_json.render_hits(hits._replace(entries=hits.entries[:limit] if limit else hits.entries)))
    else:
        show_lines(render_hits(hits, limit))


@app.command(
    cls=Verb,
    epilog="reconciler catalogue show skattegrunnlag\nreconciler catalogue show ske-krav-og-betalinger -e tt02",
)
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A package's URN or its last part, or a resource's id.",
            autocompletion=complete_entry,
        ),
    ],
    *,
    environment: EnvironmentOption = None,
    form: FormatOption = Format.TEXT,
    root: RootOption = None,
) -> None:
    """Show one, and what its flags mean for a definition.

    Asks no network. Without -e the newest list that is saved is read.
    """
    listed = _choose_list(root, environment)
    hits = find_entries(listed, name)
    if not hits.entries:
        raise _explain_unknown(hits)
    if form is Format.JSON:
        show_text(as_json.render_hits(hits))
    else:
        show_lines(render_entries(hits))


def _explain_unknown(hits: Hits) -> UsageError:
    near = " or ".join(f"`{each}`" for each in suggest_entries(hits.listed, hits.term))
    hint = f"Did you mean {near}?" if near else "`reconciler catalogue search WORD` finds names by words."
    what = "access package or resource" if hits.listed.resources else "access package"
    return UsageError(f"There is no {what} `{hits.term[:200]}` in {hits.listed.title}.", hint=hint)


def _choose_list(root: Path | None, environment: str | None) -> CatalogueList:
    """Choose the saved list of an environment, the newest where none is named, else the shipped one."""
    try:
        found = find_root(root or Path.cwd())
    except SettingsError:
        raise
    except UsageError:
        if root is not None or environment is not None:
            raise
        return read_shipped_list()
    settings = read_settings(found)
    saved = find_lists(found, settings.environments)
    named = environment if environment is not None else os.environ.get(_VARIABLE)
    if named not in {None, "local"}:
        chosen = choose_environment(settings, environment, os.environ).name
        if chosen in saved:
            return read_list(found, saved[chosen], chosen)
        notify(f"No list of {chosen} is saved; `reconciler catalogue refresh -e {chosen}` saves one.")
        return read_shipped_list()
    return choose_list(found, settings.environments)
