"""The JSON Schema of the configuration, for editors: of `reconciler.toml`, and so of `[tool.reconciler]`.

Pure. It says which tables and settings there are; whether an address is sound, and whether a token may go there,
is left to the reading of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.json_schema import DRAFT_2020
from reconciler.definitions.settings import (
    ADDRESSES,
    CONSUMER,
    KEY_EXPIRES,
    LISTS,
    NAME,
    ORGANISATION,
    SUPPLIER,
)
from reconciler.definitions.words import explain_member
from reconciler.model.environment import BUILT_IN

if TYPE_CHECKING:
    from reconciler.definitions.json_schema import Schema
    from reconciler.definitions.words import Language


def make_config_schema(language: Language = "en") -> Schema:
    """Make the schema of the configuration in JSON Schema 2020-12."""
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
    number = {"type": "string", "pattern": f"^{ORGANISATION.pattern}$"}
    several = {"anyOf": [number, {"type": "array", "items": number}]}
    common = {
        **lists,
        KEY_EXPIRES: day,
        CONSUMER: {**explain_member(f"config.{CONSUMER}", language), **several},
        SUPPLIER: {**explain_member(f"config.{SUPPLIER}", language), **number},
    }
    addresses = {
        name: {**explain_member(f"config.{name}", language), "type": "string", "pattern": "^https?://"}
        for name in ADDRESSES
    }
    built_in = {"type": "object", "properties": common, "additionalProperties": False}
    own = {
        "type": "object",
        "properties": addresses | common,
        "required": list(ADDRESSES),
        "additionalProperties": False,
    }
    environments = {
        **explain_member("config.environments", language),
        "type": "object",
        "properties": {each.name: built_in for each in BUILT_IN},
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
