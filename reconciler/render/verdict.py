"""The verdict on a plan: for each thing that happens a word to act on and a clause, the worst first.

Pure. Every clause names the environment, and says what is known of the system users: what was not counted is said
to be unknown. Code stands between backticks; each output shows it in its own way.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from reconciler.planning.change import WITHDRAWN, Blocked, Create, Delete, Keep, Update, Weight
from reconciler.planning.impact_rules import ASKED
from reconciler.render import phrases
from reconciler.render.effects import Effect, Sides, sum_users
from reconciler.render.escape import shorten
from reconciler.render.members import is_new_system
from reconciler.render.phrases import count, mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.customer_count import Count
    from reconciler.planning.narrowing import Unjudged
    from reconciler.planning.plan import Plan
    from reconciler.render.effects import Item, Side

_REASON = 300
"""Characters of a reason within a verdict."""


class Word(StrEnum):
    """What a verdict begins with; the worst first."""

    DELETES = Effect.DELETES
    BREAKS = Effect.BREAKS
    BROKEN = Effect.BROKEN
    MANY = Effect.MANY
    BLOCKED = Effect.BLOCKED
    OVERWRITES = Effect.OVERWRITES
    FOLLOW_UP = "Needs follow-up"
    CHECK = "Check"
    SAFE = "Safe"
    NOTHING = "No effect"


_ORDER = tuple(Word)
_QUIET = (Word.SAFE, Word.NOTHING)
"""What is said without its word behind anything worse."""


class Clause(NamedTuple):
    """One thing that happens: its word, and the rest of the sentence."""

    word: Word
    text: str


def describe_verdict(plan: Plan, sides: Sides, others: Sequence[Side]) -> str:
    """Say what this change does here and elsewhere, or where that is not known, what apply would do."""
    side = sides.new if sides.traced else sides.open
    clauses = [*_list_broken(plan.unusable), *_list_clauses(side)]
    clauses += [clause for other in others for clause in _list_clauses(other)]
    if not any(_list_clauses(side)):
        clauses.append(_describe_nothing(plan, sides, beside=bool(clauses)))
    if plan.unknown_before:
        ids = {name for each in plan.unknown_before for name in each.ids}
        systems = mark(min(ids)) if len(ids) == 1 else count(len(ids), "system") if ids else "some systems"
        where = f"in {mark(plan.target.environment)}"
        text = f"what this change does to {systems} {where} is not known, as a note below says"
        clauses.append(Clause(Word.CHECK, text))
    if plan.elsewhere_unknown:
        text = "what this change does in at least one other environment is not known, as a note below says"
        clauses.append(Clause(Word.CHECK, text))
    return " ".join([join_clauses(clauses), *_list_left_out(plan)])


def _list_left_out(plan: Plan) -> Iterator[str]:
    """Say how many definitions the verdict says nothing about."""
    if plan.narrowed is not None and not plan.narrowed.base and (number := plan.narrowed.definitions):
        yield f"{count(number, 'definition')} {'is' if number == 1 else 'are'} left out."


def describe_before(sides: Sides) -> str:
    """Say what was open before, and that apply does it too; empty where nothing was, or where that is not known."""
    clauses = list(_list_clauses(sides.open)) if sides.traced else []
    if not clauses:
        return ""
    when = "Open before this change, or of unknown origin" if sides.uncertain else "Open before this change"
    return f"{when}, and part of the next apply. {join_clauses(clauses)}"


def join_clauses(clauses: Sequence[Clause]) -> str:
    """Make sentences of clauses, the worst first; what does no harm needs its word only where nothing else is said."""
    ordered = sorted(clauses, key=lambda each: _ORDER.index(each.word))
    said = [
        f"{clause.text[:1].upper()}{clause.text[1:]}."
        if number and clause.word in _QUIET
        else f"{clause.word}: {clause.text}."
        for number, clause in enumerate(ordered)
    ]
    return " ".join(said)


def _describe_nothing(plan: Plan, sides: Sides, *, beside: bool) -> Clause:
    """Say that this change, or the plan, does nothing; `beside` says whether anything else is said before."""
    where = mark(plan.target.environment)
    if plan.unjudged:
        return Clause(Word.NOTHING, f"the other definitions ask for nothing new in {where}")
    if sides.traced or beside:
        more = " that was not open before" if sides.traced and sides.open.is_filled else ""
        return Clause(Word.NOTHING, f"this change does nothing in {where}{more}")
    return Clause(Word.NOTHING, phrases.describe_nothing(plan))


def _list_broken(unjudged: Sequence[Unjudged]) -> Iterator[Clause]:
    """Say that definitions cannot be used, and what follows."""
    if not unjudged:
        return
    if len(unjudged) > 1:
        what, them = f"{count(len(unjudged), 'definition')} cannot be used", "they are"
    else:
        (one,) = unjudged
        line = f" line {one.line}" if one.line else ""
        reason = shorten(one.reason.rstrip("."), _REASON)
        what, them = f"{mark(one.file)}{line} is invalid: {reason}", "it is"
    then = f"until {them} fixed, apply refuses everything, and nothing changes for customers"
    yield Clause(Word.BROKEN, f"{what}; {then}")


def _list_clauses(side: Side) -> Iterator[Clause]:
    """List what happens on one side."""
    where = f"in {mark(side.environment)}"
    if deleted := side.select(Effect.DELETES):
        loss = sum_users(deleted).describe_loss(certain=True)
        yield Clause(Word.DELETES, f"{_name(deleted)} {where}; {loss}, and there is no way back")
    if broken := side.select(Effect.BREAKS):
        yield Clause(Word.BREAKS, f"{_name(broken)} {where}; {sum_users(broken).describe_loss()}")
    for many in side.select(Effect.MANY):
        said = "; ".join(each.message.rstrip(".") for each in many.impacts)
        yield Clause(Word.MANY, f"{said} {where}; what that does to customers stands with each")
    yield from _list_blocked(side, where)
    if overwritten := side.select(Effect.OVERWRITES):
        quiet = all(each.users is None for each in overwritten)
        loss = "; no system user loses access" if quiet else ""
        yield Clause(Word.OVERWRITES, f"what others set in {_name(overwritten)} {where}{loss}")
    if altered := side.select(Effect.ALTERS):
        text = f"what this tool does not know in {_name(altered)} {where}; what customers lose is not known"
        yield Clause(Word.OVERWRITES, text)
    yield from _list_plain(side, where)


def _list_blocked(side: Side, where: str) -> Iterator[Clause]:
    blocked = [each.change for each in side.items if isinstance(each.change, Blocked)]
    if len(blocked) > 1:
        text = f"{count(len(blocked), 'change')} {where}; nothing is sent for them, so no customer loses anything"
        yield Clause(Word.BLOCKED, text)
    for change in blocked[:1] if len(blocked) == 1 else ():
        reason = shorten(change.reason.rstrip("."), _REASON)
        what = f"{mark(change.id)} {describe_refusal(change)} {where}: {reason}"
        yield Clause(Word.BLOCKED, f"{what}. Nothing is sent for it, so no customer loses anything")


def describe_refusal(change: Blocked) -> str:
    """Say what cannot be done to a system that is blocked."""
    asked = {each.expected for each in change.fields if each.member == WITHDRAWN}
    if asked:
        return "cannot be deleted" if True in asked else "cannot be restored"
    if not change.fields:
        return "cannot be changed"
    return "cannot be created" if is_new_system(change) else "cannot be updated"


def _list_plain(side: Side, where: str) -> Iterator[Clause]:
    """List what deletes nothing, breaks nothing and is not blocked."""
    asking = [each for each in side.changes if _find_asked(each)]
    if asking:
        yield Clause(Word.FOLLOW_UP, f"{_name_changes(asking)} {where}; {_describe_missing(asking)}")
    rest = [each for each in side.plain if each not in asking]
    doubtful = [each for each in rest if any(one.weight is Weight.NOTABLE for one in each.impacts)]
    if doubtful:
        text = f"{_name_changes(doubtful)} {where}; no system user loses access, and what else it means stands below"
        yield Clause(Word.CHECK, text)
    if side.removed:
        yield Clause(Word.CHECK, _describe_removed(side, where))
    plain = [each for each in rest if each not in doubtful and isinstance(each, (Create, Update))]
    if plain:
        others = bool(side.items) or len(plain) < len(side.plain)
        yield Clause(Word.SAFE, f"{_name_changes(plain, others=others)} {where}; no customer loses anything")
    adopted = [each for each in rest if is_adoption(each)]
    if adopted:
        files, what = f"the file of {mark(adopted[0].id)} takes", _name_members(adopted[0])
        if len(adopted) > 1:
            files, what = f"the files of {count(len(adopted), 'system')} take", "what"
        text = f"{files} over {what} {mark(side.environment)} already holds; nothing is sent, and no customer notices"
        yield Clause(Word.NOTHING, text)


def _name_members(change: Change) -> str:
    """Name the one member that a file takes over."""
    members = {each.member for each in change.fields}
    return f"the {mark(min(members))} that" if len(members) == 1 else "what"


def is_adoption(change: Change) -> bool:
    """Say whether only the file of a system changes."""
    return isinstance(change, Keep) and not change.open_fields


def _describe_removed(side: Side, where: str) -> str:
    if len(side.removed) > 1:
        stay = f"their systems stay registered {where} with their system users, which are not counted here"
        return f"removing {len(side.removed):,} files deletes nothing; {stay}"
    (one,) = side.removed
    stays = f"it stays registered {where} with its system users, which are not counted here"
    return f"removing {mark(one.former)} does not delete {mark(one.id)}; {stays}"


def _find_asked(change: Change) -> list[Impact]:
    """Find the impacts by which existing system users lack what is added, or may lack it."""
    found = [] if isinstance(change, (Blocked, Delete)) else change.impacts
    return [each for each in found if each.rule == ASKED.id and _count_lacking(each) != 0]


def _count_lacking(impact: Impact) -> int | None:
    """Count the system users that lack what is added; agents' hold no rights. None where it is not known."""
    if impact.users is None:
        return None
    counts = _list_counts(impact)
    if counts and not _is_bound(impact):
        return sum(each.number or 0 for each in counts)
    return impact.users - (impact.agents or 0) if impact.path.startswith("rights") else impact.users


