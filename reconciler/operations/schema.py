"""Makes the JSON Schema of a format, with the names that exist in this repository as suggestions."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from reconciler.definitions.config_schema import make_config_schema
from reconciler.definitions.json_schema import (
    Vocabulary,
    make_definition_schema,
    to_draft_07,
    to_draft_2020,
)
from reconciler.model.catalogue import read_shipped_catalogue
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.definitions.words import Language


class Of(StrEnum):
    """A format that has a schema."""

    DEFINITION = "definition"
    CONFIG = "config"
    PLAN = "plan"
    REPORT = "report"


class Version(StrEnum):
    """A version of JSON Schema."""

    DRAFT_07 = "07"
    DRAFT_2020 = "2020-12"


def make_schema(
    of: Of, draft: Version = Version.DRAFT_07, language: Language = "en", environments: Iterable[str] = ()
) -> dict[str, Any]:
    """Make the schema of a format; `environments` are the configured ones, and with none any name is taken.

    Plans and reports are for programs, and described in English only.
    """
    if of is Of.DEFINITION:
        made = make_definition_schema(_gather_vocabulary(environments), language)
    elif of is Of.CONFIG:
        made = make_config_schema(language)
    else:
        made = json.loads(files("reconciler").joinpath(f"data/{of}.schema.json").read_text(encoding="utf-8"))
    return to_draft_07(made) if draft is Version.DRAFT_07 else to_draft_2020(made)


def _gather_vocabulary(environments: Iterable[str]) -> Vocabulary:
    packages = read_shipped_catalogue().packages
    return Vocabulary(
        environments=tuple(environments),
        packages={urn: flags.name for urn, flags in packages.items()},
        exceptions={rule.id: rule.summary for rule in RULES.values() if rule.allowable},
    )
