"""What a definition says in one environment, and the form in which two systems can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.resolve import find_missing_members, resolve
from reconciler.definitions.yaml_document import read_document
from reconciler.model.normalise import normalise
from reconciler.rules.definition_reader import check_document
from tests.builders import ENVIRONMENTS, a_registered_system, a_system

if TYPE_CHECKING:
    from reconciler.definitions.definition import Definition
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import System

HEAD = """\
id: 991825827_smartcloud
vendor: "991825827"
name: {nb: SmartCloud, nn: SmartSky, en: SmartCloud}
description: {nb: Best, nn: Best, en: Best}
"""


def _define(text: str) -> Definition:
    definition, _ = check_document(read_document("systems/a.yaml", text.encode()), ENVIRONMENTS)
    assert definition is not None
    return definition


def _resolve(text: str, environment: str) -> System:
    return resolve(_define(HEAD + text), environment).system


def test_an_overlay_replaces_the_whole_member() -> None:
    """Nothing is merged: a list, a mapping or a truth value of an environment stands for itself."""
    text = """
rights: [a, b]
clientId: [one]
isVisible: true
environments:
  tt02: {rights: [c], name: {nb: Test}, isVisible: false}
  prod: {clientId: []}
"""
    local, tt02, prod = (_resolve(text, name) for name in ENVIRONMENTS)

    assert [right.label for right in tt02.rights] == ["c"]
    assert (tt02.name, tt02.isVisible, tt02.clientId) == ({"nb": "Test"}, False, ("one",))
    assert ([right.label for right in prod.rights], prod.clientId, prod.isVisible) == (["a", "b"], (), True)
    assert (local.clientId, local.name["nn"]) == (("one",), "SmartSky")


def test_short_forms_are_expanded_after_the_overlay() -> None:
    """A short form in an overlay replaces a full form at the top, and the other way round."""
    text = """
rights: [{resource: [{id: urn:altinn:resource, value: a}]}]
environments:
  tt02: {vendor: 310904473, rights: [b]}
  prod: {vendor: {ID: "0192:310904473"}, accessPackages: [urn:x]}
