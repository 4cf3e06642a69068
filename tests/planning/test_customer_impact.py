"""Which customers a change concerns: each row of what a change of the registration does, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.model.customers import (
    ACCEPTED,
    AGENT,
    NEW,
    REJECTED,
    STANDARD,
    AccessRequest,
    Asking,
    ChangeRequest,
    Listed,
    SystemUser,
    Triple,
)
from reconciler.planning.change import Update, decide
from reconciler.planning.change_log import LogEntry, State
from reconciler.planning.customer_count import Count, CustomerCount, RequestFate
from reconciler.planning.customer_impact import (
    CHANGES,
    USERS,
    CustomerLists,
    add_customers,
    find_lists,
)
from reconciler.planning.impact import Evidence
from reconciler.planning.plan import Plan, Target, judge_plan
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_registered_system, a_resolved, a_system

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

SYSTEM = "991825827_smartcloud"
NAME = "ske-krav-og-betalinger"
PAIRS = (("urn:altinn:resource", NAME),)
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"
RIGHT, PACKAGES = Asking(rights=frozenset({PAIRS})), Asking(packages=frozenset({PACKAGE}))
ORG = "310904473"
NOTHING = Asking()
OURS = frozenset({CLIENT})
BEGINNING, MIDDLE, END = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00.5Z", "2026-03-01T00:00:00Z"
NEVER = (State(LogEntry("create", VENDOR, CLIENT, BEGINNING), a_system(rights=[], accessPackages=[])),)
"""The log of a system that has never asked for the right or the package."""


def judge(
    files: dict[str, Json],
    live: dict[str, Json],
    evidence: Evidence,
    lists: CustomerLists | None = None,
) -> list[CustomerCount | None]:
    """Judge the change of one system, and give what is counted for each of its impacts."""
    change = decide(a_resolved("tt02", **files), a_registered_system(**live))
    known = {SYSTEM: evidence}
    made = judge_plan(Plan(Target("tt02", "https://register.example", VENDOR), (change,)), known)
    (found,) = add_customers(made, known, {SYSTEM: lists} if lists else {}).changes
    return [each.customers for each in found.impacts]


def wanted(files: dict[str, Json], live: dict[str, Json], evidence: Evidence) -> frozenset[str]:
    """Find which lists a change needs."""
    change = decide(a_resolved("tt02", **files), a_registered_system(**live))
    made = judge_plan(Plan(Target("tt02", "", VENDOR), (change,)), {SYSTEM: evidence})
    return find_lists(made.changes[0], evidence)


def a_request(number: int, kind: str = STANDARD, status: str = NEW, asking: Asking = RIGHT) -> AccessRequest:
    """Make a request of one customer."""
    return AccessRequest(f"r{number}", kind, Triple(SYSTEM, ORG, f"ref-{number}"), status, asking)


def a_user(number: int, kind: str = STANDARD, *, created: str = MIDDLE, reference: str = "") -> SystemUser:
    """Make a system user; without a reference it goes by its organisation's number."""
    return SystemUser(f"r{number}", kind, Triple(SYSTEM, ORG, reference or ORG), created)


def a_change_request(
    number: int, required: Asking, unwanted: Asking = NOTHING, status: str = ACCEPTED, day: int = 1
) -> ChangeRequest:
    """Make a change request for a system user."""
    triple = Triple(SYSTEM, ORG, f"ref-{number}")
    created = f"2026-02-{day:02}T12:00:00Z"
    key = f"c{number}-{day}"
    return ChangeRequest(key, f"r{number}", triple, status, required, unwanted, created=created)


@pytest.mark.parametrize(
    ("member", "lacking", "anew"), [("rights", Count(9), None), ("accessPackages", Count(9), Count(3))]
)
def test_what_was_never_asked_for_is_lacked_by_all(member: str, lacking: Count, anew: Count | None) -> None:
    """No list is needed to know that; an agent's system user is made anew for a package, and holds no right."""
    evidence = Evidence(NEVER, users=12, agents=3)

    (found,) = judge({}, {member: []}, evidence)

    assert found == CustomerCount(lacking=lacking, anew=anew, portal=True)
    assert wanted({}, {member: []}, evidence) == frozenset()


