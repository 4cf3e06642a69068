"""Two canonical systems, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from deepdiff import DeepDiff
from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning.diff import FieldChange, diff, give_actual, spread
from tests.builders import CLIENT, OTHER_CLIENT, a_system

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json


def test_equal_systems_have_no_difference() -> None:
    """The difference of a system to itself is empty."""
    assert diff(a_system(), a_system()) == ()


def test_texts_are_compared_by_language() -> None:
    """A language that changes is one field, one that comes or goes another."""
    desired = a_system(name={"nb": "Ny", "nn": "SmartSky", "se": "Sámi"})

    assert diff(desired, a_system()) == (
        FieldChange(("name", "en"), "SmartCloud", None),
        FieldChange(("name", "nb"), "SmartCloud", "Ny"),
        FieldChange(("name", "se"), None, "Sámi"),
    )


def test_lists_are_compared_as_sets() -> None:
    """An entry comes or goes; order and repetition mean nothing."""
    desired = a_system(clientId=[OTHER_CLIENT, OTHER_CLIENT], accessPackages=[])

    assert [(each.path, each.actual, each.expected) for each in diff(desired, a_system())] == [
        (
            'accessPackages["urn:altinn:accesspackage:skattegrunnlag"]',
            {"urn": "urn:altinn:accesspackage:skattegrunnlag"},
            None,
        ),
        (f'clientId["{CLIENT}"]', CLIENT, None),
        (f'clientId["{OTHER_CLIENT}"]', None, OTHER_CLIENT),
    ]


def test_a_right_is_known_by_its_resource() -> None:
    """The path of a right names the resource; the value is the register's own object."""
    right = {"action": "read", "resource": [{"id": "urn:altinn:resource", "value": "a"}]}

    assert diff(a_system(rights=[right]), a_system(rights=[])) == (
        FieldChange(("rights", "a:read"), None, {"resource": right["resource"], "action": "read"}),
    )


def a_right(*values: str, action: str | None = None) -> Json:
    """Make a right on some resources."""
    return {
        "resource": [{"id": "urn:altinn:resource", "value": value} for value in values],
        **({"action": action} if action else {}),
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_right("a+b"), a_right("a", "b")),
        (a_right("a:b"), a_right("a", action="b")),
        (a_right(":urn:altinn:resource:a+b"), a_right("a+b")),
        (a_right("a=b"), {"resource": [{"id": "a", "value": "b"}]}),
        (a_right(""), {"resource": []}),
    ],
)
def test_rights_that_look_alike_are_two(one: Json, other: Json) -> None:
    """P2: a right has one path on every side and in every state, which no other right has."""
    changes = diff(a_system(rights=[one]), a_system(rights=[other]))
    (gone,) = (each.path for each in changes if each.expected is None)
    (come,) = (each.path for each in changes if each.actual is None)

    assert len(changes) == 2
    assert [each.path for each in diff(a_system(rights=[one, other]), a_system(rights=[one]))] == [gone]
    assert [each.path for each in diff(a_system(rights=[one, other]), a_system(rights=[other]))] == [come]
    assert {each.path for each in diff(a_system(rights=[one, other]), a_system(rights=[]))} == {gone, come}


@pytest.mark.parametrize("member", ["clientId", "allowedRedirectUrls"])
def test_an_entry_that_begins_with_underscores_is_an_entry(member: str) -> None:
    """P2: a name that begins with two underscores is as good as any other."""
    (change,) = diff(a_system(**{member: ["__x"]}), a_system(**{member: []}))

    assert change == FieldChange((member, "__x"), None, "__x")
    assert diff(a_system(name={"__": "b"}), a_system(name={"__": "a"})) == (
        FieldChange(("name", "__"), "a", "b"),
    )


def test_visibility_is_one_scalar() -> None:
    """A flag that turns is one field with both values."""
    assert diff(a_system(isVisible=False), a_system()) == (
        FieldChange(("isVisible",), actual=True, expected=False),
    )


def test_everything_can_differ_at_once() -> None:
    """A system with nothing in common is still described entry by entry."""
    nothing = a_system(
        name={}, description={}, rights=[], accessPackages=[], clientId=[], allowedRedirectUrls=[]
    )

    assert {each.steps[0] for each in diff(a_system(), nothing)} == {
        "name",
        "description",
        "rights",
        "accessPackages",
        "clientId",
        "allowedRedirectUrls",
    }


@pytest.mark.parametrize("path", ["isVisible", "name.en", 'name[""]', 'clientId["a]\\"b"]', "name.a.b"])
def test_a_path_reads_back_as_it_prints(path: str) -> None:
    """The printed path says all that the steps say."""
    assert FieldChange(FieldChange.read_path(path), None, None).path == path


@given(st.text())
def test_any_entry_survives_its_path(entry: str) -> None:
    """Whatever an entry is called, its path reads back as the same steps."""
    change = FieldChange(("clientId", entry), None, entry)

    assert FieldChange.read_path(change.path) == change.steps


def test_what_is_no_path_is_refused() -> None:
    """A path that nothing prints raises ValueError."""
    with pytest.raises(ValueError, match="is not a path"):
        FieldChange.read_path("")


def test_a_system_that_is_given_what_differs_is_the_other_one() -> None:
    """All fields make it the register's, and none leave it as it is."""
    ours = a_system(clientId=[CLIENT], rights=[])
    theirs = a_system(clientId=[OTHER_CLIENT], isVisible=False, name={"nb": "x", "nn": "y", "en": "z"})
    fields = diff(ours, theirs)

    assert give_actual(ours, fields) == theirs
    assert give_actual(ours, ()) == ours
    assert diff(give_actual(ours, fields[:1]), theirs) == fields[1:]


_ENTRIES = st.lists(st.sampled_from(["a", "b", "__c", "d e", "Æ"]), unique=True)
_MEMBERS = st.fixed_dictionaries(
    {
        "name": st.fixed_dictionaries({"nb": st.sampled_from("ab"), "nn": st.just("n"), "en": st.just("e")}),
        "rights": _ENTRIES.map(lambda names: [a_right(each) for each in names]),
        "accessPackages": _ENTRIES.map(lambda names: [{"urn": each} for each in names]),
        "clientId": _ENTRIES,
        "allowedRedirectUrls": _ENTRIES,
        "isVisible": st.booleans(),
    }
)


@given(_MEMBERS, _MEMBERS)
def test_a_library_that_walks_any_object_finds_the_same(
    held: dict[str, Json], asked: dict[str, Json]
) -> None:
    """What differs between two systems is what deepdiff finds, no more and no less."""
    actual, expected = a_system(**held), a_system(**asked)
    found = DeepDiff(
        spread(actual),
        spread(expected),
        view="tree",
        threshold_to_diff_deeper=0,
        ignore_private_variables=False,  # else it passes over every key that begins with two underscores
    )
    paths = {tuple(each.path(output_format="list")[:2]) for kind in found.values() for each in kind}

    assert {each.steps for each in diff(expected, actual)} == paths
