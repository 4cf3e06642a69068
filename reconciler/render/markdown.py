"""Plans, drift and findings as GitHub's Markdown, for a pull request's comment, an issue or a summary.

Pure. The first line is a hidden mark by which the comment is found again. Where the text would be too long,
whole systems are left out and counted, those that break nothing first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.build import describe_version
from reconciler.model.findings import SEVERITIES, Severity
from reconciler.planning.change import Blocked
from reconciler.render import phrases
from reconciler.render.blocks import Block, fit
from reconciler.render.escape import escape_html, escape_line, escape_markdown, shorten, split_code
from reconciler.render.left_out import list_remarks
from reconciler.render.links import NO_LINKS
from reconciler.render.members import find_place, merge_impacts
from reconciler.render.notes import NAMED
from reconciler.render.overview import (
    UNMANAGED_SHOWN,
    DriftedSystem,
    count_breaking,
    count_differences,
    count_hidden,
    describe_action,
    find_moves,
    group_systems,
    list_diff_lines,
    list_mild,
    summarise_drift,
)
from reconciler.render.screen import STOPS, make_screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.change import Change, Impact
    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.planning.plan import Plan, Unmanaged
    from reconciler.planning.request_order import Step
    from reconciler.render.bullets import Fact, Section
    from reconciler.render.left_out import Remark
    from reconciler.render.links import Links
    from reconciler.render.notes import Note
    from reconciler.render.screen import Screen

LONGEST = 60_000
"""Characters of a comment; GitHub refuses more than 65,536."""
_VERDICT = 2000
"""Characters of a verdict, before they are escaped."""
_TICKS = re.compile("`+")
_NOT_NAME = re.compile(r"[^A-Za-z0-9_.-]")
# The words by which a table of findings is read; the same as in every other output.
_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "**error**",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


def render_plan(plan: Plan, longest: int = LONGEST, *, links: Links = NO_LINKS) -> str:
    """Render a plan: the verdict, what stands open and the notes; then every system, folded."""
    screen = make_screen(plan)
    blocks = [each for section in screen.sections for each in _describe_section(section, links)]
    after = [f"{_say(STOPS)} `{screen.command}`" if screen.command else "", screen.merging]
    if any(after):
        blocks.append(Block("", "\n\n".join(filter(None, after)), matters=True))
    blocks += [Block(phrases.NOTES, _describe_note(each), matters=True) for each in screen.notes]
    for side in screen.sides:
        title = _words(f"{phrases.DETAILS[side.title]} {phrases.name_in(side.environment)}")
        before = side.held
        blocks += [Block(title, _describe(each, side.steps, before, links)) for each in side.changes]
    blocks += _list_unmanaged(plan)
    tail = [_say(screen.summary), "", _say(screen.making), *_list_links(links)]
    tail += [_say(screen.digest), ""]
    return fit([_mark(plan), *_open(screen)], blocks, tail, longest)


def _open(screen: Screen) -> list[str]:
    """Begin with the verdict, in a box where it deletes, breaks or stops something."""
    said = [
        f"**{_say(screen.verdict, _VERDICT)}**",
        *([_say(screen.before, _VERDICT)] if screen.before else []),
    ]
    if screen.boxed:
        boxed = [row for each in said for row in (">", f"> {each}")][1:]
        return [f"## {_say(screen.title)}", "", "> [!CAUTION]", *boxed, ""]
    return [f"## {_say(screen.title)}", "", *(row for each in said for row in (each, ""))]


def _mark(plan: Plan) -> str:
    """Make the hidden mark; a plan against definitions has its own, so that neither comment replaces the other."""
    whose = f"{_name(plan.target.environment)}:{_name(plan.target.vendor)}"
    if plan.against:
        return f"<!-- reconciler:plan-against:{whose} commit={_name(plan.against)} -->"
    return f"<!-- reconciler:plan:{whose} digest={plan.digest} -->"


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
    head += [line for each in list_remarks(report) for line in (_describe_note(each), "")]
    if report.quiet:
        head += [_say(phrases.describe_quiet(report.quiet), 1000), ""]
    if not (report.open or report.has_drift):
        head += [phrases.describe_no_drift(report.systems), ""]
    systems = group_systems(report)
    blocks = [Block(each.title, _describe_system(each), each.alarming > 0) for each in systems]
    if more := phrases.count_rest(count_hidden(report), "unmanaged system"):
        blocks.append(Block(phrases.TO_LOOK_AT, f"- {more}"))
    blocks.sort(key=lambda block: not block.matters)
    return fit(head, blocks, [summarise_drift(report), ""], longest)


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings as a table, the worst first."""
    summary = phrases.summarise_findings(findings, files)
    head = ["<!-- reconciler:findings -->", "## Findings", "", summary, ""]
    if findings:
        head += _head_table(phrases.FINDING_COLUMNS)
    ordered = sorted(findings, key=lambda each: SEVERITIES.index(each.severity))
    return fit(head, [Block("", _describe_finding(each)) for each in ordered], [""], LONGEST)


