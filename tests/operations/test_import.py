"""Where imported values go in existing files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.operations.import_ import Imported, Place, import_systems, take_all
from reconciler.planning.plan import Target
from tests.builders import VENDOR, a_definition_text, a_registered_system

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

FILE = f"systems/{VENDOR}_smartcloud.yaml"
CONFIGURED = ("local", "tt02", "at22", "prod")


def adopt(text: str, environment: str, /, **changes: Json) -> Imported:
    """Import one live system into one file."""
    live = a_registered_system(**changes)
    place = Place(environment, CONFIGURED)
    return import_systems(
        take_all(Target(environment, "x", VENDOR), {live.id: live}), {FILE: text}, {FILE}, place
    )


@pytest.mark.parametrize(
    ("overlays", "environment", "added"),
    [
        (None, "tt02", "environments:\n  at22: {}\n  tt02:\n    isVisible: false\n"),
        (None, "prod", "environments:\n  tt02: {}\n  at22: {}\n  prod:\n    isVisible: false\n"),
        ("{tt02: {}, prod: {}}", "tt02", "environments: {tt02: {isVisible: false}, prod: {}}\n"),
        ("{prod: {}}", "tt02", "environments: {prod: {}, tt02: {isVisible: false}}\n"),
        ("{tt02: {isVisible: true}}", "tt02", "environments: {tt02: {isVisible: false}}\n"),
    ],
    ids=["elsewhere too", "first in prod", "named beside another", "not there yet", "stands there already"],
)
def test_a_value_that_differs_in_one_environment(overlays: str | None, environment: str, added: str) -> None:
    """It goes under the environment, and the system exists wherever it did."""
    text = a_definition_text()
    before = text + (f"environments: {overlays}\n" if overlays else "")
    found = adopt(before, environment, isVisible=False)

    assert found.obstacles == ()
    assert found.whole
    assert [change.after for change in found.changes] == [text + added]


def test_a_value_of_the_only_environment_stands_at_the_top() -> None:
    """Nobody else reads it there."""
    text = a_definition_text() + "environments: {tt02: {}}\n"
    found = adopt(text, "tt02", isVisible=False)

    assert [change.after for change in found.changes] == [text.replace("isVisible: true", "isVisible: false")]
    assert found.whole


def test_a_deleted_system_is_withdrawn_where_it_is_deleted() -> None:
    """The other environments keep it."""
    text = a_definition_text() + "environments: {tt02: {}, prod: {}}\n"
    found = adopt(text, "tt02", isDeleted=True)

    assert [change.after for change in found.changes] == [text.replace("tt02: {}", "tt02: {withdrawn: true}")]
    assert found.whole


def test_a_system_that_is_not_deleted_is_not_withdrawn() -> None:
    """What the file says besides is stated again."""
    text = f'id: {VENDOR}_smartcloud\nvendor: "{VENDOR}"\nwithdrawn: true\nenvironments:\n  tt02: {{}}\n'
    found = adopt(text, "tt02")

    assert found.whole, found
    assert "    withdrawn: false\n" in found.changes[0].after


def test_a_file_that_cannot_be_read_is_an_obstacle() -> None:
    """It is not overwritten, and no second file is made for the system."""
    found = adopt(f"id: {VENDOR}_smartcloud\nname: {{\n", "tt02")

    assert (found.changes, found.whole) == ((), False)
    assert found.obstacles == (f"`{VENDOR}_smartcloud` is not imported: {FILE} cannot be read",)


def test_an_anchor_in_use_is_an_obstacle() -> None:
    """The file stays as it is, with the reason."""
    text = a_definition_text(name=..., description=...)
    text += "name: &n {nb: a, nn: a, en: a}\ndescription: *n\nenvironments: {tt02: {}}\n"
    found = adopt(text, "tt02", description={"nb": "a", "nn": "a", "en": "a"})

    assert found.changes == ()
    line = text.count("\n") - 1
    (said,) = found.obstacles
    assert said == (
        f"`{VENDOR}_smartcloud` is not imported into {FILE}: The file uses `*n` (line {line}, set in line {line - 1}), "
        "and `description` would change too. Write out what each alias stands for, and run it again; or change the "
        "file by hand."
    )
    assert found.differing == (f"{VENDOR}_smartcloud",)


@pytest.mark.parametrize("there", [True, False])
def test_a_new_file_names_the_schema_that_is_there(there: bool) -> None:  # noqa: FBT001 - a table
    """An editor would call the line an error where it leads nowhere."""
    live = a_registered_system()
    place = Place("tt02", CONFIGURED, has_schema=there)
    found = import_systems(take_all(Target("tt02", "x", VENDOR), {live.id: live}), {}, set(), place)

    first = "# yaml-language-server: $schema=.definition.schema.json"
    assert (found.changes[0].after.splitlines()[0] == first, found.whole) == (there, True)


def test_what_has_no_text_in_a_language_is_noted() -> None:
    """The file takes another language's, and the plan says that this differs."""
    live = a_registered_system(name={"nb": "Sky", "nn": None, "en": "Cloud"})
    place = Place("tt02", CONFIGURED)
    found = import_systems(take_all(Target("tt02", "x", VENDOR), {live.id: live}), {}, set(), place)

    assert found.notes == (
        f"`{VENDOR}_smartcloud` has no `name.nn` in the register; the file takes another language's.",
    )
    assert (found.whole, found.differing) == (False, (live.id,))
    assert found.findings == ()


def test_many_exceptions_to_a_rule_are_one() -> None:
    """A file with ten odd client ids has one reason."""
    live = a_registered_system(clientId=[f"client {number}" for number in range(30)])
    found = import_systems(
        take_all(Target("tt02", "x", VENDOR), {live.id: live}), {}, set(), Place("tt02", CONFIGURED)
    )

    assert found.whole, found.findings
    assert "  client-id-format: registered so in tt02 when it was imported\n" in found.changes[0].after
