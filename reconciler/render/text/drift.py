"""A drift report as lines for people: what differs, since when and who wrote it.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.drift import ALARMING, Kind
from reconciler.render import phrases
from reconciler.render.acceptance import make_accept_command
from reconciler.render.escape import escape_line
from reconciler.render.left_out import list_remarks
from reconciler.render.lines import Piece, make_line, make_safe, make_sentence, wrap_sentence
from reconciler.render.overview import count_hidden, group_systems, summarise_drift
from reconciler.render.text.findings import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.render.lines import Line

_WIDTH = 9
"""Columns for the words that lead a detail."""


def render_drift(report: DriftReport) -> Iterator[Line]:
    """Render every difference, system by system, and a summary line."""
    for system in group_systems(report):
        place = make_safe(f"  {system.file}") if system.file else ""
        yield (Piece(f"* {make_safe(system.id)}", "strong"), Piece(place, "dim"))
        for each in system.differences:
            yield from _render_difference(each, report.target.environment)
        yield ()
    if more := phrases.count_rest(count_hidden(report), "unmanaged system"):
        yield make_line(more)
    for severity, text in list_remarks(report):
        yield from wrap_sentence(f"{severity.capitalize()}: {text}", style=STYLES[severity])
    if report.quiet:
        yield (Piece(make_sentence(phrases.describe_quiet(report.quiet)), "dim"),)
    if report.unlisted:
        yield (Piece(make_sentence(phrases.describe_unlisted(report.unlisted)), "warn"),)
    if not (report.open or report.has_drift):
        yield (Piece(phrases.describe_no_drift(report.systems), "good"),)
    yield (Piece(summarise_drift(report), "strong"),)


def _render_difference(each: Difference, environment: str) -> Iterator[Line]:
    style = "bad" if each.alarming else "warn" if each.kind in ALARMING else "dim"
    word = f"{each.kind}, accepted" if each.accepted else str(each.kind)
    if each.field is None:
        yield (Piece(f"    ! {word}", style),)
    else:
        line = f"  :{each.line}" if each.line else ""
        label = make_safe(phrases.get_label(each.field))
        sign = phrases.get_sign(each.field)
        yield (Piece(f"    {sign} {word}", style), Piece(f"  {label}"), Piece(line, "dim"))
        sides = ((phrases.FILES, each.field.expected), (phrases.REGISTER, each.field.actual))
        for side, value in sides:
            yield _detail(side, escape_line(phrases.show_value(value, each.field)) or phrases.NOTHING)
    if each.reason:
        yield _detail("name" if each.kind is Kind.UNMANAGED else "why", make_sentence(each.reason))
    yield from _render_writer(each)
    if each.accepted:
        yield _detail("accepted", f"until {each.accepted.until}: {make_safe(each.accepted.reason)}")
    if command := make_accept_command(each, environment):
        yield _detail("accept", command)


def _render_writer(each: Difference) -> Iterator[Line]:
    """Say since when, by whom and by which kind of write."""
    entry = each.entry
    if entry is None:
        yield _detail("since", phrases.WRITER_UNKNOWN)
        return
    when, organisation, client = (
        make_safe(text, 100) or "unknown" for text in (entry.created, entry.organisation, entry.client)
    )
    yield _detail("since", f"{when}, with {phrases.describe_write(entry)}")
    yield _detail("by", f"organisation {organisation}")
    yield _detail("client", client)


def _detail(label: str, text: str) -> Line:
    return (Piece(f"        {label:<{_WIDTH}}", "dim"), Piece(text))
