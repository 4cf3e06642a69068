"""The smallest edit, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from reconciler.definitions.editor import edit_definition
from reconciler.errors import EditRefused

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json


class Case(NamedTuple):
    """A file, what it is to say, and the file that says so."""

    reason: str
    before: str
    members: dict[str, Json]
    after: str
    overlays: dict[str, dict[str, Json]] | None = None


CASES = (
    Case("quotes stay", "id: 'a'  # c\n", {"id": "b"}, "id: 'b'  # c\n"),
    Case("what needs quotes gets them", "id: a\n", {"id": "b: c"}, 'id: "b: c"\n'),
    Case(
        "a name in another letter case is found",
        "ISVISIBLE: true\n",
        {"isVisible": False},
        "ISVISIBLE: false\n",
    ),
    Case("line ends stay", "id: a\r\nisVisible: true", {"id": "b"}, "id: b\r\nisVisible: true"),
    Case("a byte order mark stays", "\ufeffid: a\n", {"id": "b"}, "\ufeffid: b\n"),
    Case(
        "entries that are not wanted go, with their comment, and new ones come last",
        "clientId:\n# all\n- a # old\n- b\n# none\n",
        {"clientId": ["b", "c"]},
        "clientId:\n# all\n- b\n- c\n# none\n",
    ),
    Case("an empty list in lines", "rights:\n  # c\n  - a\n", {"rights": []}, "rights: []\n  # c\n"),
    Case("a list that was empty", "rights: [] # c\n", {"rights": ["a"]}, "rights: # c\n  - a\n"),
    Case("brackets stay", "clientId: [a, b]\n", {"clientId": ["b", "c"]}, "clientId: [b, c]\n"),
    Case(
        "a question in brackets",
        "name: {nb: a, en: b}\n",
        {"name": {"nb": "Why?", "en": "b"}},
        'name: {nb: "Why?", en: b}\n',
    ),
    Case("the last one in brackets", "clientId: [a, b]\n", {"clientId": ["a"]}, "clientId: [a]\n"),
    Case(
        "brackets over several lines",
        "clientId: [\n  a, # 1\n  b # 2\n]\n",
        {"clientId": ["a", "c"]},
        "clientId: [\n  a, # 1\n  c # 2\n]\n",
    ),
    Case(
        "brackets that lose an entry with its comment",
        "clientId: [\n  a,\n  b, # why\n  ]\nid: x\n",
        {"clientId": ["a"]},
        "clientId: [\n  a,\n  ]\nid: x\n",
    ),
    Case(
        "brackets with a comma at the end",
        "clientId: [\n  a,\n  b,\n]\n",
        {"clientId": ["b", "c"]},
        "clientId: [\n  b,\n  c,\n]\n",
    ),
    Case(
        "the long form of a right means the same",
        "rights:\n- {resource: [{id: urn:altinn:resource, value: a}]}\n",
        {"rights": ["a", "b"]},
        "rights:\n- {resource: [{id: urn:altinn:resource, value: a}]}\n- b\n",
    ),
    Case(
        "a right with an action",
        "rights:\n  - a\n",
        {"rights": [{"resource": [{"id": "urn:altinn:resource", "value": "a"}], "action": "read"}]},
        "rights:\n  - resource:\n      - id: urn:altinn:resource\n        value: a\n    action: read\n",
    ),
    Case(
        "a new member stands where it belongs",
        "id: a\nclientId:\n  - x\n  # - y\n\n# shown\nisVisible: true\n",
        {"allowedRedirectUrls": ["https://a/b"], "rights": []},
        "id: a\nrights: []\nclientId:\n  - x\n  # - y\nallowedRedirectUrls:\n  - https://a/b\n"
        "\n# shown\nisVisible: true\n",
    ),
    Case(
        "one language",
        "name: {nb: A, nn: A, en: A}\ndescription:\n  nb: |-\n    one\n    two\n  en: x\n",
        {
            "name": {"nb": "A", "nn": "B", "en": "A"},
            "description": {"nb": "one\nthree", "en": "x", "nn": "y1"},
        },
        "name: {nb: A, nn: B, en: A}\ndescription:\n  nb: |-\n    one\n    three\n  nn: y1\n  en: x\n",
    ),
    Case(
        "a language less",
        "name:\n  nb: A\n  de: B\n",
        {"name": {"nb": "A"}},
        "name:\n  nb: A\n",
    ),
    Case(
        "the vendor's long form", "vendor:\n  ID: '0192:1'\nid: a\n", {"vendor": "2"}, 'vendor: "2"\nid: a\n'
    ),
    Case(
        "an alias is written out",
        "name: &n {nb: A}\ndescription: *n\n",
        {"description": {"nb": "B"}},
        "name: &n {nb: A}\ndescription:\n  nb: B\n",
    ),
    Case(
        "an overlay that is null",
        "id: a\nenvironments:\n  tt02: # test\n  prod: {}\n",
        {},
        "id: a\nenvironments:\n  tt02: # test\n    isVisible: false\n  prod: {}\n",
        {"tt02": {"isVisible": False}},
    ),
    Case(
        "overlays in brackets",
        "id: a\nenvironments: {tt02: {}, prod: }\n",
        {},
        "id: a\nenvironments: {tt02: {isVisible: false}, prod: {clientId: [x]}, at22: {} }\n",
        {"tt02": {"isVisible": False}, "prod": {"clientId": ["x"]}, "at22": {}},
    ),
    Case(
        "the first overlays",
        "id: a",
        {},
        "id: a\nenvironments:\n  tt02: {}\n  prod:\n    rights: []",
        {"tt02": {}, "prod": {"rights": []}},
    ),
    Case(
        "JSON stays JSON",
        '{"id": "a", "clientId": []}',
        {"clientId": ["x"], "isVisible": False},
        '{"id": "a", "clientId": ["x"], "isVisible": false}',
    ),
    Case(
        "exceptions",
        "id: a\nallow:\n  id-format: old\n",
        {"allow": {"id-format": "old", "client-id-format": {"clientId[0]": "test"}}},
        "id: a\nallow:\n  id-format: old\n  client-id-format:\n    clientId[0]: test\n",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_an_edit(case: Case) -> None:
    """The file says what is wanted, and its other lines are as they were."""
    assert edit_definition(case.before, case.members, case.overlays) == case.after
    assert edit_definition(case.after, case.members, case.overlays) == case.after


REFUSED = (
    ("an anchor that others use", "name: &n {nb: A}\ndescription: *n\n", {"name": {"nb": "B"}}, "`*n`"),
    ("no YAML", "name: {\n", {"id": "a"}, "cannot be read"),
    ("no mapping", "- a\n", {"id": "a"}, "no mapping"),
    ("a bare carriage return", "id: a\r", {"id": "b"}, "carriage return"),
    ("an explicit key", "? id\n: a\n", {"vendor": "1"}, "something else"),
)


@pytest.mark.parametrize(
    ("text", "members", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_an_edit_that_is_refused(text: str, members: dict[str, Json], reason: str) -> None:
    """What cannot be changed alone is left, with the reason."""
    with pytest.raises(EditRefused, match=reason):
        edit_definition(text, members)
