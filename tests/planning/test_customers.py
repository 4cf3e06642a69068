"""What is known of each customer and each right, by requests, change requests and the change log."""

from __future__ import annotations

import pytest

from reconciler.model.customers import ACCEPTED, AGENT, NEW, REJECTED, Asking, ChangeRequest
from reconciler.model.instant import make_sortable
from reconciler.model.system import RegisteredSystem
from reconciler.planning.change_log import LogEntry, State, replay
from reconciler.planning.customers import (
    CustomerFacts,
    Customers,
    Holding,
    find_access,
    find_state,
    judge_customer,
    list_access,
    show_org,
    show_reference,
)
from tests.builders import a_live_document
from tests.customer_rows import (
    HELD,
    OTHER_RIGHT,
    PACKAGE,
    RIGHT,
    SYSTEM,
    a_change,
    a_grown_document,
    a_request,
    a_user,
)

HAS, PENDING, LACKS, UNKNOWN = Holding.HAS, Holding.PENDING, Holding.LACKS, Holding.UNKNOWN
ACCESS = list_access(RegisteredSystem(a_grown_document()).read())
"""The right that everybody has, one that was added, and the package."""
OTHER = Asking(frozenset({OTHER_RIGHT}))
USER = a_user()


def _judge(*changes: ChangeRequest, **known: object) -> list[Holding]:
    facts = CustomerFacts(**{"request": a_request(USER), "changes": changes, **known})  # type: ignore[arg-type]  # members of CustomerFacts
    return list(judge_customer(USER, ACCESS, facts, ()).holdings)


def _log(*writes: tuple[str, dict[str, object]]) -> tuple[State, ...]:
    """Make a change log; the newest is given first, as the register does."""
    return replay([LogEntry("update", "991825827", "c", at, document) for at, document in writes])


def test_what_a_system_asks_for_is_listed_once() -> None:
    """Rights by their pairs, since the action plays no part, then packages."""
    twice = a_live_document(
        rights=[
            {"action": action, "resource": [{"id": "urn:altinn:resource", "value": "a"}]}
            for action in ("read", "write")
        ]
    )

    assert [each.label for each in ACCESS] == ["ske-krav-og-betalinger", "kravogbetaling", PACKAGE]
    assert [each.what for each in ACCESS] == ["right", "right", "package"]
    assert len(list_access(RegisteredSystem(twice).read())) == 2
    assert find_access(ACCESS, "right", "kravogbetaling") == ACCESS[1]
    assert find_access(ACCESS, "package", "kravogbetaling") is None


def test_an_accepted_request_gave_what_it_asked_for() -> None:
    """What it did not ask for is lacking."""
    assert _judge() == [HAS, LACKS, HAS]
    assert _judge(request=a_request(USER, Asking(frozenset({RIGHT})))) == [HAS, LACKS, LACKS]


@pytest.mark.parametrize("status", [NEW, REJECTED, "Denied", "Timedout", "Another"])
def test_a_system_user_beside_an_open_request_is_not_known(status: str) -> None:
    """An approval that failed half-way leaves a system user that was given nothing."""
    assert _judge(request=a_request(USER, status=status)) == [UNKNOWN] * 3


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (NEW, PENDING),
        (ACCEPTED, HAS),
        (REJECTED, LACKS),
        ("Denied", LACKS),
        ("Timedout", LACKS),
        ("Another", UNKNOWN),
    ],
)
def test_a_change_request_counts_by_its_status(status: str, expected: Holding) -> None:
    """For what it asks for, and for nothing else."""
    assert _judge(a_change(USER, status, OTHER)) == [HAS, expected, HAS]


@pytest.mark.parametrize(
    ("status", "expected"), [(NEW, PENDING), (ACCEPTED, LACKS), (REJECTED, HAS), ("Another", UNKNOWN)]
)
def test_a_change_request_that_takes_away(status: str, expected: Holding) -> None:
    """The worst counts: what an accepted one takes away is lacking."""
    assert _judge(a_change(USER, status, unwanted=Asking(packages=frozenset({PACKAGE})))) == [
        HAS,
        LACKS,
        expected,
    ]


def test_change_requests_that_disagree_are_not_known() -> None:
    """In which order they were accepted is said nowhere."""
    disagreeing = [a_change(USER, ACCEPTED, OTHER), a_change(USER, ACCEPTED, unwanted=OTHER)]

    assert _judge(*disagreeing) == [HAS, UNKNOWN, HAS]


