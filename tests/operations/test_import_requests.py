"""Bodies of requests become templates of definitions, and what is out of date in them is said."""

from __future__ import annotations

import json

import pytest

from reconciler.definitions.bodies import read_bodies
from reconciler.definitions.canonical_form import format_definition
from reconciler.definitions.request_bodies import read_requests
from reconciler.definitions.yaml_document import read_document
from reconciler.operations.import_ import Imported, Place
from reconciler.operations.import_requests import add_requests
from tests.builders import ENVIRONMENTS
from tests.published_requests import CHANGE, PUBLISHED, PublishedRequest

PLACE = Place("", ENVIRONMENTS)
NOTHING = Imported((), (), (), (), None)
FILE = "systems/a.yaml"
URN = "urn:altinn:accesspackage:"
DEFINITION = """\
id: 991825827_smartcloud
vendor: "991825827"
name: {nb: SmartCloud, nn: Smart SKY, en: SmartCloud}
description: {nb: Best, nn: Best, en: Best}
rights: [mva]
accessPackages: [urn:altinn:accesspackage:skattegrunnlag, urn:altinn:accesspackage:ansvarlig-revisor]
clientId: [32ef65ac-6e62-498d-880f-76c85c2052ae]
isVisible: false
"""


def take(text: str, definition: str = DEFINITION) -> tuple[Imported, list[str]]:
    """Import a file of bodies into one definition."""
    document = read_document("body.json", text.encode())
    assert read_bodies(document) == ([], [])
    bodies, problems = read_requests(document)
    return add_requests(bodies, NOTHING, {FILE: definition}, PLACE), problems


@pytest.mark.parametrize("example", PUBLISHED, ids=lambda each: each.name)
def test_a_published_request_becomes_a_template_with_its_faults(example: PublishedRequest) -> None:
    """Exactly what is wrong with it is said: of the body in a sentence, of the template by its rule."""
    imported, problems = take(example.text, json.dumps(example.describe_system(), indent=2))

    assert problems == [f"body.json{each.said}" for each in example.faults if not each.rule]
    found = [(each.rule, each.hint) for each in imported.findings]
    assert found == [(each.rule, each.said) for each in example.faults if each.rule]
    (change,) = imported.changes
    assert "requests" in change.after


def test_a_change_request_is_no_template() -> None:
    """It says how such requests are made."""
    imported, problems = take(CHANGE)

    assert imported == NOTHING
    assert len(problems) == 1
    assert "`reconciler ask`" in problems[0]
    nothing = json.dumps({name: [] for name in json.loads(CHANGE) if name != "redirectUrl"})
    assert "NoChangeNeeded" in take(nothing)[1][0]


def test_templates_get_names_that_are_free() -> None:
    """By whom they are for; the same one is not added again, and what stands there stays as it is written."""
    before = f"{DEFINITION}requests:\n  standard: {{rights: [mva]}} # ours\n"
    text = json.dumps(
        [
            {"systemId": "991825827_smartcloud", "partyOrgNo": "310904473", "rights": [right("mva")]},
            {"SystemId": "991825827_smartcloud", "accesspackages": [{"urn": f"{URN}skattegrunnlag"}]},
            {"systemId": "991825827_smartcloud", "accessPackages": [{"urn": f"{URN}ansvarlig-revisor"}]},
        ]
    )
    imported, problems = take(text, before)

    (change,) = imported.changes
    assert (problems, imported.findings) == ([], ())
    assert change.after == before + (
        "  standard-2:\n    accessPackages:\n      - urn:altinn:accesspackage:skattegrunnlag\n"
        "  auditor:\n    type: agent\n    accessPackages:\n      - urn:altinn:accesspackage:ansvarlig-revisor\n"
    )
    assert take(text, change.after)[0].changes == ()


def test_a_right_with_an_action_keeps_its_long_form() -> None:
    """It says the same afterwards, and the file is canonical."""
    body = {"systemId": "991825827_smartcloud", "rights": [{**right("mva"), "action": "read"}]}
    imported, problems = take(json.dumps(body))

    (change,) = imported.changes
    assert (problems, imported.findings) == ([], ())
    assert "value: mva" in change.after
    assert format_definition(change.after) == change.after


def right(value: str) -> dict[str, object]:
    """Write a right as a body has it."""
    return {"resource": [{"id": "urn:altinn:resource", "value": value}]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"rights": "mva"}, ":1: `rights` cannot be read; the request is not imported"),
        ({"systemId": "", "rights": []}, ":1: the request has no `systemId`; it is not imported"),
        (
            {"foo": 1, "rights": [right("mva")]},
            ":1: `foo` is not a member of a request: the service ignores it",
        ),
        ({"externalRef": " "}, ":1: an empty `externalRef` stores another request each time. Leave it out"),
    ],
)
def test_what_is_wrong_with_a_body_is_said(body: dict[str, object], said: str) -> None:
    """With its file and line."""
    _, problems = take(json.dumps({"systemId": "991825827_smartcloud", **body}))

    assert problems == [f"body.json{said}"]


def test_a_request_needs_the_definition_of_its_system() -> None:
    """Nothing is written for a system that is not defined here."""
    imported, _ = take(json.dumps({"systemId": "991825827_other", "rights": [right("mva")]}))

    assert imported.changes == ()
    assert imported.obstacles == (
        "A request is not imported: `991825827_other` has no definition here, which comes first",
    )