def test_only_a_visible_system_is_of_interest_in_the_portal() -> None:
    """And what customers there have to hold is said once for all that is added."""
    evidence = Evidence(NEVER, users=0, agents=0)
    hidden = judge({"isVisible": False}, {"isVisible": False, "rights": []}, evidence)
    both = judge({}, {"rights": [], "accessPackages": []}, evidence)

    assert [each and each.portal for each in hidden] == [False]
    assert [each and each.portal for each in both] == [True, False]


def test_system_users_that_were_not_counted_are_not_known() -> None:
    """Their number is no 0."""
    (found,) = judge({}, {"rights": []}, Evidence(NEVER))

    assert found is not None
    assert found.lacking == Count(None, reason="the system users could not be read")


def test_a_log_that_was_cut_off_leaves_open_who_holds_what_is_added() -> None:
    """The system may have asked for it before the oldest entry; what could not be read is named first."""
    cut = tuple(replace(each, entry=replace(each.entry, kind="update")) for each in NEVER)
    evidence = Evidence(cut, users=2, agents=0)

    (unread,) = judge({}, {"rights": []}, evidence, CustomerLists(reason="the client lacks the scope"))
    (never_read,) = judge({}, {"rights": []}, evidence)

    assert wanted({}, {"rights": []}, evidence) == {USERS, STANDARD, CHANGES}
    assert unread is not None
    assert unread.lacking == Count(None, reason="the client lacks the scope")
    assert never_read is not None
    assert never_read.lacking == Count(None, reason="the change log does not go back to the registration")
    assert wanted({}, {"rights": []}, replace(evidence, users=0)) == frozenset()


AGAIN = (
    State(LogEntry("update", VENDOR, CLIENT, END), a_system(rights=[], accessPackages=[])),
    State(LogEntry("create", VENDOR, CLIENT, BEGINNING), a_system()),
)
"""The log of a system that asked for the right and the package until the end."""
LISTS = CustomerLists(users=(), standard=Listed(), agent=Listed(), changes=Listed())


@pytest.mark.parametrize(
    ("user", "lists", "holds"),
    [
        (a_user(1), replace(LISTS, standard=Listed((a_request(1, status=ACCEPTED),))), True),
        (
            a_user(1),
            replace(LISTS, standard=Listed((a_request(1, status=ACCEPTED, asking=PACKAGES),))),
            False,
        ),
        (a_user(1), replace(LISTS, standard=Listed((a_request(1),))), None),
        (a_user(1), LISTS, True),
        (a_user(1, created="2026-03-02T00:00:00Z"), LISTS, False),
        (a_user(1, created="2025-12-31T00:00:00Z"), LISTS, None),
        (a_user(1, created="yesterday"), LISTS, None),
        (a_user(1, reference="other"), LISTS, None),
        (a_user(1), replace(LISTS, standard=Listed(complete=False)), None),
        (a_user(1), replace(LISTS, changes=Listed(complete=False)), None),
        (
            a_user(1, created="2026-03-02T00:00:00Z"),
            replace(LISTS, changes=Listed(complete=False)),
            False,
        ),
        (a_user(1), replace(LISTS, changes=Listed((a_change_request(1, NOTHING, RIGHT),))), False),
        (
            a_user(1),
            replace(LISTS, changes=Listed((a_change_request(1, NOTHING, RIGHT, REJECTED),))),
            True,
        ),
        (
            a_user(1),
            replace(
                LISTS,
                standard=Listed((a_request(1, status=ACCEPTED, asking=PACKAGES),)),
                changes=Listed((a_change_request(1, RIGHT, day=3), a_change_request(1, NOTHING, RIGHT))),
            ),
            None,
        ),
        (
            a_user(1),
            replace(
                LISTS,
                standard=Listed((a_request(1, status=ACCEPTED, asking=PACKAGES),)),
                changes=Listed((a_change_request(1, RIGHT, status=NEW),)),
            ),
            False,
        ),
        (
            a_user(1),
            replace(LISTS, changes=Listed((a_change_request(2, NOTHING, RIGHT),))),
            True,
        ),
    ],
    ids=[
        "asked-for-it",
        "did-not-ask",
        "request-still-open",
        "made-in-the-portal",
        "made-when-it-was-gone",
        "made-before-the-log",
        "made-nobody-can-say-when",
        "request-withdrawn",
        "requests-lost-rows",
        "changes-lost-rows",
        "no-change-can-have-given-it",
        "taken-away",
        "customer-refused",
        "given-and-taken",
        "customer-has-not-answered",
        "change-of-another",
    ],
)
def test_who_holds_what_the_system_asked_for_before(
    user: SystemUser, lists: CustomerLists, *, holds: bool | None
) -> None:
    """The request, the change requests and the log say it, or nothing does."""
    (found,) = judge(
        {}, {"rights": []}, Evidence(AGAIN, OURS, users=1, agents=0), replace(lists, users=(user,))
    )

    assert found is not None
    assert found.lacking is not None
    assert (found.lacking.number, bool(found.lacking.reason)) == {
        True: (0, False),
        False: (1, False),
        None: (None, True),
    }[holds]


