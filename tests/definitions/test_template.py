"""New definition files: their names and their texts."""

from __future__ import annotations

import pytest

from reconciler.definitions.template import describe_system, fill_languages, make_file_name
from tests.builders import a_registered_system


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("991825827_smartcloud", "991825827_smartcloud.yaml"),
        ("991825827_Old:System/1", "991825827_Old-System-1.yaml"),
        ("CON", "_CON.yaml"),
        ("com1.a", "_com1.a.yaml"),
        ("..", "system.yaml"),
        (".hidden", "hidden.yaml"),
        ("ends. ", "ends.yaml"),
        ("æøå", "system.yaml"),
        ("x" * 300, "x" * 100 + ".yaml"),
        ("TAKEN", "TAKEN-2.yaml"),
    ],
)
def test_a_file_name_is_safe_everywhere(system: str, name: str) -> None:
    """Names come from the register, and no name leaves the folder, hides, or meets another one."""
    assert make_file_name(system, {"taken.yaml"}) == name


def test_entries_that_stand_twice_are_written_once() -> None:
    """The register lets a redirect URL stand twice, and an empty action means none."""
    right = {"resource": [{"id": "urn:altinn:resource", "value": "mva"}], "action": ""}
    live = a_registered_system(
        rights=[right], allowedRedirectUrls=["https://a.example/", "https://a.example/"]
    )
    described = describe_system(live.read())

    assert described["rights"] == ["mva"]
    assert described["allowedRedirectUrls"] == ["https://a.example/"]


def test_a_language_without_a_text_takes_another_one() -> None:
    """A row from before the rule holds a null, and a definition may not."""
    live = a_registered_system(name={"nb": None, "nn": "Sky", "en": "Cloud"})
    system, filled = fill_languages(live.read())

    assert filled == ("name.nb",)
    assert system.name == {"nn": "Sky", "en": "Cloud", "nb": "Sky"}