"""
    tt02, prod = _resolve(text, "tt02"), _resolve(text, "prod")

    assert tt02.vendor == prod.vendor
    assert tt02.rights[0].key == ":urn:altinn:resource:b"
    assert prod.accessPackages[0].urn == "urn:x"


@pytest.mark.parametrize("overlay", ["tt02:", "tt02: {}", "tt02: ~"])
def test_an_environment_without_anything_differs_in_nothing(overlay: str) -> None:
    """`tt02:` with nothing after it is the system of the top level."""
    text = f"environments: {{{overlay}}}\n"

    assert _resolve(text, "tt02") == _resolve("", "tt02")


def test_members_are_read_in_any_letter_case() -> None:
    """The published examples use three spellings, and they mean the same."""
    pascal = HEAD.replace("id:", "Id:", 1).replace("vendor", "VENDOR").replace("name", "Name")
    definition = _define(
        pascal + "RIGHTS: [{Resource: [{Id: urn:altinn:resource, VALUE: a}]}]\nClientId: [x]\n"
    )

    assert resolve(definition, "local").system == _resolve("rights: [a]\nclientId: [x]\n", "local")


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("", set()),
        ("rights: []\n", {"rights"}),
        ("Rights: []\n", {"rights"}),
        ("environments: {tt02: {clientId: []}}\n", {"clientId"}),
        ("isVisible: true\nenvironments: {tt02: {isVisible: true}}\n", {"isVisible"}),
        ("withdrawn: false\nisAssignable: true\n", set()),
    ],
)
def test_what_is_stated_is_told_from_what_is_left_out(text: str, stated: set[str]) -> None:
    """A member that equals its default is still stated, wherever it stands."""
    resolved = resolve(_define(HEAD + text), "tt02")

    assert resolved.stated == {"id", "vendor", "name", "description"} | stated


def test_what_is_left_out_means_its_default() -> None:
    """Lists are empty, and the system is visible, as in the register."""
    system = _resolve("", "local")

    assert (system.rights, system.accessPackages, system.clientId, system.allowedRedirectUrls) == (
        (),
        (),
        (),
        (),
    )
    assert system.isVisible
    assert not system.isDeleted


@pytest.mark.parametrize(
    ("text", "withdrawn"),
    [
        ("withdrawn: true\n", ["local", "tt02"]),
        ("environments: {tt02: {withdrawn: true}, prod: {}}\n", ["tt02"]),
        ("withdrawn: true\nenvironments: {tt02: {withdrawn: false}, prod: {}}\n", ["local", "prod"]),
    ],
)
def test_a_system_is_withdrawn_where_it_says(text: str, withdrawn: list[str]) -> None:
    """An environment may withdraw a system, and another may keep it."""
    definition = _define(HEAD + "clientId: [x]\nrights: [a]\n" + text)
    existing = [name for name in ENVIRONMENTS if definition.exists_in(name)]

    assert [name for name in existing if resolve(definition, name).withdrawn] == withdrawn


def test_a_withdrawn_system_holds_nothing_but_its_identity() -> None:
    """It holds no client ids, so that another system may have them."""
    system = _resolve("clientId: [x]\nrights: [a]\nisVisible: false\nwithdrawn: true\n", "local")

    assert system.model_dump() == {
        "id": "991825827_smartcloud",
        "vendor": {"ID": "0192:991825827"},
        "name": {},
        "description": {},
        "rights": (),
        "accessPackages": (),
        "clientId": (),
        "allowedRedirectUrls": (),
        "isVisible": True,
        "isDeleted": True,
    }


@pytest.mark.parametrize(
    ("text", "assignable"),
    [
        ("", (None, None)),
        ("isAssignable: false\n", (False, False)),
        ("environments: {tt02: {IsAssignable: True}}\n", (None, True)),
    ],
)
def test_an_assertion_is_kept_beside_the_system(
    text: str, assignable: tuple[bool | None, bool | None]
) -> None:
    """`isAssignable` is not part of the document; what it asserts goes along."""
    definition = _define(HEAD + text)

    assert (resolve(definition, "local").assignable, resolve(definition, "tt02").assignable) == assignable


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (HEAD, ()),
        ("id: a\n", ("vendor", "name", "description")),
        ("id: a\nenvironments: {tt02: {vendor: b, name: {}, description: {}}}\n", ()),
        ("id: a\nwithdrawn: true\n", ("vendor",)),
        (
            "withdrawn: true\nenvironments: {tt02: {withdrawn: false, id: a}}\n",
            ("vendor", "name", "description"),
        ),
    ],
)
def test_what_has_to_be_stated_is_missed(text: str, missing: tuple[str, ...]) -> None:
    """A system states four members in each environment, and a withdrawn one two."""
    assert find_missing_members(_define(text), "tt02") == missing


def test_lists_are_sets() -> None:
    """Order and repetition mean nothing to the register, so they are no difference."""
    first = {
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": value}]} for value in "bab"],
        "accessPackages": [{"urn": "b"}, {"urn": "a"}, {"urn": "b"}],
        "clientId": ["b", "a", "b"],
        "allowedRedirectUrls": ["https://b.example/", "https://a.example/", "https://B.example"],
        "name": {"nn": "2", "en": "3", "nb": "1"},
    }
    second = {
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": value}]} for value in "ab"],
        "accessPackages": [{"urn": "a"}, {"urn": "b"}],
        "clientId": ["a", "b"],
        "allowedRedirectUrls": ["https://a.example", "https://b.example:443/"],
        "name": {"en": "3", "nb": "1", "nn": "2"},
    }

    assert a_system(**first) == a_system(**second)
    assert list(a_system(**first).name) == ["en", "nb", "nn"]


@pytest.mark.parametrize(
    "change",
    [
        {"clientId": ["32EF65AC-6e62-498d-880f-76c85c2052ae"]},
        {"accessPackages": [{"urn": "urn:altinn:accesspackage:Skattegrunnlag"}]},
        {"allowedRedirectUrls": ["https://smartcloud.example/Receipt"]},
        {
            "rights": [
                {
                    "resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}],
                    "action": "a",
                }
            ]
        },
        {"name": {"en": "SmartCloud", "nb": "SmartCloud ", "nn": "SmartSky"}},
        {"id": "991825827_Smartcloud"},
        {"isVisible": False},
    ],
)
def test_what_the_register_keeps_apart_stays_apart(change: dict[str, Json]) -> None:
    """Letter case, white space and an action make a difference."""
    assert a_system(**change) != a_system()


def test_an_empty_action_is_no_action() -> None:
    """The register counts a right without action and one with an empty action as the same."""
    pairs = [{"id": "urn:altinn:resource", "value": "ske"}]
    absent, empty = {"resource": pairs}, {"resource": pairs, "action": ""}

    assert a_system(rights=[absent]) == a_system(rights=[empty])
    assert a_system(rights=[absent, empty]) == a_system(rights=[empty, absent])
    assert a_system(rights=[empty]).rights[0].action is None


def test_the_order_of_attributes_makes_another_right() -> None:
    """The register compares the attributes of a right in their order, and so does this tool."""
    pairs = [{"id": "urn:altinn:resource", "value": value} for value in "ab"]

    assert a_system(rights=[{"resource": pairs}]) != a_system(rights=[{"resource": pairs[::-1]}])


def test_a_url_that_is_none_is_left_as_it_is() -> None:
    """What cannot be canonicalised is compared as it was written."""
    assert a_system(allowedRedirectUrls=["/relative", "vg.no"]).allowedRedirectUrls == ("/relative", "vg.no")


def test_deleted_systems_are_compared_by_identity() -> None:
    """The register goes on listing the client ids of a deleted system, and they mean nothing."""
    deleted = a_system(isDeleted=True)

    assert deleted == a_system(isDeleted=True, clientId=[], rights=[], isVisible=False, name={"nb": "x"})
    assert deleted != a_system(isDeleted=True, id="991825827_other")


def test_normalising_twice_changes_nothing() -> None:
    """A canonical system is canonical."""
    for system in (a_system(), a_system(isDeleted=True), a_registered_system().read()):
        assert normalise(normalise(system)) == normalise(system)
