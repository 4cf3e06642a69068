"""`reconciler approve`: record in git that what a plan breaks is accepted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.console import show_text
from reconciler.cli.context import find_target, read_saved
from reconciler.cli.options import JournalOption, ReasonOption, RootOption, Verb, make_app, read_date
from reconciler.definitions.files import append_file, find_own_journal, write_file
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import UsageError
from reconciler.execution.signoff import read_approvals_file
from reconciler.model.canonical_json import SHORT
from reconciler.model.untrusted_text import escape_line
from reconciler.operations.approve import approve_plan, check_new, list_approvals, remove_spent
from reconciler.planning.approval import (
    DAYS,
    FILE,
    MOST_DAYS,
    describe_approval,
    print_approval,
    read_approvals,
)
from reconciler.planning.change import describe_users
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.operations.approve import ListedApproval
    from reconciler.planning.plan import Plan

app = make_app()
_EXAMPLES = """\
reconciler approve plan.json --reason 'Agreed with all 37 customers'
reconciler approve --list"""


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    planfile: Annotated[
        Path | None, typer.Argument(metavar="PLANFILE", help="A saved plan.", show_default=False)
    ] = None,
    *,
    reason: ReasonOption = "",
    until: Annotated[
        str,
        typer.Option(
            "--until",
            metavar="DATE",
            help=f"The last day, in UTC ({DAYS} days from now; at most {MOST_DAYS}).",
            show_default=False,
        ),
    ] = "",
    listing: Annotated[bool, typer.Option("--list", help="List the approvals instead.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove those that are spent instead.")] = False,
    journal: JournalOption = None,
    root: RootOption = None,
) -> None:
    """Record in git that what a saved plan breaks is accepted.

    Writes an entry to systems/.approvals.yaml. It counts once it is committed, for that plan alone and for one
    time. With --list or --prune, a PLANFILE shows which digest still counts in its environment.
    """
    found = find_root(root or Path.cwd())
    saved = read_saved(planfile) if planfile else None
    today = datetime.now(UTC).date()
    listed = list_approvals(found, journal or find_own_journal(found), today, saved)
    if listing or prune:
        if (listing and prune) or reason or until:
            raise UsageError("--list and --prune stand alone.", hint="Leave the other options out.")
        show_text(_join(_prune(found, listed) if prune else _list(listed)))
        return
    if saved is None or not reason:
        raise UsageError(
            "An approval needs a saved plan and a reason.",
            hint="reconciler plan --out PLANFILE, then reconciler approve PLANFILE --reason TEXT",
        )
    last = read_date(until) if until else today + timedelta(DAYS)
    show_text(_join(_approve(found, saved, listed, (last, reason, today))))


def _approve(
    root: Path, plan: Plan, listed: Sequence[ListedApproval], words: tuple[date, str, date]
) -> Iterator[str]:
    """Write the approval of a plan until a day, for a reason, given today's date; and say what has to follow."""
    environments = read_settings(root).environments
    name = plan.target.environment
    if name not in environments:
        raise UsageError(f"The plan was made for environment `{name[:80]}`, which is not configured here.")
    made = approve_plan(plan, find_target(environments[name], plan.target.vendor), *words)
    check_new(made, listed)
    text = print_approval(made)
    read_approvals(
        (read_approvals_file(root) or b"") + b"\n" + text.encode()
    )  # so that no broken file is left
    append_file(root / FILE, text)
    impacts = count(len(made.breaking), "breaking impact")
    yield f"Approved until {made.until}, in {FILE}: plan {plan.short_digest} ({impacts})."
    yield "It counts once it is committed: have it reviewed and merged, then apply."


def _list(listed: Iterable[ListedApproval]) -> Iterator[str]:
    empty = True
    for each in listed:
        empty = False
        approval = each.approval
        yield f"{approval.environment}: plan {approval.digest[:SHORT]} {describe_approval(each.known)}"
        for impact in approval.breaking:
            users = f": {describe_users(impact.users)}" if impact.users is not None else ""
            yield f"    {' '.join(filter(None, (impact.rule, impact.system, impact.path)))}{users}"
        if each.spent:
            yield f"    spent: {each.spent}"
    if empty:
        yield f"There are no approvals in {FILE}."


def _prune(root: Path, listed: Sequence[ListedApproval]) -> Iterator[str]:
    gone = [each for each in listed if each.spent]
    if gone:
        write_file(root / FILE, remove_spent(root, listed))
    for each in gone:
        yield f"Removed: plan {each.approval.digest[:SHORT]} for {each.approval.environment}; {each.spent}."
    yield f"{count(len(gone), 'approval')} removed, {len(listed) - len(gone)} left in {FILE}."


def _join(lines: Iterable[str]) -> str:
    return "".join(f"{escape_line(each)}\n" for each in lines)
