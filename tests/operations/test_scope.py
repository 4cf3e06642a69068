"""Plans of some systems only, and what the others have to do with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Refused, ServerFailed, UsageError
from reconciler.execution.impact_evidence import check_managed
from reconciler.operations.broken_files import BrokenFile
from reconciler.operations.plan import plan
from reconciler.operations.scope import Scope
from reconciler.operations.selection import check_form
from reconciler.planning.change import Blocked, Create, Delete, Update
from reconciler.planning.narrowing import Narrowing, Unjudged
from tests.builders import CLIENT, OTHER_CLIENT
from tests.operations.test_operations import OWNERSHIP, TARGET, Memory, define, name

if TYPE_CHECKING:
    from reconciler.definitions.definition import Resolved
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.plan import Plan


@dataclass
class Counted(Memory):
    """A register that notes whose document it was asked for."""

    asked: list[str] = field(default_factory=list)

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read a system, and note it."""
        self.asked.append(system)
        return super().read_system(system)


def hold(**systems: list[str]) -> Counted:
    """Hold systems with these client ids."""
    memory = Counted()
    for word, clients in systems.items():
        memory.hold(word, clientId=clients)
    return memory


def make(memory: Memory, *systems: Resolved, scope: Scope) -> Plan:
    """Plan within a scope."""
    return plan(systems, TARGET, memory, OWNERSHIP, scope=scope)


def only(*words: str) -> Scope:
    """Ask for some systems."""
    return Scope(only=tuple(map(name, words)))


def test_the_others_are_neither_read_nor_reported() -> None:
    """Neither those that are defined nor those that are not; how many there are is said."""
    memory = hold(a=[], b=[], other=[], stray=[])
    systems = [define("a", clientId=[], isVisible=False), define("b", clientId=[]), define("c", clientId=[])]

    made = make(memory, *systems, scope=only("a", "str*"))

    assert [each.id for each in made.changes] == [name("a")]
    assert [each.id for each in made.unmanaged] == [name("stray")]
    assert sorted(memory.asked) == [name("a"), name("stray")]
    assert made.narrowed == Narrowing((name("a"), name("str*")), definitions=2, registered=1, unmanaged=1)


def test_a_plan_of_everything_leaves_nothing_out() -> None:
    """It has no such member."""
    assert make(hold(a=[]), define("a", clientId=[]), scope=Scope()).narrowed is None


def test_a_pattern_that_fits_nothing_is_a_usage_error() -> None:
    """The nearest ids are named, of definitions and of registered systems alike."""
    memory = hold(shop=[], stray=[])
    with pytest.raises(UsageError, match=f"{name('shpo')} fits no system") as caught:
        make(memory, define("shop", clientId=[]), scope=only("shop", "shpo"))

    assert f"The nearest: {name('shop')}" in caught.value.hint
    with pytest.raises(UsageError, match="fits no system"):
        make(memory, define("shop", clientId=[]), scope=Scope(only=(name("SHOP"),)))


@pytest.mark.parametrize("pattern", ["", "*" * 11, "a" * 301])
def test_what_can_be_no_pattern_is_a_usage_error(pattern: str) -> None:
    """An empty one, such as a variable that nobody set, must not mean everything."""
    with pytest.raises(UsageError, match="--only takes"):
        check_form(["a", pattern])


def test_patterns_count_once() -> None:
    """The same twice is the same."""
    assert check_form(["a", "b*", "a"]) == ("a", "b*")


@pytest.mark.parametrize("holder", ["left", "other"])
def test_a_client_id_that_another_system_holds_blocks_its_claim(holder: str) -> None:
    """The holder is one whose definition is left out, and one without a definition."""
    memory = hold(a=[], **{holder: [CLIENT]})
    systems = [define("a", clientId=[CLIENT]), define("left", clientId=[])]

    (change,) = make(memory, *systems, scope=only("a")).changes

    assert isinstance(change, Blocked)
    assert f"client id {CLIENT} is on `{name(holder)}`" in change.reason
    if holder == "left":
        assert f"Add `--only {name('left')}`" in change.hint
        both = make(memory, *systems, scope=only("a", "left"))
        assert {type(each) for each in both.changes} == {Update}


def test_others_are_read_for_a_claim_only() -> None:
    """One that a system of the plan releases needs no proof, and one that it holds neither."""
    memory = hold(a=[CLIENT], b=[OTHER_CLIENT], other=[])
    move = [define("a", clientId=[OTHER_CLIENT]), define("b", clientId=[CLIENT])]

    assert {type(each) for each in make(memory, *move, scope=only("a", "b")).changes} == {Update}
    assert sorted(memory.asked) == [name("a"), name("b")]
    (change,) = make(hold(other=[]), define("new"), scope=only("new")).changes
    assert isinstance(change, Create)


def test_a_client_id_that_a_left_out_system_asks_for_is_not_released() -> None:
    """Its customers would have no token until the other one is applied."""
    systems = [define("a", clientId=[]), define("b", clientId=[CLIENT])]

    (change,) = make(hold(a=[CLIENT], b=[]), *systems, scope=only("a")).changes

    assert isinstance(change, Blocked)
    assert f"client id {CLIENT} would go to `{name('b')}`, which is left out" in change.reason
    assert f"--only {name('b')}" in change.hint


