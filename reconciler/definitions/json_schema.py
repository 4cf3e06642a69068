"""The JSON Schema of a definition, for editors: made from the model, with words in English and Norwegian.

Pure. It says what the rules on shape say, and that name and description have three languages: a file that it
refuses has an error of one of those rules, or a note on a spelling that `fmt` corrects. What a schema cannot see
is left to `validate`: YAML itself, client ids, addresses, and what stands in several files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic.json_schema import GenerateJsonSchema

from reconciler.definitions.definition import TEMPLATE_NAMES, Overlay
from reconciler.definitions.words import explain_member
from reconciler.model.request_template import KINDS
from reconciler.model.system import (
    IDENTITY,
    LANGUAGES,
    NEVER_SENT,
    NEVER_SENT_VENDOR,
    REQUIRED,
    TEXT,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.definitions.words import Language

Schema: TypeAlias = dict[str, Any]

DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"
DRAFT_07 = "http://json-schema.org/draft-07/schema#"
"""The two versions that editors read (https://json-schema.org/specification-links)."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What an editor suggests: names that exist, each with a sentence about it."""

    environments: tuple[str, ...] = ()
    """The configured ones; with none, any name is taken."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """By URN."""
    resources: Mapping[str, str] = field(default_factory=dict)
    """By resource id."""
    exceptions: Mapping[str, str] = field(default_factory=dict)
    """The rules that `allow` takes, by id."""


def make_definition_schema(vocabulary: Vocabulary, language: Language = "en") -> Schema:
    """Make the schema of a definition in JSON Schema 2020-12."""
    made = Overlay.model_json_schema(ref_template="#/$defs/{model}", schema_generator=_Bare)
    parts = {name: _describe_part(name, part, language) for name, part in made["$defs"].items()}
    members = {name: _describe(name, each, language) for name, each in made["properties"].items()}
    for name in ("name", "description"):
        members[name] |= {"properties": dict.fromkeys(LANGUAGES, TEXT), "required": list(LANGUAGES)}
    _suggest(members["accessPackages"], vocabulary.packages)
    _suggest(members["rights"], vocabulary.resources)
    parts["Vendor"]["properties"] |= _list_ignored(NEVER_SENT_VENDOR)
    known = {name: {"$ref": f"#/$defs/{name}"} for name in members} | _list_ignored(NEVER_SENT)
    known["requests"] = {"$ref": "#/$defs/requests"}
    closed: Schema = {"properties": known, "additionalProperties": False}
    own = {
        "environments": _describe("environments", _list_environments(vocabulary), language),
        "allow": _describe("allow", _list_exceptions(vocabulary), language),
    }
    return {
        "$schema": DRAFT_2020,
        **explain_member("definition", language),
        "type": "object",
        **closed,
        "properties": known | own,
        **_require_members(),
        "$defs": {
            **parts,
            **members,
            "requests": _describe("requests", _LAYER_OF_TEMPLATES, language),
            "Template": {**explain_member("template", language), **_describe_template(language)},
            "overlay": {**explain_member("overlay", language), "type": ["object", "null"], **closed},
        },
    }


def to_draft_07(schema: Schema) -> Schema:
    """Give the same schema in draft-07, which older editors read."""
    return {**_rename(schema, "$defs", "definitions"), "$schema": DRAFT_07}


def to_draft_2020(schema: Schema) -> Schema:
    """Give the same schema in 2020-12."""
    return {**_rename(schema, "definitions", "$defs"), "$schema": DRAFT_2020}


def _rename(schema: Schema, old: str, new: str) -> Schema:
    """Call the keyword that holds the parts otherwise, and every reference to it."""

    def convert(value: Any) -> Any:  # noqa: ANN401 - a part of a schema is any JSON
        if isinstance(value, dict):
            return {name: convert_reference(name, each) for name, each in value.items()}
        return [convert(each) for each in value] if isinstance(value, list) else value

    def convert_reference(name: str, value: Any) -> Any:  # noqa: ANN401 - as above
        if name == "$ref" and isinstance(value, str):
            return value.replace(f"#/{old}/", f"#/{new}/")
        return convert(value)

    converted: Schema = convert({name: each for name, each in schema.items() if name != old})
    return {**converted, new: convert(schema[old])} if old in schema else converted


class _Bare(GenerateJsonSchema):
    """Leaves out the titles that only repeat names, and the defaults of an overlay, which are none."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic asks it of each
        return False

    def default_schema(self, schema: Any) -> Schema:  # noqa: ANN401 - pydantic's own type is not public
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: Any) -> Schema:  # noqa: ANN401 - as above; null is a wrong type everywhere
        return self.generate_inner(schema["schema"])


