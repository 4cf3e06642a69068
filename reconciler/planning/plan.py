"""Every change in order, the environment, and the digests of what it was made from.

Pure, and data only: a plan can be shown, saved, compared and refused, and holds nothing that runs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.model.canonical_json import SHORT, digest_json
from reconciler.model.findings import sort_findings
from reconciler.planning.acceptance import NONE, UNMANAGED, Acceptance, Acceptances, Standing
from reconciler.planning.blocking import Obstacles, block_claims, block_refused, block_unread, describe_holder
from reconciler.planning.change import Blocked, Change, Create, Delete, Impact, Keep, Update, Weight, decide
from reconciler.planning.change_log import find_newest
from reconciler.planning.impact import Evidence, Moves, judge, judge_all
from reconciler.planning.request_order import Step, group_steps, order_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding
    from reconciler.model.revision import Checkout
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.approval import PlanApproval
    from reconciler.planning.change import Write
    from reconciler.planning.narrowing import Narrowing, Unjudged

FORMAT_VERSION = "1"
"""Of the plan as JSON; a program refuses a version that it does not know."""
NO_OBSTACLES = Obstacles()
ACTIONS = tuple(kind.action for kind in (Create, Update, Delete, Blocked, Keep))
"""In the order of the summary line."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whose systems, and in which register."""

    environment: str
    register: str
    """The register's address; for `local` the name, since its port is new every time."""
    vendor: str
    """Nine digits."""


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """A live system without a definition here."""

    id: str
    name: str
    client_ids: tuple[str, ...] = ()
    former: str = ""
    """The file that defined it at the base revision; empty where none did."""
    unreadable: str = ""
    """Why the register cannot give it, so that its name and client ids are not known; empty where it can."""
    expected: bool = False
    """Whether the configuration says that it has no definition."""
    accepted: Acceptance | None = None
    """That it is unmanaged stands accepted; None where it does not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would make the register match the definitions."""

    target: Target
    changes: tuple[Change, ...] = ()
    """By id."""
    steps: tuple[Step, ...] = ()
    """The requests of all changes, in an order in which they may be sent."""
    impacts: tuple[Impact, ...] = ()
    """What the plan does as a whole; what each change does stands in the change."""
    unmanaged: tuple[Unmanaged, ...] = ()
    findings: tuple[Finding, ...] = ()
    created: str = ""
    """When it was made: ISO 8601 in UTC."""
    tool_version: str = ""
    """With the commit that it was built from, where that is known: see `build.py`."""
    unlisted: str = ""
    """Why unmanaged systems could not be listed, so that there may be more of them; empty where they could."""
    against: str = ""
    """The commit whose definitions stand for the register; empty where the register was asked.

    Such a plan is for reading only: apply refuses it.
    """
    narrowed: Narrowing | None = None
    """What was left out on purpose; None where every system was planned."""
    unjudged: tuple[Unjudged, ...] = ()
    """The definitions that cannot be used; apply refuses a plan that has any."""
    unmatched: tuple[str, ...] = ()
    """The patterns of expected unmanaged systems that fit none."""
    revision: Checkout | None = None
    """The commit that the definitions were read at; None where that is not known, or no definition was read."""
    approvals: tuple[PlanApproval, ...] = ()
    """Those in git that were given for it, or for what it was; never what apply goes by, which reads them again."""
    elsewhere: tuple[Plan, ...] = ()
    """What this change does in each other environment that it touches, against the definitions at the base.

    They are for reading: without what stays, documents and steps. Apply and the digest leave them out.
    """
    elsewhere_unknown: str = ""
    """In which other environments that is not known, and why; empty where it is."""
    blocked_before: tuple[str, ...] = ()
    """The blocked systems that this change has nothing to do with; known only against a base."""
    untouched: tuple[str, ...] = ()
    """The other environments that definitions name and in which this change does nothing."""
    _digest: str = field(default="", init=False, repr=False, compare=False)
    """Kept once it was asked for, which several outputs do."""

    @property
    def digest(self) -> str:
        """SHA-256 over what apply would do and what it was made from, in hex.

        It covers each breaking impact with the order of magnitude of its system users. Files, lines, findings,
        other impacts, exact counts, unmanaged systems, versions, commits and times are outside, so that neither a
        comment nor one new customer voids an approval. A plan against definitions never has that of a plan
        against the register, nor one that could not judge every definition that of one that could.
        """
        if not self._digest:
            object.__setattr__(self, "_digest", digest_json(self._describe_acts()))
        return self._digest

    def _describe_acts(self) -> Json:
        """Describe what the digest is over."""
        steps = group_steps(self.steps)
        acted = [
            {
                "id": change.id,
                "action": change.action,
                "steps": [step_to_json(step) for step in steps.get(change.id, ())],
                "document": change.document,
                "live_digest": change.live_digest,
                "impacts": _list_breaking(change.impacts),
            }
            for change in self.changes
            if not isinstance(change, Keep)
        ]
        return {
            "format_version": FORMAT_VERSION,
            "environment": self.target.environment,
            "register": self.target.register,
            "vendor": self.target.vendor,
            "impacts": _list_breaking(self.impacts),
            "changes": acted,
            **({"against": self.against} if self.against else {}),
            **({"unjudged": [each.file for each in self.unjudged]} if self.unjudged else {}),
        }

    @property
    def short_digest(self) -> str:
        """The digest's first twelve digits."""
        return self.digest[:SHORT]

    @property
    def summary(self) -> Mapping[str, int]:
        """Count the changes by action, and the unmanaged systems that are not expected."""
        counts = Counter(change.action for change in self.changes)
        return {**{action: counts[action] for action in ACTIONS}, "unmanaged": len(self.reported)}

    @property
    def applicable(self) -> bool:
        """Whether apply may take it: it was made from the register, and from every definition."""
        return not self.against and not self.unjudged

    @property
    def unusable(self) -> tuple[Unjudged, ...]:
        """The definitions that cannot be used as they are."""
        return tuple(each for each in self.unjudged if not each.commit)

    @property
    def unknown_before(self) -> tuple[Unjudged, ...]:
        """The definitions that could not be used at the revision that stands for the register."""
        return tuple(each for each in self.unjudged if each.commit)

    @property
    def reported(self) -> tuple[Unmanaged, ...]:
        """The unmanaged systems that are listed: those that are not expected, or whose file this change removes."""
        return tuple(each for each in self.unmanaged if each.former or not each.expected)

    @property
    def others(self) -> tuple[Unmanaged, ...]:
        """The unmanaged systems that are listed and had no file before this change."""
        return tuple(each for each in self.reported if not each.former)

    @property
    def expected(self) -> int:
        """How many unmanaged systems are only counted, since the configuration names them."""
        return len(self.unmanaged) - len(self.reported)

    @property
    def writes(self) -> tuple[Write, ...]:
        """The changes that apply would carry out."""
        return tuple(each for each in self.changes if isinstance(each, (Create, Update, Delete)))

    @property
    def breaking(self) -> tuple[Impact, ...]:
        """The impacts that have to be accepted before anything is written."""
        every = [*self.impacts, *(impact for change in self.writes for impact in change.impacts)]
        return tuple(each for each in every if each.weight is Weight.BREAKING)

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        """The changes that cannot be carried out."""
        return tuple(each for each in self.changes if isinstance(each, Blocked))

    @property
    def newly_blocked(self) -> tuple[Blocked, ...]:
        """The changes that cannot be carried out, but for those that this change has nothing to do with."""
        return tuple(each for each in self.blocked if each.id not in self.blocked_before)


