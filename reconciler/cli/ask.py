"""`reconciler ask`: ask existing customers for a right or a package, by a plan that people review first."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from reconciler.build import find_version
from reconciler.cli.completions import complete_system
from reconciler.cli.console import notify, show_progress
from reconciler.cli.context import connect, find_target, open_register, read_usable
from reconciler.cli.customer_side import open_system_users
from reconciler.cli.environment import choose_saved
from reconciler.cli.options import (
    AloneOption,
    EnvironmentOption,
    Format,
    RootOption,
    TableFormat,
    TableFormatOption,
    VendorOption,
    Verb,
    make_app,
)
from reconciler.cli.outputs import Outputs, show_table
from reconciler.cli.signals import stop_on_signals
from reconciler.definitions.files import open_drafts, prepare_own_folder, read_file
from reconciler.definitions.settings import find_root
from reconciler.errors import Refused, UsageError
from reconciler.execution.ask_journal import (
    FOLDER,
    find_ask_journals,
    open_ask_journal,
    read_ask_journals,
)
from reconciler.execution.asking import Pace, carry_out_asks, read_status, withdraw_asks
from reconciler.execution.lock import find_lock_folder, hold_lock
from reconciler.model.canonical_json import SHORT
from reconciler.model.customers import NEW
from reconciler.model.environment import is_production
from reconciler.operations.ask import Wanted, check_fresh_asks, plan_asks
from reconciler.operations.customers import Sources, read_customers
from reconciler.planning.ask_plan import MOST_BYTES, AskOrigin, print_ask_plan, read_ask_plan
from reconciler.render import customers as as_data
from reconciler.render.csv_cells import print_rows
from reconciler.render.phrases import count
from reconciler.render.text.customers import render_ask_plan, render_asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.context import Connection
    from reconciler.clients.system_users import SystemUsers
    from reconciler.definitions.files import Draft
    from reconciler.execution.ask_outcome import AskReport
    from reconciler.model.environment import Environment
    from reconciler.planning.ask_plan import AskPlan

app = make_app()
_EXAMPLES = """\
reconciler ask 991825827_smartcloud --right kravogbetaling --out asks.json
reconciler ask asks.json --accept 3f1c0e2ab94d --links links.csv
reconciler ask asks.json --status"""
_PLANS = {"json": as_data.render_ask_plan_json, "csv": as_data.render_ask_plan_csv}
_REPORTS = {"json": as_data.render_asked_json, "csv": as_data.render_asked_csv}
_RATE = re.compile(r"([1-9][0-9]{0,3})/(s|min|h)", re.ASCII)
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_Target: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ID|FILE",
        help="The system's id to make a plan, or a saved plan of change requests.",
        show_default=False,
        autocompletion=complete_system,
    ),
]
_Rights: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--right", metavar="NAME", help="A right to ask for; repeatable.", show_default=False),
]
_Packages: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--package", metavar="URN", help="An access package to ask for; repeatable.", show_default=False
    ),
]
_Out: TypeAlias = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Save the plan.", show_default=False)
]
_Again: TypeAlias = Annotated[
    bool, typer.Option("--again", help="Plan also for customers who rejected the same.")
]
_Accept: TypeAlias = Annotated[
    str,
    typer.Option(
        "--accept", metavar="DIGEST", help="Carry the plan with this digest out.", show_default=False
    ),
]
_Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="ORG", help="Only this customer; repeatable.", show_default=False),
]
_Limit: TypeAlias = Annotated[
    int, typer.Option("--limit", metavar="N", min=0, help="Send at most so many; 0 for any number.")
]
_Rate: TypeAlias = Annotated[
    str, typer.Option("--rate", metavar="N/UNIT", help="Requests for each s, min or h, such as 30/min.")
]
_Links: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--links", metavar="FILE", help="Save the links for the customers, for you alone.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True)
class _Deed:
    """What to do with a saved plan, how, and where the result goes."""

    accept: str
    withdraw: bool
    pace: Pace
    links: Path | None


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    target: _Target,
    *,
    right: _Rights = None,
    package: _Packages = None,
    out: _Out = None,
    again: _Again = False,
    alone: AloneOption = False,
    accept: _Accept = "",
    only: _Only = None,
    limit: _Limit = 0,
    rate: _Rate = "1/s",
    status: Annotated[bool, typer.Option("--status", help="Show what the customers answered.")] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="With --accept: withdraw what still waits for the customer.")
    ] = False,
    links: _Links = None,
    environment: EnvironmentOption = None,
    vendor: VendorOption = "",
    form: TableFormatOption = TableFormat.TEXT,
    root: RootOption = None,
) -> None:
    """Ask existing customers for a new right, by a plan that people review first.

    With an ID it makes the plan: a change request for each system user that lacks what is named, or anything that
    the system asks for. With a FILE and --accept it sends them, one customer first. It never writes to a system.
    """
    if accept or status:
        _check_words(
            made_with=bool(right or package or out or again or alone),
            contradicting=status and bool(accept or withdraw),
        )
        deed = _Deed(accept, withdraw, Pace(frozenset(only or ()), limit, _read_rate(rate)), links)
        report = _use(find_root(root or Path.cwd()), _read_plan(Path(target)), environment, deed)
        show_table(form, report, render_asked, _REPORTS)
        raise typer.Exit(report.exit_code)
    _check_accept_given(is_needed=withdraw or bool(only or links or limit))
    if not out and Path(target).is_file():
        _show_saved(_read_plan(Path(target)), target, form)
        return
    wanted = Wanted(tuple(right or ()), tuple(package or ()), again)
    outputs = Outputs(Format.JSON if form is TableFormat.JSON else Format.TEXT)
    context = read_usable(root, environment, vendor, outputs, verb="ask")
    with open_drafts([out] if out else []) as drafts:
        with open_register(context, read_only=True) as connection:
            made = _make_plan(context.root, connection, target, wanted, alone=alone)
        for draft in drafts.values():
            draft.write(print_ask_plan(made))
            notify(f"Saved: {out} (digest {made.short_digest})")
    show_table(form, made, render_ask_plan, _PLANS)


def _check_words(*, made_with: bool, contradicting: bool) -> None:
    if made_with or contradicting:
        raise UsageError(
            "These options do not go together.",
            hint="A plan is made with ID and --out, and used with FILE and --accept or --status.",
        )


def _check_accept_given(*, is_needed: bool) -> None:
    if is_needed:
        raise UsageError(
            "Nobody is asked, and nothing is withdrawn, without --accept.",
            hint="`reconciler ask ID --out FILE` makes a plan, and shows its digest.",
        )


def _make_plan(root: Path, connection: Connection, system: str, wanted: Wanted, *, alone: bool) -> AskPlan:
    target = connection.target
    now = datetime.now(UTC).isoformat(timespec="seconds")
    origin = AskOrigin(target.environment, target.register, target.vendor, find_version(), now)
    with open_system_users(connection, read_only=True) as users, show_progress("Reading") as progress:
        records = read_ask_journals(find_ask_journals(root), target.register)
        own = [key for each in records for key in each.intents]
        sources = Sources(connection.register, users, own, alone=alone)
        found = read_customers(target.environment, system, sources, progress)
        return plan_asks(origin, found, wanted, users, records)


def _read_plan(path: Path) -> AskPlan:
    return read_ask_plan(read_file(path, most=MOST_BYTES))


def _read_rate(text: str) -> float:
    """Read a rate, and give the seconds from one request to the next; raises `UsageError` for what is none."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise UsageError(f"`{text[:40]}` is not a rate.", hint="Write it like 1/s, 30/min or 500/h.")
    return _SECONDS[found[2]] / int(found[1])