def _describe(name: str, schema: Schema, language: Language) -> Schema:
    return {**explain_member(name, language), **schema}


def _describe_part(part: str, schema: Schema, language: Language) -> Schema:
    members = {
        name: _describe(f"{part}.{name}", each, language) for name, each in schema["properties"].items()
    }
    kept = {name: each for name, each in schema.items() if name not in {"title", "description"}}
    return {**kept, "properties": members}


_LAYER_OF_TEMPLATES: Schema = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Template"}}


def _describe_template(language: Language) -> Schema:
    """Describe what a request for a system user may ask for; its lists take what those of the system take."""
    kinds: Schema = {"enum": list(KINDS)}
    lists = {
        name: {"type": "array", "items": {"$ref": f"#/$defs/{name}/items"}}
        for name in ("rights", "accessPackages")
    }
    members = {"type": kinds, **lists, "redirectUrl": TEXT}
    return {
        "type": "object",
        "properties": {
            name: _describe(f"Template.{name}", members[name], language) for name in TEMPLATE_NAMES
        },
        "additionalProperties": False,
    }


def _suggest(member: Schema, names: Mapping[str, str]) -> None:
    """Offer names for the entries of a list; any other text is taken as well."""
    if names:
        offered = {"enum": list(names), "enumDescriptions": list(names.values())}
        member["items"] = {"anyOf": [offered, *member["items"]["anyOf"]]}


def _list_ignored(names: Mapping[str, str]) -> Schema:
    """Take the members that published examples show and nobody sends, without offering them."""
    return {
        name: {"deprecated": True, "deprecationMessage": f"Never sent: {why}."} for name, why in names.items()
    }


def _list_environments(vocabulary: Vocabulary) -> Schema:
    overlay = {"$ref": "#/$defs/overlay"}
    if not vocabulary.environments:
        return {"type": "object", "additionalProperties": overlay}
    return {
        "type": "object",
        "properties": dict.fromkeys(vocabulary.environments, overlay),
        "additionalProperties": False,
    }


def _list_exceptions(vocabulary: Vocabulary) -> Schema:
    reason: Schema = {"anyOf": [TEXT, {"type": "object", "additionalProperties": TEXT}]}
    rules = {
        rule: {"description": summary, **reason} for rule, summary in sorted(vocabulary.exceptions.items())
    }
    return {"type": "object", "properties": rules, "additionalProperties": reason}


def _require_members() -> Schema:
    """Require what every environment has to see stated; a withdrawn system needs only its id and vendor.

    Nearly every file states it at the top, and there an editor should say just what is missing. Only where
    `withdrawn` or an overlay for `local` can excuse the top, each environment is looked at.
    """
    special: Schema = {
        "anyOf": [
            {"required": ["withdrawn"]},
            {"required": ["environments"], "properties": {"environments": {"required": ["local"]}}},
        ]
    }
    return {
        "if": special,
        "then": {"allOf": [_require_somewhere(name) for name in REQUIRED]},
        "else": {"required": list(REQUIRED)},
    }


def _require_somewhere(name: str) -> Schema:
    """Require a member at the top, or in each overlay that does not do without it."""
    here: Schema = {"type": "object", "required": [name]}
    if name in IDENTITY:
        return {"anyOf": [here, _in_each_overlay(here, local=True)]}
    gone, back = _state("withdrawn", value=True), _state("withdrawn", value=False)
    everywhere = _in_each_overlay(here, gone, local=True)
    once_back = {"allOf": [gone, _in_each_overlay(here, {"not": back}, local=False)]}
    return {"anyOf": [here, everywhere, once_back]}


def _state(name: str, *, value: bool) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: {"const": value}}}


def _in_each_overlay(*ways: Schema, local: bool) -> Schema:
    """Ask one of several things of each overlay; `local` where one for `local` has to be there."""
    overlays: Schema = {"additionalProperties": {"anyOf": list(ways)}}
    if not local:
        return {"properties": {"environments": overlays}}
    return {
        "required": ["environments"],
        "properties": {"environments": {"required": ["local"], **overlays}},
    }