def _name(text: str) -> str:
    """Make a name that cannot end the hidden mark."""
    return _NOT_NAME.sub("_", text)[:100]


def _code(text: str) -> str:
    """Show a value: in `<code>` nobody is mentioned and nothing is linked, in a table's cell too."""
    return f"<code>{escape_markdown(shorten(text))}</code>" if text else ""


def _words(text: str, longest: int = 600) -> str:
    return escape_markdown(shorten(text, longest))


def _link(address: str, text: str) -> str:
    """Link to an address that `links` has checked; the tag works within a summary too, where Markdown does not."""
    return f'<a href="{escape_html(address)}">{text}</a>' if address else text


def _list_links(links: Links) -> list[str]:
    """Link to the commit, the run and the files that it kept, where the platform shows them."""
    known = (("commit", links.commit), ("run", links.run), ("artifact", links.artifact))
    shown = [_link(address, name) for name, address in known if address]
    return [f"The plan's {', '.join(shown)}."] if shown else []


def _say(sentence: str, longest: int = 600) -> str:
    """Show a sentence, and as code what it marks as code."""
    parts = split_code(shorten(sentence, longest))
    return "".join(_code(part) if code else escape_markdown(part) for part, code in parts)


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
    tool = f" by reconciler {_words(describe_version(version), 100)}" if version else ""
    return f"Vendor {_words(vendor, 100)}{made}{tool}."


def _warn_of_unlisted(unlisted: str) -> list[str]:
    return [f"**Warning** {_words(phrases.describe_unlisted(unlisted), 1000)}", ""] if unlisted else []


def _describe_section(section: Section, links: Links) -> Iterator[Block]:
    """Describe what stands under one heading of the first screen."""
    title = _words(section.title)
    for bullet in section.bullets:
        name = _code(bullet.id)
        what = f"**{bullet.what}**" if bullet.effect else bullet.what
        short = f"- {what} {name}".rstrip() + _words(bullet.behind)
        place = _link(links.find_line(bullet.place.file, bullet.place.line), _code(str(bullet.place)))
        rows = [f"{short} ({place})" if place else short]
        rows += [f"  - {_describe_fact(each)}" for each in bullet.facts]
        yield Block(title, "\n".join(rows), matters=bullet.effect is not None, short=short, name=name)
    if section.more:
        yield Block(title, f"- {section.more}")
    if section.note:
        yield Block(title, f"- {_say(section.note)}", matters=True)


def _describe_fact(fact: Fact) -> str:
    """Describe a line; a label comes first, since somebody's text could begin a list or a heading."""
    label = f"{_words(fact.label)}: " if fact.label else ""
    return f"{label}{_code(fact.text) if fact.is_code else _say(fact.text, 1000)}"


def _describe_note(note: Note | Remark) -> str:
    return f"- **{note.severity.capitalize()}** {_say(note.text, 1000)}"


