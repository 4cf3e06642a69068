"""Makes the entry that lets one difference of a system stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.errors import UsageError
from reconciler.model.canonical_json import digest_json
from reconciler.model.normalise import normalise
from reconciler.planning.acceptance import (
    DELETED,
    MISSING,
    UNMANAGED,
    WHOLE,
    Acceptance,
    explain_term,
    read_path,
)
from reconciler.planning.diff import diff

if TYPE_CHECKING:
    from datetime import date

    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.plan import Target


class Named(NamedTuple):
    """Which difference is to stand, as it was named."""

    id: str
    path: str


class Term(NamedTuple):
    """Until when something may stand, and why."""

    until: date
    reason: str


def check_term(term: Term, today: date) -> Term:
    """Check a term, and give it as a file can hold it; raises `UsageError` where it is none."""
    if term.until < today:
        raise UsageError(f"{term.until} has passed already.", hint="Name today (in UTC) or a later day.")
    problem = explain_term(term.until, today)
    if problem:
        raise UsageError(f"{problem[0].upper()}{problem[1:]}.", hint="Accept it again when that day comes.")
    reason = term.reason.encode("utf-8", "replace").decode().strip()
    if not reason:
        raise UsageError(
            "The reason is empty.", hint="Say in a few words why it may stand: who reads it decides."
        )
    return Term(term.until, reason)


def accept_difference(
    named: Named, desired: Resolved | None, target: Target, register: Register, term: Term
) -> Acceptance:
    """Make the entry that lets one difference of a system stand; raises `UsageError` where there is none.

    `desired` is the system's definition, and None where it has none.
    """
    path = read_path(named.path)
    held = register.read_system(named.id)
    if path in WHOLE:
        _check_whole(named.id, path, target.vendor, desired, held)
        value: Json = None
    else:
        value = _find_value(named.id, path, desired, held)
    return Acceptance(target.environment, named.id, path, *term, digest_json(value))


def _check_whole(
    name: str, word: str, vendor: str, desired: Resolved | None, held: RegisteredSystem | None
) -> None:
    is_living = held is not None and not held.is_deleted and held.read().vendor.organisation == vendor
    found = {
        UNMANAGED: desired is None and is_living,
        MISSING: desired is not None and not desired.withdrawn and held is None,
        DELETED: desired is not None and not desired.withdrawn and held is not None and held.is_deleted,
    }
    if not found[word]:
        actual = next((each for each, holds in found.items() if holds), "")
        hint = f"It is {actual}." if actual else "`reconciler drift` says what differs."
        raise UsageError(f"`{name}` is not {word}.", hint=hint)


def _find_value(name: str, path: str, desired: Resolved | None, held: RegisteredSystem | None) -> Json:
    if desired is None or held is None or held.is_deleted or desired.withdrawn:
        raise UsageError(
            f"`{name}` has no definition here, or the register does not have it.",
            hint=f"For a whole system, the path is one of {', '.join(WHOLE)}.",
        )
    fields = diff(normalise(desired.system), normalise(held.read()))
    found = next((each for each in fields if each.path == path), None)
    if found is None:
        known = ", ".join(each.path for each in fields) or "none"
        raise UsageError(f"`{name}` does not differ in `{path}`.", hint=f"It differs in: {known}.")
    return found.actual
