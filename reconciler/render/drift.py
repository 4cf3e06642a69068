"""A drift report as lines for people and as JSON: what differs, since when and by whose hand.

Pure. A line never begins with somebody else's text, since a runner obeys lines that begin with a command.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.planning.drift import ALARMING, Kind
from reconciler.render.escape import escape_json, escape_line, shorten
from reconciler.render.phrases import (
    describe_quiet,
    describe_unlisted,
    get_label,
    get_sign,
    show_value,
    tell_write,
)
from reconciler.render.text import Line, Piece, count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.canonical_json import Json
    from reconciler.planning.drift import Difference, DriftReport

_COUNTED = tuple(kind for kind in Kind if kind is not Kind.NO_DIFFERENCE)
_LONG = 1000
"""Characters of a sentence that may name several systems."""
_WIDTH = 9
"""Columns for the words that lead a detail."""


def count_differences(report: DriftReport) -> Mapping[str, int]:
    """Count the differences by kind, and apart from them the accepted ones."""
    counts = Counter(each.kind for each in report.differences if each.accepted is None)
    accepted = sum(each.accepted is not None for each in report.differences)
    return {**{kind.value: counts[kind] for kind in _COUNTED}, "accepted": accepted}


def summarise(report: DriftReport) -> str:
    """Say in one line how much differs."""
    counts = count_differences(report)
    told = ", ".join(f"{counts[kind]} {kind}" for kind in _COUNTED)
    return f"Drift: {told}; {counts['accepted']} accepted."


def render_lines(report: DriftReport) -> Iterator[Line]:
    """Render every difference, system by system, and a summary line."""
    for system, group in groupby(report.open, key=lambda each: each.id):
        differences = list(group)
        place = next((f"  {each.file}" for each in differences if each.file), "")
        yield (
            Piece(f"* {escape_line(shorten(system))}", "strong"),
            Piece(escape_line(shorten(place)), "dim"),
        )
        for each in differences:
            yield from _render_difference(each)
        yield ()
    if report.quiet:
        yield (Piece(escape_line(shorten(describe_quiet(report.quiet), _LONG)), "dim"),)
    if report.unlisted:
        yield (Piece(escape_line(shorten(describe_unlisted(report.unlisted), _LONG)), "warn"),)
    if not report.open:
        told = f"No drift: {count(report.systems, 'system')} compared."
        yield (Piece(told, "good"),)
    yield (Piece(summarise(report), "strong"),)


def _render_difference(each: Difference) -> Iterator[Line]:
    style = "bad" if each.alarming else "warn" if each.kind in ALARMING else "dim"
    word = f"{each.kind}, accepted" if each.accepted else str(each.kind)
    if each.field is None:
        yield (Piece(f"    ! {word}", style),)
    else:
        line = f"  :{each.line}" if each.line else ""
        label = escape_line(shorten(get_label(each.field)))
        yield (Piece(f"    {get_sign(each.field)} {word}", style), Piece(f"  {label}"), Piece(line, "dim"))
        for side, value in (("files", each.field.expected), ("register", each.field.actual)):
            shown = escape_line(show_value(value, each.field)) or "nothing"
            yield _detail(side, shown)
    if each.reason:
        yield _detail("name" if each.kind is Kind.UNMANAGED else "why", escape_line(shorten(each.reason)))
    yield from _render_entry(each)
    if each.accepted:
        reason = escape_line(shorten(each.accepted.reason))
        yield _detail("accepted", f"until {each.accepted.until}: {reason}")


def _render_entry(each: Difference) -> Iterator[Line]:
    """Tell since when, by whom and by which kind of write."""
    entry = each.entry
    if entry is None:
        yield _detail("since", "the change log does not tell when and by whom")
        return
    when, organisation, client = (
        escape_line(shorten(text, 100)) or "unknown"
        for text in (entry.created, entry.organisation, entry.client)
    )
    yield _detail("since", f"{when}, with {tell_write(entry)}")
    yield _detail("by", f"organisation {organisation}")
    yield _detail("client", client)


def _detail(label: str, text: str) -> Line:
    return (Piece(f"        {label:<{_WIDTH}}", "dim"), Piece(text))


def render_json(report: DriftReport) -> str:
    """Render a report as JSON, the same for every run on the same input."""
    body: dict[str, Json] = {
        "environment": report.target.environment,
        "register": report.target.register,
        "vendor": report.target.vendor,
        "created": report.created,
        "tool_version": report.tool_version,
        "systems": report.systems,
        "unlisted": report.unlisted or None,
        "differences": [_difference_to_json(each) for each in report.differences],
        "summary": dict(count_differences(report)),
    }
    return escape_json(json.dumps(body, indent=2, ensure_ascii=False)) + "\n"


def _difference_to_json(each: Difference) -> dict[str, Json]:
    entry, accepted = each.entry, each.accepted
    return {
        "id": each.id,
        "kind": each.kind.value,
        "alarming": each.alarming,
        "path": each.path,
        "file": each.file,
        "line": each.line or None,
        "files": each.field.expected if each.field else None,
        "register": each.field.actual if each.field else None,
        "origin": (each.field.origin or None) if each.field else None,
        "reason": each.reason,
        "write": entry
        and {
            "at": entry.created,
            "organisation": entry.organisation,
            "client": entry.client,
            "kind": entry.kind,
        },
        "accepted": accepted and {"until": accepted.until.isoformat(), "reason": accepted.reason},
    }
