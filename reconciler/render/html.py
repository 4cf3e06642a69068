"""Plans, drift and findings as one page that opens anywhere, is searched by typing, and prints.

Pure. Every text goes through `_words` or `_code`; what is not a text of somebody else is written here.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.model.findings import SEVERITIES, Severity, count_findings
from reconciler.planning.change import Weight
from reconciler.render.drift import count_differences, summarise
from reconciler.render.escape import escape_html, shorten
from reconciler.render.page import build_page
from reconciler.render.phrases import (
    VERBS,
    describe_quiet,
    describe_unlisted,
    describe_unreadable,
    find_moves,
    get_label,
    get_sign,
    group_changes,
    show_value,
    tell_write,
)
from reconciler.render.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.change import Change, Impact
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.planning.plan import Plan, Unmanaged

# The badge's colour for each severity; the word beside it is the same as everywhere.
_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "delete",
    Severity.WARNING: "update",
    Severity.NOTE: "keep",
}
_WEIGHTS: Mapping[Weight, str] = {Weight.BREAKING: "delete", Weight.NOTABLE: "update", Weight.NOTE: "keep"}
_SIGNS: Mapping[str, tuple[str, str]] = {
    "+": ("create", "added"),
    "-": ("delete", "removed"),
    "~": ("update", "changed"),
}
_FIELDS = ("What", "Member", "Before", "After", "Line", "Origin")
_DIFFERENCES = ("What", "Member", "Files", "Register", "Line", "Since", "Organisation", "Client", "Note")
_FINDINGS = ("Severity", "Rule", "Place", "Message", "Environments")


def render_plan(plan: Plan) -> str:
    """Render a plan: what this pull request does, what was open before, and how a breaking one is accepted."""
    groups = group_changes(plan)
    target = plan.target
    head = [f"<h1>Plan for {_code(target.environment)}</h1>", _made(target.vendor, plan.created)]
    head += [f'<p class="soft">{_words(target.register)}</p>', _counts(plan.summary)]
    if plan.unlisted:
        head.append(f'<p class="callout">{_words(describe_unlisted(plan.unlisted))}</p>')
    if plan.breaking:
        head.append(
            f'<div class="callout" role="note"><p><b>Breaking: {count(len(plan.breaking), "impact")}.</b> '
            f"Apply refuses until somebody names this plan:<br>"
            f"<code>reconciler apply --accept {plan.digest}</code></p>{_impacts(plan.impacts)}</div>"
        )
    first = "What this pull request does" if groups.traced else "Changes"
    new = [*(_change(each, plan) for each in groups.new), *map(_removed, groups.removed)]
    body = [
        _section(first, new),
        _section("Already open" if groups.traced else first, [_change(each, plan) for each in groups.open]),
        _section("Unmanaged", map(_unmanaged, groups.unmanaged)),
    ]
    if not any(body[:2]):
        body.insert(0, "<p>Nothing to do: the register holds what the definitions ask for.</p>")
    foot = f"<p>Digest <code>{plan.digest}</code></p>{_tool(plan.tool_version)}"
    title = f"Plan for {shorten(target.environment)}"
    return build_page(title, "\n".join(head), "\n".join(filter(None, body)), foot)


def render_drift(report: DriftReport) -> str:
    """Render what differs from the files, since when and by whom."""
    target = report.target
    head = [f"<h1>Drift in {_code(target.environment)}</h1>", _made(target.vendor, report.created)]
    head += [f'<p class="soft">{_words(target.register)}</p>', _counts(count_differences(report))]
    if report.unlisted:
        head.append(f'<p class="callout">{_words(describe_unlisted(report.unlisted))}</p>')
    systems = [(name, list(group)) for name, group in groupby(report.open, key=lambda each: each.id)]
    alarming = [each for each in systems if any(one.alarming for one in each[1])]
    quiet = [each for each in systems if each not in alarming]
    body = [
        _section("Somebody should look at", [_drifted(*each) for each in alarming]),
        _section("For the record", [_drifted(*each) for each in quiet]),
    ]
    if report.quiet:
        body.append(f"<p>{_words(describe_quiet(report.quiet))}</p>")
    if not systems:
        body = [*body, f"<p>No drift: {count(report.systems, 'system')} compared.</p>"]
    foot = f"<p>{summarise(report)}</p>{_tool(report.tool_version)}"
    title = f"Drift in {shorten(target.environment)}"
    return build_page(title, "\n".join(head), "\n".join(filter(None, body)), foot)


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings, file by file, the worst first."""
    counts = {severity.value: number for severity, number in count_findings(findings).items()}
    head = f"<h1>Findings</h1>\n<p class='soft'>{count(files, 'file')}</p>\n{_counts(counts)}"
    ordered = sorted(
        findings, key=lambda each: (SEVERITIES.index(each.severity), each.place.file, each.place.line)
    )
    rows = "".join(f"<tr data-row>{_finding(each)}</tr>\n" for each in ordered)
    table = _table("Findings", _FINDINGS, rows)
    body = f"<section data-rows><article>{table}</article></section>" if rows else "<p>Nothing found.</p>"
    return build_page("Findings", head, body, "")


def _words(text: str, longest: int = 1000) -> str:
    return escape_html(shorten(text, longest))


def _code(text: str) -> str:
    return f"<code>{_words(text, 400)}</code>" if text else ""


def _made(vendor: str, created: str) -> str:
    return f'<p class="soft">Vendor {_words(vendor)}{f", made {_words(created)}" if created else ""}</p>'


