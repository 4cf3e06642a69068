"""What is read of customers where lists lose rows: nobody is counted wrongly, and nobody is to be asked twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Refused, ServerFailed, UsageError
from reconciler.execution.ask_journal import AskRecord, AskStart
from reconciler.model.customers import ACCEPTED, AGENT, NEW, REJECTED, STANDARD, Asking, ChangeRequest, Listed
from reconciler.model.system import RegisteredSystem
from reconciler.operations.ask import Wanted, check_fresh_asks, choose_access, plan_asks
from reconciler.operations.customers import Sources, read_customers
from reconciler.planning.ask_plan import AskOrigin
from reconciler.planning.customers import CustomerFacts, Holding, judge_customer, list_access
from tests.builders import a_live_document
from tests.customer_rows import (
    HELD,
    OTHER_RIGHT,
    PACKAGE,
    SYSTEM,
    a_change,
    a_grown_document,
    a_request,
    a_user,
    an_id,
)
from tests.execution.change_requests import Service

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.model.canonical_json import Json
    from reconciler.model.customers import AccessRequest
    from reconciler.planning.ask_plan import AskPlan
    from reconciler.planning.customers import Customers

PAGE = 3
HAS, PENDING, LACKS, UNKNOWN = Holding.HAS, Holding.PENDING, Holding.LACKS, Holding.UNKNOWN
OTHER = Asking(frozenset({OTHER_RIGHT}))
ACCESS = list_access(RegisteredSystem(a_grown_document()).read())
ORIGIN = AskOrigin(
    "tt02", "https://platform.tt02.altinn.no", "991825827", "0.1.0", "2026-11-22T00:00:00+00:00"
)


@dataclass
class Side(Service):
    """The customers' side with the lists as the service pages them (System users contract §3.5)."""

    requests: dict[str, AccessRequest] = field(default_factory=dict)
    failing: frozenset[str] = frozenset()
    """The ids whose requests cannot be read."""
    is_listing: bool = True
    """Whether the list of change requests shows any."""

    def list_requests(self, system: str, kind: str) -> Listed[AccessRequest]:
        """List them by id, with one lost at each page border."""
        assert system == SYSTEM
        rows = sorted(
            (each for each in self.requests.values() if each.kind == kind), key=lambda each: each.id
        )
        shown = [each for place, each in enumerate(rows) if place % (PAGE + 1) != PAGE]
        return Listed(tuple(shown), complete=len(rows) <= PAGE)

    def read_request(self, request: str, kind: str) -> AccessRequest | None:
        """Read one."""
        if request in self.failing:
            raise ServerFailed("The register answered 500.", status=500)
        found = self.requests.get(request)
        return found if found and found.kind == kind else None

    def list_changes(self, system: str) -> Listed[ChangeRequest]:
        """List the first page, which is all that there ever is."""
        assert system == SYSTEM
        rows = tuple(self.rows.values()) if self.is_listing else ()
        return Listed(rows[:PAGE], complete=len(rows) <= PAGE)


@dataclass
class Register:
    """A register that has the system with the right that was added."""

    document: Json = field(default_factory=a_grown_document)

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read it."""
        return RegisteredSystem(self.document) if system == SYSTEM and self.document else None

    def read_changes(self, system: str) -> Collection[Mapping[str, Json]]:
        """Read a change log that begins after all system users were made."""
        assert system == SYSTEM
        entry = {"changeType": "create", "created": "2026-10-01T00:00:00Z", "changedData": self.document}
        return [entry]


def a_side(number: int, *changes: ChangeRequest, kind: str = STANDARD) -> Side:
    """Make so many customers, each with its accepted request, and change requests."""
    users = [a_user(each, kind=kind) for each in range(1, number + 1)]
    rows = {each.id: each for each in changes}
    requests = {each.id: a_request(each) for each in users}
    return Side({each.id: each for each in users}, rows=rows, requests=requests)


def _read(side: Side, own: Iterable[str] = (), *, alone: bool = False) -> Customers:
    sources = Sources(Register(), side, frozenset(own), alone=alone, workers=2)
    return read_customers("tt02", SYSTEM, sources)[0]


def _list_holdings(found: Customers) -> list[Holding]:
    """List what is known of the right that was added."""
    return [each.holdings[1] for each in found.rows]


def _change(number: int, status: str, required: Asking = OTHER) -> ChangeRequest:
    return a_change(a_user(number), status, required, key=an_id(500 + number))


def test_a_request_that_the_list_lost_is_read_by_its_id() -> None:
    """One at each page border; nobody is taken for the portal's for it."""
    found = _read(a_side(9))

    assert [list(each.holdings) for each in found.rows] == [[HAS, LACKS, HAS]] * 9
    assert {each.origin for each in found.rows} == {"request"}


