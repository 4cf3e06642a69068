"""`reconciler apply`: make the register match the definitions, or do what a saved plan says."""

from __future__ import annotations

import itertools
import os
import shlex
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import typer

from reconciler.build import describe_version, find_version
from reconciler.cli.apply_ending import Account, explain_ending
from reconciler.cli.apply_options import (
    AcceptOption,
    ExpectOption,
    PlanfileArgument,
    RecoverOption,
    ReportOption,
    TipOption,
    WithoutOption,
    WritersOption,
    YesOption,
)
from reconciler.cli.confirmation import confirm_plan
from reconciler.cli.console import notify, notify_lines, show_lines, show_text
from reconciler.cli.context import (
    connect,
    find_target,
    make_plan,
    narrow,
    notify_of_warnings,
    open_register,
    read_context,
)
from reconciler.cli.customer_side import let_read
from reconciler.cli.environment import choose_saved
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
    make_app,
)
from reconciler.cli.provenance import find_provenance
from reconciler.cli.signals import GRACE, stop_on_signals
from reconciler.definitions.files import open_drafts, probe, read_file
from reconciler.definitions.settings import find_root
from reconciler.errors import Exit, ReconcilerError, Refused, Remedy, UsageError
from reconciler.execution.branch_tip import check_tip
from reconciler.execution.executor import apply_plan
from reconciler.execution.freshness import check_consistent, check_fresh
from reconciler.execution.journal_folder import check_journals, record_quiet_run
from reconciler.execution.outcome import NotTried, Report, is_undoable
from reconciler.execution.preflight import (
    Terms,
    check_nothing_open,
    check_target,
    clear,
    lock_target,
    read_own_runs,
    settle,
)
from reconciler.execution.report_file import print_report
from reconciler.execution.run_summary import find_earlier_run
from reconciler.execution.signoff import check_accepted, find_approvals
from reconciler.model.environment import READERS, WORKERS
from reconciler.operations.selection import check_found
from reconciler.planning.approval import FILE, describe_approval
from reconciler.planning.plan_audit import check_whole
from reconciler.planning.plan_file import read_plan
from reconciler.planning.remainder import keep_left
from reconciler.render.escape import shorten
from reconciler.render.phrases import count, describe_time
from reconciler.render.text.plan import render_plan
from reconciler.render.text.report import render_progress, render_recovered, render_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from reconciler.cli.context import Connection, Context
    from reconciler.definitions.files import Draft
    from reconciler.execution.outcome import Outcome
    from reconciler.execution.preflight import TargetLock
    from reconciler.model.environment import Environment
    from reconciler.planning.plan import Plan, Target
    from reconciler.planning.remainder import Remainder

app = make_app()
_EXAMPLES = """\
reconciler apply -e tt02
reconciler apply plan.json -e prod --yes --require-tip origin/main
reconciler apply -e tt02 --only '991825827_smart*'"""
_MOST = 20
"""How many systems a refusal names."""


@dataclass(frozen=True, slots=True)
class _Order:
    """How to apply, as the command line says it."""

    root: Path
    journal: Path
    terms: Terms
    form: Format
    tip: str | None
    readers: int
    """How many requests the register is asked to take at the same time."""
    earlier: tuple[str, ...]
    """The runs of the pipeline whose journals have to be there."""
    recover: bool
    yes: bool
    account: Account


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    planfile: PlanfileArgument = None,
    *,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    only: OnlyOption = None,
    form: FormatOption = Format.TEXT,
    accept: AcceptOption = "",
    require_tip: TipOption = None,
    recover: RecoverOption = False,
    expect_journal: ExpectOption = None,
    without_journal: WithoutOption = None,
    yes: YesOption = False,
    report: ReportOption = None,
    journal: JournalOption = None,
    workers: WritersOption = None,
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
    outputs, waived = (report,) if report else (), tuple(without_journal or ())
    source = find_provenance(os.environ, found)
    grace = (
        GRACE if source.platform else None
    )  # a person has time, and the runner of a cancelled job has none
    terms = Terms(accept, workers or WORKERS, patience, Event(), outputs, source, grace, waived)
    account = Account(terms.provenance.platform, terms.stop, journal)
    earlier = tuple(expect_journal or ())
    order = _Order(
        found, folder, terms, form, require_tip, workers or READERS, earlier, recover, yes, account
    )
    with explain_ending(account):
        if planfile is not None:
            saved, content = _read_whole(planfile, only)
            order = replace(order, terms=replace(terms, plan_file=content))
            code = _apply_saved(saved, order, environment, vendor)
        else:
            if require_tip is not None:
                check_tip(found, require_tip)
            code = _apply_now(_narrow(read_context(root, environment, vendor, form), only), order)
        raise typer.Exit(code)


def _apply_saved(saved: Plan, order: _Order, environment: str | None, vendor: str) -> Exit:
    """Carry out a saved plan; raises `Refused` where it is not for here."""
    order.account.plan = saved
    if order.tip is not None:
        check_tip(order.root, order.tip, saved)
    chosen = choose_saved(order.root, saved.target.environment, environment)
    target = find_target(chosen, vendor or saved.target.vendor)
    check_target(saved, target)
    check_whole(saved)
    with (
        _leave_journal(order, target, saved.digest),
        _connect(saved, chosen, order.root, order.readers) as connection,
        _hold(order, connection) as lock,
    ):
        return _carry_out_saved(saved, lock, order)


