"""The bullets of the first screen: what happens to each system, in words that every output prints.

Pure. Code stands between backticks; each output shows it in its own way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.findings import Location, Severity
from reconciler.planning.change import Blocked, Create, Delete, Update, Weight
from reconciler.planning.impact_rules import OVERWRITTEN
from reconciler.render import phrases
from reconciler.render.effects import Effect
from reconciler.render.members import (
    count_more,
    describe_members,
    find_place,
    merge_impacts,
)
from reconciler.render.phrases import mark
from reconciler.render.verdict import describe_refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.narrowing import Unjudged
    from reconciler.planning.plan import Plan, Unmanaged
    from reconciler.render.effects import Item, Side, Sides

BRIEFS, BRIEF_IMPACTS = 10, 5
"""How many changes that do no harm stand on the first screen, and how many impacts of each."""
_WHAT: Mapping[Effect, str] = {
    Effect.MANY: "Changes many systems at once",
    Effect.OVERWRITES: "Overwrites what others set in",
    Effect.ALTERS: "Changes what this tool does not know in",
}
"""The words before the system; any other effect says it itself."""
_KEEP_IT = (
    "write it in the file and commit that (`reconciler drift --adopt` writes it), or let it stand for a while with "
    "`reconciler accept`"
)
_NOT_OTHERS = "Only this system is held back, not the others."
_NOT_KNOWN = "What becomes of the system is not known, nor what else is asked for there, such as a client id."


class Fact(NamedTuple):
    """One line below a bullet."""

    label: str
    """What stands before it, with a colon; empty where it speaks for itself."""
    text: str
    is_code: bool = False
    """Whether all of it is code, and a backtick a letter."""


class Bullet(NamedTuple):
    """One bullet: what happens to one system, or to the plan as a whole."""

    what: str
    id: str
    """Empty for the plan as a whole."""
    behind: str
    """How many system users lose access, or what cannot be done; empty where that is said nowhere."""
    place: Location
    facts: tuple[Fact, ...]
    effect: Effect | None = None
    """None for what does no harm."""
    action: str = ""


class Section(NamedTuple):
    """Bullets under one heading."""

    title: str
    bullets: tuple[Bullet, ...]
    environment: str = ""
    """Where it happens; empty where that is not said."""
    more: str = ""
    """How many more there are; empty where all are shown."""
    note: str = ""
    """From what it is known; empty where the register says it."""


def list_sections(plan: Plan, sides: Sides, others: Sequence[Side]) -> tuple[Section, ...]:
    """List what a reader must know, the worst section first, and behind it the first of the rest in short.

    What was open before stands behind what this change does.
    """
    broken = [Section("Error", tuple(_describe_broken(each, plan) for each in plan.unusable))]
    now = [sides.new, *others]
    serious = [*(broken if plan.unusable else []), *(one for each in now for one in _list_serious(each))]
    serious.sort(key=lambda each: _rank(each.bullets[0]))
    mild = [one for each in now for one in _list_mild(each)]
    noted = [] if plan.against else [each for each in others if each.is_filled]
    notes = {each.environment: phrases.describe_elsewhere(each.environment, each.against) for each in noted}
    found = (*serious, *mild, *_list_serious(sides.open), *_list_mild(sides.open))
    # From what it is known stands with the first section of each other environment.
    return tuple(each._replace(note=notes.pop(each.environment, "")) for each in found)


def _rank(bullet: Bullet) -> int:
    return list(Effect).index(bullet.effect) if bullet.effect else len(Effect)


def _list_serious(side: Side) -> Iterator[Section]:
    blocked = [each for each in side.items if isinstance(each.change, Blocked)]
    others = [each for each in side.items if not isinstance(each.change, Blocked)]
    found = [
        Section(title, tuple(map(_describe_item, items)), side.environment)
        for title, items in (
            (name_side(side), others),
            (f"{phrases.IS_BLOCKED[side.title]} {phrases.name_in(side.environment)}", blocked),
        )
        if items
    ]
    found.sort(key=lambda each: _rank(each.bullets[0]))
    yield from found


def _list_mild(side: Side) -> Iterator[Section]:
    """List the first of what does no harm, and what is no longer managed."""
    briefs = [_describe_removed(each) for each in side.removed]
    briefs += [_describe_plain(each) for each in side.plain]
    if briefs:
        title = phrases.THE_REST[side.title] if side.items else side.title
        more = count_more(len(briefs[BRIEFS:]), "more system")
        shown = tuple(briefs[:BRIEFS])
        yield Section(f"{title} {phrases.name_in(side.environment)}", shown, side.environment, more)


def name_side(side: Side) -> str:
    """Name a side and its environment."""
    return f"{side.title} {phrases.name_in(side.environment)}"


def _describe_item(item: Item) -> Bullet:
    change, effect = item.change, item.effects[0]
    if change is None:
        return Bullet(_WHAT[Effect.MANY], "", "", Location(""), tuple(_list_impacts(item.impacts)), effect)
    facts = _list_members(change, item.fields)
    facts += _list_impacts(item.impacts)
    behind = f"; {item.users.describe_loss(certain=isinstance(change, Delete))}" if item.users else ""
    if isinstance(change, Blocked):
        behind = f" {describe_refusal(change)}"
        facts += [Fact("Reason", change.reason), Fact("What to do", change.hint), Fact("", _NOT_OTHERS)]
    if any(each.rule == OVERWRITTEN.id for each in item.impacts):
        facts.append(Fact("To keep what is there", _KEEP_IT))
    place = find_place(change, item.fields)
    shown = tuple(each for each in facts if each.text)
    return Bullet(_WHAT.get(effect, str(effect)), change.id, behind, place, shown, effect, change.action)


def _list_members(change: Change, fields: Sequence[FieldChange]) -> list[Fact]:
    lines, more = describe_members(change, fields)
    return [*(Fact("", each, is_code=True) for each in lines), *([Fact("", more)] if more else [])]


def _list_impacts(impacts: Iterable[Impact]) -> Iterator[Fact]:
    for rule, message, _ in merge_impacts(impacts):
        yield Fact("", f"{message.rstrip('.')} ({rule}).")


def _describe_plain(change: Change) -> Bullet:
    """Describe in short what deletes nothing, breaks nothing and is not blocked."""
    facts = _list_members(change, change.fields)
    impacts = [*_list_impacts(each for each in change.impacts if each.weight is Weight.NOTABLE)]
    facts += impacts[:BRIEF_IMPACTS]
    if more := count_more(len(impacts[BRIEF_IMPACTS:]), "more impact"):
        facts.append(Fact("", more))
    match change:
        case Create():
            what = "Creates"
        case Update():
            what = "Updates"
        case _:
            what = "Takes over what the register holds in"
    return Bullet(what, change.id, "", find_place(change), tuple(facts), action=change.action)


def _describe_removed(system: Unmanaged) -> Bullet:
    facts = (
        Fact("Meant to keep it managed", "restore the file."),
        Fact("Meant to leave it as it is", "merge; this tool then neither changes nor checks it."),
        Fact("Meant to delete it", "keep the file, with `withdrawn: true`."),
    )
    return Bullet("No longer manages", system.id, "", Location(system.former), facts)


def _describe_broken(unjudged: Unjudged, plan: Plan) -> Bullet:
    """Describe a definition that cannot be used: its member, the reason and what to do."""
    found = [
        each
        for each in plan.findings
        if (each.severity, each.place.file, each.place.line, each.message)
        == (Severity.ERROR, unjudged.file, unjudged.line, unjudged.reason)
    ]
    path, hint = (found[0].place.path, found[0].hint) if found else ("", "")
    named = not path or unjudged.reason.startswith(mark(path))
    member = "" if named else f"{mark(path)}: "
    facts = (
        Fact("Reason", f"{member}{unjudged.reason}"),
        Fact("What to do", hint or "Fix the file; `reconciler validate` shows all that is wrong."),
        Fact("", _NOT_KNOWN),
    )
    shown = tuple(each for each in facts if each.text)
    name = ", ".join(unjudged.ids)
    return Bullet(
        "Broken", name, "", Location(unjudged.file, "", unjudged.line), shown, Effect.BROKEN, "blocked"
    )
