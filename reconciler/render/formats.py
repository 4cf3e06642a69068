"""The formats by name, and what each renders; a new one is a file beside this and a line here.

`text` is not among them: it is made of lines, so that a terminal can paint them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.render import drift as as_drift
from reconciler.render import github, markdown
from reconciler.render import json as as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.drift import DriftReport
    from reconciler.findings import Finding
    from reconciler.plan import Plan


@dataclass(frozen=True, slots=True)
class Renderers:
    """What a format renders: every format renders all three."""

    plan: Callable[[Plan], str]
    findings: Callable[[Sequence[Finding], int], str]
    drift: Callable[[DriftReport], str]


FORMATS: Mapping[str, Renderers] = {
    "json": Renderers(as_json.render_plan, as_json.render_findings, as_drift.render_json),
    "markdown": Renderers(markdown.render_plan, markdown.render_findings, markdown.render_drift),
    "github": Renderers(github.render_plan, github.render_findings, github.render_drift),
}
