"""Makes templates of definitions out of bodies that ask customers for system users; nothing is written here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.definitions.definition import REQUESTS
from reconciler.definitions.editor import edit_definition
from reconciler.definitions.meaning import read_value
from reconciler.definitions.yaml_document import quote, read_document
from reconciler.errors import EditRefused
from reconciler.model.findings import Severity
from reconciler.operations.import_ import FileChange
from reconciler.operations.selection import list_ids
from reconciler.operations.validate import validate
from reconciler.rules.definition_reader import check_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.definitions.definition import Definition
    from reconciler.definitions.request_bodies import RequestBody
    from reconciler.operations.import_ import Imported, Place


def add_requests(
    bodies: Sequence[RequestBody], imported: Imported, original: Mapping[str, str], place: Place
) -> Imported:
    """Add each body to the definition of its system, as a template under a name that is free there.

    `imported` is what was made of the systems before, and `original` the files as they are on disk. What the rules
    object to in the result is among the findings.
    """
    if not bodies:
        return imported
    texts = {**original, **{each.file: each.after for each in imported.changes}}
    obstacles = list(imported.obstacles)
    files: set[str] = set()
    for body in bodies:
        definition = _find_definition(body.system, texts, place)
        if definition is None:
            said = (
                f"A request is not imported: {quote(body.system)} has no definition here, which comes first"
            )
            obstacles.append(said)
            continue
        file = definition.document.file
        files.add(file)
        try:
            texts[file] = _add(texts[file], definition, body)
        except EditRefused as error:
            obstacles.append(f"A request is not imported into {file}: {error.message}. {error.hint}")
    changes = tuple(
        FileChange(file, original.get(file, ""), text)
        for file, text in sorted(texts.items())
        if text != original.get(file)
    )
    documents = [read_document(file, text.encode()) for file, text in texts.items()]
    checked = validate(documents, place.environments, asked=place.asked)
    files |= {each.file for each in changes}
    errors = tuple(
        each for each in checked.findings if each.severity is Severity.ERROR and each.place.file in files
    )
    return replace(imported, changes=changes, obstacles=tuple(obstacles), findings=errors)


def _find_definition(system: str, texts: Mapping[str, str], place: Place) -> Definition | None:
    """Find the definition of a system."""
    for file, text in texts.items():
        document = read_document(file, text.encode())
        definition, _ = check_document(document, place.environments)
        if definition is not None and system in list_ids(document, definition):
            return definition
    return None


def _add(text: str, definition: Definition, body: RequestBody) -> str:
    """Add a template, unless one asks for the same already."""
    name, number = body.template.name, 1
    if any(each._replace(name=name) == body.template for each in definition.requests.values()):
        return text
    node = definition.document.find((REQUESTS,))
    held = read_value(node, "") if node is not None else {}
    if not isinstance(held, dict):
        raise EditRefused("`requests` is not a mapping", hint="Correct it first.")
    while name in held:
        number += 1
        name = f"{body.template.name}-{number}"
    return edit_definition(text, {REQUESTS: {**held, name: body.written}})
