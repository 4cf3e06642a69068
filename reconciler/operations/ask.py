"""Makes plans of change requests: who lacks a right or a package, and is to be asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.clients.parallel import ask_all
from reconciler.errors import Refused, UsageError
from reconciler.execution.ask_outcome import is_same
from reconciler.model.customers import NEW, REJECTED
from reconciler.model.suggest import find_nearest
from reconciler.planning.ask_plan import (
    Ask,
    LeftOut,
    find_lacking,
    find_obstacle,
    leave_out,
    make_ask,
    make_ask_plan,
    make_body,
)
from reconciler.planning.customers import PACKAGE, RIGHT, find_access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.execution.ask_journal import AskRecord
    from reconciler.execution.asking import ChangeRequests
    from reconciler.model.system import RegisteredSystem
    from reconciler.operations.customers import Reader
    from reconciler.planning.ask_plan import AskOrigin, AskPlan, Body
    from reconciler.planning.customers import Access, Customer, Customers

_MOST_ATTEMPTS = 20
"""That are looked for one after the other."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What customers are to be asked for, as it was named; nothing named is everything that the system asks for."""

    rights: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    again: bool = False
    """Whether those are asked once more who rejected the same, or from whom it was withdrawn."""


def choose_access(customers: Customers, wanted: Wanted) -> tuple[Access, ...]:
    """Find what was named among what the register holds; raises `Refused` for what it does not hold.

    Raises `UsageError` where the system asks for nothing.
    """
    named = [(RIGHT, each) for each in wanted.rights] + [(PACKAGE, each) for each in wanted.packages]
    if not customers.access:
        raise UsageError(f"`{customers.system}` asks its customers for nothing.")
    if not named:
        return customers.access
    chosen: dict[Access, None] = {}
    for what, name in named:
        found = find_access(customers.access, what, name)
        if found is None:
            near = find_nearest(name, [each.label for each in customers.access if each.what == what])
            hint = f"Did you mean `{near}`? " if near else ""
            raise Refused(
                f"The register does not hold the {'access package' if what == PACKAGE else what} `{name[:200]}` "
                f"on `{customers.system}`.",
                hint=f"{hint}Add it to the definition and apply first: customers can only be asked for what is there.",
            )
        chosen[found] = None
    return tuple(chosen)


def plan_asks(
    origin: AskOrigin,
    found: tuple[Customers, RegisteredSystem],
    wanted: Wanted,
    service: ChangeRequests,
    records: Sequence[AskRecord],
) -> AskPlan:
    """Make the plan: one ask for each system user that lacks something of what is wanted.

    `found` are the customers and the live document that they were read with; `records` are our journals. Raises what
    `choose_access` raises, and `RegisterError` where an earlier request cannot be read.
    """
    customers, live = found
    chosen = choose_access(customers, wanted)
    planning = _Planning(origin, customers, chosen, wanted.again, service, tuple(records))
    rows = {each.user.id: each for each in customers.rows}
    planned = ask_all(lambda name: planning.plan_one(rows[name]), list(rows))
    return make_ask_plan(
        origin,
        customers.system,
        live.digest,
        chosen,
        asks=[each for each in planned.values() if isinstance(each, Ask)],
        left_out=[each for each in planned.values() if isinstance(each, LeftOut)],
    )


@dataclass(frozen=True, slots=True)
class _Planning:
    origin: AskOrigin
    customers: Customers
    chosen: tuple[Access, ...]
    again: bool
    service: ChangeRequests
    records: tuple[AskRecord, ...]

    def plan_one(self, customer: Customer) -> Ask | LeftOut:
        """Plan what one customer is asked, or say why nothing."""
        obstacle = find_obstacle(customer, self.customers.access, self.chosen, again=self.again)
        if obstacle is not None:
            return leave_out(customer, *obstacle)
        body = make_body(find_lacking(customer, self.customers.access, self.chosen))
        return self._find_attempt(customer, body)

    def _find_attempt(self, customer: Customer, body: Body) -> Ask | LeftOut:
        """Find the first id that is not used up; without `again` only the first is tried."""
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            ask = make_ask(self.origin, customer, body, attempt)
            left = self._find_earlier(customer, ask)
            if left is None:
                return ask
            if not self.again or left.why == "pending":
                return left
        return leave_out(customer, "asked before", f"It was asked {_MOST_ATTEMPTS} times.")

    def _find_earlier(self, customer: Customer, ask: Ask) -> LeftOut | None:
        """Look for what is stored under an id, or was, by our journals; None where the id is free."""
        stored = self.service.read_change(ask.correlation_id)
        if stored is None:
            if self._is_used_up(ask.correlation_id):
                return leave_out(customer, "asked before", "The change request was withdrawn.")
            return None
        if stored.status == NEW and is_same(ask.body, stored):
            return leave_out(customer, "pending", "A change request waits for the customer.")
        if stored.status == REJECTED:
            return leave_out(customer, "rejected", "The customer rejected a change request for it.")
        return leave_out(customer, "asked before", "A change request of the same id is stored.")

    def _is_used_up(self, key: str) -> bool:
        """Say whether an id was used and is gone; with `again` one counts, too, that the service only fails for."""
        return any(
            each.is_used(key) or (self.again and each.outcomes.get(key) == "failed") for each in self.records
        )


def check_fresh_asks(plan: AskPlan, register: Reader) -> None:
    """Raise `Refused` where the system is not the one that a plan was made for."""
    live = register.read_system(plan.system)
    if live is None or live.is_deleted or live.digest != plan.live_digest:
        gone = live is None or live.is_deleted
        raise Refused(
            f"`{plan.system}` {'is not registered any more' if gone else 'moved since the plan was made'}.",
            hint="Make the plan again, and review it; nobody was asked.",
        )
