"""What is said of the customers that an impact concerns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.planning.change import Impact, Weight
from reconciler.planning.customer_count import Count, CustomerCount, RequestFate
from reconciler.render.customer_impact import describe_impact

SAID = Impact("x", Weight.NOTABLE, "Said.", "", 12, 3)
UNKNOWN = Count(None, reason="why")
PORTAL = "Whoever makes a system user for it in the portal now has to hold all that it asks for."
ANEW = "An agent system user is made again under another external reference."


def say(counted: CustomerCount | None, impact: Impact = SAID) -> str:
    """Say what is known beside an impact."""
    return describe_impact(replace(impact, customers=counted)).removeprefix("Said.").strip()


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (None, ""),
        (CustomerCount(), ""),
        (CustomerCount(lacking=Count(9)), ""),
        (CustomerCount(lacking=Count(9), portal=True), PORTAL),
        (CustomerCount(lacking=Count(9), anew=Count(3)), ANEW),
        (
            CustomerCount(lacking=Count(8)),
            "Of 9 standard system users, 1 holds it already, by the requests and the change log.",
        ),
        (
            CustomerCount(lacking=Count(0), anew=Count(0)),
            (
                "Of 9 standard system users, 9 hold it already, by the requests and the change log. "
                "Of 3 agent system users, 3 hold it already, by the requests and the change log."
            ),
        ),
        (
            CustomerCount(lacking=UNKNOWN),
            "How many of 9 standard system users hold it already is not known.",
        ),
        (
            CustomerCount(lacking=Count(None, 4, "why")),
            "How many of 9 standard system users hold it already is not known, but 4 lack it for certain.",
        ),
    ],
)
def test_who_has_what_is_added(counted: CustomerCount | None, said: str) -> None:
    """The impact itself says that all lack it, so only what differs from that is said."""
    assert say(counted) == said


def test_nothing_is_said_of_system_users_that_do_not_exist() -> None:
    """Or that were not counted, which the impact says itself."""
    nobody = replace(SAID, users=0, agents=0)
    uncounted = replace(SAID, users=None, agents=None)

    assert say(CustomerCount(lacking=Count(0), anew=Count(0)), nobody) == ""
    assert say(CustomerCount(lacking=UNKNOWN), uncounted) == ""


FAILING = "; their approval will fail."
LOST = "; each can still be approved afterwards, and gives a system user without a token"


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (
            CustomerCount(fate=RequestFate.FAILS, requests=Count(0), changes=Count(0)),
            "No open request names it.",
        ),
        (
            CustomerCount(fate=RequestFate.FAILS, requests=Count(1234), changes=Count(0)),
            f"Open requests that name it: 1,234, change requests: 0{FAILING}",
        ),
        (
            CustomerCount(fate=RequestFate.FAILS, requests=Count(0), changes=UNKNOWN),
            f"Open requests that name it: 0, change requests: not known{FAILING}",
        ),
        (
            CustomerCount(fate=RequestFate.FAILS, requests=Count(None, 50, "why"), changes=UNKNOWN),
            f"Open requests that name it: at least 50, change requests: not known{FAILING}",
        ),
        (CustomerCount(fate=RequestFate.NO_TOKEN, requests=Count(0)), "No request is open."),
        (CustomerCount(fate=RequestFate.NO_TOKEN, requests=Count(2)), f"Open requests: 2{LOST}."),
        (CustomerCount(fate=RequestFate.NO_TOKEN, requests=UNKNOWN), f"Open requests: not known{LOST}."),
        (
            CustomerCount(fate=RequestFate.NO_TOKEN_WITH_CLIENT, requests=Count(2)),
            f"Open requests: 2{LOST} for this client id.",
        ),
    ],
)
def test_open_requests(counted: CustomerCount, said: str) -> None:
    """Both kinds, what becomes of them, and what is not known."""
    assert say(counted) == said
