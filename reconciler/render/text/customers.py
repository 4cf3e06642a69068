"""Customers, and what became of change requests, as lines for people; a link is never among them.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.execution.ask_outcome import AskState
from reconciler.planning.ask_plan import count_left_out
from reconciler.planning.customers import Holding
from reconciler.render import phrases
from reconciler.render.lines import Piece, make_line, make_safe, wrap_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.execution.ask_outcome import AskOutcome, AskReport
    from reconciler.planning.ask_plan import AskPlan
    from reconciler.planning.customers import Customer, Customers
    from reconciler.render.lines import Line

_STYLES: Mapping[Holding, str] = {Holding.LACKS: "warn", Holding.UNKNOWN: "bad", Holding.PENDING: "warn"}
_WORST = (Holding.LACKS, Holding.PENDING, Holding.UNKNOWN, Holding.HAS)
"""In the order of a line."""
_BAD = frozenset({AskState.FAILED, AskState.UNKNOWN})
_FINE = frozenset({AskState.ASKED, AskState.ALREADY, AskState.WITHDRAWN})
_WHY: Mapping[str, str] = {
    "has": "lack nothing",
    "pending": "wait for a change request",
    "unknown": "are not known",
    "agent": "cannot be changed",
    "rejected": "rejected it",
    "asked before": "were asked before",
}


def render_customers(found: Customers) -> Iterator[Line]:
    """Render each system user, and then how many have what."""
    for row in found.rows:
        yield _name(row.org, row.reference, row.user.kind, row.user.id)
        yield from _list_holdings(found, row)
        if row.reason:
            yield from wrap_sentence(row.reason, "    ", "dim")
    for place, each in enumerate(found.access):
        counts = ", ".join(f"{number} {holding}" for holding, number in found.count(place).items() if number)
        yield make_line(
            Piece(f"{each.what.capitalize():8}", "dim"),
            make_safe(each.label),
            Piece(f": {counts or 'no system user'}", "strong"),
        )
    yield make_line(Piece(f"{phrases.count(len(found.rows), 'system user')}.", "strong"))


def _name(org: str, reference: str, kind: str, user: str) -> Line:
    return make_line(
        Piece(make_safe(org), "strong"),
        f"  {make_safe(reference)}" if reference else "",
        f"  {make_safe(kind)}" if kind else "",
        Piece(f"  {make_safe(user)}", "dim"),
    )


def _list_holdings(found: Customers, row: Customer) -> Iterator[Line]:
    for holding in _WORST:
        names = [each.label for each, held in zip(found.access, row.holdings, strict=True) if held is holding]
        if names:
            shown = make_safe(", ".join(names))
            yield make_line(Piece(f"    {holding:8}", _STYLES.get(holding, "")), shown)


def render_ask_plan(plan: AskPlan) -> Iterator[Line]:
    """Render who is asked for what, and who is not and why."""
    wanted = [*plan.rights, *plan.packages]
    yield from wrap_sentence(f"Change requests for {plan.system}: {', '.join(wanted)}")
    for ask in plan.asks:
        yield _name(ask.org, ask.reference, "", ask.system_user)
        asked = [pair.value for right in ask.body.requiredRights for pair in right.resource]
        asked += [each.urn for each in ask.body.requiredAccessPackages]
        attempt = f" (attempt {ask.attempt})" if ask.attempt > 1 else ""
        yield make_line(Piece("    is asked for  ", "warn"), f"{make_safe(', '.join(asked))}{attempt}")
    for left in plan.left_out:
        if left.why != "has":
            yield _name(left.org, left.reference, "", left.system_user)
            yield from wrap_sentence(f"not asked: {left.why}. {left.reason}", "    ", "dim")
    counts = "".join(f", {number} {_WHY[why]}" for why, number in count_left_out(plan).items())
    yield make_line(
        Piece(f"{phrases.count(len(plan.asks), 'system user')} would be asked{counts}.", "strong")
    )
    yield make_line(f"Digest: {plan.short_digest}")


def render_asked(report: AskReport) -> Iterator[Line]:
    """Render what became of each change request."""
    for each in report.outcomes:
        yield _describe(each)
        if each.reason and each.asked not in _FINE:
            yield from wrap_sentence(each.reason, "    ", "dim")
    if report.stopped:
        yield from wrap_sentence(f"Stopped: {report.stopped}", style="bad")
    counts = ", ".join(f"{number} {state}" for state, number in report.counts.items())
    yield make_line(
        Piece(f"{phrases.count(len(report.outcomes), 'system user')}: {counts or 'none'}.", "strong")
    )


def _describe(each: AskOutcome) -> Line:
    style = "bad" if each.asked in _BAD else "" if each.asked in _FINE else "warn"
    return make_line(
        Piece(make_safe(each.ask.org), "strong"),
        f"  {make_safe(each.ask.reference)}" if each.ask.reference else "",
        Piece(f"  {each.asked}", style),
        f"  {make_safe(each.status)}" if each.status else "",
        f"  {make_safe(each.code)}" if each.code else "",
        Piece(f"  {make_safe(each.ask.system_user)}", "dim"),
    )
