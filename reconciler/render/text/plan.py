"""A plan as lines for people: the verdict, what stands open and the notes; then system by system, member by member.

Pure. Fits 80 columns where the values do. Colour says nothing that the words do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.planning.change import Blocked, Delete, Weight
from reconciler.render import phrases
from reconciler.render.effects import Effect
from reconciler.render.escape import escape_line, quote_code
from reconciler.render.lines import LONG, WIDTH, Piece, make_line, make_safe, wrap_sentence
from reconciler.render.overview import UNMANAGED_SHOWN, describe_action, list_mild, locate
from reconciler.render.phrases import count
from reconciler.render.screen import MERGING, make_screen
from reconciler.render.text.fields import render_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.plan import Plan, Unmanaged
    from reconciler.render.effects import Item, Side
    from reconciler.render.lines import Line
    from reconciler.render.screen import Screen

_WEIGHTS: Mapping[Weight, str] = {Weight.BREAKING: "bad", Weight.NOTABLE: "warn", Weight.NOTE: "dim"}
_STYLES: Mapping[Effect, str] = {Effect.DELETES: "delete", Effect.BLOCKED: "blocked"}
_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "bad",
    Severity.WARNING: "warn",
    Severity.NOTE: "dim",
}


def render_plan(plan: Plan, act: str = MERGING) -> Iterator[Line]:
    """Render a plan: the first screen, everything that changes, and a summary line."""
    screen = make_screen(plan, act)
    yield from _render_screen(screen)
    for side in screen.sides:
        yield from _render_side(side)
    yield from _render_unmanaged(plan)
    yield from _render_steps(plan)
    yield make_line(Piece(phrases.summarise_plan(plan), "strong"))
    if plan.writes and plan.applicable:
        yield make_line(Piece(f"Digest: {plan.short_digest}", "dim"))
    if plan.breaking:
        needed = f" {phrases.REFUSES} --accept {plan.short_digest}." if screen.command else ""
        yield make_line(Piece(f"{phrases.describe_breaking(plan)}{needed}", "bad"))


def _render_screen(screen: Screen) -> Iterator[Line]:
    """Render what has to be read; the verdict has the colour of what it says."""
    yield make_line(Piece(make_safe(quote_code(screen.title)), "dim"))
    yield make_line()
    yield from wrap_sentence(screen.verdict, style="bad" if screen.open else "good")
    yield from wrap_sentence(screen.before, style="warn")
    if screen.command:
        yield make_line(f"{phrases.REFUSES}: {screen.command}")
    yield make_line()
    for side in screen.sides:
        if side.items or side.plain:
            yield make_line(Piece(f"{make_safe(side.title)}:", "strong"))
            for item in side.items:
                yield from _render_item(item)
            yield from _render_briefs(side)
            yield make_line()
    for note in screen.notes:
        yield from wrap_sentence(
            f"{note.severity.capitalize()}: {note.text}", style=_SEVERITIES[note.severity]
        )
    if screen.notes:
        yield make_line()


def _render_item(item: Item) -> Iterator[Line]:
    effect, change = item.effects[0], item.change
    style = _STYLES.get(effect, "bad")
    name = f" {make_safe(change.id)}" if change else ""
    customers = f"  for {item.customers}" if item.customers else ""
    yield make_line(Piece(f"  ! {effect.upper()}{name}", style), customers)
    if change and change.file:
        yield make_line(Piece(f"      {make_safe(locate(change), LONG)}", "dim"))
    for impact in item.impacts:
        yield from wrap_sentence(f"{impact.rule}: {impact.message}", "      ")
    if isinstance(change, Blocked):
        yield from wrap_sentence(change.reason, "      ")
        yield from wrap_sentence(change.hint, "      ", "dim")


def _render_briefs(side: Side) -> Iterator[Line]:
    for brief in side.briefs:
        change = brief.change
        head = f"  {describe_action(change)[0]} {brief.what} {make_safe(change.id)}"
        beside = f"{head}  {make_safe(brief.members)}"
        yield make_line(beside if brief.members and len(beside) <= WIDTH else head)
        if change.file:
            yield make_line(Piece(f"      {make_safe(locate(change), LONG)}", "dim"))
        if len(beside) > WIDTH:
            yield from wrap_sentence(brief.members, "      ")
        for impact in brief.impacts:
            yield from wrap_sentence(f"{impact.rule}: {impact.message}", "      ")
        if brief.more:
            yield make_line(f"      and {count(brief.more, 'impact')} more, below")
    if more := len(side.plain) - len(side.briefs):
        yield make_line(f"  and {count(more, 'system')} more, below")


def _render_side(side: Side) -> Iterator[Line]:
    """Render a side member by member; what the change removes here stands with the unmanaged systems."""
    removed = side.removed if side.environment else ()
    if not (side.changes or removed):
        return
    yield make_line(Piece(f"{make_safe(side.title)}, {phrases.BY_MEMBER}:", "strong"))
    yield make_line()
    for change in side.changes:
        yield from _render_change(change)
        yield make_line()
    for system in removed:
        yield make_line(f"  ? {make_safe(system.id)}")
        yield from _render_removed(system)
    if removed:
        yield make_line()


def _render_removed(system: Unmanaged) -> Iterator[Line]:
    if system.former:
        removed = f"      {phrases.REMOVED}: {system.former} is removed here"
        yield make_line(Piece(escape_line(removed), "warn"))


def _render_unmanaged(plan: Plan) -> Iterator[Line]:
    if not plan.reported:
        return
    yield make_line(f"{phrases.UNMANAGED}: {phrases.LEFT_ALONE}.")
    for each in plan.reported[:UNMANAGED_SHOWN]:
        yield make_line(f"  ? {make_safe(each.id)}", Piece(f"  {make_safe(each.name, 40)}", "dim"))
        if each.unreadable:
            reason = phrases.describe_unreadable(each.unreadable)
            yield make_line(Piece(escape_line(f"      {reason}"), "warn"))
        yield from _render_removed(each)
    if len(plan.reported) > UNMANAGED_SHOWN:
        yield make_line(f"  and {len(plan.reported) - UNMANAGED_SHOWN:,} more")
    yield make_line()


def _render_change(change: Change) -> Iterator[Line]:
    sign, verb = describe_action(change)
    yield make_line(
        Piece(f"{sign} {make_safe(change.id)}", change.action),
        # A log has no colours.
        Piece(f"  {verb.upper() if isinstance(change, Delete) else verb}", change.action),
        Piece(f"  {make_safe(locate(change), LONG)}", "dim"),
    )
    if change.reason and not isinstance(change, Blocked):
        yield make_line(f"    {make_safe(quote_code(change.reason), LONG)}")
    for impact in list_mild(change):
        yield _render_impact(impact)
    for field in change.fields:
        yield from render_field(field, field.line, field.origin)


def _render_impact(impact: Impact) -> Line:
    return make_line(
        Piece(f"    ! {make_safe(impact.rule)}", _WEIGHTS[impact.weight]),
        Piece(f"  {make_safe(quote_code(impact.message), LONG)}"),
    )


def _render_steps(plan: Plan) -> Iterator[Line]:
    """Render the order of the requests where it matters: where a client id moves."""
    if not any(step.claims or step.releases for step in plan.steps):
        return
    yield make_line(phrases.MOVES)
    for step in plan.steps:
        if step.claims or step.releases or step.after:
            after = f"  {phrases.list_predecessors(step)}"
            what = f"{step.method} {make_safe(step.id)}: {make_safe(quote_code(step.purpose), LONG)}"
            yield make_line(f"  {step.number:>2}. {what}{after}")
    yield make_line("Between a release and its claim nobody gets a token with that client id; if")
    yield make_line("the claim fails for certain, the id is put back.")
    yield make_line()
