"""What the writes of a plan are judged by: who set what, and how many system users there are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.clients.parallel import ask_all
from reconciler.errors import Refused, RegisterError
from reconciler.planning.change import Delete, Update
from reconciler.planning.change_log import read_log, replay
from reconciler.planning.diff import look_up, spread
from reconciler.planning.impact import Evidence, find_foreign, judge_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.clients.register import Register
    from reconciler.model.system import System
    from reconciler.planning.change import Change
    from reconciler.planning.ownership import Ownership
    from reconciler.planning.plan import Plan


def gather_evidence(
    made: Plan, register: Register, ownership: Ownership, *, for_apply: bool = True
) -> dict[str, Evidence]:
    """Gather what the writes of a plan are judged by: who set what, and how many system users there are.

    For apply, the change log of whatever is written is read after its document, so that it finds what came since.
    Else that of an update is read only where it can add something: where a value is open that no committed revision of
    the definition states, or where the plan names its newest entry, which has to be there. A log comes whole, 1.1 kB an
    entry (System Register contract §5), and that of nothing else is read.
    """
    history = _Statements({each.id: each for each in made.writes if isinstance(each, Update)}, ownership)
    live = [each for each in made.writes if each.live is not None]
    touched = [each.id for each in made.writes if isinstance(each, Delete) or _touches_users(each)]
    logged = [each.id for each in live if for_apply or each.newest is not None or not history.explains(each)]
    workers = register.workers
    answers = ask_all(register.read_changes, logged, workers=workers)
    users = ask_all(lambda name: _count_users(name, register), touched, workers=workers)
    evidence = {
        each.id: Evidence(
            replay(read_log(answers.get(each.id, ()))),
            ownership.clients,
            None if (kinds := users.get(each.id)) is None else sum(kinds.values()),
            None if kinds is None else kinds.get("agent", 0),
            frozenset(history.stated.get(each.id, ())),
            is_unread=each.id not in answers,
        )
        for each in live
    }
    doubtful = [
        name
        for name in history.cut
        if name in evidence and find_foreign(history.updates[name], evidence[name])
    ]
    rest = ask_all(history.read_rest, doubtful)
    return {**evidence, **{name: replace(evidence[name], stated=rest[name]) for name in doubtful}}


def check_managed(made: Plan, register: Register) -> None:
    """Refuse a narrowed plan that is no change of many systems only because it counts more than there are.

    Nothing is asked where the number makes no difference.
    """
    left_out = made.narrowed.registered if made.narrowed else 0
    if judge_all(made.changes) == judge_all(made.changes, left_out=left_out):
        return
    others = {each.id for each in register.list_systems()} - {change.id for change in made.changes}
    if len(others) < left_out:
        raise Refused(
            f"The plan leaves out {left_out} managed systems, and the register has {len(others)} others, so nothing "
            "was written.",
            hint="Plan again, and have the new plan reviewed.",
        )


class _Statements:
    """Which live values the committed revisions of updated definitions state.

    What is absent is stated by nothing: an entry can be new, or somebody can have taken it away.
    """

    def __init__(self, updates: Mapping[str, Update], ownership: Ownership) -> None:
        self.updates = updates
        self._ownership = ownership
        self._left = {
            name: {each.path: each for each in change.open_fields if each.actual is not None}
            for name, change in updates.items()
            if change.file
        }
        """The fields that no revision was found to state, by system and path."""
        self.stated: dict[str, set[str]] = {name: set() for name in updates}
        files = {updates[name].file: name for name, fields in self._left.items() if fields}
        cut = (
            ownership.search_revisions(files, lambda each: self._take(each.id, each))
            if files
            else frozenset()
        )
        self.cut = sorted(files[each] for each in cut)
        """The systems of which there may be more revisions."""

    def _take(self, name: str, system: System) -> bool:
        """Take a revision to account; says whether all that can be stated is."""
        left, tree = self._left[name], spread(system)
        found = {path for path, each in left.items() if look_up(tree, each.steps) == each.actual}
        self.stated[name] |= found
        for path in found:
            del left[path]
        return not left

    def explains(self, change: Change) -> bool:
        """Say whether committed revisions state every live value that a change is to replace."""
        paths = {each.path for each in change.open_fields}
        return bool(paths) and paths <= self.stated.get(change.id, set())

    def read_rest(self, name: str) -> frozenset[str]:
        """Read the revisions of one definition by itself, its renames followed; gives all that they state."""
        for system in self._ownership.list_revisions(self.updates[name].file, name):
            if self._take(name, system):
                break
        return frozenset(self.stated[name])


def _touches_users(change: Change) -> bool:
    """Say whether an update takes or asks something that system users have to do with."""
    members = {
        each.member for each in change.open_fields if each.expected is None or each.member != "clientId"
    }
    return isinstance(change, Update) and bool(members & {"clientId", "rights", "accessPackages"})


def _count_users(system: str, register: Register) -> dict[str, int] | None:
    """Count the system users by type; None where they cannot be read, which is not 0."""
    try:
        return register.count_system_users(system)
    except RegisterError:
        return None
