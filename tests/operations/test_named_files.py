"""A check of some files finds what a check of all finds about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.files import find_definitions, read_documents
from reconciler.definitions.mentions import find_mentioning
from reconciler.operations.validate import add_crossing, list_claims, validate
from tests.builders import a_definition_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model.findings import Finding

ENVIRONMENTS = ("local", "tt02", "prod")
ONE, CLIENT = "991825827_one", "32ef65ac-6e62-498d-880f-76c85c2052ae"
OTHER_CLIENT = "7a3f0c1e-2b4d-4f6a-8c9e-0d1b2a3c4e5f"
ALLOWED = {"id-letter-case": "both are registered"}


def _write(folder: Path, files: Mapping[str, Mapping[str, object]]) -> None:
    for name, members in files.items():
        text = a_definition_text(**{"id": f"991825827_{name}", "clientId": [OTHER_CLIENT], **members})
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def _check_named(root: Path, name: str) -> tuple[Finding, ...]:
    named = find_definitions(root, [root / "systems" / name])
    documents = read_documents(root, named)
    alone = validate(documents, ENVIRONMENTS)
    others = read_documents(root, find_mentioning(root, named, list_claims(alone)))
    if not others:
        return alone.findings
    return add_crossing(alone, validate([*documents, *others], ENVIRONMENTS), documents).findings


SITUATIONS: dict[str, dict[str, dict[str, object]]] = {
    "one id twice": {"one": {}, "two": {"id": ONE, "clientId": [CLIENT]}},
    "an id in another letter case": {"one": {}, "two": {"id": ONE.upper(), "clientId": [CLIENT]}},
    "an allowed letter case": {
        "one": {"allow": ALLOWED},
        "two": {"id": ONE.upper(), "clientId": [CLIENT], "allow": ALLOWED},
    },
    "a withdrawn id": {"one": {}, "two": {"id": ONE, "withdrawn": True, "clientId": [CLIENT]}},
    "one client id": {"one": {"clientId": [CLIENT]}, "two": {"clientId": [CLIENT]}},
    "a client id in capitals": {"one": {"clientId": [CLIENT]}, "two": {"clientId": [CLIENT.upper()]}},
    "a client id in one environment": {
        "one": {"clientId": [CLIENT], "environments": {"tt02": {"clientId": [OTHER_CLIENT]}}},
        "two": {"environments": {"tt02": {}}},
    },
    "three of one id": {"one": {}, "two": {"id": ONE}, "three": {"id": ONE}},
    "nothing in common": {"one": {}, "two": {"clientId": [CLIENT]}},
    "a broken file": {"one": {"clientId": "x"}, "two": {"id": ONE, "clientId": [CLIENT]}},
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_naming_a_file_finds_what_naming_none_finds_about_it(situation: str, tmp_path: Path) -> None:
    """Each file by itself, against the findings of all files that it takes part in."""
    (tmp_path / "systems").mkdir()
    files = SITUATIONS[situation]
    _write(tmp_path / "systems", files)
    everything = validate(read_documents(tmp_path, find_definitions(tmp_path)), ENVIRONMENTS).findings

    for name in files:
        file = f"systems/{name}.yaml"
        about = tuple(each for each in everything if file in {each.place.file, each.other})
        assert _check_named(tmp_path, f"{name}.yaml") == about


def test_another_vendor_beside_a_file_is_not_its_fault(tmp_path: Path) -> None:
    """A file is found beside another vendor's that names its client: the client is what they share."""
    (tmp_path / "systems").mkdir()
    vendors: dict[str, dict[str, object]] = {
        "one": {},
        "two": {"vendor": {"ID": "0192:974760673"}, "id": "974760673_two"},
    }
    _write(tmp_path / "systems", vendors)

    rules = [each.rule for each in _check_named(tmp_path, "one.yaml")]
    assert [each for each in rules if each != "file-name"] == ["client-id-shared"]