def _list_counts(impact: Impact) -> list[Count]:
    known = impact.customers
    return [each for each in (known.lacking, known.anew) if each is not None] if known else []


def _is_bound(impact: Impact) -> bool:
    """Say whether some of the system users may hold already what is added."""
    return any(each.number is None for each in _list_counts(impact))


def _describe_missing(changes: Sequence[Change]) -> str:
    """Say how many system users lack what is added, and until when."""
    asked = [_find_asked(each) for each in changes]
    counts = [[_count_lacking(one) for one in each] for each in asked]
    known = sum(max((one for one in each if one is not None), default=0) for each in counts)
    is_unknown = any(None in each for each in counts)
    has_agents = any(one.agents and not one.path.startswith("rights") for each in asked for one in each)
    until = (
        "their customers act, as stands below" if has_agents else "each customer approves a change request"
    )
    is_bound = any(_is_bound(one) for each in asked for one in each)
    if is_unknown and (not known or is_bound):
        return f"existing system users, whose number is not known, do not get what is added until {until}"
    bound = "at least " if is_unknown else "up to " if is_bound else ""
    number = f"{bound}{count(known, 'system user')}"
    return f"{number} {'does' if known == 1 else 'do'} not get what is added until {until}"


def _name(items: Sequence[Item]) -> str:
    """Name the one system, or say how many there are."""
    named = [each.change.id for each in items if each.change is not None]
    return mark(named[0]) if len(named) == 1 else count(len(items), "system")


def _name_changes(changes: Sequence[Change], *, others: bool = False) -> str:
    """Say what happens to some systems: the one by name, several by their number."""
    parts = []
    for verb, kind in (("creates", Create), ("updates", Update)):
        found = [each for each in changes if isinstance(each, kind)]
        if len(found) == 1:
            parts.append(f"{verb} {mark(found[0].id)}")
        elif found:
            parts.append(f"{verb} {count(len(found), 'other system' if others else 'system')}")
    kept = [each for each in changes if isinstance(each, Keep)]
    if kept:
        parts.append(f"keeps {mark(kept[0].id) if len(kept) == 1 else count(len(kept), 'system')}")
    return " and ".join(parts) if len(parts) < 3 else f"{parts[0]}, {parts[1]} and {parts[2]}"
