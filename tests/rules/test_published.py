"""The published examples, with the faults that they have and no others."""

from __future__ import annotations

import pytest

from reconciler.definitions.yaml_document import read_document
from reconciler.model.findings import Severity
from reconciler.operations.validate import validate
from reconciler.rules.definition_reader import check_document
from tests.builders import ENVIRONMENTS

RIGHTS_EXAMPLE = """
id: 991825827_smartcloud
systemVendorOrgNumber: "991825827"
vendor: {authority: iso6523-actorid-upis, ID: "0192:991825827"}
name: {nb: SmartCloud 1, en: SmartCloud 1, nn: Smart SKY}
description:
  nb: SmartCloud er verdens beste system.
  en: SmartCloud Rocks.
  nn: SmartSky er vestlandets beste system
rights:
  - resource:
      - id: urn:altinn:resource
        value: ske-krav-og-betalinger
clientId: [xxxxxx-xxxx-xxxx-xxxx-xxxxxxx]
allowedredirecturls: ["https://smartcloudxxxx/receipt"]
isVisible: true
"""
PACKAGE_EXAMPLE = """
id: 991825827_smartcloud_ap
systemVendorOrgNumber: "991825827"
vendor: {authority: iso6523-actorid-upis, ID: "0192:991825827"}
name: {nb: Smartcloud TP, en: SmartCloud AP, nn: Smartcloud TP}
description:
  nb: SmartCloud er verdens beste system.
  en: SmartCloud Rocks
  nn: SmartSky er vestlandets beste system
accessPackages:
  - urn: urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet
clientId: [xxxxx-xxxx-xxx-xxx-xxx]
allowedredirecturls: ["https://smartcloudxxxx/receipt"]
isVisible: true
"""
OLD_GUIDE = """
{"id": "123456789_systemid",
 "vendor": {"ID": "0192:123456789"},
 "name": {"en": "System name", "nb": "Systemnavn", "nn": "Systemnamn"},
 "description": {"en": "System description", "nb": "Systembeskrivelse", "nn": "Systembeskriving"},
 "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "tjenestenavn"}]}],
 "accessPackages": [],
 "isVisible": false,
 "allowedRedirectUrls": ["https://smartcloudaltinn.azurewebsites.net/receipt"],
 "clientId": ["a2ed712d-4144-4471-839f-80ae4a68146b"]}
"""
PASCAL_CASE = """
{"Id": "991825827_smartcloud",
 "Vendor": {"ID": "0192:991825827"},
 "Name": {"en": "SmartCloud", "nb": "SmartCloud", "nn": "Smart SKY"},
 "Description": {
   "en": "SmartCloud Rocks", "nb": "SmartCloud er verdens beste system.",
   "nn": "SmartSky er vestlandets beste system"},
 "Rights": [{"Resource": [{"value": "kravogbetaling", "id": "urn:altinn:resource"}]}],
 "AllowedRedirectUrls": ["https://smartcloudaltinn.azurewebsites.net/receipt"],
 "ClientId": ["a2ed712d-8188-4471-839f-80ae4a68146b"]}
"""


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (RIGHTS_EXAMPLE, ["client-id-placeholder"]),
        (PACKAGE_EXAMPLE, ["package-visible", "client-id-placeholder"]),
        (OLD_GUIDE, ["vendor-check-digit"]),
        (PASCAL_CASE, []),
    ],
)
def test_a_published_example_has_its_own_errors_only(text: str, errors: list[str]) -> None:
    """The guide's examples fail on what is wrong with them, and on nothing else."""
    findings = validate([read_document("example.yaml", text.encode())], ENVIRONMENTS).findings

    assert [each.rule for each in findings if each.severity is Severity.ERROR] == errors


def test_pascal_case_is_read_with_a_note_for_each_member() -> None:
    """The oldest guide writes PascalCase, which the register reads too."""
    definition, findings = check_document(read_document("example.yaml", PASCAL_CASE.encode()), ENVIRONMENTS)

    assert definition is not None
    assert {(each.rule, each.severity) for each in findings} == {("spelling", Severity.NOTE)}
    assert [each.place.path for each in findings] == [
        "Id",
        "Vendor",
        "Name",
        "Description",
        "Rights",
        "rights[0].Resource",
        "AllowedRedirectUrls",
        "ClientId",
    ]