def _list_impacts(impacts: Iterable[Impact]) -> Iterator[str]:
    for rule, message, weight in merge_impacts(impacts):
        yield f"- {weight.capitalize()} {_code(rule)}: {_say(message)}"


def _open_section(title: str, notes: Iterable[str]) -> list[str]:
    """Begin a section that is folded."""
    return ["<details>", f"<summary>{' · '.join([title, *filter(None, notes)])}</summary>", ""]


def _describe(change: Change, steps: Iterable[Step], before: str, links: Links) -> str:
    """Describe one system: what it does beside what stands open, its fields, and its requests where ids move."""
    sign, verb = describe_action(change)
    breaking = count_breaking(change)
    place = find_place(change)
    shown = _link(links.find_line(place.file, place.line), _code(str(place)))
    notes = [f"<b>{breaking} {phrases.BREAKING}</b>" if breaking else "", shown]
    rows = _open_section(f"{sign} {_code(change.id)} {verb}", notes)
    rows += _list_impacts(list_mild(change))
    if not isinstance(change, Blocked):
        # A label comes first, since a line that began with somebody's text could begin a list or a heading.
        rows += [f"- {name}: {_say(each)}" for name, each in _reasons(change) if each]
    if change.fields:
        rows += [""] if rows[-1] else []
        rows += _fence(f"{sign} {text}" for sign, text in list_diff_lines(change, before))
    if moves := find_moves(steps, change.id):
        rows += ["", phrases.MOVES, ""]
        for step in moves:
            what = filter(None, (_say(step.purpose), phrases.list_predecessors(step)))
            rows.append(f"- {step.number}. {step.method}: {', '.join(what)}")
    return "\n".join([*rows, "", "</details>", ""])


def _fence(lines: Iterable[str]) -> list[str]:
    """Make a block of changed lines; its fence is longer than any within, so that no text can end it."""
    safe = [escape_line(each) for each in lines]
    runs = [len(run) for each in safe for run in _TICKS.findall(each)]
    fence = "`" * max(3, *(run + 1 for run in runs), 3)
    return [f"{fence}diff", *safe, fence]


def _reasons(change: Change) -> tuple[tuple[str, str], ...]:
    return (("Reason", change.reason), ("Hint", change.hint))


def _list_unmanaged(plan: Plan) -> Iterator[Block]:
    """List the systems that had no file before, up to a number, where the note on them does not name all."""
    if len(plan.others) <= NAMED and not any(each.unreadable for each in plan.others):
        return
    for each in plan.others[:UNMANAGED_SHOWN]:
        yield Block(phrases.UNMANAGED, _describe_unmanaged(each))
    if len(plan.others) > UNMANAGED_SHOWN:
        yield Block(phrases.UNMANAGED, f"- and {len(plan.others) - UNMANAGED_SHOWN:,} more")


def _describe_unmanaged(system: Unmanaged) -> str:
    unread = _words(phrases.describe_unreadable(system.unreadable), 400) if system.unreadable else ""
    return f"- {_code(system.id)} {'; '.join(filter(None, [_words(system.name, 100), unread]))}".rstrip()


def _describe_system(system: DriftedSystem) -> str:
    notes = [f"<b>{system.alarming} to look at</b>" if system.alarming else "", _code(system.file)]
    rows = _open_section(_code(system.id), notes)
    rows += _head_table((*phrases.DIFFERENCE_COLUMNS, "Who and when"))
    return "\n".join([*rows, *map(_describe_difference, system.differences), "", "</details>", ""])


def _describe_difference(each: Difference) -> str:
    field = each.field
    who = [_words(phrases.describe_writer(each.entry)), _say(each.reason)]
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
    shown = _say(message, 2 * 600 + 100)
    code = f" ({_words(finding.code, 100)})" if finding.code else ""
    return (
        f"| {_SEVERITIES[finding.severity]} | {_code(finding.rule)} | {_code(str(finding.place))}{where} "
        f"| {shown}{code} |"
    )
