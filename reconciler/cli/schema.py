"""`reconciler schema`: print the JSON Schema of a format."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from typing import Annotated

import typer

from reconciler.cli.console import show_text
from reconciler.cli.options import make_app

app = make_app()


class Schema(StrEnum):
    """A format that has a schema."""

    PLAN = "plan"
    REPORT = "report"


@app.command()
def run(
    of: Annotated[Schema, typer.Argument(metavar="FORMAT", help="plan, report", show_default=False)],
) -> None:
    """Print the JSON Schema (draft-07) of a format."""
    show_text(files("reconciler").joinpath(f"data/{of.value}.schema.json").read_text(encoding="utf-8"))
