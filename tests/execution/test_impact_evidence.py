"""What a plan is judged by, with a register in memory: the change logs that can add nothing are not asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clients.parallel import read_all
from reconciler.errors import Refused
from reconciler.execution.freshness import check_fresh
from reconciler.execution.impact_evidence import gather_evidence
from reconciler.planning.plan import judge_plan, plan_changes
from tests.builders import CLIENT, OTHER_CLIENT, a_resolved, a_system
from tests.operations.test_operations import OWNERSHIP, TARGET, Memory, a_write, name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.clients.register import Register
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import System
    from reconciler.planning.ownership import Ownership
    from reconciler.planning.plan import Plan

ONE = name("a")
STATES: dict[str, list[Json]] = {
    "isVisible": [True, False],
    "clientId": [[], [CLIENT], [CLIENT, OTHER_CLIENT]],
    "name": [{"nb": text, "nn": text, "en": text} for text in ("x", "y")],
    "allowedRedirectUrls": [[], ["https://a.example"], ["https://b.example"]],
}
some_members = st.fixed_dictionaries({key: st.sampled_from(values) for key, values in STATES.items()})


def remember(*revisions: System, shown: int | None = None) -> Ownership:
    """Give what is ours with a history, of which one pass shows so many; None shows all."""
    cut = shown is not None and shown < len(revisions)

    def search(files: Mapping[str, str], is_enough: Callable[[System], bool]) -> frozenset[str]:
        enough = any(is_enough(each) for each in revisions[:shown])
        return frozenset(files if cut and not enough else ())

    return replace(OWNERSHIP, list_revisions=lambda _file, _system: revisions, search_revisions=search)


def make(memory: Memory, **members: Json) -> Plan:
    """Compare one definition with what is held."""
    register = cast("Register", memory)
    return plan_changes(TARGET, [a_resolved("tt02", id=ONE, **members)], read_all(register, [ONE]), [])


def judge(made: Plan, memory: Memory, ownership: Ownership, *, for_apply: bool) -> tuple[Plan, list[str]]:
    """Judge a plan, and say whose logs were asked for."""
    memory.asked_logs.clear()
    evidence = gather_evidence(made, cast("Register", memory), ownership, for_apply=for_apply)
    return judge_plan(made, evidence), list(memory.asked_logs)


@given(
    wanted=some_members,
    held=some_members,
    writes=st.lists(st.tuples(st.sampled_from(["ours", "theirs", ""]), some_members), max_size=3),
    revisions=st.lists(some_members, max_size=3),
    shown=st.one_of(st.none(), st.integers(0, 3)),
)
def test_a_plan_to_be_read_is_judged_as_one_for_apply(
    wanted: dict[str, Json],
    held: dict[str, Json],
    writes: Sequence[tuple[str, dict[str, Json]]],
    revisions: Sequence[dict[str, Json]],
    shown: int | None,
) -> None:
    """Whatever the log and the history say; how the history is read makes no difference either."""
    memory = Memory()
    memory.hold("a", **held)
    log = [a_write(client, hour, id=ONE, **each) for hour, (client, each) in enumerate(writes)]
    memory.logs[ONE] = log[::-1]
    made = make(memory, **wanted)
    systems = [a_system(id=ONE, **each) for each in revisions]
    by_file = replace(OWNERSHIP, list_revisions=lambda _file, _system: systems)

    whole, _ = judge(made, memory, by_file, for_apply=True)
    brief, asked = judge(made, memory, remember(*systems, shown=shown), for_apply=False)

    assert [each.impacts for each in brief.changes] == [each.impacts for each in whole.changes]
    assert (brief.impacts, brief.digest) == (whole.impacts, whole.digest)
    assert [each.newest for each in brief.changes] == (
        [each.newest for each in whole.changes] if asked else [None]
    )


@pytest.mark.parametrize(
    ("held", "revisions", "asked"),
    [
        ({}, [a_system(id=ONE)], False),
        ({}, [a_system(id=ONE, isVisible=False)], True),
        ({}, [], True),
        ({"clientId": []}, [a_system(id=ONE), a_system(id=ONE, clientId=[])], True),
    ],
    ids=["stated", "stated-otherwise", "no-history", "absent-is-never-stated"],
)
def test_a_log_is_asked_for_where_it_can_add_something(
    held: dict[str, Json], revisions: Sequence[System], *, asked: bool
) -> None:
    """P5: where every open live value is one of a committed revision's, who set it makes no difference."""
    memory = Memory(logs={ONE: [a_write(id=ONE)]})
    memory.hold("a", **held)
    made = make(memory, isVisible=False)

    plain, logs = judge(made, memory, remember(*revisions), for_apply=False)
    saved, all_logs = judge(made, memory, remember(*revisions), for_apply=True)

    assert (logs, all_logs) == ([ONE] if asked else [], [ONE])
    assert saved.changes[0].newest == "2026-11-20T01:00:00Z"
    assert plain.changes[0].newest == ("2026-11-20T01:00:00Z" if asked else None)