def test_agents_hold_packages_by_their_request_alone() -> None:
    """One in the list of standard requests, or a change request, says nothing of them."""
    users = (a_user(1, AGENT, reference="a"), a_user(2, AGENT, reference="b"), a_user(3))
    lists = CustomerLists(
        users=users,
        standard=Listed((a_request(2, asking=PACKAGES, status=ACCEPTED),)),
        agent=Listed((a_request(1, AGENT, ACCEPTED, PACKAGES),)),
        changes=Listed((a_change_request(2, PACKAGES),)),
    )
    evidence = Evidence(AGAIN, OURS, users=3, agents=2)

    (found,) = judge({}, {"accessPackages": []}, evidence, lists)

    assert wanted({}, {"accessPackages": []}, evidence) == {USERS, STANDARD, AGENT, CHANGES}
    assert found is not None
    assert found.lacking == Count(0)
    assert found.anew == Count(None, 0, "the requests that they came from are not listed")


def test_open_requests_that_name_what_is_removed_are_counted() -> None:
    """Each once, of both kinds for a package; not those that were answered or ask for something else."""
    lists = CustomerLists(
        standard=Listed(
            (
                a_request(1),
                a_request(1),
                a_request(2, status=ACCEPTED),
                a_request(3, asking=PACKAGES),
            )
        ),
        agent=Listed((a_request(4, AGENT, asking=PACKAGES), a_request(5, AGENT, REJECTED, PACKAGES))),
        changes=Listed(
            (
                a_change_request(1, RIGHT, status=NEW),
                a_change_request(2, NOTHING, RIGHT, NEW),
                a_change_request(3, RIGHT),
            )
        ),
    )
    evidence = Evidence(users=3, agents=0)

    (right,) = judge({"rights": []}, {}, evidence, lists)
    (package,) = judge({"accessPackages": []}, {}, evidence, lists)

    assert right == CustomerCount(fate=RequestFate.FAILS, requests=Count(1), changes=Count(1))
    assert package == CustomerCount(fate=RequestFate.FAILS, requests=Count(2), changes=Count(0))
    assert wanted({"rights": []}, {}, evidence) == {STANDARD, CHANGES}
    assert wanted({"accessPackages": []}, {}, evidence) == {STANDARD, AGENT, CHANGES}


