"""The nouns of the document: short and full forms, what a file may leave out, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.definition import Definition, Overlay, check_shape, read_flag
from reconciler.definitions.yaml_document import read_document
from reconciler.errors import Unintelligible
from reconciler.model import system as model
from reconciler.model.findings import Location
from reconciler.model.system import (
    Attribute,
    Package,
    Plain,
    RegisteredSystem,
    Right,
    System,
    Vendor,
    drop_nulls,
)
from tests.builders import a_live_document, a_registered_system, a_resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.canonical_json import Json


def test_the_members_are_those_of_the_register() -> None:
    """A member is declared once, in the order of the register's answers, and everything else follows."""
    assert model.SENT == (
        "id",
        "vendor",
        "name",
        "description",
        "rights",
        "accessPackages",
        "clientId",
        "allowedRedirectUrls",
        "isVisible",
    )
    assert model.REQUIRED == ("id", "vendor", "name", "description")
    assert sorted(model.READ_ONLY_NAMES) == ["isDeleted"]
    assert dict(model.DEFAULTS) == {
        "rights": (),
        "accessPackages": (),
        "clientId": (),
        "allowedRedirectUrls": (),
        "isVisible": True,
    }
    assert set(Overlay.model_fields) == {*model.SENT, "withdrawn", "isAssignable"}


@pytest.mark.parametrize(
    ("member", "short", "full"),
    [
        ("vendor", "991825827", {"ID": "0192:991825827"}),
        ("vendor", "0192:991825827", {"ID": "0192:991825827"}),
        ("vendor", "0193:991825827", {"ID": "0193:991825827"}),
        ("rights", ("ske",), ({"resource": ({"id": "urn:altinn:resource", "value": "ske"},)},)),
        ("rights", ("",), ({"resource": ({"id": "urn:altinn:resource", "value": ""},)},)),
        ("accessPackages", ("urn:x",), ({"urn": "urn:x"},)),
    ],
)
def test_a_short_form_means_its_full_form(member: str, short: Json, full: Json) -> None:
    """A plain text in place of a mapping stands for the mapping that the register holds."""
    members = {"id": "a", "vendor": "991825827", "name": {}, "description": {}}

    assert System.model_validate({**members, member: short}) == System.model_validate(
        {**members, member: full}
    )


@pytest.mark.parametrize("text", ["991825827", "007", "no", "yes", "true", "1.0", "0x1F", "2026-01-01"])
def test_a_plain_scalar_in_place_of_a_text_is_its_source(text: str) -> None:
    """What YAML could read as a number, a date or a truth value is a text where a text is asked for."""
    members = {"id": Plain(text), "vendor": Plain(text), "name": {"nb": Plain(text)}, "description": {}}
    system = System.model_validate({**members, "clientId": (Plain(text),)})

    assert (system.id, system.vendor.organisation, system.name, system.clientId) == (
        text,
        text,
        {"nb": text},
        (text,),
    )
    assert type(system.id) is str


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (Plain("true"), True),
        (Plain("True"), True),
        (Plain("TRUE"), True),
        (Plain("false"), False),
        (Plain("False"), False),
        (Plain("FALSE"), False),
    ],
)
def test_a_truth_value_is_one_of_six_words(value: str, *, read: bool) -> None:
    """YAML 1.2 knows true and false in three spellings each."""
    assert check_shape({"isVisible": value}, top=False)[0] == ()
    assert read_flag("withdrawn", value) is read


@pytest.mark.parametrize(
    "value", [Plain("yes"), Plain("on"), Plain("tRUE"), Plain("1"), "true", "false", "", (), {}]
)
def test_everything_else_is_no_truth_value(value: Json) -> None:
    """`yes`, and `true` in quotes, are texts."""
    assert [each.expected for each in check_shape({"isVisible": value}, top=False)[0]] == ["true or false"]


def test_only_flags_are_read_as_flags() -> None:
    """A member of the document is left to the model."""
    assert read_flag("name", Plain("true")) == "true"


