"""A plan, findings and a report as lines for people, each line made of pieces with a style.

Pure. `terminal` paints the styles; a log gets the same words without them. Fits 80 columns where the
values do; a sentence that names them stays on one line, so that a log can be searched for it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconciler.execution.outcome import Done
from reconciler.execution.verification import Fate
from reconciler.model.findings import SEVERITIES, Severity, count_findings
from reconciler.planning.change import Weight
from reconciler.render.escape import LONGEST, escape_line, shorten
from reconciler.render.phrases import describe_unlisted, describe_unreadable, group_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.execution.outcome import Outcome, Report
    from reconciler.execution.recovery import Recovered, Stranded
    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding
    from reconciler.planning.change import Change, Impact
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.plan import Plan
    from reconciler.planning.timeline import Edit


class Piece(NamedTuple):
    """A text and how it looks: a style's name, or empty."""

    text: str
    style: str = ""


Line: TypeAlias = tuple[Piece, ...]

_SIGNS = {"create": "+", "update": "~", "delete": "-", "blocked": "!", "keep": "="}
_VERBS = {
    "create": "create",
    "update": "update",
    "delete": "DELETE FOR EVER",
    "blocked": "blocked",
    "keep": "keep",
}
_SEVERITY_STYLES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.NOTE: "dim"}
_WIDTH = 80
_LONG = 1000
"""Characters of a sentence that may name several things."""
_MEMBER = 20
"""Columns for a member's name: `allowedRedirectUrls` has 19 letters."""


def print_lines(lines: Iterable[Line]) -> str:
    """Print lines without any style; each ends in a line break."""
    return "".join("".join(piece.text for piece in line).rstrip() + "\n" for line in lines)


def _line(*pieces: str | Piece) -> Line:
    return tuple(piece if isinstance(piece, Piece) else Piece(piece) for piece in pieces)


def _tell(text: str, longest: int = LONGEST) -> str:
    """Make somebody else's text fit to be shown: cut where it is long, and inert."""
    return escape_line(shorten(text, longest))


def render_findings(findings: Sequence[Finding], files: int) -> Iterator[Line]:
    """Render findings, each with its place, its rule and its hint, and a summary line."""
    for finding in findings:
        style = _SEVERITY_STYLES[finding.severity]
        where = f"  [{', '.join(finding.environments)}]" if finding.environments else ""
        yield _line(
            Piece(_tell(str(finding.place), _LONG), "strong"),
            ": ",
            Piece(finding.severity.value, style),
            Piece(f" {finding.rule}{where}", "dim"),
        )
        code = f" ({finding.code})" if finding.code else ""
        yield _line(f"    {_tell(finding.message)}{code}")
        if finding.hint:
            yield _line(Piece(f"    {_tell(finding.hint)}", "dim"))
    counts = count_findings(findings)
    told = ", ".join(count(counts[severity], severity.value) for severity in SEVERITIES)
    yield _line(f"{count(files, 'file')}: {told}.")


