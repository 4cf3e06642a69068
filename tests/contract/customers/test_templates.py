"""The rules on templates say before anybody is asked what the service says to the body that is made of one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.definitions.yaml_document import read_document
from reconciler.model.request_template import build_body
from reconciler.operations.validate import validate
from tests.builders import ENVIRONMENTS
from tests.contract.customers.vendor import (
    ASSIGNABLE,
    FIRST,
    FOR_CLIENTS,
    NOT_DELEGABLE,
    OTHER,
    REGISTER,
    SECOND,
    SYSTEM,
    URL,
    Vendor,
    a_system,
    package,
    show,
)

BEYOND, KIND, REDIRECT = "request-beyond-system", "request-package-kind", "request-redirect"
EMPTY = "request-empty"


@pytest.mark.parametrize(
    ("template", "rule", "answer"),
    [
        ({"rights": [FIRST, SECOND], "accessPackages": [ASSIGNABLE], "redirectUrl": URL}, "", (201, "")),
        ({"type": "agent", "accessPackages": [FOR_CLIENTS, OTHER]}, "", (201, "")),
        ({"rights": [f"{FIRST}x"]}, BEYOND, (400, "AUTH-00001")),
        ({"rights": [FIRST, FIRST, SECOND]}, BEYOND, (400, "AUTH-00001")),
        ({"rights": [FIRST, FIRST]}, "", (201, "")),
        ({"rights": [{"resource": []}]}, BEYOND, (500, "")),
        ({"accessPackages": ["urn:altinn:accesspackage:skatt-naering"]}, BEYOND, (400, "AUTH-00063")),
        ({"accessPackages": [ASSIGNABLE.replace("skatte", "Skatte")]}, BEYOND, (400, "AUTH-00063")),
        ({"type": "agent", "accessPackages": [FOR_CLIENTS] * 5}, BEYOND, (400, "AUTH-00063")),
        ({"accessPackages": [FOR_CLIENTS]}, KIND, (400, "AUTH-00064")),
        ({"type": "agent", "accessPackages": [NOT_DELEGABLE]}, KIND, (400, "AUTH-00065")),
        ({"rights": [FIRST], "redirectUrl": f"{URL}/"}, REDIRECT, (400, "AUTH-00021")),
        ({"rights": [FIRST], "redirectUrl": "receipt"}, REDIRECT, (500, "")),
        ({"rights": [FIRST], "redirectUrl": "/receipt"}, REDIRECT, (400, "AUTH-00021")),
        ({"rights": [FIRST], "redirectUrl": f"{URL}?step=2".replace("smart", "SMART")}, "", (201, "")),
        ({}, EMPTY, (400, "AUTH-00001")),
        ({"type": "agent"}, EMPTY, (400, "")),
        ({"type": "agent", "rights": [FIRST], "accessPackages": [OTHER]}, "request-agent-rights", (201, "")),
    ],
)
def test_a_rule_says_what_the_service_says(
    vendor: Vendor, template: dict[str, Any], rule: str, answer: tuple[int, str]
) -> None:
    """What it refuses has an error, and what it takes has none; but rights of an agent, which it ignores."""
    text = json.dumps({**a_system("all"), "requests": {"one": template}})
    checked = validate([read_document("a.yaml", text.encode())], ENVIRONMENTS)
    (definition,) = checked.definitions
    body = build_body(definition.requests["one"], SYSTEM, vendor.customer())
    path = "request/vendor/agent" if template.get("type") == "agent" else "request/vendor"

    assert {each.rule for each in checked.findings if each.rule.startswith("request-")} == {rule} - {""}
    assert show(vendor.call("POST", path, body)) == answer


def test_a_client_gives_packages_of_one_relation_only(vendor: Vendor) -> None:
    """The service takes the request and the customer's yes, and then no client fits: the rule says so before."""
    urns = [FOR_CLIENTS, "urn:altinn:accesspackage:ansvarlig-revisor"]
    system = a_system("relations", accessPackages=[package(each) for each in urns])
    vendor.call("POST", REGISTER, system).raise_for_status()
    text = json.dumps({**system, "requests": {"one": {"type": "agent", "accessPackages": urns}}})
    checked = validate([read_document("a.yaml", text.encode())], ENVIRONMENTS)
    user = vendor.user(agent=True, systemId=system["id"], accessPackages=[package(each) for each in urns])[
        "id"
    ]

    assert "request-relations" in {each.rule for each in checked.findings}
    assert vendor.decide(do="client", systemUser=user, client="310000701") == (400, "AUTH-00080")