@pytest.mark.parametrize(
    ("members", "path", "expected"),
    [
        ({"id": ()}, ("id",), "a text"),
        ({"id": {}}, ("id",), "a text"),
        ({"vendor": ()}, ("vendor",), "a mapping"),
        ({"vendor": {"ID": ()}}, ("vendor", "ID"), "a text"),
        ({"name": "SmartCloud"}, ("name",), "a mapping"),
        ({"name": {"nb": ()}}, ("name", "nb"), "a text"),
        ({"rights": "ske"}, ("rights",), "a list"),
        ({"rights": {"resource": ()}}, ("rights",), "a list"),
        ({"rights": ((),)}, ("rights", 0), "a mapping"),
        ({"rights": ({"resource": "ske"},)}, ("rights", 0, "resource"), "a list"),
        ({"rights": ({"resource": ("ske",)},)}, ("rights", 0, "resource", 0), "a mapping"),
        ({"accessPackages": ("urn:x", ())}, ("accessPackages", 1), "a mapping"),
        ({"clientId": "x"}, ("clientId",), "a list"),
        ({"clientId": ("x", {})}, ("clientId", 1), "a text"),
        ({"withdrawn": "true"}, ("withdrawn",), "true or false"),
    ],
)
def test_a_wrong_type_is_told_with_its_path(
    members: Mapping[str, Json], path: tuple[str | int, ...], expected: str
) -> None:
    """The innermost wrong value is named, and what is asked for there."""
    (problem,) = check_shape(members, top=False)[0]

    assert (problem.path, problem.expected, problem.missing) == (path, expected, False)


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"vendor": {}}, ("vendor", "ID")),
        ({"rights": ({},)}, ("rights", 0, "resource")),
        ({"rights": ({"resource": ({"id": "x"},)},)}, ("rights", 0, "resource", 0, "value")),
        ({"accessPackages": ({},)}, ("accessPackages", 0, "urn")),
    ],
)
def test_a_part_that_lacks_something_is_told_with_its_path(
    members: Mapping[str, Json], path: tuple[str | int, ...]
) -> None:
    """What a part has to state is missing, and not of a wrong type."""
    (problem,) = check_shape(members, top=False)[0]

    assert (problem.path, problem.missing) == (path, True)


def test_all_wrong_values_are_told_at_once() -> None:
    """One look finds every wrong value, the exceptions of a file included."""
    problems = check_shape({"id": (), "clientId": "x", "allow": {"id-format": ()}}, top=True)[0]

    assert {each.path[0] for each in problems} == {"id", "clientId", "allow"}


def test_what_stands_at_the_top_only_is_not_asked_of_an_overlay() -> None:
    """`allow` and `environments` are no members of an environment; another finding says so."""
    assert check_shape({"allow": (), "environments": ()}, top=False)[0] == ()


@pytest.mark.parametrize(
    ("action", "pairs", "key", "label"),
    [
        (None, (("urn:altinn:resource", "ske"),), ":urn:altinn:resource:ske", "ske"),
        ("", (("urn:altinn:resource", "ske"),), ":urn:altinn:resource:ske", "ske"),
        ("read", (("urn:altinn:resource", "ske"),), "read:urn:altinn:resource:ske", "ske:read"),
        (None, (("a", "1"), ("b", "2")), ":a:1,b:2", ":a:1,b:2"),
        (None, (("b", "2"), ("a", "1")), ":b:2,a:1", ":b:2,a:1"),
        (None, (), ":", ":"),
        (
            None,
            tuple(("urn:altinn:resource", each) for each in "ab"),
            ":urn:altinn:resource:a,urn:altinn:resource:b",
            "a+b",
        ),
        (None, (("urn:altinn:resource", "a+b"),), ":urn:altinn:resource:a+b", ":urn:altinn:resource:a+b"),
    ],
)
def test_a_right_is_told_apart_as_the_register_does(
    action: str | None, pairs: tuple[tuple[str, str], ...], key: str, label: str
) -> None:
    """Action and attributes in their order make a right; people read the short form."""
    right = Right(action=action, resource=tuple(Attribute(id=name, value=value) for name, value in pairs))

    assert (right.key, right.label) == (key, label)


def test_a_package_is_its_urn_and_a_vendor_its_number() -> None:
    """The register compares URNs exactly, and a vendor by its number."""
    package, vendor = Package(urn="urn:X"), Vendor(ID="0192:991825827")

    assert (package.key, package.label, vendor.organisation) == ("urn:X", "urn:X", "991825827")


