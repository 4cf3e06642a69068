"""The JSON Schema (draft-07) of a format, made from the types that read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic.json_schema import GenerateJsonSchema

if TYPE_CHECKING:
    from pydantic import BaseModel


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles, which only repeat the names of the members."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic asks it of each
        return False


def print_schema(model: type[BaseModel], title: str) -> str:
    """Print the schema of a model; its parts are called as their types are, without `Saved` and `Reported`."""
    made = model.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_Untitled)
    parts = made.pop("$defs", {})
    names = {name: name.removeprefix("Saved").removeprefix("Reported").lower() for name in parts}
    for part in parts.values():
        part.pop("title", None)
    schema: dict[str, object] = {"$schema": "http://json-schema.org/draft-07/schema#", "title": title}
    schema |= {name: value for name, value in made.items() if name != "title"}
    schema |= {"definitions": {names[name]: part for name, part in parts.items()}}
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    for name, called in names.items():
        text = text.replace(f'"#/definitions/{name}"', f'"#/definitions/{called}"')
    return text
