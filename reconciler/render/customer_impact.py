"""What is known of the customers that an impact concerns, in sentences; no customer is named.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.customer_count import RequestFate
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.planning.change import Impact
    from reconciler.planning.customer_count import Count


def describe_impact(impact: Impact) -> str:
    """Say what an impact does, and what is known of the customers that it concerns."""
    return " ".join([impact.message, *(_list_sentences(impact) if impact.customers else ())])


def list_reasons(impact: Impact) -> tuple[str, ...]:
    """Say why something of an impact's customers is not known; nothing where all is."""
    known = impact.customers
    counts = (known.lacking, known.anew, known.requests, known.changes) if known else ()
    return tuple(dict.fromkeys(each.reason for each in counts if each is not None and each.reason))


def _list_sentences(impact: Impact) -> Iterator[str]:
    counted = impact.customers
    if counted is None:
        return
    if counted.lacking is not None and impact.users is not None:
        agents = impact.agents or 0
        yield from _describe_holders(counted.lacking, impact.users - agents, "standard system user")
        if counted.anew is not None:
            yield from _describe_holders(counted.anew, agents, "agent system user")
    if counted.anew is not None and counted.anew.number != 0 and impact.agents != 0:
        yield "An agent system user is made again under another external reference."
    if counted.portal:
        yield "Whoever makes a system user for it in the portal now has to hold all that it asks for."
    if counted.fate is not None and counted.requests is not None:
        yield _describe_open(counted.fate, counted.requests, counted.changes)


def _describe_holders(lacking: Count, number: int, noun: str) -> Iterator[str]:
    """Say how many have already what is added; nothing where none has, which the impact says itself."""
    if number in {0, lacking.number}:
        return
    if lacking.number is None:
        said = f", but {lacking.at_least:,} lack it for certain" if lacking.at_least else ""
        yield f"How many of {count(number, noun)} hold it already is not known{said}."
    else:
        held = max(number - lacking.number, 0)
        verb = "holds" if held == 1 else "hold"
        yield f"Of {count(number, noun)}, {held:,} {verb} it already, by the requests and the change log."


_OPEN: Mapping[RequestFate, tuple[str, str]] = {
    RequestFate.FAILS: (" that name it", "their approval will fail"),
    RequestFate.NO_TOKEN: (
        "",
        "each can still be approved afterwards, and gives a system user without a token",
    ),
    RequestFate.NO_TOKEN_WITH_CLIENT: (
        "",
        "each can still be approved afterwards, and gives a system user without a token for this client id",
    ),
}
"""Which open requests are counted, and what becomes of them."""


def _describe_open(fate: RequestFate, requests: Count, changes: Count | None) -> str:
    """Say how many requests are open and what becomes of them."""
    which, then = _OPEN[fate]
    if requests.number == 0 and (changes is None or changes.number == 0):
        return "No open request names it." if which else "No request is open."
    more = f", change requests: {_describe_count(changes)}" if changes is not None else ""
    return f"Open requests{which}: {_describe_count(requests)}{more}; {then}."


def _describe_count(number: Count) -> str:
    """Say a number; one that is not known is not 0."""
    if number.number is not None:
        return f"{number.number:,}"
    return f"at least {number.at_least:,}" if number.at_least else "not known"
