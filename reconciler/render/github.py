"""Annotations of GitHub Actions: workflow commands on the exact line, the worst first, ten a kind at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.change import Weight
from reconciler.findings import Severity
from reconciler.render.drift import summarise, tell_who
from reconciler.render.escape import escape_github_data, escape_github_property, shorten
from reconciler.render.text import summarise as summarise_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.drift import DriftReport
    from reconciler.findings import Finding
    from reconciler.plan import Plan

MOST = 10
"""The runner shows so many of each kind a step: https://docs.github.com/actions, workflow commands."""
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
"""The consumer's words, and no other mapping."""


class _Note(NamedTuple):
    command: str
    file: str
    line: int
    column: int
    title: str
    message: str


def _print(notes: Iterable[_Note]) -> str:
    """Print the commands, at most ten of each kind, errors first."""
    rows: list[str] = []
    grouped = list(notes)
    for command in _COMMANDS.values():
        for note in [each for each in grouped if each.command == command][:MOST]:
            places = {"file": note.file, "line": note.line or 1, "col": note.column, "title": note.title}
            told = ",".join(
                f"{key}={escape_github_property(str(value))}" for key, value in places.items() if value
            )
            rows.append(f"::{command} {told}::{escape_github_data(shorten(note.message, 1000))}\n")
    return "".join(rows)


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings as annotations."""
    del files
    return _print(
        _Note(
            _COMMANDS[each.severity],
            each.place.file,
            each.place.line,
            each.place.column,
            each.rule,
            f"{each.message}. {each.hint}" if each.hint else each.message,
        )
        for each in findings
    )


def render_plan(plan: Plan) -> str:
    """Render what is blocked as errors, and what is breaking or notable as warnings and notices."""
    notes = [
        _Note(
            "error", change.file, change.line, 0, f"blocked: {change.id}", f"{change.reason}. {change.hint}"
        )
        for change in plan.blocked
    ]
    for change in plan.writes:
        for impact in change.impacts:
            if impact.weight is not Weight.NOTE:
                command = "warning" if impact.weight is Weight.BREAKING else "notice"
                line = (
                    next((each.line for each in change.fields if each.path == impact.path), 0) or change.line
                )
                notes.append(
                    _Note(command, change.file, line, 0, f"{impact.rule}: {change.id}", impact.message)
                )
    notes.append(_Note("notice", "", 0, 0, f"reconciler {plan.target.environment}", summarise_plan(plan)))
    return _print(notes)


def render_drift(report: DriftReport) -> str:
    """Render what alarms as warnings, and a summary."""
    notes = [
        _Note("warning", each.file, each.line, 0, f"{each.kind}: {each.id}", f"{each.path}; {tell_who(each)}")
        for each in report.alarming
    ]
    notes.append(_Note("notice", "", 0, 0, f"reconciler {report.target.environment}", summarise(report)))
    return _print(notes)
