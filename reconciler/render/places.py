"""Places as a platform names them: from the top of the repository, where the definitions lie in a folder of it.

Pure. For the outputs that are read on a platform; a terminal, JSON and saved plans name files from the root.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.findings import Finding
    from reconciler.model.revision import Checkout
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan


def move_findings(findings: Iterable[Finding], prefix: str) -> tuple[Finding, ...]:
    """Put the folder in front of the place of each finding."""
    return tuple(
        each._replace(place=each.place._replace(file=_move(each.place.file, prefix))) for each in findings
    )


def move_plan(plan: Plan, prefix: str) -> Plan:
    """Put the folder in front of every file that a plan names."""
    if not prefix:
        return plan
    changes = tuple(replace(each, file=_move(each.file, prefix)) for each in plan.changes)
    unmanaged = tuple(replace(each, former=_move(each.former, prefix)) for each in plan.unmanaged)
    findings = move_findings(plan.findings, prefix)
    elsewhere = tuple(move_plan(each, prefix) for each in plan.elsewhere)
    unjudged = tuple(replace(each, file=_move(each.file, prefix)) for each in plan.unjudged)
    moved = replace(plan, changes=changes, unmanaged=unmanaged, findings=findings, elsewhere=elsewhere)
    return replace(moved, unjudged=unjudged, revision=_move_checkout(plan.revision, prefix))


def _move_checkout(checkout: Checkout | None, prefix: str) -> Checkout | None:
    if checkout is None:
        return None
    return replace(checkout, uncommitted=tuple(_move(each, prefix) for each in checkout.uncommitted))


def move_drift(report: DriftReport, prefix: str) -> DriftReport:
    """Put the folder in front of every file that a report names."""
    differences = tuple(replace(each, file=_move(each.file, prefix)) for each in report.differences)
    unjudged = tuple(replace(each, file=_move(each.file, prefix)) for each in report.unjudged)
    return replace(report, differences=differences, unjudged=unjudged)


def _move(file: str, prefix: str) -> str:
    """Move a file that lies under the root; one that was named from elsewhere has its whole path."""
    is_whole = file.startswith("/") or PureWindowsPath(file).is_absolute()
    return f"{prefix}/{file}" if file and prefix and not is_whole else file
