"""What is read without pydantic is what pydantic reads; whatever it refuses is left to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.definitions.definition import Overlay, read_shape
from reconciler.definitions.member_reader import NotPlain, list_readers, make_reader
from reconciler.model.request_template import RequestMembers
from reconciler.model.system import Plain, System, Vendor

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

TEXTS = st.sampled_from(["", "a", "0192:991825827", "true", "False", "ø"]).flatmap(
    lambda text: st.sampled_from([text, Plain(text)])
)
NAMES = st.sampled_from(
    ["ID", "id", "value", "resource", "action", "urn", "nb", "en", "rights", "type", "x", "redirectUrl"]
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | TEXTS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
PAIRS = st.fixed_dictionaries({"id": TEXTS, "value": TEXTS})
RIGHTS = st.fixed_dictionaries(
    {"resource": st.lists(PAIRS, max_size=2).map(tuple)}, optional={"action": TEXTS}
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "id": TEXTS | VALUES,
        "vendor": TEXTS | st.fixed_dictionaries({"ID": TEXTS}) | VALUES,
        "name": st.dictionaries(TEXTS, TEXTS, max_size=2) | VALUES,
        "rights": st.lists(RIGHTS | TEXTS, max_size=2).map(tuple) | VALUES,
        "accessPackages": st.lists(st.fixed_dictionaries({"urn": TEXTS}) | TEXTS, max_size=2).map(tuple)
        | VALUES,
        "clientId": st.lists(TEXTS, max_size=2).map(tuple) | VALUES,
        "isVisible": TEXTS | VALUES,
        "withdrawn": TEXTS | VALUES,
    },
)


@given(MEMBERS)
def test_members_are_read_as_pydantic_reads_them(members: dict[str, Json]) -> None:
    """The quick way gives equal values of equal types, or the same failure."""
    failures: list[list[object]] = []
    for read in (Overlay.model_validate, read_shape):
        try:
            read(members)
        except ValidationError as error:
            failures.append([*error.errors()])
    if failures:
        assert failures[0] == failures[1]
        return
    expected, values = Overlay.model_validate(members), read_shape(members)

    assert values == {name: getattr(expected, name) for name in members}
    assert repr(values) == repr({name: getattr(expected, name) for name in members})


@given(VALUES)
def test_a_template_is_read_as_pydantic_reads_it_or_not_at_all(value: Json) -> None:
    """What the quick way does not know, such as one of some words, it leaves alone."""
    try:
        read = make_reader(RequestMembers)(value)
    except NotPlain:
        return

    assert repr(read) == repr(RequestMembers.model_validate(value))


def test_what_is_common_needs_no_validator() -> None:
    """Every member that a definition can state has a quick way."""
    readers = list_readers(Overlay)
    vendor = readers["vendor"](Plain("991825827"))

    assert set(readers) == {*System.model_fields, "withdrawn", "isAssignable"} - {"isDeleted"}
    assert vendor == Vendor(ID="0192:991825827")
    assert readers["vendor"](vendor) is vendor
    assert readers["rights"](("x",))[0].resource[0].value == "x"
    assert readers["rights"](({"action": "read", "resource": ()},))[0].action == "read"
    assert readers["name"]({Plain("nb"): "a"}) == {"nb": "a"}
    assert readers["withdrawn"](Plain("true")) is True


def test_equal_parts_of_two_definitions_are_one() -> None:
    """A thousand systems of one vendor hold it once."""
    one, other = (read_shape({"vendor": "0192:991825827", "rights": ("shared-right",)}) for _ in range(2))

    assert one["vendor"] is other["vendor"]
    assert one["rights"] is other["rights"]
