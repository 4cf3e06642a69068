"""The outputs by name, and what each of them renders; `text` is made of lines and stands apart.

Pure. A new format takes its own file and one line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.render import drift, github, gitlab, html, json, junit, markdown, sarif

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Format:
    """How an output renders a plan, findings and drift; every output renders all three."""

    plan: Callable[[Plan], str]
    findings: Callable[[Sequence[Finding], int], str]
    drift: Callable[[DriftReport], str]


FORMATS: Mapping[str, Format] = {
    "json": Format(json.render_plan, json.render_findings, drift.render_json),
    "markdown": Format(markdown.render_plan, markdown.render_findings, markdown.render_drift),
    "github": Format(github.render_plan, github.render_findings, github.render_drift),
    "sarif": Format(sarif.render_plan, sarif.render_findings, sarif.render_drift),
    "junit": Format(junit.render_plan, junit.render_findings, junit.render_drift),
    "gitlab": Format(gitlab.render_plan, gitlab.render_findings, gitlab.render_drift),
    "html": Format(html.render_plan, html.render_findings, html.render_drift),
}
"""Every output but `text`, by the name that `--format` takes."""
