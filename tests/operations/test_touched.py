"""Plans of what a change touches: the same answer about it as a plan of everything, from fewer readings."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Refused
from reconciler.operations.archive import Archive, BaseFiles, mark_blocked_before
from reconciler.operations.plan import plan, plan_against, plan_unjudged
from reconciler.operations.scope import Scope
from reconciler.operations.touched import differs_beside, find_touched, spread
from reconciler.planning.narrowing import Narrowing
from reconciler.planning.plan import keep_what_changes
from reconciler.planning.plan_audit import check_whole
from reconciler.planning.plan_file import print_plan, read_plan
from tests.builders import a_live_document
from tests.git import commit_all, git
from tests.operations.test_operations import OWNERSHIP, TARGET, define, name
from tests.operations.test_scope import Counted, hold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan

BASE = "c" * 40
ARCHIVE = Archive(Path("nowhere"), "tt02", ("local", "tt02"))
CLIENTS = [f"00000000-0000-4000-8000-{number:012}" for number in range(9)]


def at_base(*systems: Resolved) -> BaseFiles:
    """Make the files of a base."""
    return BaseFiles("main", BASE, {each.definition.document.file: each.definition for each in systems})


def touch(before: Sequence[Resolved], after: Sequence[Resolved]) -> Scope:
    """Ask for what a change touches."""
    touched = find_touched(after, at_base(*before), "tt02")
    assert touched is not None
    return Scope(touched=touched)


def test_only_what_changed_is_read() -> None:
    """One list, and one reading of the definition that changed; the plan says how much it leaves out."""
    memory = hold(a=CLIENTS[:1], b=[], stray=[])
    before = [define("a", clientId=CLIENTS[:1]), define("b", clientId=[])]
    after = [define("a", clientId=CLIENTS[:1], isVisible=False), before[1]]

    made = plan(after, TARGET, memory, OWNERSHIP, scope=touch(before, after))

    assert [(each.id, each.action) for each in made.changes] == [(name("a"), "update")]
    assert memory.asked == [name("a")]
    assert made.narrowed == Narrowing((), definitions=1, registered=1, unmanaged=1, base=BASE)
    assert made.unmanaged == ()


def test_a_client_id_that_is_new_is_looked_for_on_every_system() -> None:
    """The register cannot look one up, and somebody may have put it on any system; each is read once."""
    memory = hold(a=[], b=CLIENTS[:1], c=[], stray=CLIENTS[1:2])
    before = [define(word, clientId=[]) for word in "abc"]
    taken = [define("a", clientId=CLIENTS[1:2]), *before[1:]]
    moved = [define("a", clientId=CLIENTS[:1]), *before[1:]]

    blocked = plan(taken, TARGET, memory, OWNERSHIP, scope=touch(before, taken))
    assert Counter(memory.asked) == {name(word): 1 for word in ("a", "b", "c", "stray")}
    released = plan(moved, TARGET, memory, OWNERSHIP, scope=touch(before, moved))

    assert [(each.id, each.action) for each in blocked.changes] == [(name("a"), "blocked")]
    # Where it is by hand on a system whose file does not ask for it, that system is part of the answer.
    assert [(each.id, each.action) for each in released.changes] == [
        (name("a"), "update"),
        (name("b"), "update"),
    ]


def test_a_definition_that_waits_for_the_client_id_is_part_of_the_answer() -> None:
    """It asked for it before the change, and is not applied: the plan shows who gets it."""
    memory = hold(a=CLIENTS[:1], b=[], c=[])
    before = [define("a", clientId=[]), define("b", clientId=CLIENTS[:1]), define("c", clientId=[])]
    after = [define("a", clientId=[], isVisible=False), *before[1:]]

    made = plan(after, TARGET, memory, OWNERSHIP, scope=touch(before, after))

    assert [each.id for each in made.changes] == [name("a"), name("b")]
    assert sorted(memory.asked) == [name("a"), name("b")]


def test_a_definition_that_is_gone_is_unmanaged() -> None:
    """Its system is read and named; other unmanaged systems are not."""
    memory = hold(a=[], b=[], stray=[])
    before = [define("a", clientId=[]), define("b", clientId=[])]

    made = plan(before[:1], TARGET, memory, OWNERSHIP, scope=touch(before, before[:1]))

    assert ([*made.changes], [each.id for each in made.unmanaged]) == ([], [name("b")])
    assert memory.asked == [name("b")]


def test_such_a_plan_cannot_be_applied() -> None:
    """It is read as JSON, and refused with what to do instead."""
    memory = hold(a=[])
    before, after = [define("a", clientId=[])], [define("a", clientId=[], isVisible=False)]
    made = plan(after, TARGET, memory, OWNERSHIP, scope=touch(before, after))

    again = read_plan(print_plan(made).encode())
    assert again == made
    with pytest.raises(Refused, match="compared only what was changed since cccccccccccc") as refused:
        check_whole(again)
    assert "reconciler plan --out FILE" in refused.value.hint
    # An approval of it counts for the plan of everything where nothing else is to be done.
    assert made.digest == plan(after, TARGET, memory, OWNERSHIP).digest


def test_an_unknown_base_may_be_anything() -> None:
    """Then everything is compared."""
    files = replace(at_base(), reason="the clone is shallow and does not hold main")

    assert find_touched([define("a", clientId=[])], files, "tt02") is None


@pytest.mark.parametrize(
    "file", ["reconciler.toml", "systems/.accepted.yaml", "systems/.catalogue.tt02.json"]
)
def test_what_decides_beside_definitions(tmp_path: Path, file: str) -> None:
    """The configuration, what stands accepted and the lists: added, changed, removed or replaced by a link."""
    git(tmp_path, "init", "-q", "-b", "main", "--template=")
    (tmp_path / "systems").mkdir()
    (tmp_path / "systems" / "one.yaml").write_text("id: one\n")
    bare = commit_all(tmp_path, "Begin")
    path = tmp_path / file
    path.write_text("x\n")
    with_it = commit_all(tmp_path, "Add it")

    def differs(commit: str) -> bool:
        return differs_beside(tmp_path, BaseFiles("main", commit, {}), ["tt02"])

    assert (differs(bare), differs(with_it)) == (True, False)
    path.write_text("y\n")
    assert differs(with_it)
    path.unlink()
    assert (differs(bare), differs(with_it)) == (False, True)
    path.symlink_to("one.yaml")
    assert differs(with_it)
    assert differs("")


@dataclass
class World:
    """Definitions before and after a change, and a register that others write to as well."""

    before: list[Resolved] = field(default_factory=list)
    after: list[Resolved] = field(default_factory=list)
    live: dict[str, dict[str, Json]] = field(default_factory=dict)

    def open(self) -> Counted:
        """Open the register."""
        memory = Counted()
        memory.systems.update(self.live)
        return memory


def _deal(chance: random.Random, words: Sequence[str]) -> dict[str, list[str]]:
    """Deal client ids out to systems: none is on two."""
    dealt: dict[str, list[str]] = {word: [] for word in words}
    for client in CLIENTS:
        if chance.random() < 0.7:
            dealt[chance.choice(words)].append(client)
    return dealt


def _write(chance: random.Random, asked: Mapping[str, list[str]], words: Sequence[str]) -> list[Resolved]:
    """Write definitions; some leave out what the register holds, and are blocked, or are withdrawn."""
    written = []
    for word in words:
        members: dict[str, object] = {"clientId": asked[word], "isVisible": chance.random() < 0.8}
        if chance.random() < 0.15:
            members["rights"] = ...
        if chance.random() < 0.08:
            members["withdrawn"] = True
        written.append(define(word, **members))
    return written


def _make_world(seed: int) -> World:
    chance = random.Random(seed)  # noqa: S311 - a seed gives the same world each time
    words = [f"s{number}" for number in range(7)]
    every = [*words, "u0", "u1"]
    asked = _deal(chance, words)
    world = World(before=_write(chance, asked, words[:6]))
    held = {word: list(clients) for word, clients in {**asked, "u0": [], "u1": []}.items()}
    for _ in range(chance.randrange(4)):  # what others did to the register, or what is not applied yet
        giver, taker = chance.sample(every, 2)
        moved = [client for client in held[giver] if chance.random() < 0.6]
        held[giver] = [client for client in held[giver] if client not in moved]
        held[taker] += moved if chance.random() < 0.7 else []
    for word in every:
        if chance.random() < 0.85:
            world.live[name(word)] = a_live_document(
                id=name(word),
                clientId=held[word],
                isVisible=chance.random() < 0.85,
                isDeleted=chance.random() < 0.07,
            )
    changed = chance.sample(words, chance.randrange(1, 4))
    pool = [client for word in changed for client in asked[word]]
    free = [client for client in CLIENTS if all(client not in clients for clients in asked.values())]
    again: dict[str, list[str]] = {word: [] for word in changed}
    for client in [*pool, *chance.sample(free, min(len(free), chance.randrange(2)))]:
        if chance.random() < 0.8:
            again[chance.choice(changed)].append(client)
    rewritten = {each.system.id: each for each in _write(chance, {**asked, **again}, changed)}
    gone = name(chance.choice(changed)) if chance.random() < 0.2 else ""
    kept = [each for each in world.before if each.system.id not in rewritten]
    world.after = [*kept, *(each for each in rewritten.values() if each.system.id != gone)]
    return world


def show(made: Plan, system: str) -> Json:
    """Show what a plan says about one system, whatever the numbers of its steps."""
    names = {step.number: (step.id, step.purpose) for step in made.steps}
    steps = [
        (
            step.method,
            step.purpose,
            step.document,
            step.claims,
            step.releases,
            sorted(names[number] for number in step.after),
        )
        for step in made.steps
        if step.id == system
    ]
    unmanaged = [(each.id, each.client_ids) for each in made.unmanaged if each.id == system]
    return [next((each for each in made.changes if each.id == system), None), steps, unmanaged]


def _check(seed: int) -> int:
    """Check one change; gives how many systems were not read for it."""
    world = _make_world(seed)
    files = at_base(*world.before)
    scope = touch(world.before, world.after)
    assert scope.touched is not None
    every, some = world.open(), world.open()
    whole = plan_unjudged(world.after, TARGET, every, OWNERSHIP)
    part = plan_unjudged(world.after, TARGET, some, OWNERSHIP, scope=scope)

    planned = {each.id for each in part.changes}
    assert scope.touched.ids & {each.system.id for each in world.after} <= planned
    for system in planned | scope.touched.ids:
        assert show(part, system) == show(whole, system), (seed, system)
    deleted = {system for system, each in world.live.items() if each["isDeleted"]} - scope.touched.ids
    blocked = [
        {each.id for each in mark_blocked_before(made, world.after, files, "tt02").newly_blocked} - deleted
        for made in (whole, part)
    ]  # a system that is deleted for ever is blocked whatever anybody changes, and holds no client id
    assert blocked[0] == blocked[1], seed
    there = [
        keep_what_changes(plan_against(world.after, TARGET, ARCHIVE, files.resolve("tt02"), each))
        for each in (Scope(), Scope(touched=spread(scope.touched)))
    ]
    assert there[0] == there[1], seed
    assert max(Counter(some.asked).values(), default=0) <= 1
    assert set(some.asked) <= set(every.asked)
    return len(every.asked) - len(some.asked)


def test_some_changes_get_the_same_answer() -> None:
    """What the plan of everything says of a touched system, that of the change says: every word of it."""
    spared = [_check(seed) for seed in range(20)]

    assert sum(map(bool, spared)) > 5


@pytest.mark.slow
def test_two_hundred_changes_get_the_same_answer() -> None:
    """Client ids that move, swap, are new or gone, others' writes, blocked, withdrawn and unregistered systems."""
    spared = [_check(seed) for seed in range(20, 220)]

    assert sum(map(bool, spared)) > 50
