"""`reconciler accept`: let one difference stand for a while, list what may stand, remove what is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from reconciler.cli.console import notify, show_lines, show_text
from reconciler.cli.context import make_plan, open_register, read_context
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    FormatOption,
    ReasonOption,
    RootOption,
    SystemArgument,
    VendorOption,
    Verb,
    make_app,
    read_date,
)
from reconciler.cli.ownership import list_accepted, read_accepted_file
from reconciler.definitions.files import write_file
from reconciler.errors import UsageError
from reconciler.model.untrusted_text import escape_line
from reconciler.operations.accept import Named, Term, accept_difference, check_term
from reconciler.planning.acceptance import FILE
from reconciler.planning.acceptance_file import Rules, drop_acceptances, put_acceptance
from reconciler.planning.acceptance_status import judge_entries
from reconciler.render import json as as_json
from reconciler.render.phrases import count
from reconciler.render.text.acceptances import render_entries

if TYPE_CHECKING:
    from reconciler.cli.context import Context
    from reconciler.planning.acceptance_status import Judged

app = make_app()
_EXAMPLES = """\
reconciler accept 991825827_smartcloud isVisible -e prod \\
    --until 2027-01-31 --reason 'Hidden until the launch'
reconciler accept --list -e prod"""
_PathArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help="As drift prints it; or unmanaged, missing, deleted.",
        show_default=False,
    ),
]
_UntilOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--until", metavar="DATE", help="The last day, in UTC; at most a year ahead.", show_default=False
    ),
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    system: SystemArgument = "",
    path: _PathArgument = "",
    *,
    until: _UntilOption = "",
    reason: ReasonOption = "",
    listing: Annotated[bool, typer.Option("--list", help="List what may stand, and what is spent.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove from the file what is spent.")] = False,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    form: FormatOption = Format.TEXT,
    root: RootOption = None,
) -> None:
    """Let one difference stand for a while.

    Apply leaves it as the register holds it, until the day is over, the register holds another value, or the entry
    is taken out of systems/.accepted.yaml.
    """
    _check_words(named=(system, path, until, reason), listing=listing, prune=prune)
    term = None if listing or prune else Term(read_date(until), reason)
    context = read_context(root, environment, vendor, form)
    list_accepted(context.root)  # before the register is asked: the file may be wrong
    if term is not None:
        _accept(context, Named(system, path), term)
    elif prune:
        _prune(context)
    elif form is Format.JSON:
        show_text(as_json.render_acceptances(context.environment.name, _judge(context)))
    else:
        show_lines(render_entries(_judge(context)))


def _check_words(*, named: tuple[str, ...], listing: bool, prune: bool) -> None:
    """Refuse what asks for nothing, or for two things."""
    if listing + prune + any(named) != 1 or (any(named) and not all(named[:3])):
        raise UsageError(
            "Name one thing to do.",
            hint="reconciler accept ID PATH --until DATE --reason TEXT, or --list, or --prune.",
        )


def _accept(context: Context, named: Named, term: Term) -> None:
    desired = next((each for each in context.systems if each.system.id == named.id), None)
    with open_register(context, read_only=True) as connection:
        today = connection.ownership.acceptances.today
        term = check_term(term, today)
        made = accept_difference(named, desired, connection.target, connection.register, term)
    text = put_acceptance(read_accepted_file(context.root), made, Rules(today, context.environments))
    write_file(context.root / FILE, text)
    show_text(
        escape_line(f"Accepted in {made.environment} until {made.until}, in {FILE}: {made.path} of {made.id}")
        + "\n"
    )


def _judge(context: Context) -> tuple[Judged, ...]:
    """Say what has become of every entry: of this environment's by the register, of the others' by their day."""
    entries = list_accepted(context.root)
    with open_register(context, read_only=True) as connection:
        made = make_plan(context, connection)
        return judge_entries(entries, made, connection.ownership.acceptances.today)


def _prune(context: Context) -> None:
    """Remove what is spent; what could not be compared stays."""
    judged = _judge(context)
    spent = [each for each in judged if each.status.is_spent]
    if spent:
        text = drop_acceptances(read_accepted_file(context.root), [each.acceptance for each in spent])
        write_file(context.root / FILE, text)
    show_lines(render_entries(spent))
    notify(f"{count(len(spent), 'entry', 'entries')} of {len(judged):,} removed from {FILE}.")
