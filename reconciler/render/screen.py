"""The first screen of a plan: the verdict, what stands open, and the notes, from which every output prints.

Pure. The verdict is one sentence that is true in every case: what is not known is said to be unknown, and what
was open before is never counted as what this change does. Code stands between backticks; each output shows it
in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.planning.change import Blocked, Create, Keep, Update
from reconciler.render import phrases
from reconciler.render.effects import (
    Customers,
    Effect,
    Item,
    Side,
    Sides,
    find_side_elsewhere,
    find_sides,
    sum_customers,
)
from reconciler.render.notes import Note, list_notes
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan
MERGING, APPLYING = "Merging", "Applying"
"""What a reader is about to do."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a reader sees first."""

    title: str
    verdict: str
    """What happens: one sentence, and one more for each other environment that this change touches."""
    before: str
    """What was open before: one sentence; empty where nothing was, or where that is not known."""
    command: str
    """What a plan that breaks something has to be applied with; empty for any other, and for an approved one."""
    sides: tuple[Side, ...]
    """What this change does, here and in each other environment, and what was open before, or all in one.

    Those that hold something.
    """
    notes: tuple[Note, ...]

    @property
    def open(self) -> bool:
        """Whether there is something that a reader must know before anything else."""
        return any(side.items for side in self.sides) or Severity.ERROR in {
            each.severity for each in self.notes
        }


def make_screen(plan: Plan, act: str = MERGING) -> Screen:
    """Make the first screen of a plan; `act` is what a reader is about to do, where it was compared with a base."""
    sides = find_sides(plan)
    others = tuple(find_side_elsewhere(each) for each in plan.elsewhere)
    every = (sides.new, *others, sides.open)
    shown = tuple(each for each in every if each.items or each.changes or each.removed)
    target = plan.target
    return Screen(
        title=f"Plan for `{target.environment}`",
        verdict=" ".join(
            [
                _warn(plan, _describe_verdict(plan, sides, act)),
                *map(_describe_elsewhere, others),
                *_list_gaps(plan),
            ]
        ),
        before=_describe_before(sides),
        command=_name_command(plan),
        sides=shown,
        notes=list_notes(plan),
    )


def _name_command(plan: Plan) -> str:
    """Name the command that a plan has to be applied with; empty where nothing has to be accepted any more."""
    is_approved = any(not each.obstacle for each in plan.approvals)
    if not plan.breaking or not plan.applicable or is_approved:
        return ""
    return f"reconciler apply --accept {plan.short_digest}"


def _warn(plan: Plan, verdict: str) -> str:
    """Say before anything else that definitions cannot be used, or could not be used before."""
    said = []
    if plan.unusable:
        number = count(len(plan.unusable), "definition")
        said.append(f"{number} cannot be used, so apply refuses everything until that is corrected.")
    if plan.unknown_before:
        systems = {name for each in plan.unknown_before for name in each.ids}
        number = count(len(systems), "system") if systems else "some systems"
        said.append(f"What this change does to {number} is not known.")
    if not said:
        return verdict
    what = " ".join(said)
    if verdict == phrases.describe_nothing(plan):
        return f"{what} The others ask for nothing new."
    return f"{what} Of the others: {verdict[:1].lower()}{verdict[1:]}"


def _describe_verdict(plan: Plan, sides: Sides, act: str) -> str:
    """Say what this change does, or where that is not known, what apply would do; beside others it says where."""
    where = f"in `{plan.target.environment}`" if plan.elsewhere else ""
    nothing = f"changes nothing {where or 'in the register'}"
    if not sides.traced and (sides.open.items or sides.open.changes):
        return _say(f"{APPLYING} {_describe_acts(sides.open, where) or nothing}", sides.open)
    if not (sides.traced or plan.elsewhere):
        return phrases.describe_nothing(plan)
    nothing += " that was not open before" if _is_open(sides) else ""
    return _say(f"{act} {_describe_acts(sides.new, where) or nothing}", sides.new)