def test_of_several_requests_of_one_triple_the_users_own_counts() -> None:
    """The service stores several that came at once; its id says which one the system user came from."""
    side = a_side(2)
    user = side.users[an_id(1)]
    for number, status in ((801, ACCEPTED), (802, NEW)):
        other = replace(a_request(user, OTHER, status), id=an_id(number))
        side.requests[other.id] = other

    assert [list(each.holdings) for each in _read(side).rows] == [[HAS, LACKS, HAS]] * 2


def test_an_agents_request_is_looked_for_among_those_of_agents() -> None:
    """The other list is not even read."""
    found = _read(a_side(2, kind=AGENT))

    assert [list(each.holdings) for each in found.rows] == [[HAS, LACKS, HAS]] * 2


def test_change_requests_behind_the_first_page_are_not_guessed() -> None:
    """Who has none at all is known to; who has one that is not listed has at best an open one."""
    side = a_side(7, *(_change(each, NEW if each < 5 else ACCEPTED) for each in range(1, 7)))

    assert _list_holdings(_read(side)) == [PENDING, PENDING, PENDING, PENDING, UNKNOWN, UNKNOWN, LACKS]


def test_with_the_journals_and_nobody_else_all_are_known() -> None:
    """The change requests of the journals are read one by one."""
    changes = [_change(each, ACCEPTED) for each in range(1, 7)]
    side = a_side(7, *changes)

    assert _list_holdings(_read(side, [each.id for each in changes])) == [UNKNOWN] * 6 + [LACKS]
    assert _list_holdings(_read(side, [each.id for each in changes], alone=True)) == [HAS] * 6 + [LACKS]


def test_a_reference_that_cannot_be_looked_for_is_not_known() -> None:
    """A slash leads to another route."""
    side = a_side(1, *(_change(each, ACCEPTED) for each in range(2, 6)))
    user = a_user(1, reference="a/b")
    side.users, side.requests = {user.id: user}, {user.id: a_request(user)}

    assert _list_holdings(_read(side)) == [UNKNOWN]


def test_one_that_cannot_be_read_takes_nothing_from_the_others() -> None:
    """It is unknown, with the reason."""
    side = a_side(4)
    del side.requests[an_id(2)]
    side.failing = frozenset({an_id(2)})

    found = _read(side)

    assert _list_holdings(found) == [LACKS, UNKNOWN, LACKS, LACKS]
    assert [each.reason for each in found.rows if each.reason] == ["The register answered 500."]
    assert [each.is_read for each in found.rows] == [True, False, True, True]


def test_a_system_that_is_not_there_is_refused() -> None:
    """With its name."""
    with pytest.raises(UsageError, match="does not know `another`"):
        read_customers("tt02", "another", Sources(Register(), a_side(1)))


_CHANGES = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.sampled_from([NEW, ACCEPTED, REJECTED, "Denied", "Another"]),
        st.sampled_from([OTHER, HELD, Asking()]),
        st.sampled_from([OTHER, Asking(packages=frozenset({PACKAGE})), Asking()]),
    ),
    max_size=9,
)


@given(_CHANGES, st.sets(st.integers(0, 8)), st.sets(st.integers(1, 5)))
def test_whatever_lists_lose_nobody_is_counted_wrongly(
    changes: list[tuple[int, str, Asking, Asking]], journalled: set[int], gone: set[int]
) -> None:
    """What is said of each right is what all rows together say, or that it is not known.

    That an open change request names it is certain, too, whatever else there is.
    """
    rows = [
        a_change(a_user(number), status, required, unwanted, key=an_id(500 + place))
        for place, (number, status, required, unwanted) in enumerate(changes)
    ]
    side = a_side(5, *rows)
    for number in gone:
        del side.requests[an_id(number)]

    found = _read(side, [an_id(500 + place) for place in journalled if place < len(rows)])

    for row in found.rows:
        own = tuple(each for each in rows if each.user == row.user.id)
        truth = judge_customer(row.user, ACCESS, CustomerFacts(side.requests.get(row.user.id), own), ())
        waiting = [each for each in own if each.status == NEW]
        for one, said, true in zip(ACCESS, row.holdings, truth.holdings, strict=True):
            is_named = any(one.is_in(each.required) or one.is_in(each.unwanted) for each in waiting)
            assert said in {true, UNKNOWN} or (said is PENDING and is_named)


