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
from reconciler.model.catalogue_list import read_shipped_list
from reconciler.model.catalogue_search import is_usable
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.definitions.words import Language
    from reconciler.model.catalogue_list import CatalogueList, Texts


class Of(StrEnum):
    """A format that has a schema."""

    DEFINITION = "definition"
    CONFIG = "config"
    PLAN = "plan"
    REPORT = "report"
    ASK = "ask"


class Version(StrEnum):
    """A version of JSON Schema."""

    DRAFT_07 = "07"
    DRAFT_2020 = "2020-12"


def make_schema(
    of: Of,
    draft: Version = Version.DRAFT_07,
    language: Language = "en",
    environments: Iterable[str] = (),
    saved: Iterable[CatalogueList] = (),
) -> dict[str, Any]:
    """Make the schema of a format; `environments` are the configured ones, and with none any name is taken.

    The packages and resources of the `saved` lists are suggested beside the shipped packages.
    Plans, reports and plans of change requests are for programs, and described in English only.
    """
    if of is Of.DEFINITION:
        made = make_definition_schema(_gather_vocabulary(environments, saved, language), language)
    elif of is Of.CONFIG:
        made = make_config_schema(language)
    else:
        made = json.loads(files("reconciler").joinpath(f"data/{of}.schema.json").read_text(encoding="utf-8"))
    return to_draft_07(made) if draft is Version.DRAFT_07 else to_draft_2020(made)


def _gather_vocabulary(
    environments: Iterable[str], saved: Iterable[CatalogueList], language: Language
) -> Vocabulary:
    lists = [read_shipped_list(), *sorted(saved, key=lambda each: each.taken)]
    packages = {each.urn: _choose(each.name, language) for one in lists for each in one.packages}
    resources = {
        each.id: _choose(each.title, language) for one in lists for each in one.resources if is_usable(each)
    }
    return Vocabulary(
        environments=tuple(environments),
        packages=dict(sorted(packages.items())),
        resources=dict(sorted(resources.items())),
        exceptions={rule.id: rule.summary for rule in RULES.values() if rule.allowable},
    )


def _choose(texts: Texts, language: Language) -> str:
    """Choose the text of a language, else in Norwegian, else any."""
    return texts.get(language) or texts.get("nb") or next(iter(texts.values()), "")
