"""Which systems are asked for by patterns of their ids, and which ids a definition file gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.id_pattern import find_unmatched, is_pattern
from reconciler.model.suggest import list_nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reconciler.definitions.definition import Definition
    from reconciler.definitions.yaml_document import Document

_ID_LINE = re.compile(
    r"""^["'{ ]{0,3}id["']?[ \t]*:[ \t]*["']?([^\s"',}#]{1,255})""", re.IGNORECASE | re.MULTILINE
)
"""A line at the left edge that gives an id, in YAML or in JSON."""
_MOST_IDS = 20
"""Of one file; it should have one."""


def check_form(only: Iterable[str]) -> tuple[str, ...]:
    """Raise `UsageError` for a pattern that no id can fit, or that would take too long; give the others."""
    patterns = tuple(dict.fromkeys(only))
    wrong = next((each for each in patterns if not is_pattern(each)), None)
    if wrong is not None:
        raise UsageError(
            f"--only takes an id or a short pattern of ids, and not `{wrong[:80]}`.",
            hint="Name a system, or a pattern such as `991825827_test*`.",
        )
    return patterns


def check_found(only: Iterable[str], known: Collection[str], where: str, option: str = "--only ") -> None:
    """Raise `UsageError` for a pattern that fits none of the known ids.

    `where` says what they are, and `option` what stands before a pattern on the command line.
    """
    missing = find_unmatched(only, known)
    if missing:
        near = list_nearest(missing[0], known)
        shown = near or sorted(known)[:3]
        raise UsageError(
            f"{option}{missing[0]} fits no system: there is none among {where}.",
            hint=f"{'The nearest' if near else 'Known'}: {', '.join(shown)}." if shown else "",
        )


def list_ids(document: Document, definition: Definition | None) -> tuple[str, ...]:
    """List the ids that a file gives its system, in any environment, as far as they can be read."""
    ids: list[object] = []
    if definition is not None:
        overlays = definition.overlays or {}
        ids = [each.get("id") for each in (definition.members, *overlays.values())]
    if document.faults or not any(ids):
        ids += [match[1] for match in _ID_LINE.finditer(document.text)]
    return tuple(dict.fromkeys(str(each) for each in ids if each))[:_MOST_IDS]
