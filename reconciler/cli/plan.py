"""`reconciler plan`: show what apply would do.

What compares and shows is imported when the register has been asked: it loads while the first answers are under way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from reconciler.cli.ahead import Ahead
from reconciler.cli.options import (
    EnvironmentOption,
    FormatsOption,
    OnlyOption,
    RootOption,
    VendorOption,
    Verb,
    WorkersOption,
    make_app,
)
from reconciler.cli.outputs import choose_outputs
from reconciler.definitions.files import open_drafts
from reconciler.errors import Exit, UsageError
from reconciler.model.environment import READERS

app = make_app()
_EXAMPLES = """\
reconciler plan -e tt02
reconciler plan -e prod --base origin/main --out plan.json
reconciler plan -e prod --against origin/main --format markdown"""
_BaseOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--base", metavar="REF", help="Compare what differs from the definitions at REF.", show_default=False
    ),
]
_OutOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="Save the plan for apply.", show_default=False, dir_okay=False
    ),
]
_AllOption: TypeAlias = Annotated[
    bool, typer.Option("--all", help="With --base: compare the other systems as well.")
]
_ExitCodeOption: TypeAlias = Annotated[
    bool, typer.Option("--exit-code", help="Exit 3 when something would change.")
]
_AgainstOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--against",
        metavar="REF",
        help="Let the definitions at REF stand for the register.",
        show_default=False,
    ),
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    only: OnlyOption = None,
    formats: FormatsOption = None,
    out: _OutOption = None,
    base: _BaseOption = "",
    against: _AgainstOption = "",
    everything: _AllOption = False,
    exit_code: _ExitCodeOption = False,
    workers: WorkersOption = READERS,
    root: RootOption = None,
) -> None:
    """Show what apply would do; never writes to the register.

    A change that is blocked, or a definition that is wrong, stops no other: these are planned all the same.
    With --base, it compares what this change touches, and only what it blocks ends with 1. A plan that is saved
    with --out compares everything.
    """
    outputs = choose_outputs(formats)
    if against:
        _check_alone(base, out)
    if everything and not base:
        raise UsageError("--all goes with --base.", hint="Without --base, every system is compared.")
    whole = everything or out is not None
    written = [*outputs.paths, *([out] if out else [])]
    with (
        open_drafts(written) as drafts,
        Ahead(workers, only, needs_systems=whole or not base) as ahead,
    ):
        early = None if against else ahead
        if early is not None:
            early.begin_in(root, environment, vendor)
        from reconciler.cli.plan_making import PlanSources, make_and_write  # noqa: PLC0415 - while the register answers

        sources = PlanSources(root, environment, vendor, tuple(only or ()), outputs, base, early, whole=whole)
        made = make_and_write(sources, against, out, drafts, workers)
    codes = [Exit.FAILED] if made.newly_blocked or made.unusable else []
    if exit_code and (made.writes or made.unknown_before):
        codes.append(Exit.DIFFERENT)
    raise typer.Exit(Exit.worst(*codes))


def _check_alone(base: str, out: Path | None) -> None:
    """Refuse options that make no sense where no register is asked."""
    if out is not None:
        raise UsageError(
            "A plan against definitions cannot be saved for apply, which works on the register.",
            hint="Leave --out or --against out; `--format json=FILE` writes it for reading.",
        )
    if base:
        raise UsageError(
            "--base and --against are two comparisons.",
            hint="Leave --base out: everything that --against shows is what this change does.",
        )