def count(number: int, noun: str) -> str:
    """Say a number of things: `1 file`, `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def render_plan(plan: Plan) -> Iterator[Line]:
    """Render a plan: what changes, system by system and member by member, and a summary line."""
    groups = group_changes(plan)
    for title, group in (("What this change does", groups.new), ("What was open before", groups.open)):
        if groups.traced and group:
            yield _line(Piece(f"{title}:", "strong"))
            yield _line()
        for change in group:
            yield from _render_change(change)
            yield _line()
    yield from _render_unmanaged(plan)
    yield from _render_steps(plan)
    for impact in plan.impacts:
        yield from _render_impact(impact)
    if not groups.new and not groups.open:
        yield _line(Piece("Nothing to do: the register holds what the definitions ask for.", "good"))
    yield _line(Piece(summarise(plan), "strong"))
    if plan.writes:
        yield _line(Piece(f"Digest: {plan.short_digest}", "dim"))
    if plan.breaking:
        yield _line(Piece(f"Breaking: apply asks for `--accept {plan.short_digest}`.", "bad"))


def summarise(plan: Plan) -> str:
    """Say in one line how much a plan does."""
    summary = plan.summary
    return (
        f"Plan: {summary['create']} to create, {summary['update']} to update, {summary['delete']} to delete, "
        f"{summary['blocked']} blocked, {summary['keep']} unchanged; "
        f"{'at least ' if plan.unlisted else ''}{summary['unmanaged']} unmanaged."
    )


def _render_unmanaged(plan: Plan) -> Iterator[Line]:
    if plan.unlisted:
        yield _line(Piece(escape_line(describe_unlisted(plan.unlisted)), "warn"))
    if not plan.unmanaged:
        return
    yield _line("Unmanaged: registered, but no definition here. They are left alone.")
    for each in plan.unmanaged:
        yield _line(f"  ? {_tell(each.id)}", Piece(f"  {_tell(each.name, 40)}", "dim"))
        if each.unreadable:
            yield _line(Piece(escape_line(f"      {describe_unreadable(each.unreadable)}"), "warn"))
        if each.former:
            told = f"      stays registered, becomes unmanaged: {each.former} is gone"
            yield _line(Piece(escape_line(told), "warn"))
    yield _line()


def _render_change(change: Change) -> Iterator[Line]:
    sign, verb = _SIGNS[change.action], _VERBS[change.action]
    place = f"{change.file}:{change.line}" if change.file else ""
    yield _line(
        Piece(f"{sign} {_tell(change.id)}", change.action),
        Piece(f"  {verb}", change.action),
        Piece(f"  {_tell(place, _LONG)}", "dim"),
    )
    if change.reason:
        yield _line(f"    {_tell(change.reason, _LONG)}")
    if change.hint:
        yield _line(Piece(f"    {_tell(change.hint)}", "dim"))
    for impact in change.impacts:
        yield from _render_impact(impact)
    for field in change.fields:
        yield from render_field(field, field.line, field.origin)


def _render_impact(impact: Impact) -> Iterator[Line]:
    style = {Weight.BREAKING: "bad", Weight.NOTABLE: "warn", Weight.NOTE: "dim"}[impact.weight]
    mark = "BREAKING " if impact.weight is Weight.BREAKING else ""
    yield _line(
        Piece(f"    ! {mark}{impact.rule}", style),
        Piece(f"  {_tell(impact.message, _LONG)}", ""),
    )


def _render_steps(plan: Plan) -> Iterator[Line]:
    """Render the order of the requests where it matters: where a client id moves."""
    if not any(step.claims or step.releases for step in plan.steps):
        return
    yield _line("Client ids move, so these requests wait for each other:")
    for step in plan.steps:
        if step.claims or step.releases or step.after:
            after = f"  after {', '.join(map(str, step.after))}" if step.after else ""
            what = f"{step.method} {_tell(step.id)}: {_tell(step.purpose, _LONG)}"
            yield _line(f"  {step.number:>2}. {what}{after}")
    yield _line("Between a release and its claim nobody gets a token with that client id; if")
    yield _line("the claim fails for certain, the id is put back.")
    yield _line()


def render_field(field: FieldChange | Edit, line: int = 0, origin: str = "") -> Iterator[Line]:
    """Render one field: an entry that comes or goes, or a value that becomes another."""
    sign = "+" if field.before is None else "-" if field.after is None else "~"
    style = {"+": "create", "-": "delete", "~": "update"}[sign]
    listed = len(field.steps) > 1 and field.member not in {"name", "description", "vendor"}
    label = _tell(field.member if listed else field.path)
    where = Piece(f"{f'  :{line}' if line else ''}{f'  ({origin})' if origin else ''}", "dim")
    values = [_show(value, field) for value in (field.before, field.after) if value is not None]
    head = Piece(f"    {sign} {label:<{_MEMBER}}", style)
    if len(values) == 1 or len(head.text) + sum(map(len, values)) + 12 <= _WIDTH:
        yield _line(head, " → ".join(values), where)
        return
    yield _line(head, where)
    yield _line(Piece(f"        - {values[0]}", "delete"))
    yield _line(Piece(f"        + {values[1]}", "create"))


def _show(value: Json, field: FieldChange | Edit) -> str:
    """Show a value: texts as they are, truth values as YAML writes them, objects by their label."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return _tell(field.steps[1])
    quoted = field.member in {"name", "description"}
    return _tell(json.dumps(value, ensure_ascii=False) if quoted else str(value))


