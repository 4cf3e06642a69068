"""A definition in a real YAML language server, as an editor shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.operations.schema import Of, make_schema
from tests.builders import ENVIRONMENTS
from tests.editors.language_server import LanguageServer, find_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = find_server()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SERVER is None, reason="YAML_LANGUAGE_SERVER names no language server"),
]
GOOD = """\
# yaml-language-server: $schema=definition.schema.json
id: 991825827_smartcloud
vendor: 991825827
name: {nb: SmartCloud 1, nn: Smart SKY, en: SmartCloud 1}
description: {nb: Regnskap, nn: Rekneskap, en: Accounting}
rights:
  - ske-krav-og-betalinger
accessPackages:
  - urn:altinn:accesspackage:skattegrunnlag
clientId: [32ef65ac-6e62-498d-880f-76c85c2052ae]
environments:
  tt02:
  prod: {isVisible: false}
"""


@pytest.fixture(scope="module")
def editor() -> Iterator[LanguageServer]:
    """Start a server for the tests here."""
    assert SERVER is not None
    with LanguageServer(SERVER) as server:
        yield server


def _write(folder: Path, text: str, language: str = "en") -> Path:
    schema = make_schema(
        Of.DEFINITION, language="nb" if language == "nb" else "en", environments=ENVIRONMENTS
    )
    (folder / "definition.schema.json").write_text(json.dumps(schema), encoding="utf-8")
    (folder / "smartcloud.yaml").write_text(text, encoding="utf-8")
    return folder / "smartcloud.yaml"


def test_a_good_definition_has_no_marks(editor: LanguageServer, tmp_path: Path) -> None:
    """What `validate` takes is not underlined: a number as vendor, an empty overlay."""
    assert editor.open(_write(tmp_path, GOOD)) == []


def test_what_is_wrong_is_marked_at_its_line(editor: LanguageServer, tmp_path: Path) -> None:
    """A misspelt member, a text for true or false and a missing language each stand at their lines."""
    text = (
        GOOD.replace("rights:", "right:")
        .replace("isVisible: false", 'isVisible: "no"')
        .replace(", en: Acc", "#")
    )
    found = editor.open(_write(tmp_path, text))

    lines = {each["range"]["start"]["line"] for each in found}
    assert {5, 12} <= lines, found
    assert any("right" in each["message"] for each in found)


def test_a_missing_member_is_named(editor: LanguageServer, tmp_path: Path) -> None:
    """A file without a description is told so, rather than that it fits none of several schemas."""
    text = "".join(line for line in GOOD.splitlines(keepends=True) if not line.startswith("description"))

    assert [each["message"] for each in editor.open(_write(tmp_path, text))] == [
        'Missing property "description".'
    ]


def test_members_and_packages_are_offered(editor: LanguageServer, tmp_path: Path) -> None:
    """Members come with their descriptions, packages with their Norwegian names, and nothing that is never sent."""
    file = _write(tmp_path, f"{GOOD}\n")
    editor.open(file)
    members = editor.complete(file, GOOD.count("\n"), 0)
    packages = editor.complete(file, 8, 4)

    assert {"allowedRedirectUrls", "isVisible", "withdrawn", "allow"} <= set(members)
    assert "isDeleted" not in members
    assert "for ever" in json.dumps(members["withdrawn"]["documentation"])
    assert "urn:altinn:accesspackage:regnskapsforer-lonn" in packages
    assert packages["urn:altinn:accesspackage:a-ordning"]["documentation"] == "A-ordningen"


def test_a_member_is_explained_in_norwegian(editor: LanguageServer, tmp_path: Path) -> None:
    """With the Norwegian schema an editor speaks Norwegian."""
    file = _write(tmp_path, GOOD, "nb")
    editor.open(file)

    assert "Tilgangspakkene som systemet ber kundene om" in editor.hover(file, 7, 3)
