"""The one way to make data in tests: complete values, of which a test changes what it is about."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

from reconciler.definitions.resolve import resolve
from reconciler.definitions.yaml_document import read_document
from reconciler.model.normalise import normalise
from reconciler.model.system import RegisteredSystem, System
from reconciler.rules.definition_reader import check_document

if TYPE_CHECKING:
    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json

VENDOR = "991825827"
CLIENT = "32ef65ac-6e62-498d-880f-76c85c2052ae"
OTHER_CLIENT = "a2ed712d-8188-4471-839f-80ae4a68146b"
ENVIRONMENTS = ("local", "tt02", "prod")

_LIVE: dict[str, Json] = {
    "id": "991825827_smartcloud",
    "vendor": {"ID": "0192:991825827"},
    "name": {"en": "SmartCloud", "nb": "SmartCloud", "nn": "SmartSky"},
    "description": {"en": "Rocks", "nb": "Best", "nn": "Vest"},
    "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}]}],
    "accessPackages": [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}],
    "isDeleted": False,
    "clientId": [CLIENT],
    "isVisible": True,
    "allowedRedirectUrls": ["https://smartcloud.example/receipt"],
}


def a_live_document(**changes: Json) -> dict[str, Json]:
    """Make a document as the register answers it."""
    return {**copy.deepcopy(_LIVE), **changes}


def a_registered_system(**changes: Json) -> RegisteredSystem:
    """Make a live system."""
    return RegisteredSystem(a_live_document(**changes))


def a_system(**changes: Json) -> System:
    """Make a canonical system."""
    return normalise(a_registered_system(**changes).read())


def a_definition_text(**changes: Json) -> str:
    """Make a definition that asks for what `a_live_document` holds; JSON is YAML."""
    members = {name: value for name, value in a_live_document(**changes).items() if name != "isDeleted"}
    lines = [
        f"{name}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in members.items()
        if value is not ...
    ]
    return "\n".join(lines) + "\n"


def a_resolved(environment: str = "local", **changes: Json) -> Resolved:
    """Make a definition as an environment sees it; `...` leaves a member out."""
    text = a_definition_text(**changes)
    document = read_document(f"systems/{changes.get('id', _LIVE['id'])}.yaml", text.encode())
    definition, findings = check_document(document, ENVIRONMENTS)
    assert definition is not None, findings
    return resolve(definition, environment)