def _tool(version: str) -> str:
    return f"<p>reconciler {_words(version)}</p>" if version else ""


def _counts(counts: Mapping[str, int]) -> str:
    shown = (
        f"<li{'' if number else ' class=none'}><b>{number:,}</b> {_words('unchanged' if name == 'keep' else name)}"
        "</li>"
        for name, number in counts.items()
    )
    return f'<ul class="counts">{"".join(shown)}</ul>'


def _section(title: str, articles: Iterable[str]) -> str:
    told = "\n".join(articles)
    return f"<section data-rows>\n<h2>{title}</h2>\n{told}\n</section>" if told else ""


def _badge(style: str, text: str) -> str:
    return f'<span class="badge {style}">{text}</span>'


def _article(name: str, badges: str, place: str, content: str) -> str:
    soft = f'<span class="soft">{_code(place)}</span>' if place else ""
    return f"<article data-row>\n<header><h3>{_code(name)}</h3>{badges}{soft}</header>\n{content}\n</article>"


def _table(caption: str, names: Iterable[str], rows: str) -> str:
    heads = "".join(
        f'<th scope="col"{" class=number" if name == "Line" else ""}>{name}</th>' for name in names
    )
    return f"<table>\n<caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"


def _impacts(impacts: Iterable[Impact]) -> str:
    told = "".join(
        f"<li>{_badge(_WEIGHTS[each.weight], each.weight)} {_code(each.rule)}: {_words(each.message)}</li>\n"
        for each in impacts
    )
    return f"<ul>\n{told}</ul>" if told else ""


def _change(change: Change, plan: Plan) -> str:
    badges = _badge(change.action, VERBS[change.action])
    if any(each.weight is Weight.BREAKING for each in change.impacts):
        badges += _badge("delete", "breaking")
    parts = [_impacts(change.impacts), *(f"<p>{_words(each)}</p>" for each in (change.reason, change.hint))]
    if change.fields:
        parts.append(_table("What changes", _FIELDS, "".join(map(_field, change.fields))))
    if moves := find_moves(plan, change.id):
        parts.append("<p>Client ids move, so these requests wait for each other:</p>")
        parts.append("<ul>")
        for step in moves:
            after = f", after {', '.join(map(str, step.after))}" if step.after else ""
            parts.append(f"<li>{step.number}. {step.method}: {_words(step.purpose)}{after}</li>")
        parts.append("</ul>")
    line = f":{change.line}" if change.line else ""
    told = "\n".join(part for part in parts if part not in ("", "<p></p>"))
    return _article(change.id, badges, f"{change.file}{line}" if change.file else "", told)


def _field(field: FieldChange) -> str:
    style, word = _SIGNS[get_sign(field)]
    cells = [
        f'<span class="{style}">{word}</span>',
        _code(get_label(field)),
        _code(show_value(field.before, field)),
        _code(show_value(field.after, field)),
    ]
    return _with_line(cells, field.line, [_words(field.origin)])


def _with_line(before: Iterable[str], line: int, after: Iterable[str]) -> str:
    """Make a row with a line's number in it."""
    number = f'<td class="number">{line or ""}</td>'
    left, right = ("".join(f"<td>{cell}</td>" for cell in cells) for cells in (before, after))
    return f"<tr>{left}{number}{right}</tr>\n"


def _removed(system: Unmanaged) -> str:
    told = (
        f"<p>Stays registered, becomes unmanaged: {_code(system.former)} is removed here. "
        "<code>withdrawn: true</code> would have it deleted.</p>"
    )
    return _article(system.id, _badge("update", "stays registered, becomes unmanaged"), system.former, told)


def _unmanaged(system: Unmanaged) -> str:
    unread = describe_unreadable(system.unreadable) if system.unreadable else ""
    told = "".join(f"<p>{_words(each)}</p>" for each in (system.name, unread) if each)
    return _article(system.id, _badge("keep", "unmanaged"), "", told)


def _drifted(system: str, differences: Sequence[Difference]) -> str:
    file = next((each.file for each in differences if each.file), "")
    alarming = sum(each.alarming for each in differences)
    badges = _badge("delete", f"{alarming} to look at") if alarming else ""
    rows = "".join(map(_difference, differences))
    return _article(system, badges, file, _table("What differs", _DIFFERENCES, rows))


def _difference(each: Difference) -> str:
    field, entry = each.field, each.entry
    cells = [
        f"<b>{each.kind}</b>" if each.alarming else str(each.kind),
        _code(get_label(field)) if field else "",
        _code(show_value(field.expected, field)) if field else "",
        _code(show_value(field.actual, field)) if field else "",
    ]
    who = [_words(each) for each in (entry.created, entry.organisation, entry.client)] if entry else [""] * 3
    return _with_line(cells, each.line, [*who, "<br>".join(_notes(each))])


def _notes(each: Difference) -> Iterator[str]:
    yield f"with {tell_write(each.entry)}" if each.entry else "The change log does not tell who."
    if each.reason:
        yield _words(each.reason)
    if each.accepted:
        yield f"accepted until {each.accepted.until}: {_words(each.accepted.reason)}"


def _finding(finding: Finding) -> str:
    message = _words(finding.message)
    if finding.hint:
        message += f'<br><span class="soft">{_words(finding.hint)}</span>'
    cells = [
        _badge(_SEVERITIES[finding.severity], finding.severity),
        _code(finding.rule),
        _code(str(finding.place)),
        message,
        _words(", ".join(finding.environments)),
    ]
    return "".join(f"<td>{cell}</td>" for cell in cells)
