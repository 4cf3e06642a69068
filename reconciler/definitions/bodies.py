"""Reads systems out of files that are no definitions: bodies of requests and answers, in any published spelling.

Pure. JSON is YAML, trailing commas included; a file holds one body, or a list of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from reconciler.definitions.meaning import read_value
from reconciler.definitions.request_bodies import is_for_customers
from reconciler.definitions.yaml_nodes import Items, Mapping, make_printable, quote
from reconciler.model.system import IDENTITY, NEVER_SENT, REQUIRED, SENT, System, read_truth

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.definitions.yaml_document import Document
    from reconciler.definitions.yaml_nodes import Node
    from reconciler.model.canonical_json import Json

_NAMES = {name.lower(): name for name in (*SENT, *NEVER_SENT)}
_DELETED = ("isDeleted", "softDeleted")


def read_bodies(document: Document) -> tuple[list[System], list[str]]:
    """Read the systems of a file, and say what of it cannot be read, in sentences.

    Bodies of requests to customers are passed over: `read_requests` reads them.
    """
    if document.faults:
        fault = document.faults[0]
        return [], [f"{document.file}:{fault.position.line}: {fault.message}"]
    nodes = document.root.nodes if isinstance(document.root, Items) else (document.root,)
    systems: list[System] = []
    problems: list[str] = []
    for node in nodes:
        if is_for_customers(node):
            continue
        line = node.position.line if node is not None else 1
        made, found = _read_body(node)
        problems += [f"{document.file}:{line}: {each}" for each in found]
        if made is not None:
            systems.append(made)
    return systems, problems


def _read_body(node: Node | None) -> tuple[System | None, list[str]]:
    if not isinstance(node, Mapping):
        return None, ["this is no body of a system, but another value"]
    members: dict[str, Json] = {}
    problems: list[str] = []
    for key, value in node.entries:
        name = _NAMES.get(key.text.lower())
        if name is None:
            problems.append(f"{quote(key.text)} is not a member of a system, and is left out")
        elif (read := read_value(value, name)) is not None:
            members[name] = read
    deleted = any(read_truth(members.get(each)) is True for each in _DELETED)
    missing = [name for name in (IDENTITY if deleted else REQUIRED) if name not in members]
    if missing:
        return None, [f"the body has no {_join(missing)}; it is not imported"]
    blank: dict[str, Json] = {"name": {}, "description": {}}
    try:
        kept = {name: value for name, value in members.items() if name in SENT}
        return System.model_validate({**blank, **kept, "isDeleted": deleted}), problems
    except ValidationError as error:
        wrong = dict.fromkeys(str(each["loc"][0]) for each in error.errors() if each["loc"])
        return None, [f"{_join(wrong)} cannot be read; the body is not imported"]


def _join(names: Iterable[str]) -> str:
    *first, last = (f"`{make_printable(name)}`" for name in names)
    return f"{', '.join(first)} and {last}" if first else last
