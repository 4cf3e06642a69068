"""A plan as lines for people: what changes, system by system and member by member.

Pure. Fits 80 columns where the values do; a sentence that names them stays on one line, so that a log can be
searched for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.change import Delete, Weight
from reconciler.render import phrases
from reconciler.render.escape import escape_line
from reconciler.render.lines import LONG, Piece, make_line, make_safe
from reconciler.render.overview import describe_action, group_changes, locate
from reconciler.render.text.fields import render_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.plan import Plan
    from reconciler.render.lines import Line

_WEIGHTS: Mapping[Weight, str] = {Weight.BREAKING: "bad", Weight.NOTABLE: "warn", Weight.NOTE: "dim"}


def render_plan(plan: Plan) -> Iterator[Line]:
    """Render a plan: what changes, system by system and member by member, and a summary line."""
    groups = group_changes(plan)
    if plan.against:
        yield make_line(Piece(phrases.describe_against(plan), "warn"))
        yield make_line()
    for title, group in zip(groups.titles, (groups.new, groups.open), strict=True):
        if groups.traced and group:
            yield make_line(Piece(f"{title}:", "strong"))
            yield make_line()
        for change in group:
            yield from _render_change(change)
            yield make_line()
    yield from _render_unmanaged(plan)
    yield from _render_steps(plan)
    for impact in plan.impacts:
        yield _render_impact(impact)
    if not groups.new and not groups.open:
        yield make_line(Piece(phrases.describe_nothing(plan), "good"))
    yield make_line(Piece(phrases.summarise_plan(plan), "strong"))
    if plan.writes and not plan.against:
        yield make_line(Piece(f"Digest: {plan.short_digest}", "dim"))
    if plan.breaking:
        needed = f" {phrases.REFUSES} `--accept {plan.short_digest}`." if not plan.against else ""
        yield make_line(Piece(f"{phrases.describe_breaking(plan)}{needed}", "bad"))


def _render_unmanaged(plan: Plan) -> Iterator[Line]:
    if plan.unlisted:
        yield make_line(Piece(escape_line(phrases.describe_unlisted(plan.unlisted)), "warn"))
    if not plan.unmanaged:
        return
    yield make_line(f"{phrases.UNMANAGED}: {phrases.LEFT_ALONE}.")
    for each in plan.unmanaged:
        yield make_line(f"  ? {make_safe(each.id)}", Piece(f"  {make_safe(each.name, 40)}", "dim"))
        if each.unreadable:
            reason = phrases.describe_unreadable(each.unreadable)
            yield make_line(Piece(escape_line(f"      {reason}"), "warn"))
        if each.former:
            removed = f"      {phrases.REMOVED}: {each.former} is removed here"
            yield make_line(Piece(escape_line(removed), "warn"))
    yield make_line()


def _render_change(change: Change) -> Iterator[Line]:
    sign, verb = describe_action(change)
    yield make_line(
        Piece(f"{sign} {make_safe(change.id)}", change.action),
        # A log has no colours.
        Piece(f"  {verb.upper() if isinstance(change, Delete) else verb}", change.action),
        Piece(f"  {make_safe(locate(change), LONG)}", "dim"),
    )
    if change.reason:
        yield make_line(f"    {make_safe(change.reason, LONG)}")
    if change.hint:
        yield make_line(Piece(f"    {make_safe(change.hint)}", "dim"))
    for impact in change.impacts:
        yield _render_impact(impact)
    for field in change.fields:
        yield from render_field(field, field.line, field.origin)


def _render_impact(impact: Impact) -> Line:
    mark = f"{impact.weight.upper()} " if impact.weight is Weight.BREAKING else ""
    return make_line(
        Piece(f"    ! {mark}{make_safe(impact.rule)}", _WEIGHTS[impact.weight]),
        Piece(f"  {make_safe(impact.message, LONG)}"),
    )


def _render_steps(plan: Plan) -> Iterator[Line]:
    """Render the order of the requests where it matters: where a client id moves."""
    if not any(step.claims or step.releases for step in plan.steps):
        return
    yield make_line(phrases.MOVES)
    for step in plan.steps:
        if step.claims or step.releases or step.after:
            after = f"  {phrases.list_predecessors(step)}"
            what = f"{step.method} {make_safe(step.id)}: {make_safe(step.purpose, LONG)}"
            yield make_line(f"  {step.number:>2}. {what}{after}")
    yield make_line("Between a release and its claim nobody gets a token with that client id; if")
    yield make_line("the claim fails for certain, the id is put back.")
    yield make_line()