def list_standing(plan: Plan) -> tuple[Standing, ...]:
    """List what stands accepted, the unmanaged systems too; what ends first comes first."""
    standing = [each for change in plan.changes for each in change.standing]
    standing += [Standing(each.accepted) for each in plan.unmanaged if each.accepted]
    return tuple(sorted(standing, key=lambda each: (each.acceptance.until, each.acceptance.key)))


def keep_what_changes(plan: Plan) -> Plan:
    """Reduce a plan to what is shown of it beside another one: what changes, without documents and steps.

    What both leave out is said once.
    """
    changes = (
        replace(each, document=None, live=None, newest=None)
        for each in plan.changes
        if not isinstance(each, Keep)
    )
    return replace(plan, changes=tuple(changes), steps=(), narrowed=None, unjudged=(), unmatched=())


def _list_breaking(impacts: Iterable[Impact]) -> Json:
    return [
        {"rule": each.rule, "path": each.path, "system_users": each.magnitude}
        for each in impacts
        if each.weight is Weight.BREAKING
    ]


def plan_changes(
    target: Target,
    desired: Iterable[Resolved],
    live: Mapping[str, RegisteredSystem | None],
    unmanaged: Sequence[RegisteredSystem],
    obstacles: Obstacles = NO_OBSTACLES,
    acceptances: Acceptances = NONE,
) -> Plan:
    """Work out what would make the register match the definitions, but for what stands accepted.

    `live` has an entry for every desired id but those that cannot be read, which are blocked with their reason.
    Equal inputs give an equal plan, whatever their order. A registered system without a definition is kept: the
    absence of a file is not a request to delete.
    """
    wanted = tuple(desired)
    decided = {
        each.system.id: decide(each, live[each.system.id], acceptances)
        for each in wanted
        if each.system.id not in obstacles.unreadable
    }
    return plan_decided(target, wanted, decided, unmanaged, obstacles)