def render_report(report: Report) -> Iterator[Line]:
    """Render what became of a plan, system by system, and a summary line."""
    for outcome in report.outcomes:
        yield from _render_outcome(outcome)
    words = [outcome.word for outcome in report.outcomes]
    told = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(["done", *words]))
    blocked = f"; {len(report.plan.blocked)} blocked and never sent" if report.plan.blocked else ""
    yield _line(Piece(f"Apply: {told}{blocked}.", "strong"))
    if report.unrecorded:
        names = ", ".join(dict.fromkeys(report.unrecorded))
        said = f"The journal could not be written, and lacks the outcome of {_tell(names, _LONG)}."
        yield _line(Piece(said, "bad"))
        yield _line("    Make space for it, then run `reconciler recover`: the next apply waits for that.")


def _render_outcome(outcome: Outcome) -> Iterator[Line]:
    good = "warn" if outcome.alarming else "good"
    yield _line(
        Piece(f"{outcome.word:<9} ", good if isinstance(outcome, Done) else "bad"),
        f"{outcome.change.action} {_tell(outcome.change.id)}",
    )
    for text in filter(None, (outcome.reason, outcome.hint)):
        yield _line(f"    {_tell(text, _LONG)}")
    for field in outcome.differs:
        yield from render_field(field, field.line, field.origin)


def render_recovered(recovered: Sequence[Recovered], stranded: Sequence[Stranded] = ()) -> Iterator[Line]:
    """Render what became of each intent that had no outcome, what shows it, and what a run did not finish."""
    styles = {Fate.DONE: "good", Fate.UNDONE: "warn", Fate.UNKNOWN: "bad"}
    words = {Fate.DONE: "done", Fate.UNDONE: "not done", Fate.UNKNOWN: "unknown"}
    for each in recovered:
        what = f"{each.intent.purpose} {each.intent.id}"
        yield _line(Piece(f"{words[each.fate]:<9} ", styles[each.fate]), _tell(what))
        yield _line(Piece(f"    {_tell(each.evidence, _LONG)}", "dim"))
        if not each.recorded:
            yield _line(Piece("    The journal could not be written, so there it stays open.", "bad"))
        if not each.asked:
            yield _line(
                Piece("    It stays open. Run `reconciler recover` again when it can be read.", "bad")
            )
    yield from _render_stranded(stranded)
    if not recovered and not stranded:
        yield _line(Piece("Nothing is open: every request of the journal has its outcome.", "good"))


def _render_stranded(stranded: Sequence[Stranded]) -> Iterator[Line]:
    """Render the client ids that are on no system, and what puts that right."""
    for each in stranded:
        what = f"Run {each.run} released client id {each.client} of {each.released_by} for {each.meant_for}"
        yield _line(Piece(f"{'on no system':<13}", "bad"), _tell(each.client))
        yield _line(f"    {_tell(what, _LONG)}, which never got it.")
    for environment in sorted({each.environment for each in stranded}):
        told = f"`reconciler apply --environment {environment}` gives it to the system that asks for it"
        yield _line(f"    Fix: {_tell(told, _LONG)}.")
    for run, environment in dict.fromkeys((each.run, each.environment) for each in stranded):
        named = f"--environment {environment}"
        told = f"`reconciler rollback {run} {named} --out FILE`, then `reconciler apply FILE {named}`, puts it back"
        yield _line(Piece(f"    Or: {_tell(told, _LONG)}.", "dim"))
