"""Plans, drift and findings as GitHub's Markdown, for a pull request's comment, an issue or a summary.

Pure. The first line is a hidden mark by which the comment is found again. Where the text would be too long,
whole systems are left out and counted, those that break nothing first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.findings import SEVERITIES, Severity
from reconciler.planning.change import Weight
from reconciler.render import phrases
from reconciler.render.escape import escape_markdown, shorten
from reconciler.render.overview import (
    DriftedSystem,
    count_breaking,
    count_differences,
    describe_action,
    find_moves,
    group_changes,
    group_systems,
    is_serious,
    locate,
    summarise_drift,
)

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
    """Render a plan: what this change does, what was open before, and how a breaking one is accepted."""
    target, groups = plan.target, group_changes(plan)
    head = [_mark(plan), f"## Plan for {_code(target.environment)}", "", *_warn_of_against(plan)]
    head += [*_summarise(plan), *_call(plan)]
    first, later = groups.titles
    blocks = [_Block(first, _describe(each, plan), is_serious(each)) for each in groups.new]
    blocks += [_Block(first, _describe_removed(each), matters=True) for each in groups.removed]
    blocks += [_Block(later, _describe(each, plan), is_serious(each)) for each in groups.open]
    blocks += [_Block(phrases.UNMANAGED, _describe_unmanaged(each)) for each in groups.unmanaged]
    head += _warn_of_unlisted(plan.unlisted)
    if not plan.writes and not plan.blocked:
        head += [phrases.describe_nothing(plan), ""]
    tail = [f"Digest `{plan.digest}`", ""] if not plan.against else [""]
    return _fit(head, blocks, tail, longest)


def _mark(plan: Plan) -> str:
    """Make the hidden mark; a plan against definitions has its own, so that neither comment replaces the other."""
    whose = f"{_name(plan.target.environment)}:{_name(plan.target.vendor)}"
    if plan.against:
        return f"<!-- reconciler:plan-against:{whose} commit={_name(plan.against)} -->"
    return f"<!-- reconciler:plan:{whose} digest={plan.digest} -->"


def _warn_of_against(plan: Plan) -> list[str]:
    return ["> [!NOTE]", f"> {_words(phrases.describe_against(plan))}", ""] if plan.against else []


def render_drift(report: DriftReport, longest: int = LONGEST) -> str:
    """Render what differs from the files, with who made it and when."""
    target = report.target
    head = [
        f"<!-- reconciler:drift:{_name(target.environment)}:{_name(target.vendor)} -->",
        f"## Drift in {_code(target.environment)}",
        "",
        *_tabulate(count_differences(report)),
        _describe_making(target.vendor, report.created, report.tool_version),
        "",
        *_warn_of_unlisted(report.unlisted),
    ]
    if report.quiet:
        head += [_words(phrases.describe_quiet(report.quiet), 1000), ""]
    if not report.open:
        head += [phrases.describe_no_drift(report.systems), ""]
    systems = group_systems(report)
    blocks = [_Block(each.title, _describe_system(each), each.alarming > 0) for each in systems]
    blocks.sort(key=lambda block: not block.matters)
    return _fit(head, blocks, [summarise_drift(report), ""], longest)


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings as a table, the worst first."""
    summary = phrases.summarise_findings(findings, files)
    head = ["<!-- reconciler:findings -->", "## Findings", "", summary, ""]
    if findings:
        head += _head_table(phrases.FINDING_COLUMNS)
    ordered = sorted(findings, key=lambda each: SEVERITIES.index(each.severity))
    return _fit(head, [_Block("", _describe_finding(each)) for each in ordered], [""], LONGEST)


def _fit(head: Iterable[str], blocks: Sequence[_Block], tail: Iterable[str], longest: int) -> str:
    """Join what fits: the blocks that matter are taken in first, and all stand in their order."""
    start, end = "\n".join(head) + "\n", "\n" + "\n".join(tail)
    left = longest - len(start) - len(end) - len(_describe_left_out(len(blocks)))
    kept: set[int] = set()
    for index, block in sorted(enumerate(blocks), key=lambda each: not each[1].matters):
        # A heading is counted for every block, so that none is forgotten.
        size = len(block.text) + len(block.group) + len("\n### \n\n")
        if size <= left:
            left -= size
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
    return "".join([*parts, _describe_left_out(left_out) if left_out else "", end])


def _describe_left_out(number: int) -> str:
    return f"\n*{number:,} more did not fit here: the run's artifact has everything.*\n"


def _name(text: str) -> str:
    """Make a name that cannot end the hidden mark."""
    return _NOT_NAME.sub("_", text)[:100]


def _code(text: str) -> str:
    """Show a value: in `<code>` nobody is mentioned and nothing is linked, in a table's cell too."""
    return f"<code>{escape_markdown(shorten(text))}</code>" if text else ""


def _words(text: str, longest: int = 600) -> str:
    return escape_markdown(shorten(text, longest))


def _head_table(names: Sequence[str]) -> list[str]:
    """Begin a table; numbers of lines stand to the right."""
    rules = ["---:" if name == "Line" else "---" for name in names]
    return [_make_row(names).replace("|  |", "| |"), f"|{'|'.join(rules)}|"]


def _make_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _tabulate(counts: Mapping[str, int]) -> list[str]:
    numbers = map(str, counts.values())
    return [_make_row(counts), f"|{'---:|' * len(counts)}", _make_row(numbers), ""]