def _plan(side: Side, *, again: bool = False, records: Iterable[AskRecord] = ()) -> AskPlan:
    own = [key for each in records for key in each.intents]
    found = read_customers("tt02", SYSTEM, Sources(Register(), side, own))
    return plan_asks(ORIGIN, found, Wanted(("kravogbetaling",), again=again), side, tuple(records))


def _say_why(plan: AskPlan) -> dict[str, str]:
    return {each.system_user: each.why for each in plan.left_out}


def test_only_who_lacks_it_is_asked() -> None:
    """Not who has it, waits for it, rejected it, or cannot be known."""
    side = a_side(5, _change(1, ACCEPTED), _change(2, NEW), _change(3, REJECTED))
    del side.requests[an_id(4)]

    plan = _plan(side)

    assert [each.system_user for each in plan.asks] == [an_id(5)]
    assert _say_why(plan) == {an_id(1): "has", an_id(2): "pending", an_id(3): "rejected", an_id(4): "unknown"}
    assert [each.system_user for each in _plan(side, again=True).asks] == [an_id(3), an_id(5)]


def test_what_was_asked_is_found_by_its_id_without_a_journal() -> None:
    """A repeated plan has the same ids, so it sees what an earlier one did, whatever the lists show."""
    side = a_side(3)
    earlier = _plan(side)
    for ask, status in zip(earlier.asks, (NEW, REJECTED, ACCEPTED), strict=True):
        user = side.users[ask.system_user]
        side.rows[ask.correlation_id] = a_change(user, status, OTHER, key=ask.correlation_id)
    side.is_listing = False

    first, again = _plan(side), _plan(side, again=True)

    assert (first.asks, set(_say_why(first).values())) == ((), {"pending", "rejected", "asked before"})
    assert {each.system_user: each.attempt for each in again.asks} == {an_id(2): 2, an_id(3): 2}


def test_an_id_that_is_used_up_is_asked_under_another_one() -> None:
    """It was withdrawn, by our journal; without `--again` the customer is left alone."""
    side = a_side(1)
    (ask,) = _plan(side).asks
    start = AskStart("tt02", ORIGIN.register, ORIGIN.vendor, SYSTEM, "0" * 64, "0.1.0", ORIGIN.created)
    gone = AskRecord(start, {ask.correlation_id: an_id(1)}, {ask.correlation_id: "asked"})
    failed = replace(gone, outcomes={ask.correlation_id: "failed"})

    assert _say_why(_plan(side, records=[gone])) == {an_id(1): "asked before"}
    assert [each.attempt for each in _plan(side, again=True, records=[gone]).asks] == [2]
    assert [each.attempt for each in _plan(side, records=[failed]).asks] == [1]
    assert [each.attempt for each in _plan(side, again=True, records=[failed]).asks] == [2]


def test_a_customer_who_was_asked_too_often_is_left_alone() -> None:
    """Attempts are not counted up without end."""
    side = a_side(1)
    side.read_change = lambda key: a_change(a_user(1), REJECTED, OTHER, key=key)  # type: ignore[method-assign]  # each is used

    assert _say_why(_plan(side, again=True)) == {an_id(1): "asked before"}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(("kravogbetalin",)), "does not hold the right `kravogbetalin`"),
        (Wanted(packages=("urn:altinn:accesspackage:other",)), "does not hold the access package"),
    ],
)
def test_what_the_register_does_not_hold_cannot_be_asked_for(wanted: Wanted, message: str) -> None:
    """It would refuse each request; apply comes first."""
    with pytest.raises(Refused, match=message):
        choose_access(_read(a_side(1)), wanted)


def test_without_a_name_everything_is_asked_for() -> None:
    """All that the system asks its customers for."""
    assert choose_access(_read(a_side(1)), Wanted()) == ACCESS
    assert choose_access(_read(a_side(1)), Wanted(packages=(PACKAGE,))) == ACCESS[2:]


@pytest.mark.parametrize("document", [a_live_document(), a_live_document(isDeleted=True), None], ids=str)
def test_a_plan_for_another_state_of_the_system_is_refused(document: Json) -> None:
    """What was reviewed was for the system as it was."""
    register = Register()
    plan = _plan(a_side(1))
    check_fresh_asks(plan, register)
    register.document = document

    with pytest.raises(Refused, match=r"is not registered any more|moved since the plan was made"):
        check_fresh_asks(plan, register)
