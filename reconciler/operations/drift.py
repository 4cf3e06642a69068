"""Reports every difference between the files and the register, with who made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.changelog import State, read_log, replay
from reconciler.drift import find_drift
from reconciler.survey import ask_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.changelog import LogEntry
    from reconciler.drift import Circumstances, DriftReport
    from reconciler.plan import Plan
    from reconciler.register import Register
    from reconciler.survey import Progress


def detect_drift(
    made: Plan, register: Register, around: Circumstances, *, progress: Progress | None = None
) -> DriftReport:
    """Tell every difference between the files and the register, by the change log of every system.

    `made` has been traced through the history of the files.
    """
    ids = [
        *(change.id for change in made.changes if change.live is not None),
        *(each.id for each in made.unmanaged if not each.unreadable),
    ]
    answers = ask_all(register.read_changes, ids, progress, workers=register.workers)
    differing = {each.id for each in made.changes if each.open_fields}
    logs = {name: _replay(read_log(answer), whole=name in differing) for name, answer in answers.items()}
    return find_drift(made, logs, around)


def _replay(log: Sequence[LogEntry], *, whole: bool) -> tuple[State, ...]:
    """Replay a log; where nothing differs, who wrote is enough, and a thousand documents need not be read."""
    return replay(log) if whole else tuple(State(entry, None) for entry in log)
