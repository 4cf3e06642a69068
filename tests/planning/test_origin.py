"""Why a field differs: three values decide, and where they do not, the earlier revisions of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.planning.change import Blocked, Create, Delete, Keep, Update
from reconciler.planning.origin import DefinitionHistory, Origin, is_new, trace
from reconciler.planning.plan import Target, plan_changes
from tests.builders import CLIENT, VENDOR, a_registered_system, a_resolved, a_system

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import System
    from reconciler.planning.change import Change

TARGET = Target("tt02", "https://register.example", VENDOR)


def names(text: str) -> dict[str, Json]:
    """Give one name in all languages."""
    return {"name": {"nb": text, "nn": text, "en": text}}


def history(*systems: dict[str, Json]) -> Callable[[], Sequence[System]]:
    """Make the earlier revisions of a definition, newest first."""
    return lambda: [a_system(**each) for each in systems]


def trace_one(files: dict[str, Json], live: dict[str, Json] | None, past: DefinitionHistory) -> Change:
    """Plan one system, and give its fields their origins."""
    desired = a_resolved("tt02", **files)
    found = None if live is None else a_registered_system(**live)
    (change,) = trace(
        plan_changes(TARGET, [desired], {desired.system.id: found}, []), {desired.system.id: past}
    ).changes
    return change


def origins(change: Change) -> set[str]:
    """Give the origins of a change's fields."""
    return {each.origin for each in change.fields}


def refuse() -> Sequence[System]:
    """Stand for a history that must not be read."""
    raise AssertionError("the history was read")


@pytest.mark.parametrize(
    ("base", "files", "live", "earlier", "origin", "new"),
    [
        ("one", "two", "one", None, Origin.THIS_CHANGE, True),
        ("two", "two", "one", ["two", "one"], Origin.NOT_APPLIED, False),
        ("two", "two", "outside", ["two", "one"], Origin.OVERWRITES_DRIFT, False),
        ("two", "three", "one", ["three", "two", "one"], Origin.THIS_CHANGE, True),
        ("two", "three", "outside", ["three", "two", "one"], Origin.CONFLICT, True),
        ("one", "outside", "outside", None, Origin.ADOPTS_DRIFT, True),
    ],
)
def test_three_values_and_the_history_decide(
    base: str, files: str, live: str, earlier: list[str] | None, origin: Origin, *, new: bool
) -> None:
    """What the base asked for, what the files ask for now, what is held, and what was asked for earlier."""
    ancestors = refuse if earlier is None else history(*map(names, earlier))

    change = trace_one(names(files), names(live), DefinitionHistory(a_system(**names(base)), ancestors))

    assert origins(change) == {origin}
    assert len(change.fields) == 3
    assert is_new(change) is new


def test_without_the_history_nobody_knows() -> None:
    """In a shallow clone a value that the base does not explain is of unknown origin; so is all without a base."""
    cut = DefinitionHistory(a_system(**names("two")), history(), cut="the clone is shallow")
    none = DefinitionHistory(None, refuse, "the clone does not hold main")

    assert origins(trace_one(names("two"), names("outside"), cut)) == {Origin.UNKNOWN}
    assert origins(trace_one(names("two"), names("one"), none)) == {Origin.UNKNOWN}
    assert not is_new(trace_one(names("two"), names("one"), none))


def test_a_new_definition_is_this_change() -> None:
    """A system that neither the base nor the register has is created by this change."""
    change = trace_one({}, None, DefinitionHistory(None, refuse))

    assert isinstance(change, Create)
    assert origins(change) == {Origin.THIS_CHANGE}
    assert is_new(change)


def test_what_nobody_traced_stays_without_origin() -> None:
    """A system that has no past, such as one without a definition, is left as it is."""
    desired = a_resolved("tt02")
    plan = plan_changes(TARGET, [desired], {desired.system.id: a_registered_system(isVisible=False)}, [])

    assert trace(plan, {}) == plan