def _apply_now(context: Context, order: _Order) -> Exit:
    """Plan now, and carry that out."""
    order.account.environment = context.environment.name
    with (
        _leave_journal(order, find_target(context.environment, context.vendor), ""),
        open_register(context, read_only=False, workers=order.readers) as connection,
        _hold(order, connection) as lock,
    ):
        order.account.plan = made = make_plan(context, connection, let_read(connection))
        notify_of_warnings(context)
        return _carry_out(made, lock, order)


@contextmanager
def _leave_journal(order: _Order, target: Target, digest: str) -> Iterator[None]:
    """Leave a journal that says that nothing was sent, where a pipeline's run ends without having opened one.

    So what is missing later is a journal that was lost.
    """
    try:
        yield
    finally:
        with suppress(ReconcilerError, OSError):  # what ends the run weighs more
            record_quiet_run(order.journal, target, digest, order.terms.provenance, order.terms.waived)


@contextmanager
def _hold(order: _Order, connection: Connection) -> Iterator[TargetLock]:
    """Hold the lock, settle what earlier runs left open where that was asked for, and see that all of them are known.

    Raises `Refused` where they are not; ends the run where something stays unknown, or has to be looked at.
    """
    site = find_site(connection, order.root, order.journal)
    with lock_target(site) as lock:
        check_journals(read_own_runs(lock), order.earlier, order.terms.waived, site.journal)
        recovered = settle(lock, patience=order.terms.patience) if order.recover else ()
        if recovered:
            notify_lines(render_recovered(recovered))
        code = Exit.worst(*(each.exit_code for each in recovered))
        if code is not Exit.DONE:
            order.account.settled = True
            raise typer.Exit(code)
        check_nothing_open(site)
        yield lock


def _read_whole(planfile: Path, only: Sequence[str] | None) -> tuple[Plan, bytes]:
    """Read a saved plan, without what it says of other environments, and give its file's content too.

    Raises `UsageError` where a part of it is asked for.
    """
    if only:
        hint = "Narrow it when it is made: plan --only."
        raise UsageError("A saved plan is carried out as it is.", hint=hint)
    content = read_file(planfile)
    saved = read_plan(content)
    return replace(saved, elsewhere=(), elsewhere_unknown="", untouched=(), blocked_before=()), content


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


def _carry_out_saved(plan: Plan, lock: TargetLock, order: _Order) -> Exit:
    """Carry out a saved plan, unless an earlier run did and the register holds just that; by which run is said.

    Raises `Refused` where an earlier run did and the register holds something else by now.
    """
    check_consistent(plan)
    earlier = find_earlier_run(plan, lock.site)
    remainder = earlier.remainder if earlier and not earlier.differing and earlier.remainder.ids else None
    if earlier is None or remainder is not None:
        if remainder is not None:
            left = ", ".join(f"`{name}`" for name in sorted(remainder.ids)[:_MOST])
            notify(f"Run {remainder.runs[-1]} carried out part of this plan. Left: {left}.")
        try:
            return _carry_out(plan, lock, order, remainder)
        except Refused as refused:
            if refused.remedy is Remedy.ACCEPT:  # which would not help a plan that is not of now
                site = lock.site
                check_fresh(plan, site.register, site.ownership, remainder=remainder)
            raise
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
            remedy=Remedy.PLAN_AGAIN,
        )
    notify("The register holds what it asks for, so nothing was sent.")
    return _put_out_nothing(plan, order)


def _carry_out(plan: Plan, lock: TargetLock, order: _Order, remainder: Remainder | None = None) -> Exit:
    """Show a plan, check that it is accepted, ask, carry it out, and show what became of it.

    Raises `Refused` before the first write where it is stale, not accepted, or the answer is no.
    """
    terms, form = order.terms, order.form
    check_consistent(plan)
    continued = remainder.runs if remainder else ()
    approvals = find_approvals(plan, lock.site.root, lock.site.journal, continued=continued)
    plan = replace(plan, approvals=approvals)
    rest = keep_left(plan, remainder)
    (show_lines if form is Format.TEXT else notify_lines)(render_plan(plan, merged=True))
    accepted = check_accepted(plan, terms.accept, approvals)
    if accepted and accepted.how == "approval" and accepted.approval:
        notify(f"Accepted by an approval in {FILE} {describe_approval(accepted.approval)}.")
    if plan.writes and not order.yes:
        confirm_plan(rest)
    stop_on_signals(terms.stop)
    if not plan.writes:
        return _put_out_nothing(plan, order)
    with clear(plan, lock, terms, remainder) as clearance:
        order.account.began = True
        journal = clearance.writer.journal.path
        _mention(f"Journal: {journal}")
        report = apply_plan(clearance, on_outcome=_count_outcomes(len(rest.writes)))
        order.account.report = report
        code = _put_out(report, form, clearance.drafts)
        written = {change.id for change in rest.writes}
        if any(is_undoable(each) and each.change.id in written for each in report.outcomes):
            _mention(f"To undo: {_name_rollback(plan, journal, lock.site.root)}")
        return code


def _put_out_nothing(plan: Plan, order: _Order) -> Exit:
    """Report on a plan for which nothing was sent."""
    order.account.report = report = Report(plan, provenance=order.terms.provenance)
    with open_drafts(order.terms.outputs) as drafts:
        return _put_out(report, order.form, drafts)


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
        show_text(print_report(report))
    elif report.outcomes:
        show_lines(render_report(report))
    for draft in drafts.values():
        try:
            draft.write(print_report(report))
        except UsageError as error:  # the run is over: trouble with a file is no usage error any more
            _mention(f"error: {error.message} {error.hint}")
            code = Exit.worst(code, Exit.FAILED)
    return code


def _mention(sentence: str) -> None:
    """Say something on stderr; a reader that went away, or a full disk, must not end a run half-way."""
    with suppress(OSError):
        notify(sentence)
