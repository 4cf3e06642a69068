"""What the writes of a plan are judged by: who set what, and how many system users there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.clients.parallel import ask_all
from reconciler.errors import Refused, RegisterError
from reconciler.planning.change import Delete, Update
from reconciler.planning.change_log import read_log, replay
from reconciler.planning.diff import look_up, spread
from reconciler.planning.impact import Evidence, judge_all

if TYPE_CHECKING:
    from reconciler.clients.register import Register
    from reconciler.planning.change import Change
    from reconciler.planning.ownership import Ownership
    from reconciler.planning.plan import Plan


def gather_evidence(made: Plan, register: Register, ownership: Ownership) -> dict[str, Evidence]:
    """Gather what the writes of a plan are judged by: who set what, and how many system users there are.

    The change log of whatever is written is read after its document, so that apply finds what came since; one
    comes whole, 1.1 kB an entry (System Register contract §5), and that of nothing else is read.
    """
    updated = {each.id: each for each in made.writes if isinstance(each, Update)}
    touched = [each.id for each in made.writes if isinstance(each, Delete) or _touches_users(each)]
    stated = ask_all(lambda name: _find_stated(updated[name], ownership), [*updated])
    logged, workers = [each.id for each in made.writes if each.live is not None], register.workers
    answers = ask_all(register.read_changes, logged, workers=workers)
    states = {name: replay(read_log(answer)) for name, answer in answers.items()}
    users = ask_all(lambda name: _count_users(name, register), touched, workers=workers)
    return {
        each.id: Evidence(
            states[each.id],
            ownership.clients,
            None if (kinds := users.get(each.id)) is None else sum(kinds.values()),
            None if kinds is None else kinds.get("agent", 0),
            stated.get(each.id, frozenset()),
        )
        for each in made.writes
        if each.id in states
    }


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


def _find_stated(change: Change, ownership: Ownership) -> frozenset[str]:
    """Find the fields whose live value a committed revision of the definition states, by path.

    What is absent is stated by nothing: an entry can be new, or somebody can have taken it away.
    """
    fields = [each for each in change.open_fields if each.actual is not None] if change.file else []
    trees = [spread(each) for each in ownership.list_revisions(change.file, change.id)] if fields else []
    return frozenset(
        each.path for each in fields if any(look_up(tree, each.steps) == each.actual for tree in trees)
    )


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
