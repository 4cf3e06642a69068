"""`reconciler drift`: show what differs from the files, since when and by whom."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from reconciler.cli.ahead import Ahead
from reconciler.cli.completions import complete_system
from reconciler.cli.console import notify, show_progress
from reconciler.cli.context import (
    check_named,
    find_ending,
    make_plan,
    narrow,
    notify_of_gap,
    open_archive,
    open_register,
    read_usable,
)
from reconciler.cli.definition_files import finish_adoption, read_texts
from reconciler.cli.github_actions import find_prefix, is_runner, write_outputs
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
from reconciler.cli.step_summary import show_summary
from reconciler.definitions.catalogue_file import read_catalogues
from reconciler.definitions.files import has_schema, list_names, open_drafts
from reconciler.errors import Exit, UsageError
from reconciler.model.environment import READERS
from reconciler.operations.adopt import find_adopted, list_adoptable
from reconciler.operations.archive import trace_to_history
from reconciler.operations.drift import detect_drift
from reconciler.operations.import_ import Place, import_systems
from reconciler.operations.selection import check_found
from reconciler.planning.drift import Kind
from reconciler.render.formats import PLACED, load_renderer
from reconciler.render.places import move_drift
from reconciler.render.text.drift import render_drift

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.cli.context import Connection, Context
    from reconciler.cli.outputs import Outputs
    from reconciler.definitions.files import Draft
    from reconciler.operations.import_ import Imported
    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.planning.plan import Plan

app = make_app()
_EXAMPLES = """\
reconciler drift -e prod
reconciler drift 991825827_smartcloud -e prod --adopt --dry-run"""
_IdsArgument: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID",
        help="With --adopt: what to adopt. Default: all.",
        show_default=False,
        autocompletion=complete_system,
    ),
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    ids: _IdsArgument = None,
    *,
    adopt: Annotated[bool, typer.Option("--adopt", help="Write what others changed into the files.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --adopt: show a diff; write nothing.")
    ] = False,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    only: OnlyOption = None,
    formats: FormatsOption = None,
    workers: WorkersOption = READERS,
    root: RootOption = None,
) -> None:
    """Show what differs from the files, since when and by whom; never writes to the register."""
    if (ids or dry_run) and not adopt:
        raise UsageError("Ids and --dry-run go with --adopt.", hint="--only narrows what is compared.")
    outputs = choose_outputs(formats)
    with open_drafts(outputs.paths) as drafts, Ahead(workers, only) as ahead:
        context = read_usable(root, environment, vendor, outputs, verb="drift", ahead=ahead)
        context = narrow(check_named(context), only)
        archive = open_archive(context)
        notify_of_gap(archive)
        with open_register(context, read_only=True, workers=workers) as connection:
            made = trace_to_history(make_plan(context, connection), context.systems, archive)
            with show_progress("Reading change logs") as progress:
                report = detect_drift(made, connection.register, connection.ownership, progress=progress)
            imported, left = _adopt(report, made, context, connection, ids or ()) if adopt else (None, ())
        findings = (*find_ending(context), *report.findings)
        report = replace(report, created=made.created, tool_version=made.tool_version, findings=findings)
        _write(report, outputs, drafts, context.root)
        placed = move_drift(report, find_prefix(context.root, os.environ))
        show_summary("drift", lambda: load_renderer("markdown").render_drift(placed), os.environ)
        if is_runner(os.environ):
            has_drift = str(report.has_drift).lower()
            write_outputs({"has-drift": has_drift, "differences": str(len(report.alarming))}, os.environ)
    if imported is not None:
        code = finish_adoption(context.root, imported, dry_run=dry_run)
        remaining = replace(report, differences=left)
        raise typer.Exit(Exit.worst(code, remaining.exit_code))
    if report.alarming:
        _suggest(context.environment.name)
    raise typer.Exit(report.exit_code)


def _suggest(environment: str) -> None:
    """Suggest what to do about drift, in commands that go to the environment it was found in."""
    option = "" if environment == "local" else f" -e {environment}"  # which is the default
    notify(f"`reconciler drift --adopt{option}` writes what others changed into the files.")
    notify(
        f"`reconciler accept ID PATH{option} --until DATE --reason TEXT` accepts a difference for a while."
    )


def _adopt(
    report: DriftReport, made: Plan, context: Context, connection: Connection, ids: Sequence[str]
) -> tuple[Imported, tuple[Difference, ...]]:
    """Make the definitions say what others changed, and give the differences that are left besides."""
    known = [each.id for each in (*made.changes, *made.unmanaged)]
    check_found(ids, known, "those that are compared", option="")
    differences = list_adoptable(report, ids)
    unmanaged = [each.id for each in differences if each.kind is Kind.UNMANAGED]
    read = ((name, connection.register.read_system(name)) for name in unmanaged)
    live = {name: found for name, found in read if found is not None}
    registered = find_adopted(differences, context.systems, live, made)
    asked = read_catalogues(context.root, context.environments)
    place = Place(context.environment.name, context.environments, asked, has_schema(context.root))
    imported = import_systems(registered, read_texts(context.root), list_names(context.root), place)
    return imported, tuple(each for each in report.differences if each not in differences)


def _write(report: DriftReport, outputs: Outputs, drafts: Mapping[Path, Draft], root: Path) -> None:
    """Write a report to all outputs, whose files are open."""
    placed = move_drift(report, find_prefix(root, os.environ))
    outputs.write(
        lines=lambda: render_drift(report),
        render=lambda name: load_renderer(name).render_drift(placed if name in PLACED else report),
        save=lambda path, text: drafts[path].write(text),
    )
