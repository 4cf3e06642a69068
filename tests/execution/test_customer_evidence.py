"""What is read of customers for a plan: only what a change needs, and what cannot be read ends nothing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import (
    CredentialsError,
    DelegationRefused,
    Forbidden,
    NoAnswer,
    ReconcilerError,
    Rejected,
    ScopeRefused,
    ServerFailed,
)
from reconciler.execution.customer_evidence import know_customers
from reconciler.model.customers import (
    AGENT,
    NEW,
    READ,
    STANDARD,
    AccessRequest,
    Asking,
    ChangeRequest,
    Listed,
    SystemUser,
    Triple,
)
from reconciler.planning.change import decide
from reconciler.planning.customer_count import Count
from reconciler.planning.impact import Evidence
from reconciler.planning.plan import Plan, Target, judge_plan
from tests.builders import VENDOR, a_registered_system, a_resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.canonical_json import Json

NAMES = (f"{VENDOR}_a", f"{VENDOR}_b", f"{VENDOR}_c")
EVIDENCE = dict.fromkeys(NAMES, Evidence(users=1, agents=0))


@dataclass
class Shelf:
    """Customers without a register; notes what was asked, and fails for some systems."""

    failures: dict[str, ReconcilerError] = field(default_factory=dict)
    refusal: ReconcilerError | None = None
    workers: int = 1
    asked: list[str] = field(default_factory=list)
    opened: int = 0

    @contextmanager
    def open(self) -> Iterator[Shelf]:
        """Open it, or refuse to."""
        self.opened += 1
        if self.refusal:
            raise self.refusal
        yield self

    def _ask(self, what: str, system: str) -> None:
        self.asked.append(f"{what} {system}")
        if system in self.failures:
            raise self.failures[system]

    def list_users(self, system: str) -> tuple[SystemUser, ...]:
        """List nobody."""
        self._ask("users", system)
        return ()

    def list_requests(self, system: str, kind: str) -> Listed[AccessRequest]:
        """List one open request of each kind."""
        self._ask(kind, system)
        triple = Triple(system, "310904473", "310904473")
        return Listed((AccessRequest(f"{kind}-{system}", kind, triple, NEW, Asking()),))

    def list_changes(self, system: str) -> Listed[ChangeRequest]:
        """List nothing."""
        self._ask("changes", system)
        return Listed()


def a_plan(**changes: dict[str, Json]) -> Plan:
    """Plan some systems, each by its last letter; what is not named stays as it is."""
    decided = tuple(
        decide(a_resolved("tt02", id=name, **changes.get(name[-1], {})), a_registered_system(id=name))
        for name in NAMES
    )
    return judge_plan(Plan(Target("tt02", "https://register.example", VENDOR), decided), EVIDENCE)


def count_requests(plan: Plan) -> dict[str, Count | None]:
    """Give the open requests that were counted, by system."""
    return {
        change.id[-1]: impact.customers.requests
        for change in plan.changes
        for impact in change.impacts
        if impact.customers
    }


def test_nothing_is_opened_where_no_change_concerns_a_customer() -> None:
    """So that no token is asked for either."""
    shelf = Shelf()

    know_customers(a_plan(a={"description": {"nb": "x", "nn": "x", "en": "x"}}), EVIDENCE, shelf.open)

    assert (shelf.opened, shelf.asked) == (0, [])


def test_only_the_lists_that_a_change_needs_are_read() -> None:
    """Each once, and none of what is unchanged."""
    shelf = Shelf()

    know_customers(a_plan(a={"withdrawn": True}, b={"rights": []}), EVIDENCE, shelf.open)

    expected = [
        f"{STANDARD} {NAMES[0]}",
        f"{AGENT} {NAMES[0]}",
        f"{STANDARD} {NAMES[1]}",
        f"changes {NAMES[1]}",
    ]
    assert (shelf.opened, shelf.asked) == (1, expected)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ScopeRefused("x"), f"the client lacks the scope `{READ}`"),
        (Forbidden("x", status=403), f"the client lacks the scope `{READ}`"),
        (DelegationRefused("x"), f"there is no token with the scope `{READ}`"),
        (CredentialsError("x"), f"there is no token with the scope `{READ}`"),
        (NoAnswer("x"), "the register gave no answer when asked for them"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else "",
)
@pytest.mark.parametrize("at_once", [True, False], ids=["opening", "reading"])
def test_what_would_come_again_is_asked_once(failure: ReconcilerError, reason: str, *, at_once: bool) -> None:
    """A scope that lacks, and a register that does not answer, are so for all systems."""
    shelf = Shelf(refusal=failure) if at_once else Shelf(dict.fromkeys(NAMES, failure))
    plan = a_plan(a={"withdrawn": True}, b={"withdrawn": True}, c={"withdrawn": True})

    known = know_customers(plan, EVIDENCE, shelf.open)

    assert count_requests(known) == dict.fromkeys("abc", Count(None, reason=reason))
    assert len(shelf.asked) <= 1


@pytest.mark.parametrize(
    "failure", [ServerFailed("x", status=500), Rejected("x", status=404)], ids=["500", "404"]
)
def test_one_system_that_cannot_be_listed_hides_no_other(failure: ReconcilerError) -> None:
    """It alone is not known."""
    shelf = Shelf({NAMES[0]: failure})

    known = know_customers(a_plan(a={"withdrawn": True}, b={"withdrawn": True}), EVIDENCE, shelf.open)

    status = failure.status  # type: ignore[attr-defined]  # both have one
    unknown = Count(None, reason=f"the register answered {status} when asked for them")
    assert count_requests(known) == {"a": unknown, "b": Count(2)}
