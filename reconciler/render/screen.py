"""The first screen of a plan: the verdict, what stands open, and the notes, from which every output prints.

Pure. The verdict is true in every case: what is not known is said to be unknown, and what was open before is never
counted as what this change does. Code stands between backticks; each output shows it in its own way.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.build import describe_version
from reconciler.model.canonical_json import SHORT
from reconciler.model.findings import Severity
from reconciler.model.instant import describe_minute
from reconciler.render.bullets import list_sections
from reconciler.render.effects import find_side_elsewhere, find_sides
from reconciler.render.escape import shorten
from reconciler.render.notes import Note, list_notes
from reconciler.render.phrases import mark
from reconciler.render.verdict import describe_before, describe_verdict

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.render.bullets import Bullet, Section
    from reconciler.render.effects import Side

STOPS = (
    "Apply stops until this is accepted: by whoever runs it, with this command, or by an approval in git "
    "(`reconciler approve`):"
)
"""What stands before the command that accepts a plan."""
_PLAIN = re.compile(r"[\w.*?!\[\]-]+", re.ASCII)
"""What an environment's name and a pattern of `--only` may hold to stand in a command."""
MERGING = "Merging writes nothing by itself; the apply that follows does."


@dataclass(frozen=True, slots=True)
class Screen:
    """What a reader sees first."""

    title: str
    verdict: str
    """What happens here and in the other environments: the worst first, each with a word to act on."""
    before: str
    """What was open before; empty where nothing was, or where that is not known."""
    command: str
    """What a plan that breaks something has to be applied with; empty for any other, and for an approved one."""
    merging: str
    """What merging by itself does, of a plan that was compared with a base; else empty."""
    sections: tuple[Section, ...]
    """What a reader must know, and the first of the rest in short."""
    sides: tuple[Side, ...]
    """What this change does, here and in each other environment, and what was open before, or all in one.

    Those that hold something.
    """
    notes: tuple[Note, ...]
    summary: str
    """How much the plan does."""
    making: str
    """For whom, when, from what and by what it was made."""
    digest: str
    """What the digest is for; empty where there is nothing to apply."""

    @property
    def boxed(self) -> bool:
        """Whether something is deleted, breaks, is blocked or cannot be used, in any environment."""
        return any(each.effect is not None and each.effect.is_boxed for each in self._bullets)

    @property
    def open(self) -> bool:
        """Whether there is something that a reader must know before anything else."""
        return any(each.effect for each in self._bullets) or Severity.ERROR in {
            each.severity for each in self.notes
        }

    @property
    def _bullets(self) -> list[Bullet]:
        return [bullet for section in self.sections for bullet in section.bullets]


def make_screen(plan: Plan, *, merged: bool = False) -> Screen:
    """Make the first screen of a plan; `merged` says that it is about to be applied."""
    sides = find_sides(plan)
    others = tuple(find_side_elsewhere(each) for each in plan.elsewhere)
    return Screen(
        title=f"Plan for {mark(plan.target.environment)}",
        verdict=describe_verdict(plan, sides, others),
        before=describe_before(sides),
        command=_name_command(plan),
        merging=MERGING if not merged and _is_compared(plan, traced=sides.traced) else "",
        sections=list_sections(plan, sides, others),
        sides=tuple(each for each in (sides.new, *others, sides.open) if each.is_filled),
        notes=list_notes(plan),
        summary=_summarise(plan),
        making=_describe_making(plan),
        digest=_describe_digest(plan),
    )


def _is_compared(plan: Plan, *, traced: bool) -> bool:
    """Say whether a plan shows what a change would do, and so whether somebody is about to merge it."""
    does = plan.writes or any(each.writes for each in plan.elsewhere)
    return bool(does) and bool(traced or plan.elsewhere or plan.against)


def _name_command(plan: Plan) -> str:
    """Name the command that a plan has to be applied with; empty where nothing has to be accepted any more."""
    is_approved = any(not each.obstacle for each in plan.approvals)
    if not plan.breaking or not plan.applicable or is_approved:
        return ""
    words = ["reconciler", "apply"]
    if plan.target.environment != "local":  # which is the default
        words += ["-e", plan.target.environment]
    for pattern in plan.narrowed.only if plan.narrowed else ():
        words += ["--only", pattern]
    if not all(map(_PLAIN.fullmatch, words)):  # from a file that was written by others, so not into a command
        words = words[:2]
    return shlex.join([*words, "--accept", plan.short_digest])


def _summarise(plan: Plan) -> str:
    """Say in one line how much a plan does; what there is none of is left out."""
    counts = plan.summary
    narrowed = plan.narrowed
    named = [
        (counts["create"], "to create"),
        (counts["update"], "to update"),
        (counts["delete"], "to delete"),
        (counts["blocked"], "blocked"),
        (len(plan.unusable), "invalid"),
        (counts["keep"], "unchanged"),
        (narrowed.definitions + narrowed.files if narrowed and narrowed.base else 0, "not compared"),
    ]
    said = [f"{number:,} {what}" for number, what in named if number]
    if counts["unmanaged"] or plan.unlisted:
        least = "at least " if plan.unlisted else ""
        said.append(f"{least}{counts['unmanaged']:,} unmanaged (registered without a file here)")
    return f"Plan for {mark(plan.target.environment)}: {', '.join(said) or 'no systems'}."


def _describe_digest(plan: Plan) -> str:
    """Say what the digest is for; empty where there is nothing to apply."""
    if not (plan.writes and plan.applicable):
        return ""
    return f"Digest: {plan.short_digest} (what `--accept` and approvals name)."


def _describe_making(plan: Plan) -> str:
    """Say for whom, when, from what and by what a plan was made."""
    made = f", made {describe_minute(plan.created)}" if plan.created else ""
    commit = plan.revision.commit[:SHORT] if plan.revision else ""
    source = f" for commit {mark(commit)}" if commit else ""
    tool = f" by reconciler {shorten(describe_version(plan.tool_version), 100)}" if plan.tool_version else ""
    return f"Vendor {shorten(plan.target.vendor, 100)}{made}{source}{tool}."
