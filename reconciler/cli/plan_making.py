"""How `plan` reads, compares and shows, by its options."""

from __future__ import annotations

import os
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.ahead import Ahead
from reconciler.cli.console import notify
from reconciler.cli.context import (
    check_named,
    make_plan,
    make_plan_against,
    narrow,
    notify_of_gap,
    notify_of_warnings,
    open_archive,
    open_register,
    read_usable,
)
from reconciler.cli.customer_side import let_read
from reconciler.cli.github_actions import find_prefix, is_runner, write_outputs
from reconciler.cli.review import Review, read_touched
from reconciler.cli.runner_links import find_links
from reconciler.cli.step_summary import show_summary
from reconciler.definitions.files import find_own_journal
from reconciler.operations.archive import mark_blocked_before, trace_to_definitions
from reconciler.operations.elsewhere import add_elsewhere
from reconciler.operations.touched import MoreNeeded, differs_beside, find_touched
from reconciler.planning.approval import FILE as APPROVED
from reconciler.planning.plan_file import print_pieces
from reconciler.render.formats import JSON, PLACED
from reconciler.render.formats import render_plan as render_format
from reconciler.render.places import move_plan
from reconciler.render.text.plan import render_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.cli.context import Context
    from reconciler.cli.outputs import Outputs
    from reconciler.definitions.files import Draft
    from reconciler.planning.approval import PlanApproval
    from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class PlanSources:
    """What is read for a plan, by the options."""

    root: Path | None
    environment: str | None
    vendor: str
    only: tuple[str, ...]
    outputs: Outputs
    base: str
    ahead: Ahead | None
    """What the register is asked meanwhile."""
    _: KW_ONLY
    whole: bool
    """Whether the rest is compared as well."""

    def read(self) -> Review:
        """Read only what a change touches and what has to do with it, or where that is not possible everything."""
        touched = None
        if self.base and not (self.whole or self.only or self.vendor):
            touched = read_touched(self.root, self.environment, self.base, self.ahead)
        return touched or self.read_whole()

    def read_whole(self) -> Review:
        """Read all definitions, and what they were at the base, if one is named."""
        review = self.read_against()
        context, archive = check_named(review.context), review.archive
        if not self.base:
            return review
        notify_of_gap(archive)
        files = archive.read_files(self.base, context.checked.definitions)
        if self.whole or context.only or differs_beside(context.root, files, archive.environments):
            return replace(review, files=files)
        touched = find_touched(context.systems, files, archive.environment)
        return Review(replace(context, touched=touched), archive, files)

    def read_against(self) -> Review:
        """Read all definitions, whichever environment they name."""
        found = read_usable(
            self.root, self.environment, self.vendor, self.outputs, verb="plan", ahead=self.ahead
        )
        context = narrow(found, self.only)
        return Review(context, open_archive(context))


def make_and_write(
    sources: PlanSources, against: str, out: Path | None, drafts: Mapping[Path, Draft], workers: int
) -> Plan:
    """Make a plan, of the register or of the definitions at a revision, and write it to all outputs and to a file.

    `drafts` are the files of both, which are open.
    """
    review = sources.read_against() if against else sources.read()
    made, context = (
        (make_plan_against(review.context, against), review.context)
        if against
        else _ask_register(review, sources, workers, for_apply=out is not None)
    )
    if out is not None:
        drafts[out].write(print_pieces(made))
        notify(f"Saved: {out} (digest {made.short_digest})")
    notify_of_warnings(context)
    _write(made, sources.outputs, drafts, context.root)
    _write_for_runner(made, out, context.root)
    return made


def _ask_register(
    review: Review, sources: PlanSources, workers: int, *, for_apply: bool
) -> tuple[Plan, Context]:
    """Plan against the register; where a base is named, compare what was changed since, and look elsewhere.

    A plan for apply knows the newest entry of each change log. Gives the context as well: where the register says that
    a change has to do with more than was read, everything is.
    """
    with open_register(review.context, read_only=True, workers=workers) as connection:
        ask = partial(make_plan, connection=connection, for_apply=for_apply)
        try:
            made = ask(review.context, open_customers=let_read(connection))
        except MoreNeeded:
            review = sources.read_whole()
            made = ask(review.context, open_customers=let_read(connection))
    context, archive, files = review.context, review.archive, review.files
    made = replace(made, approvals=_find_approvals(made, context.root))
    if files is None:
        return made, context
    made = trace_to_definitions(made, context.systems, archive, files.resolve(archive.environment))
    made = mark_blocked_before(made, context.systems, files, archive.environment)
    definitions = context.checked.definitions
    return add_elsewhere(made, definitions, context.scope, archive, files, sources.vendor), context


def _find_approvals(plan: Plan, root: Path) -> tuple[PlanApproval, ...]:
    """Find the approvals in git that are for a plan; what reads them and journals is loaded where there are any."""
    if not os.path.lexists(root / APPROVED):
        return ()
    from reconciler.execution.signoff import find_approvals  # noqa: PLC0415 - as said above

    return find_approvals(plan, root, find_own_journal(root))


def _write(plan: Plan, outputs: Outputs, drafts: Mapping[Path, Draft], root: Path) -> None:
    """Write a plan to all outputs, whose files are open."""
    placed = move_plan(plan, find_prefix(root, os.environ))

    def render(name: str) -> str | Iterator[str]:
        if name == JSON:
            return print_pieces(plan)
        return render_format(name, placed if name in PLACED else plan, find_links(os.environ))

    outputs.write(
        lines=lambda: render_plan(plan),
        render=render,
        save=lambda path, text: drafts[path].write(text),
    )


def _write_for_runner(plan: Plan, saved: Path | None, root: Path) -> None:
    """Write a plan to the summary of a run, and what the steps of a workflow that follow need."""
    placed = move_plan(plan, find_prefix(root, os.environ))
    show_summary("plan", lambda: render_format("markdown", placed, find_links(os.environ)), os.environ)
    if is_runner(os.environ):
        write_outputs(_describe(plan, saved), os.environ)


def _describe(plan: Plan, saved: Path | None) -> Mapping[str, str]:
    """Describe a plan to the steps of a workflow that follow."""
    summary = plan.summary
    return {
        "has-changes": str(bool(plan.writes)).lower(),
        "creates": str(summary["create"]),
        "updates": str(summary["update"]),
        "deletes": str(summary["delete"]),
        "blocked": str(summary["blocked"]),
        "applicable": str(plan.applicable).lower(),
        "breaking": str(bool(plan.breaking)).lower(),
        "plan-digest": "" if plan.against else plan.digest,
        "plan-path": str(saved or ""),
    }