def test_a_deletion_is_judged_with_its_log() -> None:
    """What is deleted is gone for ever, so apply is to find whatever came since."""
    memory = Memory(logs={ONE: [a_write(id=ONE)]})
    memory.hold("a")

    _, asked = judge(make(memory, withdrawn=True), memory, remember(a_system(id=ONE)), for_apply=False)

    assert asked == [ONE]


def test_a_history_by_itself_is_read_only_where_the_log_names_others() -> None:
    """Each costs processes of git: where our own write set the value, it makes no difference who stated it."""
    read: list[str] = []

    def list_revisions(_file: str, system: str) -> Sequence[System]:
        read.append(system)
        return [a_system(id=ONE)]

    for client, expected in (("ours", []), ("theirs", [ONE])):
        memory = Memory(logs={ONE: [a_write(client, id=ONE), a_write("ours", 0, id=ONE, isVisible=False)]})
        memory.hold("a")
        ownership = replace(
            remember(shown=0),
            list_revisions=list_revisions,
            search_revisions=lambda files, _: frozenset(files),
        )

        judged, _ = judge(make(memory, isVisible=False), memory, ownership, for_apply=False)

        assert (read, judged.breaking) == (expected, ())


def test_a_plan_without_logs_is_fresh_where_its_history_is_not_there() -> None:
    """A shallow clone knows less: what others wrote then counts as theirs, and what we wrote is no reason to refuse."""
    for client, refused in (("ours", False), ("theirs", True)):
        memory = Memory(logs={ONE: [a_write(client, id=ONE), a_write("ours", 0, id=ONE, isVisible=False)]})
        memory.hold("a")
        made, asked = judge(
            make(memory, isVisible=False), memory, remember(a_system(id=ONE)), for_apply=False
        )
        assert (asked, made.changes[0].newest) == ([], None)

        if refused:
            with pytest.raises(Refused, match="outside-value-overwritten"):
                check_fresh(made, cast("Register", memory), OWNERSHIP)
        else:
            check_fresh(made, cast("Register", memory), OWNERSHIP)
        assert memory.asked_logs == [ONE]


def test_a_plan_that_names_its_newest_entry_is_held_against_the_log() -> None:
    """A saved plan is only a claim: the log is read although no value of it needs it."""
    memory = Memory(logs={ONE: [a_write(id=ONE)]})
    memory.hold("a")
    ownership = remember(a_system(id=ONE))
    made, _ = judge(make(memory, isVisible=False), memory, ownership, for_apply=True)
    check_fresh(made, cast("Register", memory), ownership)
    claimed = replace(
        made, changes=tuple(replace(each, newest="2026-11-21T00:00:00Z") for each in made.changes)
    )

    with pytest.raises(Refused, match="there is none of that time"):
        check_fresh(claimed, cast("Register", memory), ownership)
