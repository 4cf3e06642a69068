"""Checks definitions, and asks an environment for everything that they name there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import sort_findings
from reconciler.operations.validate import resolve_all, validate
from reconciler.rules import Checked
from reconciler.rules.look_ups import find_taken, find_unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Document
    from reconciler.model.catalogue import Asked, Catalogue

    Ask = Callable[[Sequence[Resolved], Sequence[Asked]], tuple[Catalogue, Sequence[str]]]
    """Gives what an environment says of names that systems ask for, and the resources it takes as existing."""


def validate_online(
    documents: Sequence[Document],
    environments: Iterable[str],
    place: str,
    ask: Ask,
    *,
    vendor: str = "",
    saved: Mapping[str, Catalogue] | None = None,
) -> Checked:
    """Check definitions, and what they name in one environment against what it knows.

    Everything is asked for once. What could not be checked there is a warning; what other environments know is
    taken from what is saved of them, or the shipped list, as without a network.
    """
    known = tuple(environments)
    systems = [
        each
        for each in resolve_all(validate(documents, known, vendor=vendor).definitions, place)
        if not each.withdrawn
    ]
    names = sorted({asked for each in systems for _, asked in each.list_asked()})
    if not names:
        return validate(documents, known, vendor=vendor, asked=saved)
    catalogue, taken = ask(systems, names)
    checked = validate(documents, known, vendor=vendor, asked={**(saved or {}), place: catalogue})
    beside = [*find_unanswered(systems, catalogue), *find_taken(systems, taken)]
    return Checked(checked.definitions, sort_findings([*checked.findings, *beside]))
