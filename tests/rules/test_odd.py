"""What can never be stored, found again or settle is an error offline, whatever `allow:` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.clients.metadata import find_doubt
from reconciler.definitions.yaml_document import read_document
from reconciler.model.catalogue import ROUTES, read_shipped_catalogue
from reconciler.model.findings import Severity
from reconciler.operations.validate import validate
from reconciler.rules import RULES
from tests.builders import ENVIRONMENTS, a_definition_text

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding

REASON = {rule.id: "as an example" for rule in RULES.values() if rule.allowable}


def _find(text: str) -> tuple[Finding, ...]:
    return validate([read_document("991825827_smartcloud.yaml", text.encode())], ENVIRONMENTS).findings


def _find_errors(changes: dict[str, Json], *, allow: bool = True) -> set[str]:
    """Find the errors that stay although everything that can be allowed is."""
    text = a_definition_text(**changes, allow=REASON if allow else {})
    return {each.rule for each in _find(text) if each.severity is Severity.ERROR}


@pytest.mark.parametrize(
    "value", ["urn:altinn:resource:ske-krav", "URN:altinn:resource:x", "urn:altinn:app:brg:a"]
)
def test_a_urn_is_no_resource(value: str) -> None:
    """P4: the short form takes the id alone, and the hint gives it."""
    found = [each for each in _find(a_definition_text(rights=[value])) if each.rule == "right-resource"]

    assert [each.severity for each in found] == [Severity.ERROR]
    assert found[0].code == "AUTH.VLD-00003"
    assert found[0].hint == (
        "Write `ske-krav`." if value.endswith("ske-krav") else "Write the id of the resource alone."
    )


@pytest.mark.parametrize(
    "name",
    [
        "991825827_a ",
        " 991825827_a",
        "991825827_a\u00a0",
        "991825827_a/b",
        "991825827_a\0",
        "",
        "\u3000",
        "..",
        "/",
    ],
)
def test_an_id_that_nobody_can_ask_for_cannot_be_allowed(name: str) -> None:
    """P7: it would be registered, and never be reached again."""
    assert _find_errors({"id": name}) >= {"id-unreachable"}
    assert "id-unreachable" in _find_errors({"id": name, "withdrawn": True})


@pytest.mark.parametrize(
    "name", ["991825827_a b", "991825827_a%2Fb", "991825827_a\\b", "991825827_...", "991825827_a+"]
)
def test_an_id_that_can_be_asked_for_can_be_allowed(name: str) -> None:
    """P7: what is only unusual is let through."""
    assert _find_errors({"id": name}) <= {"allow-unneeded"}


def test_an_empty_client_id_cannot_be_allowed() -> None:
    """P8, R22: it is taken in the whole country, and left out of every answer."""
    assert _find_errors({"clientId": [""]}) == {"client-id-empty"}
    assert _find_errors({"clientId": ["any text"]}) == set()


@pytest.mark.parametrize("word", sorted(ROUTES))
@pytest.mark.parametrize("spell", [str.lower, str.upper, str.capitalize])
def test_a_word_of_the_registry_is_no_resource(word: str, spell: type[str]) -> None:
    """P9: six words lead to other pages of the registry, in any letter case; nobody asks it for them."""
    value = spell(word)
    right = {"resource": [{"id": "urn:altinn:resource", "value": value}]}

    assert _find_errors({"rights": [value]}) == {"right-impossible"}
    doubt = find_doubt({"rights": [right]}, None)  # type: ignore[arg-type]  # it is never asked
    assert doubt == f"`{value}` is a page of the Resource Registry, and no resource"


@pytest.mark.parametrize("value", [".", "..", "...", "a.."])
def test_dots_stay_in_a_message(value: str) -> None:
    """R20: a name that ends in dots is shown whole."""
    found = [
        each for each in _find(a_definition_text(rights=[value, value])) if each.rule.startswith("right-")
    ]

    assert found
    assert all(f"`{value}`" in each.message or f":{value}`" in each.message for each in found)


def test_a_text_that_yaml_cuts_is_a_warning() -> None:
    """P13: `nb: Demo #1 for all` says `Demo`, and the finding shows it."""
    text = a_definition_text().replace('"nb": "SmartCloud"', '"nb": x')
    text = text.replace('name: {"en"', "name:\n  nb: Demo #1 for all\n  nn: x\n  en: x\nx: {").replace(
        "\nx: {", "\n# {"
    )
    (found,) = [each for each in _find(text) if each.rule == "comment-behind-text"]

    assert found.severity is Severity.WARNING
    assert found.message == "`name.nb` ends before a `#`: it says `Demo`"


@pytest.mark.parametrize("quoted", ['"Demo #1"', "'Demo #1'", "Demo#1", "|-\n    Demo #1"])
def test_a_number_sign_inside_a_text_is_none_of_its_business(quoted: str) -> None:
    """P13: quotes, a block and a sign without a blank before it cut nothing off."""
    lines = a_definition_text().split("\n")
    rest = [line for line in lines if not line.startswith("name:")]
    text = "\n".join(
        [f"name:\n  nb: {quoted}\n  nn: x\n  en: x # in a line of its own it would be better", *rest]
    )
    found = [each.place.path for each in _find(text) if each.rule == "comment-behind-text"]

    assert found == ["name.en"]


@pytest.mark.parametrize(
    "url", ["https://[1.2.3.4]/", "https://[:::1]/", "https://[12345::1]/", "https://[::1"]
)
def test_an_address_that_is_none_is_an_error(url: str) -> None:
    """R17: a POST refuses it, and nobody can allow it."""
    assert _find_errors({"allowedRedirectUrls": [url]}) == {"redirect-not-absolute"}


@pytest.mark.parametrize("mark", [*map(chr, (0x200E, 0x200F)), *map(chr, range(0x202A, 0x202F))])
@pytest.mark.parametrize(
    "before", ["https://smart{}cloud.example/", "https://u@{}a.example", " https:\\\\a{}.example:8443?x"]
)
def test_marks_in_a_host_are_refused(mark: str, before: str) -> None:
    """E35: by a rule of its own, which nobody can allow; elsewhere in a URL they are text."""
    assert "redirect-host-marks" in _find_errors({"allowedRedirectUrls": [before.format(mark)]})
    assert _find_errors({"allowedRedirectUrls": [f"https://smartcloud.example/{mark}"]}) == set()


def test_a_host_is_left_as_it_is_spelt() -> None:
    """R18: the register does not compose letters, so no note says that it would."""
    text = a_definition_text(allowedRedirectUrls=["https://a\u0308.example/"])

    assert not [each for each in _find(text) if each.rule.startswith("redirect-")]


def test_the_prefix_of_a_package_is_in_small_letters() -> None:
    """E16: the look-up ignores letter case, but for `urn:` itself."""
    catalogue = read_shipped_catalogue()
    urn = "urn:altinn:accesspackage:skattegrunnlag"

    assert catalogue.find_package(urn.replace("altinn", "ALTINN")) is not None
    assert catalogue.find_package(urn.upper()) is None
    assert _find_errors({"accessPackages": [urn.replace("urn", "URN")]}, allow=False) == {"package-format"}
    assert _find_errors({"accessPackages": [urn.replace("skatte", "Skatte")]}, allow=False) == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"allowedRedirectUrls": ["https://smartcloud.example/x%20"]},
        {"allowedRedirectUrls": ["https://smartcloud.example/%41 "]},
        {"allowedRedirectUrls": ["https://smartcloud.example/%\ufdd0a"]},
        {"allowedRedirectUrls": ["ftp://smartcloud.example/"]},
        {"allowedRedirectUrls": ["smartcloud.example"]},
        {"clientId": [""]},
        {"name": {"nb": "a\0b", "nn": "c", "en": "d"}},
        {"name": {"nb": "a", "nn": "c", "en": "d", "x\0": "e"}},
        {"rights": ["a\0"]},
        {"rights": [{"action": "\0", "resource": [{"id": "urn:altinn:resource", "value": "a"}]}]},
        {"allowedRedirectUrls": ["https://smartcloud.example/\0"]},
    ],
)
def test_what_cannot_settle_cannot_be_allowed(changes: dict[str, Json]) -> None:
    """R22: a plan would ask for it for ever, or the register would fail for ever."""
    assert _find_errors(changes)
