"""Reports every difference between the files and the register, with who made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.clients.parallel import ask_all
from reconciler.planning.change_log import State, read_log, replay
from reconciler.planning.drift import find_drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.clients.parallel import Progress
    from reconciler.clients.register import Register
    from reconciler.planning.change_log import LogEntry
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.ownership import Ownership
    from reconciler.planning.plan import Plan


def detect_drift(
    made: Plan, register: Register, ownership: Ownership, *, progress: Progress | None = None
) -> DriftReport:
    """Report every difference between the files and the register, by the change log of every system.

    `made` has been traced through the history of the files.
    """
    ids = [
        *(change.id for change in made.changes if change.live is not None),
        *(each.id for each in made.unmanaged if not each.unreadable and not each.expected),
    ]
    answers = ask_all(register.read_changes, ids, progress, workers=register.workers)
    differing = {each.id for each in made.changes if each.open_fields or each.standing}
    logs = {
        name: _replay(read_log(answer), ownership, differs=name in differing)
        for name, answer in answers.items()
    }
    return find_drift(made, logs, ownership)


def _replay(log: Sequence[LogEntry], ownership: Ownership, *, differs: bool) -> tuple[State, ...]:
    """Replay a log; where nothing differs and we wrote last, a thousand documents need not be read."""
    whole = differs or any(entry.client not in ownership.clients for entry in log[:1])
    return replay(log) if whole else tuple(State(entry, None) for entry in log)
