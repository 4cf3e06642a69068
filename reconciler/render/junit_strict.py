"""Findings, plans and drift as JUnit XML in which a warning fails too: what breaks, here or elsewhere.

Pure. For a list of tests that is to be red where a change needs somebody's word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render import junit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings as `junit` does."""
    return junit.render_findings(findings, files, failing=junit.STRICT)


def render_plan(plan: Plan) -> str:
    """Render a plan as `junit` does."""
    return junit.render_plan(plan, failing=junit.STRICT)


def render_drift(report: DriftReport) -> str:
    """Render drift as `junit` does."""
    return junit.render_drift(report, failing=junit.STRICT)
