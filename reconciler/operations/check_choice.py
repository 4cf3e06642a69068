"""What a check is about, out of the command line, the configuration and the definition; refuses what would ask nobody.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.environment import CHECK_REFERENCE, ORGANISATION, ConfiguredCheck, is_reference
from reconciler.model.request_template import find_template
from reconciler.model.suggest import find_nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.environment import Environment
    from reconciler.model.request_template import Template

LOCAL_CUSTOMER = "310904473"
"""The customer of the environment local, where none is named: an organisation of Tenor's, as the guides have it."""

LOCAL_CLIENT = "310661414"
"""The client that this customer has, where a system user is for clients."""


@dataclass(frozen=True, slots=True)
class Wished:
    """What the command line names; an empty text is left to the configuration."""

    system: str
    request: str = ""
    customer: str = ""
    reference: str = ""


def choose_system(systems: Sequence[Resolved], environment: Environment, system: str) -> Resolved:
    """Choose the definition of a system; raises `UsageError` where customers are not asked, or there is none."""
    if not environment.test:
        raise UsageError(
            f"`check` asks a customer, and {environment.name} is not for tests.",
            hint="Prove the registration in tt02; an environment of your own is marked with `test = true`.",
        )
    known = {each.system.id: each for each in systems if not each.withdrawn}
    if system not in known:
        near = find_nearest(system, list(known))
        hint = f"Did you mean `{near}`?" if near else "Check the id."
        hint += f" A definition that has `environments` exists only where they name {environment.name}."
        raise UsageError(f"No definition asks for `{system[:200]}` in {environment.name}.", hint=hint)
    return known[system]


def choose_check(environment: Environment, wished: Wished) -> ConfiguredCheck:
    """Choose who is asked for what under which reference; raises `UsageError` where that is not known."""
    fitting = [
        each
        for each in environment.checks
        if each.system == wished.system
        and wished.request in {"", each.request}
        and wished.customer in {"", each.customer}
        and wished.reference in {"", each.reference}
    ]
    if len(fitting) > 1:
        raise UsageError(
            f"{len(fitting)} checks of `{wished.system}` are configured for {environment.name}.",
            hint="Name one with --request, --customer or --reference.",
        )
    usual = fitting[0] if fitting else _make_usual(environment, wished)
    named = {name: value for name in ("request", "customer", "reference") if (value := getattr(wished, name))}
    return _hold(usual._replace(**named))


def _make_usual(environment: Environment, wished: Wished) -> ConfiguredCheck:
    customer = LOCAL_CUSTOMER if environment.name == "local" else ""
    if not (wished.customer or customer):
        raise UsageError(
            f"No check of `{wished.system}` is configured for {environment.name}, and no customer is named.",
            hint="Name a test organisation with --customer, or configure it: docs/howto/prove.md.",
        )
    return ConfiguredCheck(wished.system, wished.request, customer, CHECK_REFERENCE)


def _hold(found: ConfiguredCheck) -> ConfiguredCheck:
    """Give a check that is sound; raises `UsageError` for any other."""
    if not ORGANISATION.fullmatch(found.customer):
        raise UsageError(f"`{found.customer[:50]}` is no organisation number.", hint="It has nine digits.")
    if not is_reference(found.reference):
        raise UsageError(
            f"`{found.reference[:100]}` is no reference for a check.",
            hint="It is a short text of letters, digits, `-`, `_`, `.` and `~`.",
        )
    if found.reference == found.customer:
        raise UsageError(
            "The reference is the customer's own number, which its real system user has.",
            hint=f"Leave it out: it is `{CHECK_REFERENCE}`.",
        )
    return found


def choose_template(resolved: Resolved, name: str) -> Template:
    """Choose what is asked for; raises `UsageError` where the definition has no such template."""
    templates = resolved.requests
    found = find_template(templates, name)
    if found is not None:
        return found
    file = resolved.definition.document.file
    if not templates:
        raise UsageError(
            f"{file} has no `requests`, so there is nothing to ask a customer for.",
            hint="Write what customers are asked for: docs/howto/prove.md.",
        )
    known = ", ".join(f"`{each}`" for each in templates)
    if name:
        raise UsageError(f"{file} has no request `{name[:100]}`.", hint=f"It has {known}.")
    raise UsageError(f"{file} has several requests.", hint=f"Name one with --request: {known}.")
