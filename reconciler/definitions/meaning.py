"""What a member of a file means, whatever its spelling: the value by which two ways to write it are compared.

Pure. It reads what is sound; what breaks a rule on shape is reported by `rules`, and means nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from reconciler.definitions.definition import BLANK, LISTS, PARTS, read_flag
from reconciler.definitions.yaml_nodes import Items, Mapping, Scalar
from reconciler.model.normalise import normalise
from reconciler.model.system import NEVER_SENT_VENDOR, PREFIX, RESOURCE, SENT, Plain, System

if TYPE_CHECKING:
    from reconciler.definitions.yaml_nodes import Node
    from reconciler.model.canonical_json import Json

_IGNORED = frozenset(name.lower() for name in NEVER_SENT_VENDOR)


class Unsound:
    """Stands for the meaning of a value that has none; it equals nothing, not even itself."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = object.__hash__


def read_value(node: Node, member: str, *, listed: bool = False) -> Json:
    """Read the value of a member as plain data, its parts under their canonical names."""
    if isinstance(node, Scalar):
        if node.is_null:
            return None
        return Plain(node.text) if node.plain else node.text
    if isinstance(node, Items):
        return tuple(read_value(each, member, listed=True) for each in node.nodes)
    if member not in PARTS or listed != (member in LISTS):
        return {key.text: read_value(each, "") for key, each in node.entries}
    names = {name.lower(): name for name in PARTS[member]}
    values: dict[str, Json] = {}
    for key, each in node.entries:
        if member == "vendor" and key.text.lower() in _IGNORED:
            continue
        name = names.get(key.text.lower(), key.text)
        values[name] = read_value(each, name)
    return values


def find_meaning(member: str, value: Json) -> object:
    """Give the canonical form of a member's value, which is equal for all ways to write the same."""
    value = read_flag(member, _freeze(value))
    if member not in SENT:
        return value
    try:
        return getattr(normalise(System.model_validate({**BLANK, member: value})), member)
    except ValidationError:
        return Unsound()


def _freeze(value: Json) -> Json:
    """Give lists as tuples, which is what the declared types hold."""
    if isinstance(value, dict):
        return {name: _freeze(each) for name, each in value.items()}
    return tuple(map(_freeze, value)) if isinstance(value, (list, tuple)) else value


def read_overlays(node: Node | None) -> dict[str, Node | None]:
    """Give the overlays of `environments` by their names; None where one is empty."""
    if not isinstance(node, Mapping):
        return {}
    return {key.text: value if isinstance(value, Mapping) else None for key, value in node.entries}


def shorten(member: str, value: Json) -> Json:
    """Write a member's value in its short form where nothing is lost; the value is sound plain data."""
    if member == "vendor":
        number = value.get("ID") if isinstance(value, dict) and len(value) == 1 else value
        short = _shorten_organisation(number) if isinstance(number, str) else None
        return value if short is None else short
    if member in {"rights", "accessPackages"} and isinstance(value, (list, tuple)):
        return [shorten_entry(member, each) for each in value]
    return value


def _shorten_organisation(number: str) -> str | None:
    """Leave out the prefix that a text without a colon gets; None where the number has none of its own."""
    bare = number.removeprefix(PREFIX)
    return bare if bare != number and ":" not in bare else number if ":" in number else None


def shorten_entry(member: str, entry: Json) -> Json:
    """Write an entry of `rights` or `accessPackages` as a text where nothing is lost."""
    if not isinstance(entry, dict):
        return entry
    if member == "accessPackages":
        return entry["urn"] if set(entry) == {"urn"} and isinstance(entry["urn"], str) else entry
    pairs = entry.get("resource")
    if not isinstance(pairs, (list, tuple)) or len(pairs) != 1:
        return entry
    if set(entry) != {"resource"}:
        return entry
    pair = pairs[0]
    plain = (
        isinstance(pair, dict)
        and set(pair) == {"id", "value"}
        and pair["id"] == RESOURCE
        and isinstance(pair["value"], str)
    )
    return pair["value"] if plain else entry