def _list_gaps(plan: Plan) -> Iterator[str]:
    """Say what the verdict says nothing about; the notes say which it is."""
    if plan.narrowed is not None and (number := plan.narrowed.definitions):
        yield f"{count(number, 'definition')} {'is' if number == 1 else 'are'} left out."
    if plan.elsewhere_unknown:
        yield "What it does in at least one other environment is not known."


def _describe_elsewhere(side: Side) -> str:
    """Say what this change does in another environment; system users are not known there."""
    lost = any(each.customers for each in side.items)
    parts = [_join(list(_list_acts(side, counted=False))), "system users are not known" if lost else ""]
    return f"In `{side.environment}`: {'; '.join(filter(None, [*parts, *_list_rest(side)]))}."


def _describe_acts(side: Side, where: str = "") -> str:
    """Say in one clause what happens to the register; empty where nothing does."""
    acts = _join(list(_list_acts(side)))
    return f"{acts} {where}".rstrip() if acts else ""


def _is_open(sides: Sides) -> bool:
    return bool(sides.open.items or sides.open.changes)


def _describe_before(sides: Sides) -> str:
    """Say what was open before, and that apply does it too."""
    if not (sides.traced and _is_open(sides)):
        return ""
    when = "Open before this change, or of unknown origin" if sides.uncertain else "Open before this change"
    acts = _describe_acts(sides.open)
    return _say(f"{when}: {f'apply also {acts}' if acts else 'nothing that apply can do'}", sides.open)


def _say(what: str, side: Side) -> str:
    """Add what is not done, and end the sentence."""
    return f"{'; '.join([what, *_list_rest(side)])}."


def _list_acts(side: Side, *, counted: bool = True) -> Iterator[str]:
    """List what happens to the register, the worst first; with how many customers lose something, where counted."""
    if deleted := side.select(Effect.DELETES):
        customers = f" ({sum_customers(deleted)})" if counted else ""
        yield f"deletes {count(len(deleted), 'system')} for ever{customers}"
    if broken := side.select(Effect.BREAKS):
        customers = f" {_describe_customers(broken)}" if counted else ""
        yield f"breaks {count(len(broken), 'system')}{customers}"
    if overwritten := side.select(Effect.OVERWRITES):
        yield f"overwrites what others set in {count(len(overwritten), 'system')}"
    if altered := side.select(Effect.ALTERS):
        yield f"changes what this tool does not know in {count(len(altered), 'system')}"
    if side.select(Effect.MANY):
        yield "changes many systems at once"
    created = sum(isinstance(each, Create) for each in side.plain)
    updated = sum(isinstance(each, Update) for each in side.plain)
    if created:
        yield f"creates {count(created, 'system')}"
    if updated:
        others = any(isinstance(each.change, Update) for each in side.items)
        yield f"updates {count(updated, 'other system' if others else 'system')}"


def _describe_customers(broken: Sequence[Item]) -> str:
    customers = sum_customers(broken)
    if customers == Customers():
        return f"that {'has' if len(broken) == 1 else 'have'} no customers"
    return f"for {customers}"


def _list_rest(side: Side) -> Iterator[str]:
    """List what is not done, and what only the files do."""
    if blocked := sum(isinstance(each.change, Blocked) for each in side.items):
        yield f"{count(blocked, 'change')} {'is' if blocked == 1 else 'are'} blocked"
    if adopted := sum(map(_is_adoption, side.changes)):
        them = "it" if adopted == 1 else "them"
        yield f"of {count(adopted, 'system')} the files now say what the register holds, so nothing is sent for {them}"
    if removed := len(side.removed):
        lose = "loses its file and stays" if removed == 1 else "lose their files and stay"
        yield f"{count(removed, 'system')} {lose} registered"


def _is_adoption(change: Change) -> bool:
    return isinstance(change, Keep) and not change.open_fields


def _join(acts: Sequence[str]) -> str:
    return acts[0] if len(acts) == 1 else f"{', '.join(acts[:-1])} and {acts[-1]}" if acts else ""