def _use(root: Path, plan: AskPlan, option: str | None, deed: _Deed) -> AskReport:
    """Send, withdraw or look at the change requests of a saved plan; raises `Refused` where that is not to be."""
    if deed.accept:
        _check_accepted(plan, deed.accept)
        if is_production(plan.register_) and option is None:
            raise Refused(
                "The plan is for the production register, and --environment does not name it.",
                hint=f"Pass --environment {plan.environment}; nobody was asked.",
            )
    unknown = deed.pace.only - {each.org for each in plan.asks}
    if unknown:
        raise UsageError(f"The plan asks nobody with the organisation number `{min(unknown)[:40]}`.")
    chosen = choose_saved(root, plan.environment, option)
    if find_target(chosen, plan.vendor).register != plan.register_:
        raise Refused(
            f"The plan was made for {plan.register_}, and {chosen.name} is another register now.",
            hint="Make the plan again; nobody was asked.",
        )
    drafts = open_drafts([deed.links] if deed.links else [])
    with drafts as opened, _open(root, chosen, plan, read_only=not deed.accept) as (connection, users):
        if not deed.accept:
            records = read_ask_journals(find_ask_journals(root), plan.register_)
            report = read_status(plan, users, records)
        else:
            report = _write(root, plan, (connection, users), deed)
        for draft in opened.values():
            _save_links(draft, report)
    return report


