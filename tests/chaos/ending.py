"""What has to be true when a round is over, and of all its runs together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.chaos.scenario import UNKNOWN, compare
from tests.chaos.verdict import find_ours

if TYPE_CHECKING:
    from collections.abc import Iterator, KeysView, Sequence
    from pathlib import Path

    from tests.chaos.command import Run
    from tests.chaos.others import Others, Written
    from tests.chaos.register import State
    from tests.chaos.scenario import Document, Scenario, Wanted


def find_dead(scenario: Scenario, others: Others) -> set[str]:
    """Find the systems that cannot be as asked any more: deleted by others, or waiting for such a one."""
    deleted = {each.system for each in others.written if each.what == "delete"}
    doomed = {name for name in deleted if name in scenario.systems and scenario.systems[name].asked}
    return doomed.union(*(scenario.linked.get(name, {name}) for name in doomed))


def check_register(scenario: Scenario, state: State, dead: set[str]) -> Iterator[str]:
    """The register holds what the files ask for, and no client id is lost or on two systems."""
    left = scenario.unmanaged
    if state.documents.get(left["id"]) != left:
        yield f"{left['id']}, which no file names, is not as it was"
    holders: dict[str, list[str]] = {}
    for name, document in state.documents.items():
        if not document["isDeleted"]:
            for client in document["clientId"]:
                holders.setdefault(client, []).append(name)
    yield from (f"client id {client} is on {names}" for client, names in holders.items() if len(names) > 1)
    for name, each in scenario.systems.items():
        if name not in dead:
            yield from _check_system(each, state.documents.get(name), holders.keys())


def _check_system(wanted: Wanted, held: Document | None, clients: KeysView[str]) -> Iterator[str]:
    """One system is as the files ask for it; `clients` are the ids that are on any system."""
    name, asked = wanted.id, wanted.asked
    if asked is None:
        if held is None or not held["isDeleted"]:
            yield f"{name} is not deleted"
    elif held is None or held["isDeleted"]:
        yield f"{name} is not registered"
    else:
        wrong = compare(asked, held)
        if wrong:
            yield f"{name} differs in {', '.join(wrong)}"
        lost = set(asked["clientId"]) - clients
        yield from (f"client id {client} of {name} is on no system" for client in sorted(lost))


def check_dead_named(runs: Sequence[Run], scenario: Scenario) -> Iterator[str]:
    """What others deleted although the files ask for it is named by the last run whose output could be read.

    That run need not know of what was deleted after it had asked about the system for the last time.
    """
    last = next(run for run in reversed(runs) if not run.trouble.is_mute)
    for each in last.others.written:
        wanted = scenario.systems.get(each.system)
        asked = max((one.number for one in last.exchanges if one.system == each.system), default=0)
        is_known = each.run < last.number or (each.run == last.number and asked > each.exchange)
        is_missed = wanted is not None and wanted.asked and each.system not in last.printed
        if each.what == "delete" and is_known and is_missed:
            yield f"others deleted {each.system}, and the last run does not name it"


def check_unknown_members(scenario: Scenario, state: State, others: Others) -> Iterator[str]:
    """What the program does not know is as it was, or as others left it."""
    for name, each in scenario.systems.items():
        held = state.documents.get(name)
        if each.live is None or held is None or held["isDeleted"]:
            continue
        values = dict(_find_unknown(each.live))
        left = dict(_find_unknown(held))
        rivals = {written.marker for written in others.written if written.system == name}
        asked = {entry for entry, _ in _find_entries(each.asked or {})}
        for path, value in values.items():
            entry = path.rpartition(" ")[0]
            if entry and entry != "vendor" and entry not in asked:
                continue
            now = left.get(path)
            if now is None:
                yield f"{name}: {UNKNOWN} of {path or 'the top'} is gone"
            elif now != value and not any(rival in now for rival in rivals):
                yield f"{name}: {UNKNOWN} of {path or 'the top'} was {value}, is {now}"


def _find_unknown(document: Document) -> Iterator[tuple[str, str]]:
    """Find the members that the program does not know, each with the entry that holds it."""
    if UNKNOWN in document:
        yield "", document[UNKNOWN]
    if UNKNOWN in document.get("vendor", {}):
        yield "vendor ", document["vendor"][UNKNOWN]
    for entry, value in _find_entries(document):
        if UNKNOWN in value:
            yield f"{entry} ", value[UNKNOWN]


def _find_entries(document: Document) -> Iterator[tuple[str, Document]]:
    for each in document.get("rights", ()):
        yield each["resource"][0]["value"], each
    for each in document.get("accessPackages", ()):
        yield each["urn"], each


def check_reported(runs: Sequence[Run], others: Others, final: State) -> Iterator[str]:
    """Nothing that others wrote was overwritten without being reported."""
    for each in others.written:
        run = find_overwriter(runs, each)
        if run is not None and run.number == each.run and run.code == 0:
            yield f"run {run.number} overwrote what others wrote, and ended with 0: {each}"
        if run is not None and not is_reported(runs, run, each):
            document = final.documents.get(each.system)
            if document is None or each.marker == "" or each.marker not in json.dumps(document):
                yield f"overwritten by run {run.number} without a word: {each}"


def find_overwriter(runs: Sequence[Run], written: Written) -> Run | None:
    """Find the run that wrote first to a system after somebody else did; None where none did.

    A deletion that was planned after they wrote is none: the plan said that all of it goes.
    """
    for run in runs:
        later = [each for each in find_ours(run, written.system) if each["created"] > written.created]
        if later:
            planned = run.number > written.run
            return None if later[0]["changeType"] == "delete" and planned else run
    return None


def is_reported(runs: Sequence[Run], overwriter: Run, written: Written) -> bool:
    """Say whether a run said what it overwrote, or, where it was cut short, `recover` or the journal says it."""
    texts = [overwriter.printed]
    if overwriter.was_killed or overwriter.trouble.is_mute or overwriter.trouble.disk is not None:
        texts.append(read_journals(overwriter.folder))
        texts += [run.printed for run in runs if run.number > overwriter.number and run.verb == "recover"]
    # The plan that was applied was shown by the run that made it.
    texts += [
        run.printed for run in runs if written.run <= run.number < overwriter.number and run.verb == "plan"
    ]
    return any(sign in text for text in texts for sign in written.signs)


def read_journals(root: Path) -> str:
    """Read everything that any run wrote down."""
    files = sorted((root / ".reconciler" / "journal").glob("*.jsonl"))
    return "\n".join(each.read_text(encoding="utf-8", errors="replace") for each in files)


def check_closed(root: Path) -> Iterator[str]:
    """No request of any run is open."""
    for path in sorted((root / ".reconciler" / "journal").glob("*.jsonl")):
        intents: dict[int, Any] = {}
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if record.get("kind") == "intent":
                intents[record["step"]] = record
            elif record.get("kind") == "outcome" and (
                record["outcome"] != "unknown" or record["by"] == "recover"
            ):
                intents.pop(record["step"], None)
        for each in intents.values():
            yield f"{path.name}: the request on {each['id']} is open"


def check_released(runs: Sequence[Run], scenario: Scenario, recover: Run) -> Iterator[str]:
    """After `recover`: a client id that a run released and nobody claimed is named by somebody."""
    state, dead = recover.after, find_dead(scenario, recover.others)
    held = {
        client
        for document in state.documents.values()
        if not document["isDeleted"]
        for client in document["clientId"]
    }
    alive = [each for each in scenario.systems.values() if each.id not in dead]
    wanted = {client for each in alive for client in (each.asked or {}).get("clientId", ())}
    had = {client for each in alive for client in (each.live or {}).get("clientId", ())}
    for client in sorted((had & wanted) - held):
        if client not in _outcome_text(runs, recover):
            yield f"client id {client} is on no system after recover, and nobody says so"


def _outcome_text(runs: Sequence[Run], recover: Run) -> str:
    """Give what was said of outcomes up to a `recover`: its words and the reports, not the plans on stderr."""
    texts = [recover.printed]
    for run in runs:
        if run.verb == "apply" and run.number < recover.number:
            said, _, _ = run.read_said()
            texts += [f"{each.reason} {each.differs}" for each in said]
    return "\n".join(texts)
