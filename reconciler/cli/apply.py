"""`reconciler apply`: make the register match the definitions, or do what a saved plan says."""

from __future__ import annotations

import itertools
import os
import shlex
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from reconciler.build import describe_version, find_version
from reconciler.cli.confirmation import confirm_plan
from reconciler.cli.console import notify, notify_lines, show_lines, show_text
from reconciler.cli.context import (
    choose_saved,
    connect,
    find_target,
    make_plan,
    narrow,
    notify_of_warnings,
    open_register,
    read_context,
    read_saved,
)
from reconciler.cli.journal import find_journal, find_site
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    FormatOption,
    JournalOption,
    OnlyOption,
    PatienceOption,
    RootOption,
    VendorOption,
    Verb,
    WorkersOption,
    make_app,
)
from reconciler.cli.provenance import find_provenance
from reconciler.cli.signals import stop_on_signals
from reconciler.definitions.files import open_drafts, probe
from reconciler.definitions.settings import find_root
from reconciler.errors import Exit, Refused, UsageError
from reconciler.execution.branch_tip import check_tip
from reconciler.execution.executor import apply_plan
from reconciler.execution.freshness import check_consistent
from reconciler.execution.outcome import NotTried, Report, is_undoable
from reconciler.execution.preflight import (
    Terms,
    check_target,
    clear,
    lock_for_apply,
)
from reconciler.execution.run_summary import find_earlier_run
from reconciler.execution.signoff import check_accepted, find_approvals
from reconciler.model.environment import WORKERS
from reconciler.operations.selection import check_found
from reconciler.planning.approval import FILE, describe_approval
from reconciler.render import report_json
from reconciler.render.escape import shorten
from reconciler.render.phrases import count, describe_time
from reconciler.render.text.plan import render_plan
from reconciler.render.text.report import render_progress, render_report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from reconciler.cli.context import Connection, Context
    from reconciler.definitions.files import Draft
    from reconciler.execution.outcome import Outcome
    from reconciler.execution.preflight import TargetLock
    from reconciler.model.environment import Environment
    from reconciler.planning.plan import Plan

app = make_app()
_EXAMPLES = """\
reconciler apply -e tt02
reconciler apply plan.json -e prod --yes --require-tip origin/main
reconciler apply -e tt02 --only '991825827_smart*'"""
_AcceptOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--accept",
        metavar="DIGEST",
        help="Accept the breaking impacts of the plan with this digest.",
        show_default=False,
    ),
]
_TipOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--require-tip",
        metavar="REF",
        help="Refuse unless this is the newest commit of the deployed branch.",
        show_default=False,
    ),
]
_ReportOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Save the report as JSON.", show_default=False),
]
_MOST = 20
"""How many systems a refusal names."""


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    planfile: Annotated[
        Path | None,
        typer.Argument(metavar="PLANFILE", help="A saved plan; without one, plan now.", show_default=False),
    ] = None,
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    only: OnlyOption = None,
    form: FormatOption = Format.TEXT,
    accept: _AcceptOption = "",
    require_tip: _TipOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    report: _ReportOption = None,
    journal: JournalOption = None,
    workers: WorkersOption = WORKERS,
    patience: PatienceOption = 60.0,
    root: RootOption = None,
) -> None:
    """Make the register match the definitions.

    Plans, shows the plan, asks, writes, and reads every system back. With PLANFILE it does exactly that plan
    and nothing else, and refuses when the register has moved.
    """
    found = find_root(root or Path.cwd())
    folder = find_journal(found, journal)
    probe(report)
    outputs = (report,) if report else ()
    terms = Terms(accept, workers, patience, Event(), outputs, find_provenance(os.environ, found))
    if planfile is not None:
        saved = _read_whole(planfile, only)
        if require_tip is not None:
            check_tip(found, require_tip, saved)
        chosen = choose_saved(found, saved.target.environment, environment)
        check_target(saved, find_target(chosen, vendor or saved.target.vendor))
        connecting = _connect(saved, chosen, found, workers)
        with connecting as connection, lock_for_apply(find_site(connection, found, folder)) as lock:
            raise typer.Exit(_carry_out_saved(saved, lock, terms, form, yes=yes))
    if require_tip is not None:
        check_tip(found, require_tip)
    context = _narrow(read_context(root, environment, vendor, form), only)
    with (
        open_register(context, read_only=False, workers=workers) as connection,
        lock_for_apply(find_site(connection, found, folder)) as lock,
    ):
        made = make_plan(context, connection)
        notify_of_warnings(context)
        raise typer.Exit(_carry_out(made, lock, terms, form, yes=yes))


def _read_whole(planfile: Path, only: Sequence[str] | None) -> Plan:
    """Read a saved plan, without what it says of other environments.

    Raises `UsageError` where a part of it is asked for.
    """
    if only:
        hint = "Narrow it when it is made: plan --only."
        raise UsageError("A saved plan is carried out as it is.", hint=hint)
    return replace(read_saved(planfile), elsewhere=(), elsewhere_unknown="", untouched=())


def _narrow(context: Context, only: Sequence[str] | None) -> Context:
    """Narrow a context; raises `UsageError` for a pattern that fits no definition, since only those are written."""
    narrowed = narrow(context, only)
    check_found(narrowed.only, [each.system.id for each in context.systems], "the definitions here")
    return narrowed


