"""The canonical form of a definition file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from reconciler.definitions.canonical_form import format_definition
from reconciler.definitions.yaml_document import read_document
from reconciler.errors import EditRefused
from reconciler.operations.format import format_documents
from tests.builders import ENVIRONMENTS
from tests.odd_files import files

RULES = Path(__file__).parent.parent / "rules"
BEFORE = """\
# yaml-language-server: $schema=definition.json
# SmartCloud, since 2024

# The name
NAME: {en: c, nb: a, nn: b} # names
isvisible: true

# the id
id: "991825827_a"
vendor:
  ID: 0192:991825827
  authority: iso6523-actorid-upis
softDeleted: false
rights:
  - Resource:
      - value: foo
        ID: urn:altinn:resource   # the tax office's
  - resource:
      # one more
      - value: bar
        id: urn:altinn:resource
  - Action: read
    resource: [{id: urn:altinn:resource, value: x}]
Description:
  # english
  en: C
    # deeper
  nb: |-
    x
    y
  nn: 'z'
environments:
  prod: {clientid: [a], ID: q}
  tt02:
    AccessPackages: [{urn: a}, {urn: b}]
# end"""
AFTER = """\
# yaml-language-server: $schema=definition.json
# SmartCloud, since 2024

# the id
id: "991825827_a"
vendor: "991825827"
softDeleted: false

# The name
name: {nb: a, nn: b, en: c} # names
description:
  nb: |-
    x
    y
  nn: 'z'
  # english
  en: C
    # deeper
rights:
  - foo   # the tax office's
  - resource:
      # one more
      - id: urn:altinn:resource
        value: bar
  - resource: [{id: urn:altinn:resource, value: x}]
    action: read
isVisible: true
environments:
  prod: {id: q, clientId: [a]}
  tt02:
    accessPackages: [a, b]
# end"""


def test_a_file_in_canonical_form() -> None:
    """Names, short forms and order; comments stand where they belong."""
    assert format_definition(BEFORE) == AFTER
    assert format_definition(AFTER) == AFTER
    assert format_definition("\ufeff" + BEFORE.replace("\n", "\r\n")) == "\ufeff" + AFTER.replace(
        "\n", "\r\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rights:\n  - action: read\n    # why\n    resource: [{id: a, value: b}]\n", "a comment between"),
        ("rights:\n  - action: read\n\n    resource: [{id: a, value: b}]\n", "a blank line"),
        ("rights:\n  - action: &a read\n    resource: [{id: *a, value: b}]\n", "an anchor that is used"),
        ("name: &n {nb: a}\ndescription: *n\nid: a\n", "the first place of an anchor"),
        ('{"id": "a", "vendor": "1"}\n', "JSON"),
        ("vendor: {ID: '0192:1', authority: other}\n", "an authority that nothing assumes"),
        ("vendor: {ID: '991825827'}\n", "a number that a short form would give a prefix"),
        ("vendor: # whose\n  ID: '0192:1'\n", "a comment"),
    ],
)
def test_what_stays(text: str, reason: str) -> None:
    """What would lose something is left as it is."""
    changed = format_definition(text)

    assert changed in (text, "id: a\nname: &n {nb: a}\ndescription: *n\n"), reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- {action: a, resource: [{value: c, id: b}]}", "- {resource: [{id: b, value: c}], action: a}"),
        (
            "-   action: a\n      resource:\n      - value: c\n        id: b",
            "-   resource:\n      - id: b\n        value: c\n      action: a",
        ),
        ("-\n    action: a # x\n    resource: []", "-\n    action: a # x\n    resource: []"),
        (
            "- action: |\n      a\n    resource:\n    - {value: c, id: b}",
            "- resource:\n    - {id: b, value: c}\n    action: |\n      a",
        ),
        ("- other: 1\n    action: a\n    resource: []", "- other: 1\n    resource: []\n    action: a"),
    ],
)
@pytest.mark.parametrize(
    "around", ["rights:\n  {}\n", "environments:\n tt02:\n  rights:\n  {}\n", "rights:\n  {}"]
)
def test_the_members_inside_a_right_have_an_order(before: str, after: str, around: str) -> None:
    """In lines and in brackets, at the top and in an overlay; the text of each stays as it is."""
    text = around.format(before)

    assert format_definition(text) == around.format(after)
    assert format_definition(around.format(after)) == around.format(after)


def test_an_alias_never_stands_before_its_anchor() -> None:
    """The order is left where it would break the file."""
    text = "description: &d {nb: a}\nname: *d\n"

    assert format_definition(text) == text


def test_what_is_no_definition_is_refused() -> None:
    """A list has no members."""
    with pytest.raises(EditRefused):
        format_definition("- a\n")


@pytest.mark.slow
@given(text=files())
def test_the_canonical_form_says_the_same(text: str) -> None:
    """Once is enough, no comment is lost, and every environment sees the same system."""
    document = read_document("a.yaml", text.encode())
    (formatted,) = format_documents([document], ENVIRONMENTS)

    assert formatted.obstacle == ""
    assert format_definition(formatted.text) == formatted.text
    assert format_definition("\ufeff" + document.text) == "\ufeff" + formatted.text
    assert sorted(_list_comments(document.text)) == sorted(_list_comments(formatted.text))
    assert document.text.endswith("\n") == formatted.text.endswith("\n")


def _list_comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("# ")]


def test_every_example_can_be_formatted() -> None:
    """The files of all rules: what can be read is put in its form and says the same, the rest is reported."""
    documents = [read_document(path.name, path.read_bytes()) for path in sorted(RULES.glob("*/*.yaml"))]
    formatted = format_documents(documents, ENVIRONMENTS)

    assert [each.file for each in formatted if each.obstacle] == []
    assert {bool(each.findings) for each in formatted} == {True, False}
    again = format_documents(
        [read_document(each.file, each.text.encode()) for each in formatted if not each.findings],
        ENVIRONMENTS,
    )
    assert [each.file for each in again if each.changed] == []


def test_a_language_in_capitals_is_another_one() -> None:
    """`NB` stays behind the language before it."""
    text = "name:\n  nb: a\n  nn: a\n  en: a\n  NB: b\n"

    assert format_definition(text) == text
