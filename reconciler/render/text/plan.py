"""A plan as lines for people: the verdict, what stands open and the notes; then system by system, member by member.

Pure. Fits 80 columns where the values do. Colour says nothing that the words do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.findings import Severity
from reconciler.planning.change import Blocked, Delete, Keep, Weight
from reconciler.render import phrases
from reconciler.render.escape import escape_line, quote_code
from reconciler.render.lines import LONG, WIDTH, Piece, make_line, make_safe, wrap_sentence
from reconciler.render.members import merge_impacts
from reconciler.render.notes import NAMED
from reconciler.render.overview import UNMANAGED_SHOWN, describe_action, list_mild, locate
from reconciler.render.screen import STOPS, make_screen
from reconciler.render.text.fields import render_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan
    from reconciler.render.bullets import Bullet
    from reconciler.render.effects import Side
    from reconciler.render.lines import Line
    from reconciler.render.screen import Screen

_WEIGHTS: Mapping[Weight, str] = {Weight.BREAKING: "bad", Weight.NOTABLE: "warn", Weight.NOTE: "dim"}
_SIGNS: Mapping[str, str] = {"create": "+", "update": "~", "keep": "="}
_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "bad",
    Severity.WARNING: "warn",
    Severity.NOTE: "dim",
}


class Passage(NamedTuple):
    """Lines that belong together; the first one is the title of those that a log can fold."""

    lines: tuple[Line, ...]
    is_folded: bool = False


def render_plan(plan: Plan, *, merged: bool = False) -> Iterator[Line]:
    """Render a plan: the first screen, everything that changes, and a summary line.

    `merged` says that it is about to be applied, so that nobody is told of merging.
    """
    for passage in list_passages(plan, merged=merged):
        yield from passage.lines


def list_passages(plan: Plan, *, merged: bool = False) -> Iterator[Passage]:
    """List the passages of a plan, which are its text one after the other: each change is one of its own."""
    screen = make_screen(plan, merged=merged)
    yield Passage(tuple(_render_screen(screen)))
    for side in screen.sides:
        yield from _list_side(side, side.held)
    for rest in (_render_unmanaged(plan), _render_steps(plan)):
        if lines := tuple(rest):
            yield Passage(lines, is_folded=True)
    summary = wrap_sentence(screen.summary, style="strong")
    yield Passage((*summary, *wrap_sentence(screen.digest, style="dim")))


def _render_screen(screen: Screen) -> Iterator[Line]:
    """Render what has to be read; the verdict has the colour of what it says."""
    yield make_line(Piece(make_safe(quote_code(screen.title)), "dim"))
    yield make_line()
    yield from wrap_sentence(screen.verdict, style="bad" if screen.open else "good")
    yield from wrap_sentence(screen.before, style="warn")
    yield make_line()
    for section in screen.sections:
        yield make_line(Piece(f"{make_safe(section.title)}:", "strong"))
        for bullet in section.bullets:
            yield from _render_bullet(bullet)
        if section.more:
            yield make_line(f"  {section.more}")
        yield from wrap_sentence(section.note, "  ", "dim")
        yield make_line()
    if screen.command:
        yield from wrap_sentence(STOPS)
        yield make_line(f"    {screen.command}")
    yield from wrap_sentence(screen.merging)
    if screen.command or screen.merging:
        yield make_line()
    for note in screen.notes:
        yield from wrap_sentence(
            f"{note.severity.capitalize()}: {note.text}", style=_SEVERITIES[note.severity]
        )
    if screen.notes:
        yield make_line()


def _render_bullet(bullet: Bullet) -> Iterator[Line]:
    """Render a bullet; a log has no colours, so what must not be missed stands in capitals."""
    sign = "!" if bullet.effect else _SIGNS.get(bullet.action, "?")
    what = bullet.what.upper() if bullet.effect else bullet.what
    name = f" {make_safe(bullet.id)}" if bullet.id else ""
    head, behind = f"  {sign} {what}{name}", make_safe(bullet.behind)
    style = bullet.action if bullet.action in {"delete", "blocked"} else "bad" if bullet.effect else ""
    if len(head) + len(behind) <= WIDTH:
        yield make_line(Piece(head, style), behind)
    else:
        yield make_line(Piece(head, style))
        yield from wrap_sentence(bullet.behind.removeprefix("; ").strip(), "      ")
    if bullet.place.file:
        yield make_line(Piece(f"      {make_safe(str(bullet.place), LONG)}", "dim"))
    for fact in bullet.facts:
        label = f"{fact.label}: " if fact.label else ""
        yield from wrap_sentence(f"{label}{fact.text}", "      ", is_code=fact.is_code)


def _list_side(side: Side, before: str) -> Iterator[Passage]:
    """List the changes of a side, with every field."""
    if not side.changes:
        return
    is_adopted = all(isinstance(each, Keep) for each in side.changes)
    after = "our file now" if is_adopted else "after apply"
    before = "our file before" if is_adopted else before
    title = f"{phrases.DETAILS[side.title]} {phrases.name_in(side.environment)}"
    yield Passage((make_line(Piece(f"{make_safe(title)} ({before} → {after}):", "strong")), make_line()))
    for change in side.changes:
        yield Passage((*_render_change(change), make_line()), is_folded=True)


def _render_unmanaged(plan: Plan) -> Iterator[Line]:
    """List the systems without a file, where the note on them does not name all."""
    others = plan.others
    if len(others) <= NAMED and not any(each.unreadable for each in others):
        return
    yield make_line(f"{phrases.UNMANAGED}:")
    for each in others[:UNMANAGED_SHOWN]:
        yield make_line(f"  ? {make_safe(each.id)}", Piece(f"  {make_safe(each.name, 40)}", "dim"))
        if each.unreadable:
            reason = phrases.describe_unreadable(each.unreadable)
            yield make_line(Piece(escape_line(f"      {reason}"), "warn"))
    if len(others) > UNMANAGED_SHOWN:
        yield make_line(f"  and {len(others) - UNMANAGED_SHOWN:,} more")
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
    for rule, message, weight in merge_impacts(list_mild(change)):
        yield make_line(
            Piece(f"    ! {make_safe(rule)}", _WEIGHTS[weight]),
            Piece(f"  {make_safe(quote_code(message), LONG)}"),
        )
    for field in change.fields:
        yield from render_field(field, field.line, phrases.describe_origin(field.origin))


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
