"""The options that several verbs share, declared once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from reconciler.render.formats import FORMATS


def make_app(*, group: bool = False) -> typer.Typer:
    """Make a verb's application: plain help at 80 columns, and failures reported in one place."""
    return typer.Typer(
        no_args_is_help=group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    )


def _complete_environment(incomplete: str) -> list[str]:
    from reconciler.cli.completions import complete_environment  # noqa: PLC0415 - only where a shell asks

    return complete_environment(incomplete)


class Format(StrEnum):
    """How a result is written to stdout."""

    TEXT = "text"
    JSON = "json"


EnvironmentOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        help="local, tt02, prod or a configured one (RECONCILER_ENVIRONMENT; local).",
        autocompletion=_complete_environment,
        show_default=False,
    ),
]
VendorOption: TypeAlias = Annotated[
    str,
    typer.Option("--vendor", metavar="ORG", help="Only this vendor's definitions.", show_default=False),
]
OnlyOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="ID", help="Only these systems; several, and `*` fits any text.", show_default=False
    ),
]
FormatOption: TypeAlias = Annotated[
    Format, typer.Option("--format", help="How to write the result.", case_sensitive=False)
]
FormatsOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="NAME[=FILE]",
        help=f"{', '.join(FORMATS)}; several into files.",
        show_default=False,
    ),
]
JournalOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--journal", metavar="DIR", help="Where journals are kept (.reconciler/journal).", show_default=False
    ),
]
PatienceOption: TypeAlias = Annotated[
    float,
    typer.Option(
        "--patience", metavar="SECONDS", min=0, help="How long a write without an answer may still take."
    ),
]
RootOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--root",
        metavar="DIR",
        help="Where to start looking for the repository (here).",
        show_default=False,
        exists=True,
        file_okay=False,
    ),
]
WorkersOption: TypeAlias = Annotated[
    int, typer.Option("--workers", min=1, max=64, help="Requests at the same time.")
]