def test_lists_that_lose_rows_are_not_counted_to_the_end() -> None:
    """What was found is how many there are at least."""
    lists = CustomerLists(
        standard=Listed((a_request(1, asking=PACKAGES), a_request(2, asking=PACKAGES)), complete=False),
        agent=Listed((a_request(4, AGENT, asking=PACKAGES),)),
        changes=Listed(complete=False),
    )

    (found,) = judge({"accessPackages": []}, {}, Evidence(), lists)

    paged = "the list has several pages, and the register leaves rows out between them"
    assert found is not None
    assert (found.requests, found.changes) == (Count(None, 3, paged), Count(None, 0, paged))


def test_lists_that_could_not_be_read_are_not_known() -> None:
    """With the reason, and never as 0."""
    unread = CustomerLists(reason="the client lacks the scope")

    (right,) = judge({"rights": []}, {}, Evidence(), unread)
    (deleted,) = judge({"withdrawn": True}, {}, Evidence(), unread)

    assert right is not None
    assert deleted is not None
    unknown = Count(None, reason="the client lacks the scope")
    assert (right.requests, right.changes, deleted.requests) == (unknown, unknown, unknown)


def test_a_right_that_stays_with_another_action_can_still_be_asked_for() -> None:
    """Its resource alone is what a request is held against."""
    resource = [{"id": "urn:altinn:resource", "value": NAME}]
    both: Json = [{"resource": resource}, {"resource": resource, "action": "read"}]

    assert judge({}, {"rights": both}, Evidence()) == [None]
    assert wanted({}, {"rights": both}, Evidence()) == frozenset()


@pytest.mark.parametrize(
    ("files", "live", "fate"),
    [
        ({"withdrawn": True}, {}, RequestFate.NO_TOKEN),
        ({"clientId": []}, {}, RequestFate.NO_TOKEN),
        ({}, {"clientId": [CLIENT, OTHER_CLIENT]}, RequestFate.NO_TOKEN_WITH_CLIENT),
        ({"clientId": [CLIENT.upper()]}, {}, RequestFate.NO_TOKEN_WITH_CLIENT),
    ],
    ids=["deleted", "no-client-left", "one-client-left", "respelt"],
)
def test_open_requests_can_be_approved_into_nothing(
    files: dict[str, Json], live: dict[str, Json], fate: RequestFate
) -> None:
    """Of a system without the client id, whatever they ask for."""
    lists = CustomerLists(
        standard=Listed((a_request(1), a_request(2, status=REJECTED))),
        agent=Listed((a_request(3, AGENT, asking=PACKAGES),)),
    )

    (found,) = judge(files, live, Evidence(users=0, agents=0), lists)

    assert found == CustomerCount(fate=fate, requests=Count(2))
    assert wanted(files, live, Evidence()) == {STANDARD, AGENT}


def test_other_changes_ask_for_nothing() -> None:
    """Texts, visibility and redirect URLs concern nobody who has a system user or waits for one."""
    live: dict[str, Json] = {
        "isVisible": False,
        "allowedRedirectUrls": [],
        "name": {"nb": "x", "nn": "x", "en": "x"},
    }

    assert set(judge({}, live, Evidence(users=5, agents=1))) == {None}
    assert wanted({}, live, Evidence(users=5, agents=1)) == frozenset()


def test_counts_are_outside_the_digest_and_outside_what_apply_compares() -> None:
    """One request more voids no approval, and a plan is not refused because a customer answered."""
    change = decide(a_resolved("tt02", withdrawn=True), a_registered_system())
    known = {SYSTEM: Evidence(users=1, agents=0)}
    made = judge_plan(Plan(Target("tt02", "", VENDOR), (change,)), known)
    counted = add_customers(made, known, {SYSTEM: CustomerLists(reason="x")})

    assert not isinstance(change, Update)
    assert counted.changes[0].impacts[0].customers is not None
    assert counted.digest == made.digest
    assert counted.changes[0].impacts == made.changes[0].impacts