def _describe_making(vendor: str, created: str, version: str) -> str:
    made = f", made {_words(created, 100)}" if created else ""
    tool = f" by reconciler {_words(version, 100)}" if version else ""
    return f"Vendor {_words(vendor, 100)}{made}{tool}."


def _warn_of_unlisted(unlisted: str) -> list[str]:
    return [f"**Warning** {_words(phrases.describe_unlisted(unlisted), 1000)}", ""] if unlisted else []


def _summarise(plan: Plan) -> list[str]:
    target = plan.target
    return [
        *_tabulate(phrases.name_counts(plan)),
        _describe_making(target.vendor, plan.created, plan.tool_version),
        "",
    ]


def _call(plan: Plan) -> Iterator[str]:
    """Say what a breaking plan asks for."""
    if not plan.breaking:
        return
    yield "> [!CAUTION]"
    if plan.against:
        yield f"> {phrases.describe_breaking(plan)}"
    else:
        yield f"> {phrases.describe_breaking(plan)} {phrases.REFUSES}:"
        yield f"> `reconciler apply --accept {plan.digest}`"
    yield ""
    yield from _list_impacts(plan.impacts)
    yield ""


def _list_impacts(impacts: Iterable[Impact]) -> Iterator[str]:
    for each in impacts:
        yield f"- {_WEIGHTS[each.weight]} {_code(each.rule)}: {_words(each.message)}"


def _open_section(title: str, notes: Iterable[str], *, serious: bool) -> list[str]:
    """Begin a section; what is serious stands open."""
    heading = " · ".join([title, *filter(None, notes)])
    return ["<details open>" if serious else "<details>", f"<summary>{heading}</summary>", ""]


def _describe(change: Change, plan: Plan) -> str:
    """Describe one system: its impacts, what it waits for, its fields, and its requests where ids move."""
    breaking = count_breaking(change)
    sign, verb = describe_action(change)
    rows = _open_section(
        f"{sign} {_code(change.id)} {verb}",
        [f"<b>{breaking} {phrases.BREAKING}</b>" if breaking else "", _code(locate(change))],
        serious=is_serious(change),
    )
    rows += _list_impacts(change.impacts)
    # A label comes first, since a line that began with somebody's text could begin a list or a heading.
    rows += [f"- {name}: {_words(each)}" for name, each in _reasons(change) if each]
    if change.fields:
        rows += [""] if rows[-1] else []
        rows += _head_table(("", *phrases.FIELD_COLUMNS))
        rows += [_describe_field(each) for each in change.fields]
    if moves := find_moves(plan, change.id):
        rows += ["", phrases.MOVES, ""]
        for step in moves:
            what = filter(None, (_words(step.purpose), phrases.list_predecessors(step)))
            rows.append(f"- {step.number}. {step.method}: {', '.join(what)}")
    return "\n".join([*rows, "", "</details>", ""])


def _reasons(change: Change) -> tuple[tuple[str, str], ...]:
    return (("Reason", change.reason), ("Hint", change.hint))


def _describe_field(field: FieldChange) -> str:
    cells = [
        f"`{phrases.get_sign(field)}`",
        _code(phrases.get_label(field)),
        _code(phrases.show_value(field.before, field)),
        _code(phrases.show_value(field.after, field)),
        str(field.line or ""),
        _words(field.origin),
    ]
    return _make_row(cells)


def _describe_removed(system: Unmanaged) -> str:
    former = _code(system.former)
    return f"- **Warning** {_code(system.id)} {phrases.REMOVED}: {former} is removed here. {phrases.WITHDRAW}"


def _describe_unmanaged(system: Unmanaged) -> str:
    unread = f"; {_words(phrases.describe_unreadable(system.unreadable), 400)}" if system.unreadable else ""
    return f"- {_code(system.id)} {_words(system.name, 100)}: {phrases.LEFT_ALONE}{unread}"


def _describe_system(system: DriftedSystem) -> str:
    notes = [f"<b>{system.alarming} to look at</b>" if system.alarming else "", _code(system.file)]
    rows = _open_section(_code(system.id), notes, serious=False)
    rows += _head_table((*phrases.DIFFERENCE_COLUMNS, "Who and when"))
    return "\n".join([*rows, *map(_describe_difference, system.differences), "", "</details>", ""])


def _describe_difference(each: Difference) -> str:
    field = each.field
    who = [_words(phrases.describe_writer(each.entry)), _words(each.reason)]
    if each.accepted:
        who.append(f"{phrases.describe_term(each.accepted)}: {_words(each.accepted.reason)}")
    cells = [
        f"**{each.kind}**" if each.alarming else str(each.kind),
        _code(phrases.get_label(field)) if field else "",
        _code(phrases.show_value(field.expected, field)) if field else "",
        _code(phrases.show_value(field.actual, field)) if field else "",
        str(each.line or ""),
        "; ".join(filter(None, who)),
    ]
    return _make_row(cells)


def _describe_finding(finding: Finding) -> str:
    where = f" ({_words(', '.join(finding.environments), 100)})" if finding.environments else ""
    message = phrases.join_sentences(shorten(finding.message, 600), shorten(finding.hint, 600))
    code = f" ({_words(finding.code, 100)})" if finding.code else ""
    return (
        f"| {_SEVERITIES[finding.severity]} | {_code(finding.rule)} | {_code(str(finding.place))}{where} "
        f"| {escape_markdown(message)}{code} |"
    )
