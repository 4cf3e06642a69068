"""Customers, and what became of change requests, as JSON and as CSV; links are in none of them.

Pure.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.planning.ask_plan import print_ask_plan, to_json
from reconciler.render.csv_cells import print_rows
from reconciler.render.escape import escape_json

if TYPE_CHECKING:
    from reconciler.execution.ask_outcome import AskReport
    from reconciler.model.canonical_json import Json
    from reconciler.planning.ask_plan import AskPlan
    from reconciler.planning.customers import Customers

CUSTOMERS = (
    "org",
    "reference",
    "type",
    "system_user",
    "created",
    "origin",
    "what",
    "name",
    "holding",
    "reason",
)
ASKS = ("org", "reference", "system_user", "attempt", "correlation_id", "why", "reason")
OUTCOMES = ("org", "reference", "system_user", "correlation_id", "outcome", "status", "code", "reason")
"""The headers; new columns come at the end."""


def _print(value: Json) -> str:
    return escape_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def render_customers_json(found: Customers) -> str:
    """Render who has, waits for, or lacks what; what is not known of a system user is empty or `unknown`."""
    return _print(
        {
            "environment": found.environment,
            "system": found.system,
            "access": [
                {
                    "what": each.what,
                    "name": each.label,
                    "count": {holding.value: number for holding, number in found.count(place).items()},
                }
                for place, each in enumerate(found.access)
            ],
            "customers": [
                {
                    "org": row.org,
                    "reference": row.reference or None,
                    "type": row.user.kind,
                    "system_user": row.user.id,
                    "created": row.user.created or None,
                    "origin": row.origin or None,
                    "access": [
                        {"what": each.what, "name": each.label, "holding": holding.value}
                        for each, holding in zip(found.access, row.holdings, strict=True)
                    ],
                    "reason": row.reason or None,
                }
                for row in found.rows
            ],
        }
    )


def render_customers_csv(found: Customers) -> str:
    """Render a row for each system user and each right or package."""
    return print_rows(
        CUSTOMERS,
        (
            (
                row.org,
                row.reference,
                row.user.kind,
                row.user.id,
                row.user.created,
                row.origin,
                each.what,
                each.label,
                holding.value,
                row.reason,
            )
            for row in found.rows
            for each, holding in zip(found.access, row.holdings, strict=True)
        ),
    )


def render_ask_plan_json(plan: AskPlan) -> str:
    """Render a plan in its documented form."""
    return print_ask_plan(plan)


def render_ask_plan_csv(plan: AskPlan) -> str:
    """Render a row for each system user that is asked, and then for each that is not, with why."""
    asked = (
        (each.org, each.reference, each.system_user, each.attempt, each.correlation_id, "", "")
        for each in plan.asks
    )
    left = (
        (each.org, each.reference, each.system_user, None, None, each.why, each.reason)
        for each in plan.left_out
    )
    return print_rows(ASKS, (*asked, *left))


def render_asked_json(report: AskReport) -> str:
    """Render what became of each change request of a plan."""
    plan = to_json(report.plan)
    named = {name: plan[name] for name in ("environment", "register", "vendor", "system", "digest")}
    return _print(
        {
            **named,
            "stopped": report.stopped or None,
            "summary": {each.value: number for each, number in report.counts.items()},
            "outcomes": [
                {
                    "org": each.ask.org,
                    "reference": each.ask.reference or None,
                    "system_user": each.ask.system_user,
                    "correlation_id": each.ask.correlation_id,
                    "outcome": each.asked.value,
                    "status": each.status or None,
                    "code": each.code or None,
                    "reason": each.reason or None,
                }
                for each in report.outcomes
            ],
        }
    )


def render_asked_csv(report: AskReport) -> str:
    """Render a row for each change request of a plan."""
    return print_rows(
        OUTCOMES,
        (
            (
                each.ask.org,
                each.ask.reference,
                each.ask.system_user,
                each.ask.correlation_id,
                each.asked.value,
                each.status,
                each.code,
                each.reason,
            )
            for each in report.outcomes
        ),
    )