def _connect(
    saved: Plan, chosen: Environment, root: Path, workers: int
) -> AbstractContextManager[Connection]:
    """Connect to the register of a saved plan, which knows every resource that the plan names if it is local."""
    notify(f"Plan {saved.short_digest} of {saved.created}")
    own = find_version()
    if saved.tool_version != own:
        made_by = shorten(describe_version(saved.tool_version), 100)
        notify(f"It was made by reconciler {made_by}, and this is {describe_version(own)}.")
    resources = _list_resources(saved)
    return connect(root, chosen, saved.target.vendor, read_only=False, resources=resources, workers=workers)


def _list_resources(plan: Plan) -> list[str]:
    """List the resources that a plan's documents name, which the embedded register is to know."""
    rights = [right for change in plan.writes for right in (change.document or {}).get("rights") or ()]
    return sorted({str(pair["value"]) for right in rights for pair in right["resource"]})


def _carry_out_saved(plan: Plan, lock: TargetLock, terms: Terms, form: Format, *, yes: bool) -> Exit:
    """Carry out a saved plan, unless an earlier run did and the register holds just that; by which run is said.

    Raises `Refused` where an earlier run did and the register holds something else by now.
    """
    check_consistent(plan)
    earlier = find_earlier_run(plan, lock.site)
    if earlier is None:
        return _carry_out(plan, lock, terms, form, yes=yes)
    start = earlier.run.start
    notify(f"This plan was applied already by run {start.run}")
    notify(f"at {describe_time(start.at)}, {earlier.done} of {count(len(plan.writes), 'change')} done.")
    if earlier.differing:
        others = ", ".join(f"`{name}`" for name in earlier.differing[:_MOST])
        more = len(earlier.differing) - _MOST
        raise Refused(
            f"The plan is stale, and nothing was written: the register does not hold what it asks for in {others}"
            f"{f' and {more} more' if more > 0 else ''}.",
            hint="Plan again, and have the new plan reviewed.",
        )
    notify("The register holds what it asks for, so nothing was sent.")
    return _put_out_nothing(plan, terms, form)


def _carry_out(plan: Plan, lock: TargetLock, terms: Terms, form: Format, *, yes: bool) -> Exit:
    """Show a plan, check that it is accepted, ask, carry it out, and show what became of it.

    Raises `Refused` before the first write where it is stale, not accepted, or the answer is no.
    """
    check_consistent(plan)
    approvals = find_approvals(plan, lock.site.root, lock.site.journal)
    plan = replace(plan, approvals=approvals)
    (show_lines if form is Format.TEXT else notify_lines)(render_plan(plan, merged=True))
    accepted = check_accepted(plan, terms.accept, approvals)
    if accepted and accepted.how == "approval" and accepted.approval:
        notify(f"Accepted by an approval in {FILE} {describe_approval(accepted.approval)}.")
    if plan.writes and not yes:
        confirm_plan(plan)
    stop_on_signals(terms.stop)
    if not plan.writes:
        return _put_out_nothing(plan, terms, form)
    with clear(plan, lock, terms) as clearance:
        journal = clearance.writer.journal.path
        _mention(f"Journal: {journal}")
        report = apply_plan(clearance, on_outcome=_count_outcomes(len(plan.writes)))
        code = _put_out(report, form, clearance.drafts)
        if any(is_undoable(each) for each in report.outcomes):
            _mention(f"To undo: {_name_rollback(plan, journal, lock.site.root)}")
        return code


def _put_out_nothing(plan: Plan, terms: Terms, form: Format) -> Exit:
    """Report on a plan for which nothing was sent."""
    with open_drafts(terms.outputs) as drafts:
        return _put_out(Report(plan, provenance=terms.provenance), form, drafts)


def _count_outcomes(total: int) -> Callable[[Outcome], None]:
    """Make what shows each outcome on stderr, numbered, when it is final; what was not tried is in the report."""
    numbers = itertools.count(1)

    def show(outcome: Outcome) -> None:
        if isinstance(outcome, NotTried):
            return
        with suppress(OSError):
            notify_lines([render_progress(next(numbers), total, outcome)])

    return show


def _name_rollback(plan: Plan, journal: Path, root: Path) -> str:
    """Name the command that plans the way back, with the options that it needs."""
    words = ["reconciler", "rollback", journal.stem]
    if plan.target.environment != "local":  # which is the default
        words += ["-e", plan.target.environment]
    if journal.parent.resolve() != (root / ".reconciler" / "journal").resolve():
        words += ["--journal", str(journal.parent)]
    if not Path.cwd().is_relative_to(root):
        words += ["--root", str(root)]
    return shlex.join([*words, "--out", "undo.json"])


def _put_out(report: Report, form: Format, drafts: Mapping[Path, Draft]) -> Exit:
    """Show a report and save it; what cannot be put out is said, and does not hide what became of the plan."""
    code = report.exit_code
    if form is Format.JSON:  # what stdout does not take is said at the end, and weighs in the exit code
        show_text(report_json.render_report(report))
    elif report.outcomes:
        show_lines(render_report(report))
    for draft in drafts.values():
        try:
            draft.write(report_json.render_report(report))
        except UsageError as error:  # the run is over: trouble with a file is no usage error any more
            _mention(f"error: {error.message} {error.hint}")
            code = Exit.worst(code, Exit.FAILED)
    return code


def _mention(sentence: str) -> None:
    """Say something on stderr; a reader that went away, or a full disk, must not end a run half-way."""
    with suppress(OSError):
        notify(sentence)
