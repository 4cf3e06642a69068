"""Which files a check of some others has to look at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.mentions import find_mentioning

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    """A repository with one definition, and a folder below it."""
    (tmp_path / "systems/team").mkdir(parents=True)
    (tmp_path / "systems/one.yaml").write_text("id: 991825827_one\n", encoding="utf-8")
    return tmp_path


def _find(root: Path, *texts: str) -> list[str]:
    found = find_mentioning(root, [root / "systems/one.yaml"], texts or ("991825827_one",))
    return [each.relative_to(os.path.realpath(root)).as_posix() for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id: 991825827_one\n", True),
        ("id: 991825827_ONE\n", True),
        ("# 991825827_one, too\nid: 991825827_two\n", True),
        ('id: "\\u0039\\u00391825827_one"\n', True),
        ("id: 991825827_two\n", False),
        ("", False),
    ],
)
def test_a_file_that_can_hold_the_text_is_found(text: str, expected: bool, root: Path) -> None:  # noqa: FBT001 - a row
    """Whatever its letter case, and also where YAML may write it in another way."""
    (root / "systems/team/two.yml").write_text(text, encoding="utf-8")

    assert _find(root) == (["systems/team/two.yml"] if expected else [])


def test_what_is_no_definition_is_not_searched(root: Path) -> None:
    """Names with a dot in front, and other endings, are no definitions."""
    for name in (".hidden.yaml", "notes.txt", "team/.two.yaml"):
        (root / "systems" / name).write_text("991825827_one", encoding="utf-8")

    assert _find(root) == []


def test_a_text_that_yaml_can_write_in_many_ways_is_in_any_file(root: Path) -> None:
    """Then every other file is looked at; so it is where very many texts are sought."""
    (root / "systems/two.yaml").write_text("id: 991825827_two\n", encoding="utf-8")

    assert _find(root, "two words") == ["systems/two.yaml"]
    assert _find(root, *(f"991825827_{number}" for number in range(200))) == ["systems/two.yaml"]
    assert find_mentioning(root, [root / "systems/one.yaml"], ()) == ()


def test_a_file_outside_the_definitions_is_checked_alone(root: Path) -> None:
    """A copy somewhere else is no second definition."""
    copy = root / "copy.yaml"
    copy.write_text("id: 991825827_one\n", encoding="utf-8")

    assert find_mentioning(root, [copy], ["991825827_one"]) == ()


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="links are those of POSIX")
def test_a_link_is_another_file(root: Path) -> None:
    """What cannot be searched is looked at, as in a check of everything."""
    (root / "systems/link.yaml").symlink_to(root / "systems/one.yaml")

    assert _find(root) == ["systems/link.yaml"]
