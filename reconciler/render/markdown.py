"""Plans, drift and findings as GitHub's Markdown, for a pull request's comment, an issue or a summary.

Pure. The first line is a hidden mark by which the comment is found again. Where the text would be too long,
whole systems are left out and counted, those that break nothing first.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.findings import SEVERITIES, Severity, count_findings
from reconciler.planning.change import Weight
from reconciler.render.drift import count_differences, summarise
from reconciler.render.escape import escape_markdown, shorten
from reconciler.render.phrases import (
    SIGNS,
    VERBS,
    describe_quiet,
    describe_unlisted,
    describe_unreadable,
    find_moves,
    get_label,
    get_sign,
    group_changes,
    is_grave,
    join_sentences,
    show_value,
    tell_entry,
)
from reconciler.render.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.change import Change, Impact
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.planning.plan import Plan, Unmanaged

LONGEST = 60_000
"""Characters of a comment; GitHub refuses more than 65,536."""
_NOT_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_WEIGHTS: Mapping[Weight, str] = {
    Weight.BREAKING: "**Breaking**",
    Weight.NOTABLE: "Notable",
    Weight.NOTE: "Note",
}
# The words by which a table of findings is read; the same as in every other output.
_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "**error**",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


class _Block(NamedTuple):
    """A piece of text that is shown or left out as a whole."""

    group: str
    """The heading that it stands under."""
    text: str
    matters: bool = False
    """Whether it stays in longer than others."""


def render_plan(plan: Plan, longest: int = LONGEST) -> str:
    """Render a plan: what this pull request does, what was open before, and how a breaking one is accepted."""
    target, groups = plan.target, group_changes(plan)
    mark = f"<!-- reconciler:plan:{_name(target.environment)}:{_name(target.vendor)} digest={plan.digest} -->"
    head = [mark, f"## Plan for {_code(target.environment)}", "", *_summarise(plan), *_call(plan)]
    first = "What this pull request does" if groups.traced else "Changes"
    later = "Already open" if groups.traced else "Changes"
    blocks = [_Block(first, _describe(each, plan), is_grave(each)) for each in groups.new]
    blocks += [_Block(first, _describe_removed(each), matters=True) for each in groups.removed]
    blocks += [_Block(later, _describe(each, plan), is_grave(each)) for each in groups.open]
    blocks += [_Block("Unmanaged", _describe_unmanaged(each)) for each in groups.unmanaged]
    if plan.unlisted:
        head += [f"**Warning** {_words(describe_unlisted(plan.unlisted), 1000)}", ""]
    if not plan.writes and not plan.blocked:
        head += ["Nothing to do: the register holds what the definitions ask for.", ""]
    return _fit(head, blocks, [f"Digest `{plan.digest}`", ""], longest)


def render_drift(report: DriftReport, longest: int = LONGEST) -> str:
    """Render what differs from the files, with who made it and when."""
    target = report.target
    counts = count_differences(report)
    head = [
        f"<!-- reconciler:drift:{_name(target.environment)}:{_name(target.vendor)} -->",
        f"## Drift in {_code(target.environment)}",
        "",
        f"| {' | '.join(counts)} |",
        f"|{'---:|' * len(counts)}",
        f"| {' | '.join(map(str, counts.values()))} |",
        "",
        _tell_made(target.vendor, report.created, report.tool_version),
        "",
    ]
    if report.unlisted:
        head += [f"**Warning** {_words(describe_unlisted(report.unlisted), 1000)}", ""]
    if report.quiet:
        head += [_words(describe_quiet(report.quiet), 1000), ""]
    if not report.open:
        head += [f"No drift: {count(report.systems, 'system')} compared.", ""]
    blocks = []
    for system, group in groupby(report.open, key=lambda each: each.id):
        differences = list(group)
        alarming = any(each.alarming for each in differences)
        title = "Somebody should look at" if alarming else "For the record"
        blocks.append(_Block(title, _describe_drift(system, differences), alarming))
    blocks.sort(key=lambda block: not block.matters)
    return _fit(head, blocks, [summarise(report), ""], longest)


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings as a table, the worst first."""
    counts = count_findings(findings)
    told = ", ".join(count(counts[severity], severity.value) for severity in SEVERITIES)
    head = ["<!-- reconciler:findings -->", "## Findings", "", f"{count(files, 'file')}: {told}.", ""]
    if findings:
        head += ["| Severity | Rule | Place | Message |", "|---|---|---|---|"]
    ordered = sorted(findings, key=lambda each: SEVERITIES.index(each.severity))
    return _fit(head, [_Block("", _describe_finding(each)) for each in ordered], [""], LONGEST)


