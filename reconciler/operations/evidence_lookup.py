"""What the register shows today of the writes that evidence is of: entries cannot be taken out of its change log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.clients.parallel import ask_all, read_all
from reconciler.model.canonical_json import digest_json
from reconciler.planning.change_log import LogEntry, describe_entries, find_since, read_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.clients.register import Register
    from reconciler.execution.journal import RecordedOutcome, Run
    from reconciler.model.system import RegisteredSystem


@dataclass(frozen=True, slots=True)
class Shown:
    """What the register shows of one system that a run wrote."""

    id: str
    entries: int
    """How many entries of its change log prove the run's requests."""
    stands: bool
    """Whether all of them are there and equal, and the document is what they explain."""
    reason: str


def look_up_evidence(run: Run, register: Register) -> tuple[Shown, ...]:
    """Look for what a run wrote, by id; systems of which nothing is known to be written are left out.

    Raises what `Register` raises.
    """
    written: dict[str, list[RecordedOutcome]] = {}
    for _, outcome in sorted(run.outcomes.items()):
        if outcome.entry is not None:
            written.setdefault(outcome.id, []).append(outcome)
    names = sorted(written)
    logs, found = ask_all(register.read_changes, names), read_all(register, names)
    return tuple(_compare(written[name], read_log(logs[name]), found[name]) for name in names)


def _compare(
    written: Sequence[RecordedOutcome], log: Sequence[LogEntry], found: RegisteredSystem | None
) -> Shown:
    entries = [LogEntry(**each.entry) for each in written if each.entry is not None]
    last = written[-1]
    by_time = {each.created: each for each in log}
    gone = [each for each in entries if each.created not in by_time]
    changed = [each for each in entries if each not in gone and by_time[each.created] != each]
    later = find_since(log, entries[-1].created)
    stands = False
    if gone:
        reason = f"its change log has no entry of {gone[0].created}"
    elif changed:
        reason = f"its change log's entry of {changed[0].created} says something else"
    elif found is None:
        reason = "the register does not have it"
    elif later:
        stands, reason = True, f"it was written since: {describe_entries(later)}"
    elif last.held is not None and found.digest == digest_json(last.held):
        stands, reason = True, "it is as it was read back"
    else:
        reason = "it is not as it was read back, and its change log has no later entry"
    return Shown(last.id, len(entries), stands, reason)
