"""Makes the entry that lets one difference of a system stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.canonical_json import digest_json
from reconciler.model.normalise import normalise
from reconciler.planning.acceptance import WHOLE, Acceptance
from reconciler.planning.diff import diff

if TYPE_CHECKING:
    from datetime import date

    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved


def accept_difference(
    system: Resolved | None, name: str, path: str, register: Register, *, until: date, reason: str
) -> Acceptance:
    """Make the entry that lets one difference of a system stand; raises `UsageError` where there is none."""
    held = register.read_system(name)
    if path in WHOLE:
        return Acceptance(name, path, until, reason, digest_json(None))
    if system is None or held is None:
        raise UsageError(
            f"`{name}` has no definition here, or the register does not know it.",
            hint=f"For a whole system, the path is one of {', '.join(WHOLE)}.",
        )
    fields = diff(normalise(system.system), normalise(held.read()))
    found = next((each for each in fields if each.path == path), None)
    if found is None:
        known = ", ".join(each.path for each in fields) or "none"
        raise UsageError(f"`{name}` does not differ in `{path}`.", hint=f"It differs in: {known}.")
    return Acceptance(name, path, until, reason, digest_json(found.actual))
