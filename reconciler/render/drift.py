"""A drift report as lines for people and as JSON: what differs, since when, and by whose hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.drift import Kind
from reconciler.render.escape import escape_text, shorten
from reconciler.render.text import Line, Piece, render_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.drift import Difference, DriftReport
    from reconciler.model import Json

_STYLES = {Kind.NOT_APPLIED: "warn", Kind.NO_DIFFERENCE: "dim"}
_WHAT = {
    Kind.MISSING: "a definition asks for it, and the register never had it",
    Kind.DELETED: "a definition asks for it, and it was deleted",
    Kind.UNMANAGED: "registered, and no definition asks for it",
    Kind.NO_DIFFERENCE: "written by others, and nothing differs",
}


def summarise(report: DriftReport) -> str:
    """Say in one line how much differs."""
    open_now = [each.kind for each in report.differences if each.accepted is None]
    kinds = (Kind.CHANGED_OUTSIDE, Kind.NOT_APPLIED, Kind.MISSING, Kind.DELETED, Kind.UNMANAGED)
    told = ", ".join(f"{open_now.count(kind)} {kind}" for kind in kinds)
    accepted = sum(each.accepted is not None for each in report.differences)
    return f"Drift: {told}; {accepted} accepted."


def tell_who(difference: Difference) -> str:
    """Say who made a difference, when, and by which kind of write."""
    entry = difference.entry
    return (
        f"{entry.kind} at {entry.created} by {entry.who}"
        if entry
        else "the change log does not tell who did it"
    )


def render_lines(report: DriftReport) -> Iterator[Line]:
    """Render every difference, system by system, and a summary line."""
    previous = ""
    for each in report.differences:
        if each.id != previous:
            place = f"  {each.file}:{each.line}" if each.file else ""
            yield (Piece(escape_text(each.id), "strong"), Piece(escape_text(place), "dim"))
            previous = each.id
        yield from _render(each)
    if not report.alarming:
        yield (Piece(f"Nothing alarming in {report.systems} systems.", "good"),)
    yield (Piece(summarise(report), "strong"),)


def _render(each: Difference) -> Iterator[Line]:
    style = _STYLES.get(each.kind, "bad") if each.accepted is None else "dim"
    what = _WHAT.get(each.kind, each.reason if each.field is None else "")
    head = f"  {each.kind}{f': {what}' if what else ''}"
    yield (Piece(escape_text(shorten(head)), style), Piece(f"  ({escape_text(tell_who(each))})", "dim"))
    if each.field is not None:
        yield from render_field(each.field)
    if each.accepted is not None:
        told = f"      accepted until {each.accepted.until}: {each.accepted.reason}"
        yield (Piece(escape_text(shorten(told)), "dim"),)


def to_json(report: DriftReport) -> dict[str, Json]:
    """Give a report as JSON."""
    return {
        "format_version": "1",
        "tool_version": report.tool_version,
        "created": report.created,
        "environment": report.target.environment,
        "register": report.target.register,
        "vendor": report.target.vendor,
        "systems": report.systems,
        "alarming": len(report.alarming),
        "differences": [_difference_to_json(each) for each in report.differences],
    }


def _difference_to_json(each: Difference) -> dict[str, Json]:
    return {
        "id": each.id,
        "kind": each.kind.value,
        "alarming": each.alarming,
        "file": each.file,
        "line": each.line or None,
        "path": each.path,
        "held": each.field.before if each.field else None,
        "asked": each.field.after if each.field else None,
        "since": each.entry.created if each.entry else None,
        "organisation": each.entry.organisation if each.entry else None,
        "client": each.entry.client if each.entry else None,
        "write": each.entry.kind if each.entry else None,
        "reason": each.reason,
        "accepted_until": each.accepted.until.isoformat() if each.accepted else None,
        "accepted_reason": each.accepted.reason if each.accepted else None,
    }


def render_json(report: DriftReport) -> str:
    """Render a report as a JSON document."""
    return json.dumps(to_json(report), indent=2, ensure_ascii=False) + "\n"
