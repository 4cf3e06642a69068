"""What a request that is there means for one who would ask the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.customers import AccessRequest, Asking, Triple
from reconciler.model.request_template import Template
from reconciler.model.system import Right
from reconciler.planning.request_verdict import RequestState, find_asking, judge_request

TRIPLE = Triple("991825827_a", "310904473", "reconciler-check")
PAIR = ("urn:altinn:resource", "krav")
RIGHT = Right.model_validate(
    {"resource": [{"id": PAIR[0], "value": PAIR[1]}], "action": "read"}, strict=False
)
TEMPLATE = Template("standard", "standard", (RIGHT,), ("urn:p",), "https://a.example/receipt")
ASKING = Asking(frozenset({(PAIR,)}), frozenset({"urn:p"}))
REQUEST = AccessRequest("id", "standard", TRIPLE, "New", ASKING, redirect="https://a.example/receipt")


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({}, RequestState.OPEN, "waits for the customer"),
        ({"redirect": "HTTPS://A.example:443/receipt"}, RequestState.OPEN, "waits for the customer"),
        ({"status": "Accepted"}, RequestState.ACCEPTED, "was accepted"),
        (
            {"status": "Accepted", "asking": Asking(), "timed_out": True},
            RequestState.ACCEPTED,
            "was accepted",
        ),
        ({"status": "Rejected"}, RequestState.REJECTED, "was rejected by the customer"),
        ({"status": "Denied"}, RequestState.REJECTED, "was rejected by the customer"),
        ({"status": "Escalated"}, RequestState.UNKNOWN, "has the status `Escalated`, which is not known"),
        ({"status": ""}, RequestState.UNKNOWN, "has the status ``, which is not known"),
        (
            {"triple": TRIPLE._replace(reference="Reconciler-check")},
            RequestState.UNKNOWN,
            "is not the one that was asked for",
        ),
        (
            {"asking": ASKING - Asking(packages=frozenset({"urn:p"}))},
            RequestState.OUTDATED,
            "does not ask for urn:p",
        ),
        ({"asking": Asking(packages=ASKING.packages)}, RequestState.OUTDATED, "does not ask for krav"),
        (
            {"asking": ASKING | Asking(packages=frozenset({"urn:q"}))},
            RequestState.OUTDATED,
            "asks for urn:q too",
        ),
        ({"redirect": ""}, RequestState.OUTDATED, "leads to another address afterwards"),
        ({"timed_out": True}, RequestState.OUTDATED, "is older than 180 days"),
        (
            {"timed_out": True, "asking": Asking(packages=frozenset({"urn:p", "urn:q"}))},
            RequestState.OUTDATED,
            "does not ask for krav and asks for urn:q too and is older than 180 days",
        ),
    ],
    ids=[
        *(
            "same",
            "spelling",
            "accepted",
            "accepted other",
            "rejected",
            "denied",
            "unknown",
            "no status",
            "letters",
        ),
        *("less packages", "less rights", "more", "redirect", "old", "several"),
    ],
)
def test_judging(changes: dict[str, object], state: RequestState, reason: str) -> None:
    """By its status first, and one that is open by what it asks for, where it leads and its age."""
    assert judge_request(replace(REQUEST, **changes), TRIPLE, TEMPLATE) == (state, reason)  # type: ignore[arg-type]  # members of a request


def test_an_agent_is_asked_for_packages_only() -> None:
    """The service ignores rights in such a request, and so does the comparison."""
    template = TEMPLATE._replace(kind="agent")

    assert find_asking(template) == Asking(packages=ASKING.packages)
