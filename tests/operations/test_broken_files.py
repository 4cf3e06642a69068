"""Which files cannot be used, and which systems they can be about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.yaml_document import read_document
from reconciler.operations.archive import Archive
from reconciler.operations.broken_files import separate
from reconciler.operations.validate import validate
from tests.builders import CLIENT, ENVIRONMENTS, OTHER_CLIENT, VENDOR, a_definition_text
from tests.git import commit_all, git

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.operations.broken_files import BrokenFile


def name(word: str) -> str:
    """Make an id."""
    return f"{VENDOR}_{word}"


def look_at(root: Path, **files: str) -> tuple[list[str], dict[str, BrokenFile]]:
    """Separate some files; the files of the definitions that can be used, and the others by their names."""
    documents = [read_document(f"systems/{stem}.yaml", text.encode()) for stem, text in files.items()]
    checked = validate(documents, ENVIRONMENTS)
    usable, broken = separate(checked, documents, Archive(root, "tt02", ENVIRONMENTS))
    assert usable.findings == checked.findings
    return [each.document.file for each in usable.definitions], {each.unjudged.file: each for each in broken}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (f"id: {name('x')}\nname: {{nb: x\n", [name("x")]),
        (f'"id": "{name("x")}"\n  - {{\n', [name("x")]),
        (f'{{"id": "{name("x")}", "name": \n', [name("x")]),
        (f"ID: '{name('x')}' # ours\n\tname: x\n", [name("x")]),
        (f"id: {name('x')}\n---\nid: {name('y')}\n", [name("x"), name("y")]),
        (f"id: {name('x')}\nenvironments: {{tt02: {{id: {name('y')}}}}}\n", [name("x"), name("y")]),
        ("rights:\n  - resource:\n      - id: urn:altinn:resource\n{{{\n", []),
        ("{{{\n", []),
        ("", []),
    ],
)
def test_the_id_is_read_as_long_as_it_can_be(tmp_path: Path, text: str, ids: list[str]) -> None:
    """From the tree where there is one, else from the line; never from within a right."""
    _, broken = look_at(tmp_path, broken=text)

    assert list(broken["systems/broken.yaml"].unjudged.ids) == ids


def test_a_file_that_is_named_after_its_system_is_about_it(tmp_path: Path) -> None:
    """Where nothing else says so."""
    _, broken = look_at(tmp_path, **{name("x"): "{{{\n"})

    assert broken[f"systems/{name('x')}.yaml"].unjudged.ids == (name("x"),)


def test_an_earlier_revision_says_what_it_was_about(tmp_path: Path) -> None:
    """The last one that can be read, however many were broken since; its client ids count as well."""
    git(tmp_path, "init", "-q", "-b", "main", "--template=")
    file = tmp_path / "systems" / "odd.yaml"
    file.parent.mkdir()
    for text in (a_definition_text(id=name("x")), "{{{\n", "{{{{\n"):
        file.write_text(text, encoding="utf-8")
        commit_all(tmp_path, "State")

    _, broken = look_at(tmp_path, odd="{{{{\n")

    found = broken["systems/odd.yaml"]
    assert found.unjudged.ids == (name("x"),)
    assert found.may_ask_for(CLIENT)
    assert not found.may_ask_for(OTHER_CLIENT)
    assert not found.may_ask_for("")


def test_both_of_two_that_do_not_go_together_are_broken(tmp_path: Path) -> None:
    """The second one has the finding, and the first one says with whom it does not go together."""
    usable, broken = look_at(
        tmp_path,
        a=a_definition_text(id=name("a")),
        b=a_definition_text(id=name("b")),
        c=a_definition_text(id=name("c"), clientId=[OTHER_CLIENT]),
    )

    assert usable == ["systems/c.yaml"]
    assert "it does not go together with systems/b.yaml" in broken["systems/a.yaml"].unjudged.reason
    assert "is on another system too" in broken["systems/b.yaml"].unjudged.reason


def test_a_sound_file_of_the_same_system_is_not_used(tmp_path: Path) -> None:
    """Which of the two is meant is not known."""
    usable, broken = look_at(tmp_path, a=a_definition_text(id=name("x")), b=f"id: {name('x')}\n{{{{{{\n")

    assert usable == []
    assert broken["systems/a.yaml"].unjudged.reason == "systems/b.yaml can be about the same system"


def test_files_of_several_vendors_are_not_separated(tmp_path: Path) -> None:
    """Whose systems are meant has to be said first."""
    other = a_definition_text(id="310904473_y", vendor={"ID": "0192:310904473"}, clientId=[OTHER_CLIENT])

    assert look_at(tmp_path, a=a_definition_text(), b=other)[1] == {}
