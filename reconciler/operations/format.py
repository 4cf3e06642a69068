"""Puts definition files in their canonical form, and sees that they say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.definitions.canonical_form import format_definition
from reconciler.definitions.resolve import resolve
from reconciler.definitions.yaml_document import read_document
from reconciler.errors import EditRefused
from reconciler.rules.definition_reader import check_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Document
    from reconciler.model.findings import Finding


@dataclass(frozen=True, slots=True)
class Formatted:
    """A definition file and its canonical form."""

    file: str
    text: str
    """In canonical form; as it was where there is an obstacle."""
    changed: bool
    findings: tuple[Finding, ...] = ()
    """Why the file cannot be read; empty where it can."""
    obstacle: str = ""
    """Why it cannot be put in that form; empty where it can."""


def format_documents(documents: Iterable[Document], environments: Sequence[str]) -> tuple[Formatted, ...]:
    """Put each document that can be read in its canonical form; `environments` are the configured ones."""
    return tuple(_format(each, tuple(environments)) for each in documents)


def _format(document: Document, environments: tuple[str, ...]) -> Formatted:
    definition, findings = check_document(document, environments)
    if definition is None or document.faults:
        return Formatted(document.file, document.text, changed=False, findings=findings)
    try:
        text = format_definition(document.text)
    except EditRefused as error:
        return Formatted(document.file, document.text, changed=False, obstacle=error.message)
    if text == document.text:
        return Formatted(document.file, text, changed=False)
    before, after = (_resolve_all(each, document.file, environments) for each in (document.text, text))
    if before != after:
        reason = "the canonical form would not say the same"
        return Formatted(document.file, document.text, changed=False, obstacle=reason)
    return Formatted(document.file, text, changed=True)


def _resolve_all(text: str, file: str, environments: tuple[str, ...]) -> list[object]:
    """Give what a text asks for in every environment, and what it says beside that."""
    definition, _ = check_document(read_document(file, text.encode()), environments)
    if definition is None:
        return []
    systems: list[Resolved] = [
        resolve(definition, each)
        for each in environments
        if definition.exists_in(each) and not definition.broken
    ]
    said = [(each.environment, each.system, each.stated, each.assignable, each.requests) for each in systems]
    return [
        *said,
        definition.allow,
        definition.requests,
        sorted(definition.overlays or ()),
        definition.broken,
    ]