def _fit(head: Iterable[str], blocks: Sequence[_Block], tail: Iterable[str], longest: int) -> str:
    """Join what fits: the blocks that matter are taken in first, and all stand in their order."""
    start, end = "\n".join(head) + "\n", "\n" + "\n".join(tail)
    room = longest - len(start) - len(end) - len(_tell_left_out(len(blocks)))
    kept: set[int] = set()
    for index, block in sorted(enumerate(blocks), key=lambda each: not each[1].matters):
        # A heading is counted for every block, so that none is forgotten.
        size = len(block.text) + len(block.group) + len("\n### \n\n")
        if size <= room:
            room -= size
            kept.add(index)
    parts, group = [start], ""
    for index in sorted(kept):
        block = blocks[index]
        if block.group != group:
            # A heading ends a list only after an empty line.
            gap = "" if parts[-1].endswith("\n\n") else "\n"
            parts.append(f"{gap}### {block.group}\n\n")
            group = block.group
        parts.append(f"{block.text}\n")
    left_out = len(blocks) - len(kept)
    return "".join([*parts, _tell_left_out(left_out) if left_out else "", end])


def _tell_left_out(number: int) -> str:
    return f"\n*{number:,} more did not fit here: the run's artifact has everything.*\n"


def _name(text: str) -> str:
    """Make a name that cannot end the hidden mark."""
    return _NOT_NAME.sub("_", text)[:100]


def _code(text: str) -> str:
    """Show a value: in `<code>` nobody is mentioned and nothing is linked, in a table's cell too."""
    return f"<code>{escape_markdown(shorten(text))}</code>" if text else ""


def _words(text: str, longest: int = 600) -> str:
    return escape_markdown(shorten(text, longest))


def _tell_made(vendor: str, created: str, version: str) -> str:
    made = f", made {_words(created, 100)}" if created else ""
    tool = f" by reconciler {_words(version, 100)}" if version else ""
    return f"Vendor {_words(vendor, 100)}{made}{tool}."


def _summarise(plan: Plan) -> list[str]:
    names = {**{name: name for name in plan.summary}, "keep": "unchanged"}
    return [
        f"| {' | '.join(names[name] for name in plan.summary)} |",
        f"|{'---:|' * len(plan.summary)}",
        f"| {' | '.join(map(str, plan.summary.values()))} |",
        "",
        _tell_made(plan.target.vendor, plan.created, plan.tool_version),
        "",
    ]


def _call(plan: Plan) -> Iterator[str]:
    """Say what a breaking plan asks for."""
    if not plan.breaking:
        return
    yield "> [!CAUTION]"
    yield f"> Breaking: {count(len(plan.breaking), 'impact')}. Apply refuses until somebody names this plan:"
    yield f"> `reconciler apply --accept {plan.digest}`"
    yield ""
    yield from _list_impacts(plan.impacts)
    yield ""


def _list_impacts(impacts: Iterable[Impact]) -> Iterator[str]:
    for each in impacts:
        yield f"- {_WEIGHTS[each.weight]} {_code(each.rule)}: {_words(each.message)}"


def _open_section(title: str, remarks: Iterable[str], *, grave: bool) -> list[str]:
    """Begin a section; what is grave stands open."""
    told = "".join(f" · {each}" for each in remarks if each)
    return ["<details open>" if grave else "<details>", f"<summary>{title}{told}</summary>", ""]


