"""The options of `apply` that no other verb has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from reconciler.model.environment import READERS, WORKERS

PlanfileArgument: TypeAlias = Annotated[
    Path | None,
    typer.Argument(metavar="PLANFILE", help="A saved plan; without one, plan now.", show_default=False),
]
AcceptOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--accept",
        metavar="DIGEST",
        help="Accept the breaking impacts of the plan with this digest.",
        show_default=False,
    ),
]
TipOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--require-tip",
        metavar="REF",
        help="Refuse unless this is the newest commit of the deployed branch.",
        show_default=False,
    ),
]
RecoverOption: TypeAlias = Annotated[
    bool, typer.Option("--recover", help="First settle what earlier runs left open, as recover does.")
]
ExpectOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--expect-journal",
        metavar="RUN",
        help="Refuse unless the journal of this pipeline run is there; repeatable.",
        show_default=False,
    ),
]
WithoutOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--without-journal",
        metavar="RUN",
        help="Go on although the journal of this pipeline run is lost; repeatable.",
        show_default=False,
    ),
]
WritersOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        max=64,
        help=f"Requests at the same time. Default: {READERS} to read, {WORKERS} to write.",
        show_default=False,
    ),
]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ReportOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Save the report as JSON.", show_default=False),
]