def plan_decided(
    target: Target,
    desired: Iterable[Resolved],
    decided: Mapping[str, Change],
    unmanaged: Sequence[RegisteredSystem],
    obstacles: Obstacles = NO_OBSTACLES,
) -> Plan:
    """Plan likewise, of what was decided about each system alone.

    `decided` has an entry for every desired id but those that cannot be read.
    """
    ordered = sorted(desired, key=lambda each: each.system.id)
    unread = obstacles.unreadable
    alone = (
        block_unread(each, unread[each.system.id]) if each.system.id in unread else decided[each.system.id]
        for each in ordered
    )
    changes = [block_refused(each, obstacles.faults.get(each.id, ())) for each in alone]
    held = dict(obstacles.held)
    for system in unmanaged:
        if not system.is_deleted:
            held |= dict.fromkeys(system.read().clientId, describe_holder(system.id))
    final = block_claims(changes, {each.system.id: each for each in ordered}, replace(obstacles, held=held))
    return Plan(
        target,
        final,
        order_steps(final),
        unmanaged=tuple(_describe_unmanaged(each) for each in sorted(unmanaged, key=lambda each: each.id)),
    )


def add_unlisted(plan: Plan, unreadable: Mapping[str, str], unlisted: str) -> Plan:
    """Add the unmanaged systems that the register could not give, and why it could not list all of them."""
    planned = {change.id for change in plan.changes}
    others = [Unmanaged(name, "", unreadable=why) for name, why in unreadable.items() if name not in planned]
    known = sorted([*plan.unmanaged, *others], key=lambda each: each.id)
    return replace(plan, unmanaged=tuple(known), unlisted=unlisted)


def accept_unmanaged(plan: Plan, acceptances: Acceptances) -> Plan:
    """Mark the unmanaged systems that stand accepted as such."""
    marked = tuple(
        replace(each, accepted=acceptances.find(each.id, UNMANAGED, None)) for each in plan.unmanaged
    )
    return replace(plan, unmanaged=marked)


def judge_plan(plan: Plan, evidence: Mapping[str, Evidence]) -> Plan:
    """Add what each change, and the plan as a whole, does to people; `evidence` is by id."""
    moves = _trace_clients(plan)
    changes: list[Change] = []
    for each in plan.changes:
        if isinstance(each, (Create, Update, Delete)):
            known = evidence.get(each.id)
            impacts = judge(each, known or Evidence(), moves[each.id])
            is_read = known is not None and not known.is_unread
            newest = find_newest(known.states, each.live) if known and is_read and each.live else None
            changes.append(replace(each, impacts=impacts, newest=newest))
        else:
            changes.append(each)
    left_out = plan.narrowed.registered if plan.narrowed else 0
    return replace(plan, changes=tuple(changes), impacts=judge_all(changes, left_out=left_out))


def _trace_clients(plan: Plan) -> Mapping[str, Moves]:
    """Find for each system where its leaving client ids go, and where its coming ones are from."""
    moves = {each.id: Moves() for each in plan.changes}
    releases = {client: step.id for step in plan.steps for client in step.releases}
    for step in plan.steps:
        for client in step.claims:
            moves[releases[client]].goes_to[client] = step.id
            moves[step.id].comes_from[client] = releases[client]
    return moves


def _describe_unmanaged(system: RegisteredSystem) -> Unmanaged:
    held = system.read()
    return Unmanaged(held.id, held.name.get("nb") or held.name.get("en", ""), tuple(sorted(held.clientId)))


def stamp(
    plan: Plan,
    findings: Iterable[Finding],
    *,
    created: str,
    tool_version: str,
    revision: Checkout | None = None,
) -> Plan:
    """Add what was found in the files, when and by what the plan was made, and which commit it comes from."""
    every = sort_findings([*plan.findings, *findings])
    return replace(plan, findings=every, created=created, tool_version=tool_version, revision=revision)


def step_to_json(step: Step) -> dict[str, Json]:
    """Give a step as JSON; the body of a final step is its change's document, and stands there."""
    return {
        "number": step.number,
        "method": step.method,
        "purpose": step.purpose,
        "after": list(step.after),
        "claims": list(step.claims),
        "releases": list(step.releases),
        "document": None if step.final else step.document,
        "way_back": step.way_back,
    }
