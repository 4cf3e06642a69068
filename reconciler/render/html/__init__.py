"""Plans, drift and findings as one page that opens anywhere, is searched by typing, and prints.

Pure but for its own files: templates, a style sheet and a script. Every text that a template puts in is escaped;
the page's policy forbids everything but this one style and this one script, by their hashes, so that even a text
that escaped its place could do nothing. Whoever imports this module loads jinja2.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files as find_files
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reconciler.model.findings import SEVERITIES, Severity, count_findings
from reconciler.planning.change import Weight
from reconciler.render import members, overview, phrases
from reconciler.render.escape import escape_html, shorten, split_code
from reconciler.render.left_out import list_remarks
from reconciler.render.links import NO_LINKS
from reconciler.render.notes import NAMED
from reconciler.render.screen import STOPS, make_screen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.links import Links

# The badge's colour for each severity; the word beside it is the same as everywhere.
_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "delete",
    Severity.WARNING: "update",
    Severity.NOTE: "keep",
}
_WEIGHTS: Mapping[Weight, str] = {Weight.BREAKING: "delete", Weight.NOTABLE: "update", Weight.NOTE: "keep"}


def render_plan(plan: Plan, *, links: Links = NO_LINKS) -> str:
    """Render a plan: the verdict, what stands open and the notes; then every system, folded."""
    title = f"Plan for {shorten(plan.target.environment)}"
    is_named = len(plan.others) <= NAMED and not any(each.unreadable for each in plan.others)
    known = (("commit", links.commit), ("run", links.run), ("artifact", links.artifact))
    return _render(
        "plan.html.j2",
        title=title,
        plan=plan,
        screen=make_screen(plan),
        unmanaged=() if is_named else plan.others,
        links=links,
        shown=[(name, address) for name, address in known if address],
    )


def render_drift(report: DriftReport) -> str:
    """Render what differs from the files, since when and by whom."""
    title = f"Drift in {shorten(report.target.environment)}"
    systems = overview.group_systems(report)
    groups = {
        name: [each for each in systems if each.title == name]
        for name in (phrases.TO_LOOK_AT, phrases.FOR_INFORMATION)
    }
    return _render(
        "drift.html.j2",
        title=title,
        report=report,
        groups=groups,
        left_out=[*list_remarks(report)],
        hidden=phrases.count_rest(overview.count_hidden(report), "unmanaged system"),
    )


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings, file by file, the worst first."""
    ordered = sorted(
        findings, key=lambda each: (SEVERITIES.index(each.severity), each.place.file, each.place.line)
    )
    return _render(
        "findings.html.j2",
        title="Findings",
        findings=ordered,
        files=files,
        counts={severity.value: number for severity, number in count_findings(findings).items()},
    )


def _render(template: str, **values: object) -> str:
    return _ENVIRONMENT.get_template(template).render(values)


def _make_safe(value: object) -> Markup:
    """Escape what a template puts in, for HTML and for whoever looks at its source; markup of a template stays."""
    return value if isinstance(value, Markup) else Markup(escape_html(str(value)))  # noqa: S704 - just escaped


def _read(name: str) -> Markup:
    """Read a style sheet or a script; the line break behind the tag is a part of it, and of its hash."""
    return Markup(f"\n{find_files(__name__).joinpath(name).read_text(encoding='utf-8')}")  # noqa: S704 - our own file


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _open_environment() -> Environment:
    style, script = _read("style.css"), _read("script.js")
    environment = Environment(
        loader=PackageLoader(__name__, ""),
        autoescape=True,
        finalize=_make_safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shorten"] = _shorten
    environment.filters["mark_code"] = _mark_code
    environment.globals.update(
        style=style,
        script=script,
        policy=(
            f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
        overview=overview,
        members=members,
        phrases=phrases,
        stops=STOPS,
        severities=_SEVERITIES,
        weights=_WEIGHTS,
    )
    return environment


def _shorten(text: str, longest: int = 1000) -> str:
    return shorten(text, longest)


def _mark_code(phrase: str) -> Markup:
    """Show what a sentence has between backticks as code."""
    parts = ((_make_safe(part), code) for part, code in split_code(phrase))
    shown = (f"<code>{part}</code>" if code else part for part, code in parts)
    return Markup("".join(shown))  # noqa: S704 - just escaped


_ENVIRONMENT = _open_environment()
