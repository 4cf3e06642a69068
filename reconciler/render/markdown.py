"""A plan, findings and drift in GitHub's Markdown: for a comment, a step summary and an issue.

The first line is a hidden mark by which a later run finds its own comment, with the plan's digest. What is
too long loses whole systems, with a count.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.change import Weight
from reconciler.findings import SEVERITIES, count_findings
from reconciler.origin import is_new
from reconciler.render.drift import summarise as summarise_drift
from reconciler.render.drift import tell_who
from reconciler.render.escape import escape_html, escape_markdown, shorten
from reconciler.render.text import count, summarise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.change import Change
    from reconciler.diff import FieldChange
    from reconciler.drift import DriftReport
    from reconciler.findings import Finding
    from reconciler.model import Json
    from reconciler.plan import Plan

LONGEST = 60_000
"""GitHub refuses a comment of more than 65,536 characters."""
_CELL = 160
_WORDS = {
    "create": "create",
    "update": "update",
    "delete": "DELETE FOR EVER",
    "blocked": "blocked",
    "keep": "keep",
}


def _fit(head: str, sections: Sequence[str], tail: str, longest: int) -> str:
    """Put sections between head and tail, and drop the last ones that do not fit."""
    room = longest - len(head) - len(tail) - 120
    kept: list[str] = []
    for section in sections:
        if len(section) > room:
            break
        kept.append(section)
        room -= len(section)
    left = len(sections) - len(kept)
    note = (
        f"\n*{count(left, 'system')} more did not fit here; the artifact has all of them.*\n" if left else ""
    )
    return head + "".join(kept) + note + tail


def _cell(value: Json) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return escape_markdown(shorten(text, _CELL))


def render_plan(plan: Plan, longest: int = LONGEST) -> str:
    """Render a plan: what this change does first, then what was open before, one section a system."""
    target = plan.target
    head = (
        f"<!-- reconciler:plan:{target.environment}:{target.vendor} digest={plan.digest} -->\n"
        f"### Plan for `{target.environment}`, vendor {target.vendor}\n\n"
    )
    summary = plan.summary
    head += "| " + " | ".join(summary) + " |\n" + "|---" * len(summary) + "|\n"
    head += "| " + " | ".join(str(each) for each in summary.values()) + " |\n\n"
    for impact in plan.impacts:
        head += f"**{escape_markdown(impact.rule)}**: {escape_markdown(impact.message)}\n\n"
    shown = [change for change in plan.changes if change.action != "keep" or change.fields]
    traced = any(field.origin for change in shown for field in change.fields)
    new = [change for change in shown if not traced or is_new(change)]
    old = [change for change in shown if change not in new]
    sections = [_section(change, plan) for change in new]
    if traced and sections:
        sections[0] = "#### What this change does\n\n" + sections[0]
    rest = [_section(change, plan) for change in old]
    if rest:
        rest[0] = "#### What was open before\n\n" + rest[0]
    return _fit(head, [*sections, *rest], "".join(_tail(plan, nothing=not shown)), longest)


def _tail(plan: Plan, *, nothing: bool) -> Iterator[str]:
    if nothing:
        yield "Nothing to do: the register holds what the definitions ask for.\n\n"
    former = [each for each in plan.unmanaged if each.former]
    for each in former[:20]:
        gone = f"stays registered, becomes unmanaged ({escape_markdown(each.former)} is gone)"
        yield f"- {escape_markdown(each.id)}: {gone}\n"
    others = len(plan.unmanaged) - len(former)
    if others:
        yield f"\n{count(others, 'unmanaged system')} without a definition, left alone.\n"
    yield f"\n{summarise(plan)}\n"
    if plan.breaking:
        yield f"\n**Breaking:** apply asks for\n\n    reconciler apply --accept {plan.short_digest}\n"
    yield f"\n<sub>Digest {plan.short_digest}</sub>\n"


def _section(change: Change, plan: Plan) -> str:
    breaking = any(each.weight is Weight.BREAKING for each in change.impacts)
    mark = " ⚠ breaking" if breaking else ""
    summary = f"<b>{escape_html(shorten(change.id, _CELL))}</b>: {_WORDS[change.action]}{mark}"
    text = f"<details{' open' if breaking else ''}><summary>{summary}</summary>\n\n"
    for told in filter(None, (change.reason, change.hint)):
        text += f"{escape_markdown(told)}\n\n"
    for impact in change.impacts:
        strong = "**" if impact.weight is Weight.BREAKING else ""
        text += f"- {strong}{escape_markdown(impact.rule)}{strong}: {escape_markdown(shorten(impact.message, 400))}\n"
    steps = [step for step in plan.steps if step.id == change.id and (step.claims or step.releases)]
    for step in steps:
        after = f" (after {', '.join(map(str, step.after))})" if step.after else ""
        text += f"- step {step.number}: {step.method}, {escape_markdown(step.purpose)}{after}\n"
    if change.fields:
        text += "\n| | member | before | after | line | origin |\n|---|---|---|---|---|---|\n"
        text += "".join(_row(field) for field in change.fields)
    return text + "\n</details>\n\n"


def _row(field: FieldChange) -> str:
    sign = "&#43;" if field.before is None else "&#45;" if field.after is None else "&#126;"
    cells = [sign, escape_markdown(shorten(field.path, _CELL)), _cell(field.before), _cell(field.after)]
    cells += [str(field.line or ""), str(field.origin)]
    return "| " + " | ".join(cells) + " |\n"


def render_findings(findings: Sequence[Finding], files: int, longest: int = LONGEST) -> str:
    """Render findings as a table."""
    head = "<!-- reconciler:validate -->\n### Validation\n\n"
    head += "| severity | place | rule | finding | hint |\n|---|---|---|---|---|\n"
    rows = [
        "| "
        + " | ".join(
            [
                each.severity.value,
                escape_markdown(str(each.place)),
                escape_markdown(each.rule),
                escape_markdown(shorten(each.message, _CELL)),
                escape_markdown(shorten(each.hint, _CELL)),
            ]
        )
        + " |\n"
        for each in findings
    ]
    counts = count_findings(findings)
    told = ", ".join(count(counts[each], each.value) for each in SEVERITIES)
    return _fit(head, rows, f"\n{count(files, 'file')}: {told}.\n", longest)


def render_drift(report: DriftReport, longest: int = LONGEST) -> str:
    """Render drift: one section a system, with who did it and when."""
    target = report.target
    head = (
        f"<!-- reconciler:drift:{target.environment}:{target.vendor} -->\n"
        f"### Drift in `{target.environment}`, vendor {target.vendor}\n\n{summarise_drift(report)}\n\n"
    )
    by_system: dict[str, list[str]] = {}
    for each in report.differences:
        field = each.field
        accepted = f"accepted until {each.accepted.until}: {each.accepted.reason}" if each.accepted else ""
        cells = [
            escape_markdown(str(each.kind)),
            escape_markdown(shorten(each.path, _CELL)) if field else "",
            _cell(field.after) if field else "",
            _cell(field.before) if field else "",
            escape_markdown(tell_who(each)),
            escape_markdown(shorten(accepted, _CELL)),
        ]
        by_system.setdefault(each.id, []).append("| " + " | ".join(cells) + " |\n")
    table = "\n| kind | member | the files say | the register holds | who and when | |\n|---|---|---|---|---|---|\n"
    sections = [
        f"<details open><summary><b>{escape_html(shorten(name, _CELL))}</b></summary>\n"
        f"{table}{''.join(rows)}\n</details>\n\n"
        for name, rows in by_system.items()
    ]
    return _fit(head, sections, f"<sub>{escape_markdown(report.created)}</sub>\n", longest)
