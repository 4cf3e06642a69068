"""With which right a run works in an environment: whether its client may write, and on whose behalf it acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Refused, UsageError

if TYPE_CHECKING:
    from reconciler.model.environment import Delegation, Environment


def check_writer(environment: Environment, client: str) -> None:
    """Raise `Refused` where the configuration names the clients that may write, and this is none of them."""
    if environment.may_write(client):
        return
    who = f"Client {client}" if client else "The token does not say which client it is, so it"
    raise Refused(
        f"{who} may not write in `{environment.name}`: `clients` of the configuration names others.",
        hint="Use the credentials of one of them; whether this one may write is decided there, by review.",
    )


def find_delegation(environment: Environment, vendor: str) -> Delegation | None:
    """Find by which delegation a vendor's systems are worked on; None where it is by the client's own right.

    Raises `UsageError` where no vendor is named, and several have delegated.
    """
    if not vendor and len(environment.consumer_org) > 1:
        raise UsageError(
            f"`consumer_org` of `{environment.name}` names several vendors: {', '.join(environment.consumer_org)}.",
            hint="Name the one that is meant with --vendor.",
        )
    return environment.find_delegation(vendor)
