"""Two environments side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.planning.comparison import Comparison, Pair, Presence, compare
from reconciler.render import json as as_json
from reconciler.render.lines import print_lines
from reconciler.render.text.comparison import render_comparison
from tests.builders import CLIENT, OTHER_CLIENT, a_live_document, a_system

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

BOTH = ("tt02", "prod")
PACKAGES: Any = a_live_document()["accessPackages"]
ID = str(a_live_document()["id"])


def contrast(desired: dict[str, Json], **live: Json) -> Comparison:
    """Compare a system with one that differs in prod, in the files or in the register."""
    first, second = a_system(), a_system(**desired)
    return compare(
        BOTH, [Pair("a.yaml", Presence(first, first), Presence(second, a_system(**{**desired, **live})))]
    )


def show(found: Comparison, *, whole: bool = False) -> str:
    """Show a comparison as people read it."""
    return print_lines(render_comparison(found, whole=whole))


def test_equal_environments_are_not_behind() -> None:
    """Nothing is listed, and the sentence says so."""
    found = contrast({})

    assert (found.systems, found.equal, found.behind) == ((), 1, 0)
    assert show(found) == "prod is not behind tt02.\n"


def test_what_differs_is_counted_by_field() -> None:
    """A text and a right that prod lacks are two changes."""
    found = contrast({"rights": [], "name": {"nb": "Old", "nn": "SmartSky", "en": "SmartCloud"}})

    assert found.behind == 2
    text = show(found)
    assert f"~ {ID}  a.yaml" in text
    assert '        tt02     "SmartCloud"\n        prod     "Old"\n' in text
    assert '    rights["ske-krav-og-betalinger"]  in tt02 only\n' in text
    assert text.endswith("prod is 2 changes behind tt02.\n")


@pytest.mark.parametrize("member", ["clientId", "allowedRedirectUrls", "isVisible"])
def test_what_is_expected_to_differ_is_apart(member: str) -> None:
    """Each environment has its own client ids, URLs and visibility; they are counted and shown on demand."""
    values: dict[str, Json] = {
        "clientId": [OTHER_CLIENT],
        "allowedRedirectUrls": ["https://prod.example/"],
        "isVisible": False,
    }
    found = contrast({member: values[member]})

    assert found.behind == 0
    assert member not in show(found)
    assert "Expected to differ: " in show(found)
    assert f"    {member}" in show(found, whole=True)
    assert "(expected)" in show(found, whole=True)


def test_a_register_that_does_not_follow_its_files() -> None:
    """Where the files are equal and the registers are not, both values of both sides stand there."""
    found = contrast(
        {}, clientId=[CLIENT, OTHER_CLIENT], name={"nb": "X", "nn": "SmartSky", "en": "SmartCloud"}
    )

    assert found.behind == 1
    assert '        prod     "SmartCloud"  (register: "X")\n' in show(found)
    fields = json.loads(as_json.render_comparison(found))["systems"][0]["fields"]
    assert [each["path"] for each in fields] == ["name.nb", f'clientId["{OTHER_CLIENT}"]']
    assert fields[0]["live"] == {"tt02": "SmartCloud", "prod": "X"}


MORE: Any = [*PACKAGES, {"urn": "urn:altinn:accesspackage:x"}]
STRAY: dict[str, tuple[dict[str, Json], dict[str, Json], int]] = {
    "the second lacks it": ({}, {"rights": []}, 1),
    "the first lacks it": ({"rights": []}, {}, 0),
    "the second holds another value": ({}, {"name": {"nb": "X", "nn": "SmartSky", "en": "SmartCloud"}}, 1),
    "the first holds another value": ({"name": {"nb": "X", "nn": "SmartSky", "en": "SmartCloud"}}, {}, 0),
    "the first holds more": ({"accessPackages": MORE}, {}, 0),
    "the second holds more": ({}, {"accessPackages": MORE}, 0),
}


@pytest.mark.parametrize(("first", "second", "behind"), STRAY.values(), ids=STRAY)
def test_only_a_register_that_lacks_something_is_behind(
    first: dict[str, Json], second: dict[str, Json], behind: int
) -> None:
    """The files are equal: what the first register lacks, or somebody changed there, is no change of the second's."""
    desired = a_system()
    pair = Pair("a.yaml", Presence(desired, a_system(**first)), Presence(desired, a_system(**second)))
    found = compare(BOTH, [pair])

    assert (found.behind, found.others) == (behind, 1 - behind)
    assert f"~ {ID}  a.yaml" in show(found)
    last = "prod is 1 change behind tt02." if behind else "prod is not behind tt02."
    said = "Not counted as behind: 1 difference in what tt02 lacks, or holds against its files."
    assert show(found).endswith(f"{last}\n")
    assert (said in show(found)) is not behind


def test_a_register_that_lacks_the_system_is_behind() -> None:
    """Not the other one, whichever comes first; client ids and addresses are expected to differ."""
    desired = a_system()
    there, gone = Presence(desired, desired), Presence(desired)

    assert compare(BOTH, [Pair("a.yaml", gone, there)]).behind == 0
    assert compare(BOTH, [Pair("a.yaml", there, gone)]).behind > 1


def test_what_only_the_files_of_the_second_ask_for() -> None:
    """An entry that the first asks for is a change that the second lacks; the other way round it is none."""
    more, less = a_system(), a_system(rights=[])

    forth = compare(BOTH, [Pair("a.yaml", Presence(more, more), Presence(less, less))])
    back = compare(BOTH, [Pair("a.yaml", Presence(less, less), Presence(more, more))])

    assert (forth.behind, forth.others, back.behind, back.others) == (1, 0, 0, 1)
    [system] = json.loads(as_json.render_comparison(back))["systems"]
    assert (system["others"], [each["behind"] for each in system["fields"]]) == (1, [False])


def test_a_system_in_one_of_them() -> None:
    """A definition that exists in the first only is one change that the second lacks; withdrawn counts as absent."""
    there = a_system()
    gone = there.model_copy(update={"isDeleted": True})
    pairs = [
        Pair("new.yaml", Presence(there), Presence()),
        Pair("old.yaml", Presence(gone), Presence(there)),
        Pair("never.yaml", Presence(), Presence(gone)),
    ]
    found = compare(BOTH, pairs, ("not asked", "not asked"))

    assert (found.behind, found.others, found.equal) == (1, 1, 1)
    assert f"+ {ID}  in tt02 only  new.yaml\n" in show(found)
    assert f"- {ID}  in prod only  old.yaml\n" in show(found)
    assert "The register of prod is not compared: not asked.\n" in show(found)
    assert json.loads(as_json.render_comparison(found))["unread"] == {
        "tt02": "not asked",
        "prod": "not asked",
    }
