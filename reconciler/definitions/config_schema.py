"""The JSON Schema of the configuration, for editors: of `reconciler.toml`, and so of `[tool.reconciler]`.

Pure. It says which tables and settings there are; whether an address is sound, and whether a token may go there,
is left to the reading of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.check_settings import REQUIRED, SCOPE_FORM
from reconciler.definitions.json_schema import DRAFT_2020
from reconciler.definitions.settings import (
    ADDRESSES,
    CHECKS,
    CONSUMER,
    KEY_EXPIRES,
    LISTS,
    NAME,
    SUPPLIER,
    TEST,
)
from reconciler.definitions.words import explain_member
from reconciler.model.environment import BUILT_IN, ORGANISATION

if TYPE_CHECKING:
    from reconciler.definitions.json_schema import Schema
    from reconciler.definitions.words import Language


_NUMBER: Schema = {"type": "string", "pattern": f"^{ORGANISATION.pattern}$"}


def make_config_schema(language: Language = "en") -> Schema:
    """Make the schema of the configuration in JSON Schema 2020-12."""
    common = _describe_common(language)
    addresses = {
        name: {**explain_member(f"config.{name}", language), "type": "string", "pattern": "^https?://"}
        for name in ADDRESSES
    }
    checks = {CHECKS: _describe_checks(language)}
    marked = {TEST: {**explain_member(f"config.{TEST}", language), "type": "boolean"}}
    own = {
        "type": "object",
        "properties": addresses | common | marked | checks,
        "required": list(ADDRESSES),
        "additionalProperties": False,
        # Customers are asked nowhere else.
        "if": {"required": [CHECKS]},
        "then": {"properties": {TEST: {"const": True}}, "required": [TEST]},
    }
    environments = {
        **explain_member("config.environments", language),
        "type": "object",
        "properties": {
            each.name: {
                "type": "object",
                "properties": common | checks if each.test else common,
                "additionalProperties": False,
            }
            for each in BUILT_IN
        },
        "patternProperties": {f"^(?!({'|'.join(each.name for each in BUILT_IN)})$){NAME}$": own},
        "additionalProperties": False,
    }
    return {
        "$schema": DRAFT_2020,
        **explain_member("config", language),
        "type": "object",
        "properties": {"environments": environments},
        "additionalProperties": False,
    }


def _describe_common(language: Language) -> Schema:
    """Describe what every environment takes."""
    lists = {
        name: {
            **explain_member(f"config.{name}", language),
            "type": "array",
            "items": {"type": "string", "minLength": 1} if name == "clients" else {"type": "string"},
        }
        for name in LISTS
    }
    # TOML's own day and a text of the same form are one to an editor.
    form = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"}
    day = {**explain_member(f"config.{KEY_EXPIRES}", language), **form}
    several = {"anyOf": [_NUMBER, {"type": "array", "items": _NUMBER}]}
    return {
        **lists,
        KEY_EXPIRES: day,
        CONSUMER: {**explain_member(f"config.{CONSUMER}", language), **several},
        SUPPLIER: {**explain_member(f"config.{SUPPLIER}", language), **_NUMBER},
    }


def _describe_checks(language: Language) -> Schema:
    """Describe what `check` asks whom for."""
    text = {"type": "string", "minLength": 1}
    scopes = {
        "type": "array",
        "items": {"type": "string", "pattern": f"^{SCOPE_FORM.pattern}$"},
        "minItems": 1,
    }
    reference = {"type": "string", "pattern": r"^[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,99}$"}
    forms = {"system": text, "request": text, "customer": _NUMBER, "reference": reference, "scopes": scopes}
    return {
        **explain_member(f"config.{CHECKS}", language),
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                name: {**explain_member(f"config.{CHECKS}.{name}", language), **form}
                for name, form in forms.items()
            },
            "required": list(REQUIRED),
            "additionalProperties": False,
        },
    }
