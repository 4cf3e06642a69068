"""Gives the request that apply would send for one system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from reconciler.errors import UsageError
from reconciler.model.suggest import list_nearest
from reconciler.planning.change import Blocked, Create, Delete, Keep, Update, decide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class ExportedRequest:
    """A request to the register, without a token."""

    method: str
    system: str
    document: Mapping[str, Json] | None
    """None for a deletion."""


def export_definition(systems: Sequence[Resolved], name: str) -> ExportedRequest:
    """Give the request that registers a system for the first time, from its definition alone.

    Raises `UsageError` where it has no definition here, or is withdrawn.
    """
    found = next((each for each in systems if each.system.id == name), None)
    if found is None:
        known = [each.system.id for each in systems]
        near = list_nearest(name, known)
        raise UsageError(
            f"No definition of `{name[:80]}` exists in this environment.",
            hint=f"The nearest: {', '.join(near)}." if near else "`reconciler validate` checks the files.",
        )
    return _read(decide(found, None))


def export_change(made: Plan, name: str) -> ExportedRequest:
    """Give the request that a plan holds for a system.

    Raises `UsageError` where it holds none: nothing differs, or the change is blocked.
    """
    found = next((each for each in made.changes if each.id == name), None)
    if found is None:
        raise UsageError(f"No definition of `{name[:80]}` exists in this environment.")
    return _read(found)


def _read(change: Change) -> ExportedRequest:
    match change:
        case Create():
            return ExportedRequest("POST", change.id, change.document)
        case Update():
            return ExportedRequest("PUT", change.id, change.document)
        case Delete():
            return ExportedRequest("DELETE", change.id, None)
        case Keep():
            reason = change.reason or "the register holds what the definition asks for"
            raise UsageError(f"Apply would send nothing for `{change.id}`: {reason}.")
        case Blocked():
            raise UsageError(
                f"Apply would send nothing for `{change.id}`: {change.reason}.", hint=change.hint
            )
        case _:
            assert_never(change)
