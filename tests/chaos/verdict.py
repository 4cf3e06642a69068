"""What has to be true of one run: every word of it is held against the change log and the proxy's list."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.chaos.scenario import compare, read_logged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.chaos.command import Run, Said
    from tests.chaos.others import Written
    from tests.chaos.scenario import Document, Scenario

TABLE = {0, 1, 2, 3, 4, 5}
"""The exit codes that the README lists."""


_OURS = re.compile(r"^(Environment|Plan|error:|Interrupted)", re.MULTILINE)
"""How the first line that the program itself prints may begin."""


def check_process(run: Run) -> Iterator[str]:
    """The exit code is of the table, and no fault of the program shows."""
    if run.trouble.signal and not run.exchanges and _OURS.search(run.printed) is None:
        return  # the interpreter was still starting, and answers signals as it likes
    killed = {-9} if "KILL" in str(run.trouble) else set()
    if run.code is None:
        yield f"it did not end within its time ({run.seconds:.0f} s)"
    elif run.code not in TABLE | killed:
        yield f"the exit code {run.code} is not of the table"
    for sign in ("Traceback (most recent call last)", "fault of reconciler", "Exception ignored"):
        if sign in run.printed:
            line = next(each for each in run.printed.splitlines() if sign in each)
            yield f"it printed: {line}"


def find_ours(run: Run, name: str) -> list[Document]:
    """Find the entries of the change log that the program made in this run; oldest first."""
    known = {each["created"] for each in run.before.logs.get(name, ())}
    others = {each.created for each in run.others.written if each.system == name}
    return [
        each
        for each in run.after.logs.get(name, ())
        if each["created"] not in known | others and each.get("clientId") == run.others.own_client
    ]


def check_writes(run: Run) -> Iterator[str]:
    """No request of the run has had two effects, and all that the register took stands in the log."""
    for name in run.after.logs:
        ours = find_ours(run, name)
        told = [json.dumps([each["changeType"], each.get("changedData")], sort_keys=True) for each in ours]
        for each in sorted(set(told)):
            if told.count(each) > 1:
                yield f"{name}: one write stands {told.count(each)} times in the change log: {each[:60]}"
        taken = [e for e in run.exchanges if e.is_write and e.system == name and e.status and e.status < 300]
        if len(taken) > len(ours):
            yield f"{name}: the register took {len(taken)} writes, and the log has {len(ours)}"
    if run.verb != "apply" and run.wrote:
        yield f"{run.verb} sent a write"


def check_outcomes(run: Run, scenario: Scenario) -> Iterator[str]:
    """Every outcome that was printed is true, and so is the exit code."""
    said, progress, problems = run.read_said()
    yield from problems
    names = [each.id for each in progress]
    yield from (f"{name} ends twice on stderr" for name in sorted(set(names)) if names.count(name) > 1)
    for each in said or progress:
        yield from (f"{each.word} {each.id}: {problem}" for problem in _check_outcome(run, scenario, each))
    words = {each.id: each.word for each in said}
    for each in progress:
        if words and words.get(each.id) != each.word:
            yield f"{each.id} is {each.word} on stderr and {words.get(each.id)} in the report"
    if said and not run.was_killed:
        yield from _check_code(run, said)
        for name in run.after.logs:
            if find_ours(run, name) and name not in words:
                yield f"{name} was written to, and the report does not name it"
    if said and not run.was_killed:
        yield from _check_bystanders(run, scenario, said)
    if run.code in {2, 4}:
        yield from (
            f"{n} was written to, and the exit code is {run.code}"
            for n in run.after.logs
            if find_ours(run, n)
        )


def find_disturbed(run: Run, scenario: Scenario) -> set[str] | None:
    """Find the systems that something happened to; None where it happened to all of them."""
    calm = {"writer", "status", "garbage", "half", "slow", "lost", "reset"}
    struck = [each for each in run.exchanges if each.notes]
    trouble = run.trouble
    if trouble.signal or trouble.tokens or trouble.disk is not None or trouble.is_mute:
        return None
    if any(each.kind not in calm or each.status == 401 for each in trouble.strikes):
        return None
    if any(not each.system for each in struck):
        return None
    names = {each.system for each in struck} | {each.system for each in find_touched(run)}
    names |= {each.wanted_by for each in run.others.claimed}
    names |= {each.system for each in run.others.written if each.what == "delete"}
    return names.union(*(scenario.linked.get(name, {name}) for name in names))


def _check_bystanders(run: Run, scenario: Scenario, said: list[Said]) -> Iterator[str]:
    """What nothing happened to is done."""
    disturbed = find_disturbed(run, scenario)
    for each in said:
        if disturbed is not None and each.id not in disturbed and each.word != "done":
            yield f"{each.word} {each.id}, to which nothing had happened: {each.reason}"


def _check_code(run: Run, said: list[Said]) -> Iterator[str]:
    words = {each.word for each in said}
    if "unknown" in words and run.code != 5:
        yield f"an outcome is unknown, and the exit code is {run.code}"
    if words - {"done", "unknown"} and run.code not in {1, 5}:
        yield f"outcomes are {sorted(words)}, and the exit code is {run.code}"
    if run.code == 5 and "unknown" not in words:
        yield "the exit code is 5, and no outcome is unknown"


def _check_outcome(run: Run, scenario: Scenario, said: Said) -> Iterator[str]:
    ours = find_ours(run, said.id)
    if said.word in {"stale", "not tried"} and ours:
        yield f"its log has {_name(ours)}"
    if said.word == "failed" and ours and not _came_late(run, said.id):
        quiet = said.differs == [] and "put back" not in said.reason and not find_touched(run, said.id)
        is_named = said.differs is None or "deleted" in said.reason  # a line of progress gives no reason
        gone = is_named and any(each.what == "delete" for each in find_touched(run, said.id))
        if _says(ours[-1], scenario.systems[said.id].asked) and not gone:
            yield f"its log has {_name(ours)}, as was asked"
        elif quiet:
            yield f"nothing is said to differ, and its log has {_name(ours)}"
    if said.word == "done":
        yield from _check_done(run, scenario, said)


def _check_done(run: Run, scenario: Scenario, said: Said) -> Iterator[str]:
    """What is done stands in the log, and is what the register holds, or something else is said."""
    if said.reason:
        return
    ours = find_ours(run, said.id)
    asked, held = scenario.systems[said.id].asked, run.after.documents.get(said.id)
    if not ours or not _says(ours[-1], asked):
        yield f"its log has no entry of it, but {_name(ours) or 'nothing'}"
    later = [each for each in find_touched(run, said.id) if ours and each.created > ours[-1]["created"]]
    if later and all(is_unseen(run, each) for each in later):
        return
    if held is None or (asked is None) is not held["isDeleted"]:
        yield "the register does not show it"
    elif asked is not None and said.differs == [] and compare(asked, held):
        yield f"the register differs in {', '.join(compare(asked, held))}, and that is not said"


def _says(entry: Document, asked: Document | None) -> bool:
    """Say whether an entry is the final write of a change."""
    if asked is None:
        return bool(entry["changeType"] == "delete")
    if entry["changeType"] not in {"create", "update"}:
        return False
    return not compare(asked, read_logged(entry["changedData"]))


def _name(entries: list[Document]) -> str:
    return ", ".join(f"{each['changeType']} at {each['created']}" for each in entries)


def _came_late(run: Run, name: str) -> bool:
    """Say whether the register carried a write out when the time that the program gives it was over.

    A run that somebody stops waits for nothing; it has to say that it does not know.
    """
    return any(
        each.landed is not None and each.landed > each.at + run.patience
        for each in run.exchanges
        if each.is_write and each.system == name
    )


def find_touched(run: Run, name: str = "") -> list[Written]:
    """Find what others wrote to a system during the run, or to any."""
    return [each for each in run.others.written if each.run == run.number and name in {"", each.system}]


def is_unseen(run: Run, written: Written) -> bool:
    """Say whether the program asked nothing more about a system after somebody wrote to it.

    What it asked while that write was under way may have been answered before it was carried out.
    """
    beside = next(each for each in run.exchanges if each.number == written.exchange)
    over = max(beside.landed or 0.0, beside.ended)
    return not any(
        each.system == written.system and (each.at > over or (each is beside and written.phase == "before"))
        for each in run.exchanges
        if each.number >= written.exchange
    )


def _could_not_ask(run: Run, name: str) -> bool:
    """Say whether what the program asked about a system was answered otherwise than the register did."""
    return any(each.system == name and each.told != str(each.status) for each in run.exchanges)


_FATE = re.compile(r"^(done|not done|unknown) +(.+) (\S+)$")


def read_fates(run: Run) -> list[tuple[str, str, str]]:
    """Read what `recover` said: fate, purpose and system of each request."""
    if run.out.lstrip().startswith("{"):
        try:
            read: list[dict[str, Any]] = json.loads(run.out).get("recovered", [])
        except ValueError:
            return []
        words = {"done": "done", "undone": "not done", "unknown": "unknown"}
        return [(words[each["fate"]], each["purpose"], each["id"]) for each in read]
    return [(m[1], m[2].strip(), m[3]) for line in run.out.splitlines() if (m := _FATE.match(line))]


def check_fates(run: Run, earlier: Run | None) -> Iterator[str]:
    """What `recover` said of each request is true."""
    if earlier is None:
        return
    fates = read_fates(run)
    for fate, purpose, name in fates:
        writes = [each for each in earlier.exchanges if each.is_write and each.system == name]
        one = writes[0] if writes and purpose.startswith("release") else (writes[-1] if writes else None)
        ours = find_ours(earlier, name)
        done = one is not None and one.landed is not None and bool(ours)
        done = done and (len(ours) == len(writes) or one is not writes[-1] or (one.status or 0) < 300)
        if fate == "done" and not done:
            yield f"recover: done {purpose} {name}, and its log has {_name(ours) or 'nothing of ours'}"
        if fate == "not done" and done:
            yield f"recover: not done {purpose} {name}, and its log has {_name(ours)}"
        if fate == "unknown" and not (
            any(each.system == name for each in run.others.written) or _could_not_ask(run, name)
        ):
            yield f"recover: unknown {purpose} {name}, and its log has {_name(ours) or 'nothing of ours'}"
    unknown = any(fate == "unknown" for fate, _, _ in fates)
    if run.code == 5 and not unknown and not run.trouble.is_mute:
        yield "recover ended with 5, and no fate is unknown"
    if unknown and run.code != 5 and not run.was_killed:
        yield f"recover left something unknown, and ended with {run.code}"


def check_named(runs: Sequence[Run], earlier: Run) -> Iterator[str]:
    """What a killed run had sent without looking again is named by the `recover`s that came after it."""
    after = [run for run in runs if run.number > earlier.number and run.verb == "recover"]
    if not earlier.was_killed or any(run.was_killed or str(run.trouble) != "calm" for run in after[:-1]):
        return
    last = {each.system: each for each in earlier.exchanges if each.system}
    named = {name for run in after for _, _, name in read_fates(run)}
    named |= {each.id for each in earlier.read_said()[1]}
    for name, each in last.items():
        if each.is_write and name not in named:
            yield f"recover does not name what was sent to {name}"
