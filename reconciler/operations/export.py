"""Gives the request that apply would send for one system, or the one that asks a customer for a system user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from reconciler.clients.system_users import find_route
from reconciler.errors import UsageError
from reconciler.model.customers import WRITE
from reconciler.model.request_template import build_body, find_template
from reconciler.model.suggest import list_nearest
from reconciler.planning.change import Blocked, Create, Delete, Keep, Update, decide
from reconciler.rules.identity import is_organisation

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
    path: str = ""
    """Where it goes, if not to the register's own routes."""
    scope: str = ""
    """What its token needs, likewise."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is asked for a system user."""

    org: str
    """The organisation number."""
    reference: str = ""
    """The vendor's own name for what the system user is for; empty for the organisation number."""
    title: str = ""
    """The name that the customer sees; empty for the system's."""


_MOST = 10
"""Templates that a message names."""
_NO_TEMPLATES = "Write one below `requests:`."
_LONGEST = 255
"""Characters of a reference or a title that the service can store (System users contract §3.1)."""


def export_definition(systems: Sequence[Resolved], name: str) -> ExportedRequest:
    """Give the request that registers a system for the first time, from its definition alone.

    Raises `UsageError` where it has no definition here, or is withdrawn.
    """
    return _read(decide(_find(systems, name), None))


def export_request(
    systems: Sequence[Resolved], name: str, template: str, customer: Addressee
) -> ExportedRequest:
    """Give the request that asks a customer for a system user, as a template of the definition says.

    Raises `UsageError` where there is no such template, the system is withdrawn here, or the customer cannot be one.
    """
    found = _find(systems, name)
    chosen = find_template(found.requests, template)
    if chosen is None:
        known = list(found.requests)
        hint = f"It has {', '.join(f'`{each[:80]}`' for each in known[:_MOST])}." if known else _NO_TEMPLATES
        raise UsageError(f"The definition of `{name}` has no template `{template[:80]}`.", hint=hint)
    if found.withdrawn:
        raise UsageError(f"`{name}` is withdrawn here: a system user of it would get no token.")
    if not is_organisation(customer.org):
        raise UsageError(
            f"`{customer.org[:80]}` is no organisation number.",
            hint="Nine digits, as Enhetsregisteret has it.",
        )
    for what, text in (("reference", customer.reference), ("title", customer.title)):
        if len(text) > _LONGEST:
            raise UsageError(f"The {what} has {len(text)} characters, and the service stores {_LONGEST}.")
    body = build_body(chosen, name, customer.org, customer.reference, title=customer.title)
    return ExportedRequest("POST", name, body, find_route(chosen.kind), WRITE)


def export_change(made: Plan, name: str) -> ExportedRequest:
    """Give the request that a plan holds for a system.

    Raises `UsageError` where it holds none: nothing differs, or the change is blocked.
    """
    found = next((each for each in made.changes if each.id == name), None)
    if found is None:
        raise UsageError(f"No definition of `{name[:80]}` exists in this environment.")
    return _read(found)


def _find(systems: Sequence[Resolved], name: str) -> Resolved:
    found = next((each for each in systems if each.system.id == name), None)
    if found is None:
        known = [each.system.id for each in systems]
        near = list_nearest(name, known)
        raise UsageError(
            f"No definition of `{name[:80]}` exists in this environment.",
            hint=f"The nearest: {', '.join(near)}." if near else "`reconciler validate` checks the files.",
        )
    return found


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
