"""Reads templates of requests out of bodies that ask a customer for a system user, in any published spelling.

Pure. What the service would ignore or refuse in such a body, and what is out of date in it, is said in sentences
(System users contract §3 and §5).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from reconciler.definitions.definition import TEMPLATE_NAMES
from reconciler.definitions.meaning import read_value, shorten
from reconciler.definitions.yaml_nodes import Items, Mapping, Scalar, quote
from reconciler.model.catalogue import read_shipped_catalogue
from reconciler.model.request_template import RequestMembers, find_relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.yaml_document import Document
    from reconciler.definitions.yaml_nodes import Node
    from reconciler.model.canonical_json import Json
    from reconciler.model.request_template import Template

_CUSTOMERS = ("systemId", "partyOrgNo", "externalRef", "integrationTitle")
"""What is not of the template, but of the system or of one customer."""
_ANSWERED = ("id", "status", "confirmUrl", "created", "timedOut", "escalated")
"""What an answer has besides."""
_ASKED = tuple(name for name in TEMPLATE_NAMES if name != "type")
_NAMES = {name.lower(): name for name in (*_ASKED, *_CUSTOMERS, *_ANSWERED)}
_CHANGES = frozenset({"requiredrights", "unwantedrights", "requiredaccesspackages", "unwantedaccesspackages"})
_OUTDATED = {"externalreference": "externalRef"}
"""Names that published examples have, and what the service reads (System users contract §5.1)."""


class RequestBody(NamedTuple):
    """What a body asks of a customer."""

    system: str
    template: Template
    """Under a name that fits it."""
    written: dict[str, Json]
    """As a definition writes it."""


def is_for_customers(node: Node | None) -> bool:
    """Say whether a value is the body of a request, or of a change request, and not that of a system."""
    if not isinstance(node, Mapping):
        return False
    names = {key.text.lower() for key, _ in node.entries}
    return bool(names & _CHANGES) or ("systemid" in names and not names & {"vendor", "name"})


def read_requests(document: Document) -> tuple[list[RequestBody], list[str]]:
    """Read the requests of a file, and say what of them is not as the service reads it, in sentences."""
    if document.faults:  # which is said where systems are read
        return [], []
    nodes = document.root.nodes if isinstance(document.root, Items) else (document.root,)
    asked = [each for each in nodes if isinstance(each, Mapping) and is_for_customers(each)]
    bodies: list[RequestBody] = []
    problems = list(_find_mistake(document.text)) if asked else []
    for node in asked:
        problems += _find_problems(node)
        body = _read_request(node)
        if isinstance(body, str):
            problems.append((node.position.line, body))
        else:
            bodies.append(body)
    return bodies, [f"{document.file}:{line}: {said}" for line, said in problems]


def _find_mistake(text: str) -> Iterator[tuple[int, str]]:
    """Find the first mistake in a text that is to be JSON; YAML without brackets is not."""
    if not text.lstrip().startswith(("{", "[")):
        return
    try:
        json.loads(text, parse_int=str)
    except json.JSONDecodeError as error:
        before = text[: error.pos].rstrip()
        is_comma = before.endswith(",") and text[error.pos : error.pos + 1] in {"}", "]"}
        what = "a comma behind the last entry" if is_comma else "this"
        line = before.count("\n") + 1 if is_comma else error.lineno
        yield line, f"the service reads JSON only, and answers 400 to {what}"


def _find_problems(node: Mapping) -> Iterator[tuple[int, str]]:
    """Find what the service refuses, or passes over in silence."""
    changes = [value for key, value in node.entries if key.text.lower() in _CHANGES]
    if changes and not any(isinstance(each, Items) and each.nodes for each in changes):
        said = "the service stores nothing where all four lists are empty, and answers 200 `NoChangeNeeded`"
        yield node.position.line, said
    for key, value in node.entries:
        name, meant = key.text.lower(), _OUTDATED.get(key.text.lower())
        if meant:
            said = (
                f"{quote(key.text)} is out of date: the service ignores it, and takes the organisation number"
            )
            yield key.position.line, f"{said}. Write `{meant}`"
        elif name not in _NAMES and name not in _CHANGES:
            yield key.position.line, f"{quote(key.text)} is not a member of a request: the service ignores it"
        elif name == "externalref" and isinstance(value, Scalar) and not value.text.strip():
            said = "an empty `externalRef` stores another request each time. Leave it out"
            yield key.position.line, said


def _read_request(node: Mapping) -> RequestBody | str:
    """Read what a request asks for, or say why it cannot be a template."""
    if any(key.text.lower() in _CHANGES for key, _ in node.entries):
        return (
            "a request to change a system user is no template. Write what the system asks for into the"
            " definition; `reconciler ask` then asks those who lack it"
        )
    members: dict[str, Json] = {}
    for key, value in node.entries:
        name = _NAMES.get(key.text.lower(), "")
        read = read_value(value, name)
        if name in {"systemId", *_ASKED} and read not in (None, "", ()):
            members[name] = read
    system = members.pop("systemId", None)
    if not isinstance(system, str):
        return "the request has no `systemId`; it is not imported"
    try:
        read_members = RequestMembers.model_validate(members)
    except ValidationError as error:
        wrong = sorted({f"`{each['loc'][0]}`" for each in error.errors() if each["loc"]})
        return f"{' and '.join(wrong)} cannot be read; the request is not imported"
    urns = [each.urn for each in read_members.accessPackages]
    name = _name_template(urns) if urns and not read_members.rights else "standard"
    template = read_members.name(name)._replace(kind="standard" if name == "standard" else "agent")
    written: dict[str, Json] = {"type": "agent"} if template.kind == "agent" else {}
    written |= {each: shorten(each, members[each]) for each in _ASKED if each in members}
    return RequestBody(str(system), template, written)


def _name_template(urns: list[str]) -> str:
    """Name a template by whom its packages are for: the customer itself, or clients in one relation."""
    catalogue = read_shipped_catalogue()
    found = [catalogue.find_package(each) for each in urns]
    if all(each is None or each.assignable for each in found):
        return "standard"
    return next(filter(None, map(find_relation, urns)), "agent")