def _describe(change: Change, plan: Plan) -> str:
    """Describe one system: its impacts, what it waits for, its fields, and its requests where ids move."""
    breaking = sum(each.weight is Weight.BREAKING for each in change.impacts)
    line = f":{change.line}" if change.line else ""
    rows = _open_section(
        f"{SIGNS[change.action]} {_code(change.id)} {VERBS[change.action]}",
        [
            f"<b>{breaking} breaking</b>" if breaking else "",
            _code(f"{change.file}{line}" if change.file else ""),
        ],
        grave=is_grave(change),
    )
    rows += _list_impacts(change.impacts)
    # A label comes first, since a line that began with somebody's text could begin a list or a heading.
    rows += [f"- {name}: {_words(each)}" for name, each in _reasons(change) if each]
    if change.fields:
        rows += [""] if rows[-1] else []
        rows += ["| | Member | Before | After | Line | Origin |", "|---|---|---|---|---:|---|"]
        rows += [_describe_field(each) for each in change.fields]
    if moves := find_moves(plan, change.id):
        rows += ["", "Client ids move, so these requests wait for each other:", ""]
        for step in moves:
            after = f", after {', '.join(map(str, step.after))}" if step.after else ""
            rows.append(f"- {step.number}. {step.method}: {_words(step.purpose)}{after}")
    return "\n".join([*rows, "", "</details>", ""])


def _reasons(change: Change) -> tuple[tuple[str, str], ...]:
    return (("Reason", change.reason), ("Hint", change.hint))


def _describe_field(field: FieldChange) -> str:
    cells = [
        f"`{get_sign(field)}`",
        _code(get_label(field)),
        _code(show_value(field.before, field)),
        _code(show_value(field.after, field)),
        str(field.line or ""),
        _words(field.origin),
    ]
    return f"| {' | '.join(cells)} |"


def _describe_removed(system: Unmanaged) -> str:
    former = _code(system.former)
    return (
        f"- **Warning** {_code(system.id)} stays registered, becomes unmanaged: {former} is removed here. "
        "`withdrawn: true` would have it deleted."
    )


def _describe_unmanaged(system: Unmanaged) -> str:
    unread = f"; {_words(describe_unreadable(system.unreadable), 400)}" if system.unreadable else ""
    return (
        f"- {_code(system.id)} {_words(system.name, 100)}: registered, no definition here, left alone{unread}"
    )


def _describe_drift(system: str, differences: Sequence[Difference]) -> str:
    alarming = sum(each.alarming for each in differences)
    file = next((each.file for each in differences if each.file), "")
    remarks = [f"<b>{alarming} to look at</b>" if alarming else "", _code(file)]
    rows = _open_section(_code(system), remarks, grave=False)
    rows += ["| What | Member | Files | Register | Line | Who and when |", "|---|---|---|---|---:|---|"]
    return "\n".join([*rows, *map(_describe_difference, differences), "", "</details>", ""])


def _describe_difference(each: Difference) -> str:
    field = each.field
    who = _words(tell_entry(each.entry))
    if each.reason:
        who += f"; {_words(each.reason)}"
    if each.accepted:
        who += f"; accepted until {each.accepted.until}: {_words(each.accepted.reason)}"
    cells = [
        f"**{each.kind}**" if each.alarming else str(each.kind),
        _code(get_label(field)) if field else "",
        _code(show_value(field.expected, field)) if field else "",
        _code(show_value(field.actual, field)) if field else "",
        str(each.line or ""),
        who,
    ]
    return f"| {' | '.join(cells)} |"


def _describe_finding(finding: Finding) -> str:
    where = f" ({_words(', '.join(finding.environments), 100)})" if finding.environments else ""
    told = escape_markdown(join_sentences(shorten(finding.message, 600), shorten(finding.hint, 600)))
    code = f" ({_words(finding.code, 100)})" if finding.code else ""
    return (
        f"| {_SEVERITIES[finding.severity]} | {_code(finding.rule)} | {_code(str(finding.place))}{where} "
        f"| {told}{code} |"
    )
