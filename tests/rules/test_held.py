"""What `allow:` lets through only where the register holds it: odd texts, and ids that differ in letter case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.yaml_document import read_document
from reconciler.operations.plan import find_allowed
from reconciler.operations.validate import resolve_all, validate
from reconciler.planning.blocking import Obstacles
from reconciler.planning.change import Blocked, Create, Keep, Update
from reconciler.planning.plan import Target, plan_changes
from tests.builders import ENVIRONMENTS, VENDOR, a_definition_text, a_registered_system

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.plan import Plan

ID = "991825827_smartcloud"
ODD = {
    "an empty text": {"en": "", "nb": "SmartCloud", "nn": "SmartSky"},
    "blanks at an end": {"en": " SmartCloud ", "nb": "SmartCloud", "nn": "SmartSky"},
    "a line break at the end": {"en": "SmartCloud\n", "nb": "SmartCloud", "nn": "SmartSky"},
    "a control character": {"en": "Smart\u001bCloud", "nb": "SmartCloud", "nn": "SmartSky"},
}
HELD = {
    "language-empty": {"name.en": "registered so"},
    "stray-whitespace": {"name.en": "registered so"},
}


def _plan(live: dict[str, RegisteredSystem | None], *texts: str, environment: str = "tt02") -> Plan:
    """Make a plan of definitions that are sound: nothing in them is an error."""
    documents = [read_document(f"systems/{number}.yaml", text.encode()) for number, text in enumerate(texts)]
    checked = validate(documents, ENVIRONMENTS)
    systems = resolve_all(checked.definitions, environment)
    assert checked.sound, checked.findings
    target = Target(environment, "http://127.0.0.1", VENDOR)
    return plan_changes(target, systems, live, [], Obstacles(find_allowed(systems, checked.findings)))


def _allow(name: dict[str, str]) -> dict[str, Json]:
    rule = "stray-whitespace" if name["en"] else "language-empty"
    return {rule: HELD[rule]}


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_an_odd_text_of_the_registers_can_be_defined(name: dict[str, str]) -> None:
    """R12: a text that the register holds is no difference, and lets other members change."""
    text = a_definition_text(name=name, allow=_allow(name), environments={"tt02": {}})
    same = _plan({ID: a_registered_system(name=name)}, text)
    other = _plan({ID: a_registered_system(name=name, isVisible=False)}, text)

    assert [type(each) for each in same.changes] == [Keep]
    assert [type(each) for each in other.changes] == [Update]


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
@pytest.mark.parametrize("live", [None, {}], ids=["a new system", "a sound one"])
def test_an_odd_text_that_would_be_new_is_blocked(name: dict[str, str], live: dict[str, Json] | None) -> None:
    """R12: `allow:` does not bring into the register what it is meant to leave there."""
    text = a_definition_text(name=name, allow=_allow(name), environments={"tt02": {}})
    (change,) = _plan({ID: None if live is None else a_registered_system(**live)}, text).changes

    assert isinstance(change, Blocked)
    assert "`name.en`" in change.reason
    assert change.hint == "`allow:` is for what the register holds already: correct what would be new."


def test_an_odd_text_of_one_environment_is_blocked_there() -> None:
    """R12: an overlay's own text is found at its path, and says nothing of the others."""
    overlay = {"prod": {"name": ODD["an empty text"]}, "tt02": {}}
    allow = {"language-empty": {"environments.prod.name.en": "registered so"}}
    text = a_definition_text(environments=overlay, allow=allow)
    live: dict[str, RegisteredSystem | None] = {
        ID: a_registered_system(name={"en": "a", "nb": "b", "nn": "c"})
    }

    assert [type(each) for each in _plan(live, text).changes] == [Update]
    assert [type(each) for each in _plan(live, text, environment="prod").changes] == [Blocked]


def test_the_embedded_register_takes_what_is_allowed() -> None:
    """R12: it starts empty, and what is held elsewhere is created there."""
    name = ODD["an empty text"]
    made = _plan({ID: None}, a_definition_text(name=name, allow=_allow(name)), environment="local")

    assert [type(each) for each in made.changes] == [Create]


def test_two_ids_that_differ_in_letter_case_can_be_defined_where_both_are_held() -> None:
    """R12: both are kept; a second one that is new is blocked, whichever of the two it is."""
    upper = ID.upper()
    allow = {"id-letter-case": "both were registered in 2024", "id-characters": "registered in 2024"}
    texts = [
        a_definition_text(environments={"tt02": {}}, allow={"id-letter-case": allow["id-letter-case"]}),
        a_definition_text(id=upper, clientId=[], environments={"tt02": {}}, allow=allow),
    ]
    live: dict[str, RegisteredSystem | None] = {
        ID: a_registered_system(),
        upper: a_registered_system(id=upper, clientId=[]),
    }

    assert {type(each) for each in _plan(live, *texts).changes} == {Keep}
    for new in (ID, upper):
        actions = {each.id: type(each) for each in _plan({**live, new: None}, *texts).changes}
        assert actions == {ID: Keep, upper: Keep} | {new: Blocked}