@pytest.mark.parametrize(
    ("overlays", "existing"),
    [
        (None, ["local", "tt02"]),
        ({}, ["local"]),
        ({"tt02": {}}, ["local", "tt02"]),
        ({"prod": {}}, ["local", "prod"]),
        ({"local": {}, "tt02": {}, "prod": {}}, ["local", "tt02", "prod"]),
    ],
)
def test_a_definition_exists_where_it_says(
    overlays: Mapping[str, Mapping[str, Json]] | None, existing: list[str]
) -> None:
    """Without `environments` it is everywhere but in prod; `local` holds every definition."""
    definition = Definition(read_document("a.yaml", b""), {}, overlays)

    assert [name for name in ("local", "tt02", "prod") if definition.exists_in(name)] == existing


def test_a_place_is_the_one_that_the_environment_sees() -> None:
    """What an environment says itself stands in its overlay, and everything else at the top."""
    resolved = a_resolved("tt02", clientId=["a"], environments={"tt02": {"clientId": ["b"]}})

    assert resolved.locate(("clientId", 0)) == Location(
        "systems/991825827_smartcloud.yaml", "environments.tt02.clientId[0]", 10, 38
    )
    assert resolved.locate(("id",)) == Location("systems/991825827_smartcloud.yaml", "id", 1, 5)
    assert resolved.locate(()).path == ""


def test_an_answer_is_read_without_its_nulls_and_unknown_members() -> None:
    """What the register leaves null is left out, and what this tool does not know stays in the document alone."""
    live = a_registered_system(
        rights=[{"action": None, "resource": [{"id": "a", "value": "b", "new": 1}], "new": None}],
        accessPackages=None,
        name={"nb": "x", "nn": None, "en": "y"},
        vendor={"ID": "0192:991825827", "authority": "iso6523-actorid-upis"},
        new={"deep": [1, None]},
    )
    system = live.read()

    assert system.rights == (Right(resource=(Attribute(id="a", value="b"),)),)
    assert system.accessPackages == ()
    assert system.name == {"nb": "x", "en": "y"}
    assert live.document["new"] == {"deep": [1, None]}
    assert live.id == "991825827_smartcloud"


@pytest.mark.parametrize(
    ("change", "named"),
    [({"id": 5}, "id"), ({"rights": "x", "clientId": [[]]}, "clientId, rights"), ({"name": None}, "name")],
)
def test_an_answer_that_breaks_the_contract_is_not_guessed_at(change: dict[str, Json], named: str) -> None:
    """A document that does not hold what the register promises stops the tool, and says which members."""
    with pytest.raises(Unintelligible) as caught:
        a_registered_system(**change).read()

    assert caught.value.message.endswith(f"cannot be read: {named}.")


def test_an_answer_without_anything_is_not_guessed_at() -> None:
    """An empty document lacks everything that a system has."""
    with pytest.raises(Unintelligible, match="cannot be read: description, id, name, vendor"):
        RegisteredSystem({}).read()


def test_nulls_are_dropped_at_every_depth() -> None:
    """Nothing else is touched."""
    assert drop_nulls({"a": None, "b": [None, {"c": None, "d": [0, ""]}], "e": False}) == {
        "b": [{"d": [0, ""]}],
        "e": False,
    }
    assert a_live_document() == drop_nulls(a_live_document())


def test_an_answer_that_is_kept_cannot_be_changed() -> None:
    """It is kept as text: whoever changes what they were given changes nothing for others."""
    one = RegisteredSystem({"id": "a", "isDeleted": True, "clientId": ["c"], "more": {"x": [1, None, "ø"]}})
    one.document["more"]["x"].append(2)

    assert one.document == {"id": "a", "isDeleted": True, "clientId": ["c"], "more": {"x": [1, None, "ø"]}}
    assert (one.id, one.is_deleted, one.client_ids) == ("a", True, ("c",))
    assert one == RegisteredSystem(one.document)
    assert one != RegisteredSystem({"id": "a"})
    assert RegisteredSystem({"clientId": 5}).client_ids == ()