@pytest.mark.parametrize(
    ("base", "earlier", "origin", "new"),
    [
        (a_system(), None, Origin.THIS_CHANGE, True),
        (None, None, Origin.THIS_CHANGE, True),
        (a_system(isDeleted=True), [{"isDeleted": True}, {}], Origin.NOT_APPLIED, False),
    ],
)
def test_a_deletion_has_an_origin(
    base: System | None, earlier: list[dict[str, Json]] | None, origin: Origin, *, new: bool
) -> None:
    """P1: `withdrawn` has an origin like any field, so a deletion stands where it belongs."""
    ancestors = refuse if earlier is None else history(*earlier)

    change = trace_one({"withdrawn": True}, {}, DefinitionHistory(base, ancestors))

    assert isinstance(change, Delete)
    assert [(each.path, each.actual, each.expected, each.origin) for each in change.fields] == [
        ("withdrawn", False, True, origin)
    ]
    assert change.fields[0].line == 10
    assert is_new(change) is new


def test_a_deletion_by_others_is_adopted() -> None:
    """P1: a definition that withdraws what is deleted already adopts that, and no other field."""
    change = trace_one({"withdrawn": True}, {"isDeleted": True}, DefinitionHistory(a_system(), refuse))

    assert isinstance(change, Keep)
    assert [(each.path, each.origin) for each in change.fields] == [("withdrawn", Origin.ADOPTS_DRIFT)]


def test_a_withdrawal_taken_back_in_time_is_adopted() -> None:
    """P1: a definition that no longer withdraws what still lives asks for what is held."""
    change = trace_one({}, {}, DefinitionHistory(a_system(isDeleted=True), refuse))

    assert isinstance(change, Keep)
    assert [(each.path, each.before, each.after) for each in change.fields] == [("withdrawn", True, False)]


@pytest.mark.parametrize(
    ("files", "live", "base", "path", "new"),
    [
        ({}, {"isDeleted": True}, None, "withdrawn", True),
        ({}, {"isDeleted": True}, {}, "withdrawn", False),
        ({}, {"vendor": {"ID": "0192:310904473"}}, None, "vendor.ID", True),
        ({}, {"vendor": {"ID": "0192:310904473"}}, {}, "vendor.ID", False),
    ],
)
def test_what_is_blocked_has_an_origin(
    files: dict[str, Json], live: dict[str, Json], base: dict[str, Json] | None, path: str, *, new: bool
) -> None:
    """P1: a blocked change has a field, and stands with what this pull request does where it brought it."""
    past = DefinitionHistory(None if base is None else a_system(**base), history({}))

    change = trace_one(files, live, past)

    assert isinstance(change, Blocked)
    assert [each.path for each in change.fields] == [path]
    assert is_new(change) is new


def test_a_blocked_deletion_keeps_its_origin() -> None:
    """P1: a deletion that would free a client id for a blocked system is this change all the same."""
    gone = a_resolved("tt02", id=f"{VENDOR}_gone", withdrawn=True)
    taker = a_resolved("tt02", id=f"{VENDOR}_taker", rights=...)
    live = {
        gone.system.id: a_registered_system(id=gone.system.id),
        taker.system.id: a_registered_system(id=taker.system.id, clientId=["other"]),
    }
    plan = plan_changes(TARGET, [gone, taker], live, [])
    pasts = {gone.system.id: DefinitionHistory(a_system(id=gone.system.id), refuse)}

    change = trace(plan, pasts).changes[0]

    assert isinstance(change, Blocked)
    assert CLIENT in change.reason
    assert origins(change) == {Origin.THIS_CHANGE}


def test_one_field_is_traced_and_the_other_adopted() -> None:
    """An update can do its own and adopt what somebody else did; each field says which."""
    base = a_system(**names("one"), isVisible=True)

    change = trace_one(
        {**names("two"), "isVisible": False},
        {**names("one"), "isVisible": False},
        DefinitionHistory(base, refuse),
    )

    assert isinstance(change, Update)
    assert {each.path: each.origin for each in change.fields} == {
        "name.en": Origin.THIS_CHANGE,
        "name.nb": Origin.THIS_CHANGE,
        "name.nn": Origin.THIS_CHANGE,
        "isVisible": Origin.ADOPTS_DRIFT,
    }