@contextmanager
def _open(
    root: Path, chosen: Environment, plan: AskPlan, *, read_only: bool
) -> Iterator[tuple[Connection, SystemUsers]]:
    """Connect to the register to read, and to the customers' side to write as well."""
    with (
        connect(root, chosen, plan.vendor, read_only=True) as connection,
        open_system_users(connection, read_only=read_only) as users,
    ):
        yield connection, users


def _write(root: Path, plan: AskPlan, opened: tuple[Connection, SystemUsers], deed: _Deed) -> AskReport:
    """Carry a plan out or withdraw it, under the lock and with its journal."""
    connection, users = opened
    folder = prepare_own_folder(root, FOLDER)
    locks = find_lock_folder(os.environ)
    with hold_lock(locks, register=f"the customers of {plan.register_}", vendor=plan.vendor):
        records = read_ask_journals(folder, plan.register_)
        if not deed.withdraw:
            check_fresh_asks(plan, connection.register)
        journal = open_ask_journal(folder, plan, find_version())
        try:
            if deed.withdraw:
                return withdraw_asks(plan, users, journal, deed.pace)
            stop = Event()
            stop_on_signals(stop, "the same command, run again, finds out")
            pace = replace(deed.pace, sleep=stop.wait, is_over=stop.is_set)
            others = [each for each in records if each.start.digest != plan.digest]
            with show_progress("Asking") as progress:
                return carry_out_asks(plan, users, journal, others, pace, progress)
        finally:
            journal.close()


def _check_accepted(plan: AskPlan, accept: str) -> None:
    named = accept.strip().lower()
    if len(named) < SHORT or not plan.digest.startswith(named):
        raise Refused(
            f"--accept names {named[:SHORT]}, and this plan's digest is {plan.short_digest}.",
            hint="Review the plan, and accept the digest that it shows; nobody was asked.",
        )


def _save_links(draft: Draft, report: AskReport) -> None:
    """Save where the customers decide, in a file that its owner alone can read."""
    found = [each for each in report.outcomes if each.link and each.status == NEW]
    rows = ((each.ask.org, each.ask.reference, each.ask.system_user, each.link.reveal()) for each in found)
    draft.write(print_rows(("org", "reference", "system_user", "link"), rows))
    notify(f"Saved: {count(len(found), 'link')} in {draft.path}, which only you can read.")


def _show_saved(plan: AskPlan, path: str, form: TableFormat) -> None:
    """Show a saved plan, and say how it is carried out; no register is asked."""
    show_table(form, plan, render_ask_plan, _PLANS)
    words = ["reconciler", "ask", path, "--accept", plan.short_digest, "--environment", plan.environment]
    notify(f"Nobody was asked. To carry it out: {shlex.join(words)}")
