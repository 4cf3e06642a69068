"""A plan as the counts that GitLab shows of it in a merge request: its `terraform` report.

Pure. Only a plan has counts. GitLab says of a report without them that it could not be made, which is what is to be
said where there is no plan: https://docs.gitlab.com/user/infrastructure/iac/mr_integration/.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan

_COUNTED = ("create", "update", "delete")
_NO_PLAN = "{}\n"


def render_plan(plan: Plan) -> str:
    """Render how many systems a plan creates, updates and deletes; what is blocked is none of them."""
    summary = plan.summary
    return json.dumps({name: summary[name] for name in _COUNTED}) + "\n"


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render that there is no plan."""
    del findings, files
    return _NO_PLAN


def render_drift(report: DriftReport) -> str:
    """Render that there is no plan: drift is what others did."""
    del report
    return _NO_PLAN
