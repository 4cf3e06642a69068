"""`reconciler schema`: print the JSON Schema of a format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.console import show_text
from reconciler.cli.options import RootOption, Verb, make_app
from reconciler.definitions.catalogue_file import read_lists
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import SettingsError, UsageError
from reconciler.operations.schema import Of, Version, make_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.definitions.words import Language
    from reconciler.model.catalogue_list import CatalogueList

app = make_app()
_EXAMPLES = """\
reconciler schema definition
reconciler schema plan --draft 2020-12"""


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    of: Annotated[Of, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(Of)}.", show_default=False)],
    *,
    draft: Annotated[
        Version, typer.Option("--draft", metavar="VERSION", help="Version of JSON Schema: 07 or 2020-12.")
    ] = Version.DRAFT_07,
    language: Annotated[
        str,
        typer.Option("--language", metavar="CODE", help="Language of the descriptions: en or nb."),
    ] = "en",
    root: RootOption = None,
) -> None:
    """Print the JSON Schema of a format.

    That of a definition knows the environments that the repository configures, where it is run in one, and suggests
    the packages and resources of the lists that catalogue refresh saved.
    """
    environments, saved = _read_names(root)
    text = json.dumps(
        make_schema(of, draft, _choose_language(language), environments, saved.values()),
        indent=2,
        ensure_ascii=False,
    )
    show_text(f"{text}\n")


def _choose_language(code: str) -> Language:
    """Raise `UsageError` for a language that there are no descriptions in."""
    if code == "nb":
        return "nb"
    if code != "en":
        raise UsageError(f"There are no descriptions in `{code}`.", hint="Write --language en or nb.")
    return "en"


def _read_names(root: Path | None) -> tuple[tuple[str, ...], Mapping[str, CatalogueList]]:
    """Name the configured environments, and read what is saved of them; nothing outside a repository."""
    try:
        found = find_root(root or Path.cwd())
    except SettingsError:
        raise
    except UsageError:
        if root is not None:
            raise
        return (), {}
    environments = tuple(read_settings(found).environments)
    return environments, read_lists(found, environments)
