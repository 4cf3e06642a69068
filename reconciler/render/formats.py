"""The outputs by name, and what each of them renders; `text` is made of lines and stands apart.

Pure. A new format takes its own file and one line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.render import drift, github, json, markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.drift import DriftReport
    from reconciler.findings import Finding
    from reconciler.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What an output renders; None where it has nothing to say."""

    plan: Callable[[Plan], str] | None
    findings: Callable[[Sequence[Finding], int], str] | None
    drift: Callable[[DriftReport], str] | None


FORMATS: Mapping[str, Format] = {
    "json": Format(plan=json.render_plan, findings=json.render_findings, drift=drift.render_json),
    "markdown": Format(
        plan=markdown.render_plan, findings=markdown.render_findings, drift=markdown.render_drift
    ),
    "github": Format(plan=github.render_plan, findings=github.render_findings, drift=github.render_drift),
}
"""Every output but `text`, by the name that `--format` takes."""
