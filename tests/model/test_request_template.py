"""What customers are asked for: read from a definition, and made a body for the route of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.canonical_form import format_definition
from reconciler.definitions.resolve import resolve
from reconciler.definitions.yaml_document import read_document
from reconciler.model.request_template import Template, build_body, find_template
from reconciler.model.system import RESOURCE, Attribute, Right
from reconciler.rules.definition_reader import check_document
from tests.builders import ENVIRONMENTS, a_definition_text

if TYPE_CHECKING:
    from reconciler.definitions.definition import Definition

SYSTEM = "991825827_smartcloud"
CUSTOMER = "310904473"
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"
RIGHT = Right(resource=(Attribute(id=RESOURCE, value="ske-krav-og-betalinger"),))
SENT_RIGHT = {"resource": [{"id": RESOURCE, "value": "ske-krav-og-betalinger"}]}


def read(requests: str) -> tuple[Definition, list[tuple[str, str, str]]]:
    """Read a definition with `requests:`, and give what is found as rule, path and message."""
    text = f"{a_definition_text()}requests:{requests}\n"
    definition, findings = check_document(read_document("a.yaml", text.encode()), ENVIRONMENTS)
    assert definition is not None
    return definition, [(each.rule, each.place.path, each.message) for each in findings]


def test_templates_are_read_in_every_spelling() -> None:
    """The short form and the register's mean the same, and a template without a type is for the customer itself."""
    definition, findings = read(f"""
  standard: {{rights: [ske-krav-og-betalinger], accessPackages: [{PACKAGE}], redirectUrl: https://a.example/b}}
  long:
    type: standard
    rights: [{{resource: [{{id: {RESOURCE}, value: ske-krav-og-betalinger}}]}}]
    accessPackages: [{{urn: {PACKAGE}}}]
    redirectUrl: https://a.example/b
  accountant: {{type: agent, accessPackages: [{PACKAGE}]}}
  true: {{}}""")

    full = Template("standard", "standard", (RIGHT,), (PACKAGE,), "https://a.example/b")
    assert findings == []
    assert definition.requests == {
        "standard": full,
        "long": Template("long", "standard", (RIGHT,), (PACKAGE,), "https://a.example/b"),
        "accountant": Template("accountant", "agent", packages=(PACKAGE,)),
        "true": Template("true"),
    }
    assert "requests" not in definition.members


@pytest.mark.parametrize(
    ("written", "rule", "path", "message"),
    [
        (" []", "wrong-type", "requests", "`requests` is a list, not a mapping"),
        ("", "wrong-type", "requests", "`requests` is null"),
        (" {a: }", "wrong-type", "requests.a", "`requests.a` is null"),
        (" {a: [x]}", "wrong-type", "requests.a", "`requests.a` is a list, not a mapping"),
        (
            " {a: {type: both}}",
            "wrong-type",
            "requests.a.type",
            "`requests.a.type` is the text `both`, not `standard` or `agent`",
        ),
        (
            " {a: {rigths: []}}",
            "unknown-member",
            "requests.a.rigths",
            "`rigths` is not a member that the register or this tool knows",
        ),
        (
            " {a: {Type: agent}}",
            "spelling",
            "requests.a.Type",
            "`Type` is spelt `type` in the register's answers",
        ),
        (
            " {a: {rights: [{resource: [{id: x}]}]}}",
            "missing-member",
            "requests.a.rights[0].resource[0].value",
            "`requests.a.rights[0].resource[0]` has no `value`",
        ),
    ],
)
def test_what_is_no_template_is_said_where_it_stands(
    written: str, rule: str, path: str, message: str
) -> None:
    """Each has its rule, its path and a sentence; a broken template leaves none to go by."""
    definition, findings = read(written)

    assert findings == [(rule, path, message)]
    assert (definition.requests == {}) == (rule not in {"spelling", "unknown-member"})