def test_many_changes_are_measured_by_all_managed_systems() -> None:
    """Four of four that were asked for are no mass change where twenty are managed."""
    words = [f"s{number:02}" for number in range(20)]
    memory = hold(**{word: [] for word in words})
    systems = [define(word, clientId=[], isVisible=False) for word in words]

    assert make(memory, *systems, scope=only("s0[0-3]")).impacts == ()
    assert make(memory, *systems, scope=only("s0*")).impacts != ()


def test_expected_systems_are_marked_and_still_hold_their_client_ids() -> None:
    """Those that fit a pattern of the configuration; a pattern that fits none is named."""
    memory = hold(old_1=[CLIENT], old_2=[], stray=[], a=[])
    expecting = replace(OWNERSHIP, foreign=frozenset({name("old_*"), name("a"), name("gone")}))

    made = plan([define("a", clientId=[CLIENT])], TARGET, memory, expecting)

    assert [(each.id, each.expected) for each in made.unmanaged] == [
        (name("old_1"), True),
        (name("old_2"), True),
        (name("stray"), False),
    ]
    assert made.summary["unmanaged"] == 1
    assert sorted(made.unmatched) == [name("a"), name("gone")]
    assert isinstance(made.changes[0], Blocked)


def a_broken_file(text: str = "", *words: str, earlier: Resolved | None = None) -> BrokenFile:
    """Make a file that cannot be used."""
    unjudged = Unjudged("systems/broken.yaml", "`name` is missing", 1, tuple(map(name, words)))
    return BrokenFile(unjudged, text, (earlier.system,) if earlier else ())


def test_the_system_of_a_broken_file_is_not_unmanaged() -> None:
    """It is named as one that could not be judged, and its client ids are still its own."""
    memory = hold(a=[], broken=[CLIENT], stray=[])
    scope = Scope(broken=(a_broken_file("", "broken"),))

    made = make(memory, define("a", clientId=[CLIENT]), scope=scope)

    assert [each.id for each in made.unmanaged] == [name("stray")]
    assert [each.ids for each in made.unjudged] == [(name("broken"),)]
    (change,) = made.changes
    assert isinstance(change, Blocked)
    assert change.reason == (
        f"client id {CLIENT} is on `{name('broken')}`, whose definition is systems/broken.yaml, which cannot be used"
    )
    assert change.hint.startswith("Correct systems/broken.yaml first")


@pytest.mark.parametrize("where", ["text", "earlier"])
def test_a_client_id_that_a_broken_file_names_neither_comes_nor_goes(where: str) -> None:
    """What it asks for is not known; that it names the id now, or named it, is reason enough."""
    earlier = define("x", clientId=[CLIENT]) if where == "earlier" else None
    broken = a_broken_file(f"clientId: [{CLIENT}" if where == "text" else "", earlier=earlier)
    memory = hold(a=[CLIENT], b=[])
    systems = [define("a", clientId=[], withdrawn=True), define("b", clientId=[])]

    released, kept = make(memory, *systems, scope=Scope(broken=(broken,))).changes
    (claimed,) = make(hold(), define("c", clientId=[CLIENT]), scope=Scope(broken=(broken,))).changes

    assert isinstance(make(memory, *systems, scope=Scope()).changes[0], Delete)
    for change in (released, claimed):
        assert isinstance(change, Blocked)
        assert change.reason == f"client id {CLIENT} stands in systems/broken.yaml, which cannot be used"
    assert kept.reason == ""


def test_claims_are_proven_without_a_list_too() -> None:
    """Where the register cannot list, every definition that was left out is asked for."""

    @dataclass
    class Unlisted(Counted):
        def list_systems(self) -> list[object]:  # type: ignore[override]  # it never answers
            raise ServerFailed("No.", status=500)

    memory = Unlisted()
    memory.hold("a", clientId=[])
    memory.hold("left", clientId=[CLIENT])
    systems = [define("a", clientId=[CLIENT]), define("left", clientId=[])]

    made = make(memory, *systems, scope=only("a"))

    assert isinstance(made.changes[0], Blocked)
    assert made.unlisted
    assert made.narrowed == Narrowing((name("a"),), definitions=1)


def test_a_plan_that_counts_more_managed_systems_than_there_are_is_refused() -> None:
    """A file that says so would hide a change of many systems; an honest one is asked for nothing it does not say."""
    words = [f"s{number:02}" for number in range(20)]
    memory = hold(**{word: [] for word in words})
    systems = [define(word, clientId=[], isVisible=False) for word in words]
    honest = make(memory, *systems, scope=only("s0[0-3]"))
    assert honest.narrowed is not None
    false = replace(honest, narrowed=replace(honest.narrowed, registered=17))

    check_managed(honest, memory)
    with pytest.raises(Refused, match="leaves out 17 managed systems, and the register has 16 others"):
        check_managed(false, memory)
    check_managed(replace(false, changes=honest.changes[:1]), memory)
