"""The canonical form: reached in one step, whatever the order and the spelling in which a file says it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.definitions.resolve import resolve
from reconciler.definitions.yaml_document import read_document
from reconciler.model.normalise import normalise
from reconciler.model.system import SENT, RegisteredSystem, System
from reconciler.rules.definition_reader import check_document
from tests.builders import ENVIRONMENTS

if TYPE_CHECKING:
    from random import Random

    from reconciler.definitions.definition import Definition
    from reconciler.model.canonical_json import Json

words = st.text(max_size=6) | st.sampled_from(["ske", "Ske", "kravogbetaling", " ", "\u00a0", "æ"])
hosts = st.sampled_from(
    ["a.example", "A.example", "a.example:443", "a.example:8443", "1.2.3", "[::1]", "æ.example"]
)
paths = st.lists(
    st.sampled_from(
        ["/", "a", "A", "..", ".", "%41", "%2f", "%2F", "%20", " ", "%", "%zz", "?", "#", "\\", "æ", "%C3%A6"]
    ),
    max_size=8,
).map("".join)
urls = st.builds("{}://{}{}".format, st.sampled_from(["https", "HTTPS", "http"]), hosts, paths) | words
pairs = st.fixed_dictionaries({"id": st.just("urn:altinn:resource") | words, "value": words})
rights = st.fixed_dictionaries({"resource": st.lists(pairs, max_size=3)}, optional={"action": words})
texts = st.dictionaries(st.sampled_from(["nb", "nn", "en", "se"]), words, max_size=4)
documents = st.fixed_dictionaries(
    {"id": words, "vendor": st.fixed_dictionaries({"ID": words}), "name": texts, "description": texts},
    optional={
        "rights": st.lists(rights, max_size=4),
        "accessPackages": st.lists(st.fixed_dictionaries({"urn": words}), max_size=4),
        "clientId": st.lists(words, max_size=4),
        "allowedRedirectUrls": st.lists(urls, max_size=4),
        "isVisible": st.booleans(),
    },
)
"""Documents as the register could hold them, repetitions and oddities included."""


def _read(document: dict[str, Json]) -> System:
    return RegisteredSystem(document).read()


def _ends_in_space(system: System) -> bool:
    """Say whether a URL ends in `%20`: the one that the register itself prints differently each time."""
    return any(url != url.strip() for url in system.allowedRedirectUrls)


def _shuffle(value: Any, chance: Random) -> Any:  # noqa: ANN401 - JSON
    """Put every list and every mapping into another order, but for the attributes of a right."""
    if isinstance(value, dict):
        members = [
            (name, each if name == "resource" else _shuffle(each, chance)) for name, each in value.items()
        ]
        chance.shuffle(members)
        return dict(members)
    if isinstance(value, list):
        entries = [_shuffle(each, chance) for each in value]
        chance.shuffle(entries)
        return entries
    return value


@given(documents, st.booleans())
@example({"id": "a", "vendor": {"ID": "b"}, "name": {}, "description": {}, "rights": []}, True)  # noqa: FBT003 - hypothesis passes by place
def test_normalise_is_idempotent(document: dict[str, Json], deleted: bool) -> None:  # noqa: FBT001 - drawn
    """What is canonical stays as it is."""
    once = normalise(_read({**document, "isDeleted": deleted}))

    assert normalise(once) == once or _ends_in_space(once)


@given(documents, st.randoms(use_true_random=False))
def test_the_order_of_lists_means_nothing(document: dict[str, Json], chance: Random) -> None:
    """Lists are sets and mappings have no order, on both sides of a comparison."""
    shuffled = _shuffle(document, chance)

    assert normalise(_read(shuffled)) == normalise(_read(document))
    assert normalise(_read(shuffled)).model_dump_json() == normalise(_read(document)).model_dump_json()


@given(documents, st.data())
def test_repetition_means_nothing(document: dict[str, Json], data: st.DataObject) -> None:
    """An entry that stands twice is one entry."""
    lists = [name for name, value in document.items() if isinstance(value, list) and value]
    if lists:
        name = data.draw(st.sampled_from(lists))
        entry = data.draw(st.sampled_from(document[name]))
        assert normalise(_read({**document, name: [*document[name], entry]})) == normalise(_read(document))


@given(documents)
def test_nothing_but_spelling_is_lost(document: dict[str, Json]) -> None:
    """Every text, right, package and client id of a system is still there, and none is new."""
    system = _read(document)
    canonical = normalise(system)

    assert (canonical.id, canonical.vendor, canonical.isVisible) == (
        system.id,
        system.vendor,
        system.isVisible,
    )
    assert (canonical.name, canonical.description) == (system.name, system.description)
    assert {each.key for each in canonical.rights} == {each.key for each in system.rights}
    assert set(canonical.accessPackages) == set(system.accessPackages)
    assert set(canonical.clientId) == set(system.clientId)


def _define(document: dict[str, Json]) -> Definition:
    """Write a document as a file and read it again; JSON is YAML but for halves of characters."""
    text = json.dumps(document, ensure_ascii=False)
    definition, _ = check_document(
        read_document("systems/a.yaml", text.encode("utf-8", "replace")), ENVIRONMENTS
    )
    assert definition is not None
    return definition


@st.composite
def plain_documents(draw: st.DrawFn) -> dict[str, Json]:
    """Draw a document whose texts are letters that every parser passes on as they are."""
    drawn = draw(documents)
    return json.loads(json.dumps(drawn), object_hook=lambda each: {k: _tame(v) for k, v in each.items()})  # type: ignore[no-any-return]  # JSON


def _tame(value: Json) -> Json:
    if isinstance(value, str):
        return "".join(each for each in value if each.isprintable() and each != "\ufeff")
    return [_tame(each) for each in value] if isinstance(value, list) else value


@given(plain_documents(), st.sets(st.sampled_from(SENT)), st.randoms(use_true_random=False))
def test_it_makes_no_difference_where_a_member_stands(
    document: dict[str, Json], moved: set[str], chance: Random
) -> None:
    """A member in the overlay means the same as at the top, in any letter case and any order."""
    overlay = {name.upper(): value for name, value in document.items() if name in moved}
    rest = {name.lower(): value for name, value in document.items() if name not in moved}
    split = _shuffle({**rest, "Environments": {"tt02": overlay}}, chance)

    assert normalise(resolve(_define(split), "tt02").system) == normalise(
        resolve(_define(document), "tt02").system
    )


@given(plain_documents())
def test_desired_and_live_are_the_same_type(document: dict[str, Json]) -> None:
    """The same document, as a file and as the register's answer, is one system."""
    assert resolve(_define(document), "local").system == _read(document)