def test_an_environment_can_have_templates_of_its_own() -> None:
    """They replace those of the top, as the other members of an overlay do; their faults stand at their place."""
    requests = "{standard: {redirectUrl: https://tt02.example/b, rights: [ske-krav-og-betalinger]}}"
    text = (
        f"{a_definition_text()}requests: {{standard: {{rights: [ske-krav-og-betalinger]}}, other: {{}}}}\n"
        f"environments: {{tt02: {{requests: {requests}}}, prod: {{}}}}\n"
    )
    definition, findings = check_document(read_document("a.yaml", text.encode()), ENVIRONMENTS)
    broken = text.replace("redirectUrl", "redirect")
    _, faults = check_document(read_document("a.yaml", broken.encode()), ENVIRONMENTS)

    assert (definition is None, findings) == (False, ())
    if definition is not None:
        here, there = resolve(definition, "tt02"), resolve(definition, "prod")
        assert here.requests == {
            "standard": Template("standard", rights=(RIGHT,), redirect="https://tt02.example/b")
        }
        assert (list(there.requests), there.requests) == (["standard", "other"], definition.requests)
        assert here.path(("requests", "standard"))[:2] == ("environments", "tt02")
        assert here.system == there.system
    assert [(each.rule, each.place.path) for each in faults] == [
        ("unknown-member", "environments.tt02.requests.standard.redirect")
    ]


@pytest.mark.parametrize(
    ("template", "reference", "title", "members"),
    [
        (Template("a", rights=(RIGHT,)), "", "", {"rights": [SENT_RIGHT]}),
        (Template("a", rights=(RIGHT,)), CUSTOMER, "", {"rights": [SENT_RIGHT]}),
        (Template("a", rights=(RIGHT,)), "  ", "", {"rights": [SENT_RIGHT]}),
        (
            Template("a", rights=(RIGHT,), packages=(PACKAGE,), redirect="https://a.example/b"),
            "prosjekt-7",
            "Lønn",
            {
                "externalRef": "prosjekt-7",
                "integrationTitle": "Lønn",
                "rights": [SENT_RIGHT],
                "accessPackages": [{"urn": PACKAGE}],
                "redirectUrl": "https://a.example/b",
            },
        ),
        (
            Template("a", "agent", rights=(RIGHT,), packages=(PACKAGE,)),
            "",
            "",
            {"accessPackages": [{"urn": PACKAGE}]},
        ),
        (
            Template("a", rights=(Right(resource=RIGHT.resource, action="read"),)),
            "",
            "",
            {"rights": [{**SENT_RIGHT, "action": "read"}]},
        ),
    ],
)
def test_the_body_holds_what_the_route_takes(
    template: Template, reference: str, title: str, members: dict[str, object]
) -> None:
    """No empty member, no rights of an agent, and no reference that is the organisation number anyway."""
    body = build_body(template, SYSTEM, CUSTOMER, reference, title=title)

    assert body == {"systemId": SYSTEM, "partyOrgNo": CUSTOMER, **members}


def test_the_only_template_needs_no_name() -> None:
    """One of several is named."""
    one, other = Template("one"), Template("other")

    assert find_template({"one": one}, "") is one
    assert find_template({"one": one, "other": other}, "") is None
    assert find_template({"one": one, "other": other}, "other") is other
    assert find_template({}, "") is None


def test_the_canonical_form_of_templates() -> None:
    """Names, short forms and the order of members are put right, comments stay, and the order of templates too."""
    before = f"""\
requests: # what we ask for
  b:
    # for the whole company
    Rights:
      - {{resource: [{{value: a, ID: {RESOURCE}}}]}}
    type: standard
  a: {{accessPackages: [{{URN: {PACKAGE}}}], Type: agent}}
id: 991825827_smartcloud
"""
    after = f"""\
id: 991825827_smartcloud
requests: # what we ask for
  b:
    type: standard
    # for the whole company
    rights:
      - a
  a: {{type: agent, accessPackages: [{PACKAGE}]}}
"""

    assert format_definition(before) == after
    assert format_definition(after) == after
