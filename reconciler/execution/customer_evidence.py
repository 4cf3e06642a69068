"""What customers have and wait for, read for those changes of a plan that concern them, and for no others.

Nothing but GET. What cannot be read is said to be not known, and never ends a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reconciler.clients.parallel import ask_all
from reconciler.errors import (
    CredentialsError,
    Forbidden,
    MaskinportenError,
    RegisterError,
    Rejected,
    ScopeRefused,
    ServerFailed,
    Unintelligible,
)
from reconciler.model.customers import AGENT, READ, STANDARD
from reconciler.planning.customer_impact import CHANGES, USERS, CustomerLists, add_customers, find_lists

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from reconciler.model.customers import AccessRequest, ChangeRequest, Listed, SystemUser
    from reconciler.planning.impact import Evidence
    from reconciler.planning.plan import Plan

    OpenCustomers = Callable[[], AbstractContextManager["CustomerSide"]]
    """Opens the customers' side of an environment, with a token that is asked for only then."""

_OF_ONE_SYSTEM = (Rejected, ServerFailed, Unintelligible)
"""What the register answers of one system; any other failure would come again for the next."""


class CustomerSide(Protocol):
    """The customers' side of an environment, as far as a plan asks for it."""

    @property
    def workers(self) -> int:
        """How many requests it takes at the same time."""

    def list_users(self, system: str) -> tuple[SystemUser, ...]:
        """List the system users of a system."""

    def list_requests(self, system: str, kind: str) -> Listed[AccessRequest]:
        """List the requests of a kind for a system."""

    def list_changes(self, system: str) -> Listed[ChangeRequest]:
        """List the change requests of a system."""


def know_customers(plan: Plan, evidence: Mapping[str, Evidence], open_customers: OpenCustomers) -> Plan:
    """Add to the impacts of a judged plan how many customers they concern.

    Where nothing that is changed concerns a customer, nothing is opened and no token is asked for.
    """
    wanted = {
        each.id: lists
        for each in plan.writes
        if each.id in evidence and (lists := find_lists(each, evidence[each.id]))
    }
    return add_customers(plan, evidence, _read_all(wanted, open_customers) if wanted else {})


def _read_all(
    wanted: Mapping[str, frozenset[str]], open_customers: OpenCustomers
) -> dict[str, CustomerLists]:
    try:
        with open_customers() as customers:
            return ask_all(
                lambda name: _read(name, wanted[name], customers), [*wanted], workers=customers.workers
            )
    except (CredentialsError, MaskinportenError, RegisterError) as failure:
        reason = _explain(failure)
        return {name: CustomerLists(reason=reason) for name in wanted}


def _read(system: str, wanted: frozenset[str], customers: CustomerSide) -> CustomerLists:
    """Read the lists of one system that are wanted; raises what would come again for the next."""
    try:
        return CustomerLists(
            users=customers.list_users(system) if USERS in wanted else None,
            standard=customers.list_requests(system, STANDARD) if STANDARD in wanted else None,
            agent=customers.list_requests(system, AGENT) if AGENT in wanted else None,
            changes=customers.list_changes(system) if CHANGES in wanted else None,
        )
    except _OF_ONE_SYSTEM as failure:
        return CustomerLists(reason=_explain(failure))


def _explain(failure: CredentialsError | MaskinportenError | RegisterError) -> str:
    """Say why something could not be read, in words that hold nothing of the answer."""
    if isinstance(failure, (ScopeRefused, Forbidden)):
        return f"the client lacks the scope `{READ}`"
    if isinstance(failure, RegisterError):
        answer = (
            f"the register answered {failure.status}" if failure.status else "the register gave no answer"
        )
        return f"{answer} when asked for them"
    return f"there is no token with the scope `{READ}`"
