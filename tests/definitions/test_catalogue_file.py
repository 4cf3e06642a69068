"""The saved list of packages and resources: written so that diffs are small, and read with every fault named."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.definitions.catalogue_file import print_list, read_list
from reconciler.definitions.files import find_definitions, find_lists, locate_list, write_definition
from reconciler.errors import UsageError
from reconciler.model.catalogue import PACKAGE_PREFIX
from reconciler.model.catalogue_list import CatalogueList, PackageEntry, ResourceEntry

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.canonical_json import Json

PACKAGE = PackageEntry(
    PACKAGE_PREFIX + "jordbruk",
    {"nb": "Jordbruk", "en": "Farming"},
    {},
    {"nb": "Næring"},
    delegable=True,
    assignable=False,
)
RESOURCE = ResourceEntry(
    "ske-krav",
    {"nb": "Krav", "nn": "Krav", "en": "Claims"},
    {},
    "Skatteetaten",
    "Default",
    "",
    delegable=True,
    visible=True,
)
LISTED = CatalogueList("tt02", "https://platform.tt02.altinn.no", date(2026, 11, 21), (PACKAGE,), (RESOURCE,))


ROW = '"name": {"nb": "Jordbruk", "en": "Farming"}, "area": {"nb": "Næring"}, "delegable": true, "assignable": false'


def save(root: Path, text: str, environment: str = "tt02") -> Path:
    """Write the file of an environment."""
    path = locate_list(root, environment)
    write_definition(path, text)
    return path


def test_a_list_is_written_one_entry_a_line(tmp_path: Path) -> None:
    """Sorted by name, whatever order it came in, so that a diff shows the entries that changed."""
    other = replace(PACKAGE, urn=PACKAGE_PREFIX + "akvakultur")
    text = print_list(replace(LISTED, packages=(PACKAGE, other)))

    assert text == print_list(replace(LISTED, packages=(other, PACKAGE)))
    assert text.splitlines()[:8] == [
        "{",
        '"format_version": "1",',
        '"environment": "tt02",',
        '"register": "https://platform.tt02.altinn.no",',
        '"taken": "2026-11-21",',
        '"packages": [',
        f'{{"urn": "urn:altinn:accesspackage:akvakultur", {ROW}}},',
        f'{{"urn": "urn:altinn:accesspackage:jordbruk", {ROW}}}',
    ]
    path = save(tmp_path, text)
    assert read_list(tmp_path, path, "tt02").packages == (other, PACKAGE)


def test_a_list_is_no_definition(tmp_path: Path) -> None:
    """Its name begins with a dot; and it is found by the names of the environments."""
    path = save(tmp_path, print_list(LISTED))

    assert find_definitions(tmp_path) == ()
    assert find_lists(tmp_path, ["local", "tt02", "prod"]) == {"tt02": path}


@given(name=st.text(st.characters(), min_size=1), text=st.text(st.characters()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_whatever_a_service_calls_things_comes_back(tmp_path: Path, name: str, text: str) -> None:
    """Half a character, a line break and control characters are kept, and each entry stays on its line."""
    odd = replace(RESOURCE, id=name, title={"nb": text} if text else {}, owner=text)
    printed = print_list(replace(LISTED, resources=(odd,)))

    assert len(printed.splitlines()) == 12
    assert read_list(tmp_path, save(tmp_path, printed), "tt02").resources == (odd,)


BODY = json.loads(print_list(LISTED))
WITHOUT: Json = {"urn": PACKAGE.urn, "delegable": True}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no JSON: line 1"),
        ("<html>Sign in</html>", "is no JSON: line 1"),
        ("[" * 100_000, "is no JSON"),
        ("<<<<<<< HEAD\n{}", "is no JSON: line 1"),
        ("[]", "is no list of packages and resources"),
        ("{}", "is no list of packages and resources"),
        (json.dumps({**BODY, "format_version": "2"}), "was written by another version"),
        (json.dumps({**BODY, "environment": "prod"}), "is not the list of tt02"),
        (json.dumps({**BODY, "packages": {}}), "has no `packages` or no `resources`"),
        (json.dumps({**BODY, "taken": "21.11.2026"}), "does not say in `taken`"),
        (json.dumps({**BODY, "taken": 7}), "has no text `taken`"),
        (json.dumps({**BODY, "packages": ["x"]}), "has no text `urn` in package 1"),
        (json.dumps({**BODY, "packages": [{"urn": "x"}]}), "holds in package 1 no URN"),
        (json.dumps({**BODY, "packages": [WITHOUT]}), "neither true nor false for `assignable` in package 1"),
        (json.dumps({**BODY, "packages": [{**WITHOUT, "name": []}]}), "has no texts `name` in package 1"),
        (json.dumps({**BODY, "resources": [{"id": "x"}]}), "has no text `type` in resource 1"),
    ],
    ids=lambda each: each[:30],
)
def test_a_broken_list_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    """It names the file, what is wrong, and how to write it anew."""
    path = save(tmp_path, text)

    with pytest.raises(UsageError) as caught:
        read_list(tmp_path, path, "tt02")

    assert caught.value.message.startswith("systems/.catalogue.tt02.json ")
    assert says in caught.value.message
    assert "catalogue refresh -e tt02" in caught.value.hint


def test_a_list_in_another_encoding_is_one_sentence(tmp_path: Path) -> None:
    """So is one that is no text."""
    path = save(tmp_path, "")
    path.write_bytes(b'{"name": "n\xe6ring"}')

    with pytest.raises(UsageError, match="is not UTF-8"):
        read_list(tmp_path, path, "tt02")
