"""`reconciler schema`: print the JSON Schema of a format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.console import show_text
from reconciler.cli.options import RootOption, Verb, make_app
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import SettingsError, UsageError
from reconciler.operations.schema import Of, Version, make_schema

if TYPE_CHECKING:
    from reconciler.definitions.words import Language

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

    That of a definition knows the environments that the repository configures, where it is run in one.
    """
    text = json.dumps(
        make_schema(of, draft, _choose_language(language), _list_environments(root)),
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


def _list_environments(root: Path | None) -> tuple[str, ...]:
    """Name the configured environments; none outside a repository of definitions."""
    try:
        found = find_root(root or Path.cwd())
    except SettingsError:
        raise
    except UsageError:
        if root is not None:
            raise
        return ()
    return tuple(read_settings(found).environments)
