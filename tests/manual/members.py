"""Tables of the members of what is described by a JSON Schema: the path of each, its type and what it means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from reconciler.definitions.config_schema import make_config_schema
from reconciler.definitions.definition import TOP_ONLY
from reconciler.definitions.json_schema import Vocabulary, make_definition_schema
from reconciler.model.system import DEFAULTS, NEVER_SENT, REQUIRED
from tests.manual.parts import draw_table

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS = {
    "vendor": "Vendor",
    "rights[]": "Right",
    "rights[].resource[]": "Attribute",
    "accessPackages[]": "Package",
    "requests.NAME": "Template",
}
"""Where the parts of a definition stand."""


def draw_definition() -> str:
    """Draw the members of a definition in their order."""
    schema = make_definition_schema(Vocabulary())
    parts = schema["$defs"]
    rows = []
    for name, member in schema["properties"].items():
        if name in NEVER_SENT:
            continue
        described = parts.get(name, member)
        left_out = "" if name in REQUIRED else _print(DEFAULTS[name]) if name in DEFAULTS else "–"
        where = "the top only" if name in TOP_ONLY else "top, overlay"
        rows.append(
            [f"`{name}`", left_out or "*required*", where, described["description"], _show(described)]
        )
        for path, part in _PARTS.items():
            if path.partition("[")[0].partition(".")[0] == name:
                rows += [
                    [
                        f"`{path}.{below}`",
                        "–" if below not in parts[part].get("required", ()) else "*required*",
                        "",
                        each["description"],
                        _show(each),
                    ]
                    for below, each in parts[part]["properties"].items()
                    if "deprecated" not in each
                ]
    return draw_table(["member", "left out it is", "stands at", "means", "example"], rows)


def draw_settings() -> str:
    """Draw the settings of an environment, as the schema of the configuration has them."""
    schema = make_config_schema()
    environments = schema["properties"]["environments"]
    (own,) = environments["patternProperties"].values()
    test, production = (environments["properties"][name]["properties"] for name in ("tt02", "prod"))
    rows = []
    for name, each in own["properties"].items():
        kind = " or ".join(_name_plain(way) for way in each.get("anyOf", [each]))
        default = "*required*" if name in own["required"] else "`[]`" if each.get("type") == "array" else "–"
        where = "all" if name in production else "for tests" if name in test else "your own"
        example = f"`{name} = {json.dumps(each['examples'][0])}`" if "examples" in each else "below"
        rows.append([f"`{name}`", kind, default, where, each["description"], example])
    return draw_table(["setting", "type", "default", "environments", "means", "example"], rows)


def draw_checks() -> str:
    """Draw the settings of one check likewise."""
    (own,) = make_config_schema()["properties"]["environments"]["patternProperties"].values()
    check = own["properties"]["checks"]["items"]
    rows = []
    for name, each in check["properties"].items():
        default = "*required*" if name in check["required"] else "–"
        example = f"`{name} = {json.dumps(each['examples'][0])}`"
        rows.append([f"`{name}`", _name_plain(each), default, each["description"], example])
    return draw_table(["setting of a check", "type", "default", "means", "example"], rows)


def draw_plan() -> str:
    """Draw the members of a plan, one table for each kind of object."""
    return _draw("plan")


def draw_report() -> str:
    """Draw the members of a report likewise."""
    return _draw("report")


def draw_ask() -> str:
    """Draw the members of a plan of change requests likewise."""
    return _draw("ask")


def _draw(name: str) -> str:
    text = files("reconciler").joinpath(f"data/{name}.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    drawing = _Drawing(name, schema["definitions"])
    drawn = [drawing.draw(schema)]
    for part, each in drawing.parts.items():
        if "properties" in each:
            drawn.append(f"### {name}: {part}\n\n{each.get('description', '')}\n\n{drawing.draw(each)}")
    return "\n".join(drawn)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """The tables of one schema: its name, and its parts by theirs."""

    name: str
    parts: Mapping[str, Mapping[str, Any]]

    def draw(self, schema: Mapping[str, Any]) -> str:
        """Draw the members of an object."""
        required = schema.get("required", ())
        rows = [
            [f"`{member}`", self.name_type(each), self.describe(each), "" if member in required else "yes"]
            for member, each in schema["properties"].items()
        ]
        return draw_table(["member", "type", "is", "may be left out"], rows)

    def name_type(self, each: Mapping[str, Any]) -> str:
        """Name the type of a member, with a link where that is an object."""
        return " or ".join(dict.fromkeys(self._name_one(way) for way in each.get("anyOf", [each])))

    def describe(self, each: Mapping[str, Any]) -> str:
        """Say what a member is, or else what the object in it is."""
        found = [_find_part(way) for way in each.get("anyOf", [each])]
        said = [self.parts[part].get("description", "") for part in found if part]
        return each.get("description") or next(iter(said), "")

    def _name_one(self, way: Mapping[str, Any]) -> str:
        part = _find_part(way)
        if part and "properties" not in self.parts[part]:
            return self._name_one(self.parts[part])
        if part:
            link = f"[{part}](#{self.name}-{part})"
            return f"list of {link}" if way.get("type") == "array" else link
        return _name_plain(way)


def _name_plain(way: Mapping[str, Any]) -> str:
    if "enum" in way:
        return ", ".join(f"`{each}`" for each in way["enum"])
    if "const" in way:
        return f"`{json.dumps(way['const'])}`"
    if way.get("type") == "array":
        return f"list of {_name_plain(way['items'])}s"
    kind = way.get("type", "anything")
    names = {"string": "text", "integer": "number", "boolean": "true or false", "null": "null"}
    form = {"date": "day", "date-time": "time"}.get(way.get("format", ""))
    return form or " or ".join(
        names.get(str(each), str(each)) for each in (kind if isinstance(kind, list) else [kind])
    )


def _find_part(way: Mapping[str, Any]) -> str:
    """Name the part that a member, or an entry of it, is; empty for none."""
    ways = [way, way.get("items", {}), *way.get("allOf", ())]
    found = [each["$ref"] for each in ways if "$ref" in each]
    return found[0].rpartition("/")[2] if found else ""


def _print(value: object) -> str:
    return f"`{json.dumps(value)}`"


def _show(described: Mapping[str, Any]) -> str:
    """Show the first example as YAML has it on one line."""
    example = described.get("examples", [None])[0]
    return "" if example is None else f"`{_flow(example)}`"


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return json.dumps(value)
    text = str(value)
    return f'"{text}"' if text.isdigit() else text
