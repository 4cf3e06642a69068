"""`reconciler verify`: say whether a saved plan is still fresh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.console import show_text
from reconciler.cli.context import connect, find_target, read_saved
from reconciler.cli.environment import choose_saved
from reconciler.cli.journal import find_site
from reconciler.cli.options import EnvironmentOption, RootOption, Verb, make_app
from reconciler.definitions.files import find_own_journal
from reconciler.definitions.settings import find_root
from reconciler.execution.freshness import check_consistent, check_fresh
from reconciler.execution.preflight import check_target
from reconciler.execution.run_summary import find_earlier_run
from reconciler.execution.signoff import find_approvals
from reconciler.model.untrusted_text import escape_line
from reconciler.planning.approval import FILE, describe_approval
from reconciler.planning.plan_audit import check_whole
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.planning.plan import Plan

app = make_app()


@app.command(cls=Verb, epilog="reconciler verify plan.json\nreconciler verify plan.json -e prod")
def run(
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A saved plan.", show_default=False)],
    *,
    environment: EnvironmentOption = None,
    root: RootOption = None,
) -> None:
    """Say whether a saved plan is still fresh; writes nothing.

    It is not when a system moved since, or the number of its system users has another order of magnitude. Says also
    whether an earlier run applied it already, and whether an approval in git covers what the plan breaks.
    """
    found = find_root(root or Path.cwd())
    saved = read_saved(planfile)
    chosen = choose_saved(found, saved.target.environment, environment)
    check_target(saved, find_target(chosen, saved.target.vendor))
    check_whole(saved)
    check_consistent(saved)
    with connect(found, chosen, saved.target.vendor, read_only=True) as connection:
        earlier = find_earlier_run(saved, find_site(connection, found, find_own_journal(found)))
        remainder = earlier.remainder if earlier and not earlier.differing else None
        if earlier is None or remainder is None or remainder.ids:
            check_fresh(saved, connection.register, connection.ownership, remainder=remainder)
    if earlier is not None and remainder is not None:
        show_text(f"Run {earlier.run.start.run} applied plan {saved.short_digest}.\n")
        if not remainder.ids:
            show_text("The register holds what it asks for, so there is nothing to apply.\n")
            return
    rest = "what is left of " if remainder else ""
    show_text(f"Fresh: {rest}plan {saved.short_digest} can be applied as it was reviewed.\n")
    if saved.breaking:
        show_text("".join(f"{line}\n" for line in _describe_approvals(saved, found)))


def _describe_approvals(plan: Plan, root: Path) -> Iterator[str]:
    """Say whether an approval in git covers what a plan breaks."""
    approvals = find_approvals(plan, root, find_own_journal(root))
    for each in approvals:
        word = "does not count:" if each.obstacle else "covers what it breaks"
        yield escape_line(f"An approval in {FILE} {word} {describe_approval(each)}.")
    if all(each.obstacle for each in approvals):
        yield f"No approval in git covers what it breaks: {count(len(plan.breaking), 'breaking impact')}."