def test_asked_for_again_what_is_held_changes_nothing() -> None:
    """An open one for what is held waits for nothing."""
    assert _judge(a_change(USER, NEW, HELD)) == [HAS, LACKS, HAS]


def test_what_may_be_missing_is_not_known() -> None:
    """Of lists that lose rows only an open request is certain."""
    assert _judge(has_all=False) == [UNKNOWN] * 3
    assert _judge(a_change(USER, NEW, OTHER), has_all=False) == [UNKNOWN, PENDING, UNKNOWN]
    assert _judge(unread="The register failed.") == [UNKNOWN] * 3
    judged = judge_customer(USER, ACCESS, CustomerFacts(a_request(USER), has_all=False), ())
    assert judged.reason == "There may be change requests that the register does not list."


def test_the_portal_gave_all_that_there_was() -> None:
    """By the change log at the time it was made."""
    grown = _log(
        ("2026-04-01T00:00:00Z", a_grown_document()), ("2026-01-01T00:00:00+00:00", a_live_document())
    )

    judged = judge_customer(USER, ACCESS, CustomerFacts(), grown)

    assert (list(judged.holdings), judged.origin) == ([HAS, LACKS, HAS], "portal")


@pytest.mark.parametrize(
    "states",
    [
        (),
        _log(("2026-04-01T00:00:00Z", a_live_document())),
        _log(("2026-01-01T00:00:00Z", a_live_document(isVisible=False))),
    ],
    ids=["no log", "log begins later", "not visible then"],
)
def test_the_portal_without_a_log_is_not_known(states: tuple[State, ...]) -> None:
    """Nor where customers could not find the system: then there was a request, and it is gone."""
    judged = judge_customer(USER, ACCESS, CustomerFacts(), states)

    assert set(judged.holdings) == {UNKNOWN}
    assert judged.reason


def test_a_reference_of_its_own_is_never_the_portals() -> None:
    """Such a system user came from a request, which was withdrawn."""
    user = a_user(reference="shop-2")
    states = _log(("2026-01-01T00:00:00Z", a_live_document()))

    assert set(judge_customer(user, ACCESS, CustomerFacts(), states).holdings) == {UNKNOWN}


def test_an_agent_has_what_its_request_gave() -> None:
    """Change requests say nothing of it; one without its request, and one of an unknown type, are not known."""
    agent = a_user(kind=AGENT)
    states = _log(("2026-01-01T00:00:00Z", a_live_document()))
    known = CustomerFacts(a_request(agent, Asking(packages=frozenset({PACKAGE}))), has_all=False)

    assert list(judge_customer(agent, ACCESS, known, states).holdings) == [LACKS, LACKS, HAS]
    assert set(judge_customer(agent, ACCESS, CustomerFacts(), states).holdings) == {UNKNOWN}
    assert set(judge_customer(a_user(kind="standalone"), ACCESS, CustomerFacts(), states).holdings) == {
        UNKNOWN
    }


def test_it_is_counted_by_right() -> None:
    """Each system user once for each right."""
    rows = tuple(
        judge_customer(a_user(each), ACCESS, CustomerFacts(a_request(a_user(each))), ()) for each in (1, 2)
    )

    assert Customers("local", SYSTEM, ACCESS, rows).count(1) == {HAS: 0, PENDING: 0, LACKS: 2, UNKNOWN: 0}


def test_a_persons_number_is_never_shown() -> None:
    """An owner that is no organisation is masked, and so is a reference that may hold such a number."""
    person = judge_customer(a_user(org="01017012345"), ACCESS, CustomerFacts(), ())
    spelt = judge_customer(a_user(reference="kunde 010170 12345"), ACCESS, CustomerFacts(), ())

    assert (person.org, person.reference, spelt.reference) == ("(masked)", "", "(masked)")
    assert (show_org("310000001"), show_reference("shop-2")) == ("310000001", "shop-2")


def test_times_sort_however_long_their_fractions_are() -> None:
    """The register writes seven digits, the change log six, and a second without any."""
    times = [
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.1234567Z",
        "2026-03-01T10:00:00.2+00:00",
        "2026-03-01T10:01",
    ]

    assert sorted(times, key=make_sortable) == times
    assert make_sortable("soon") == ""
    assert find_state(_log(("2026-01-01T00:00:00Z", a_live_document())), "soon") is None
