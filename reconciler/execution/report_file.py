"""What became of a plan as JSON: what was done, by whom, with which program, and what proves it.

Pure.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.canonical_json import digest_json
from reconciler.model.untrusted_text import escape_json
from reconciler.planning.plan_file import revision_to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.execution.journal import RecordedOutcome
    from reconciler.execution.outcome import Outcome, Report
    from reconciler.model.canonical_json import Json
    from reconciler.model.provenance import Provenance

FORMAT_VERSION = "1"
"""Of the report as JSON."""


def print_report(report: Report) -> str:
    """Print a report; what is not known is null."""
    plan, run = report.plan, report.run
    summary: dict[str, int] = {}
    for each in report.outcomes:
        summary[each.word] = summary.get(each.word, 0) + 1
    recorded: dict[str, list[RecordedOutcome]] = {}
    for _, outcome in sorted(run.outcomes.items()) if run else ():
        recorded.setdefault(outcome.id, []).append(outcome)
    body: dict[str, Json] = {
        "format_version": FORMAT_VERSION,
        "run": run.start.run if run else None,
        "environment": plan.target.environment,
        "register": plan.target.register,
        "vendor": plan.target.vendor,
        "digest": plan.digest,
        "revision": revision_to_json(plan.revision) if plan.revision else None,
        **_list_provenance(report.provenance),
        "started": run.start.at if run else None,
        "ended": (run.ended_at or None) if run else None,
        "accepted": report.accepted.to_json() if report.accepted else None,
        "outcomes": [
            {**each.to_json(), **_list_proof(each, recorded.get(each.change.id, []))}
            for each in report.outcomes
        ],
        "summary": {**summary, "blocked": len(plan.blocked)},
        "unrecorded": list(report.unrecorded),
    }
    return escape_json(json.dumps(body, indent=2, ensure_ascii=False)) + "\n"


def _list_provenance(found: Provenance | None) -> dict[str, Json]:
    """Give where a run came from, as far as it is known."""
    if found is None:
        names = ("repository", "commit", "branch", "pull_request", "actor", "pipeline", "tool")
        return dict.fromkeys(names)
    request = {"number": found.pull_request, "address": found.pull_request_address or None}
    pipeline = {
        "platform": found.platform,
        "run": found.job or None,
        "attempt": found.attempt or None,
        "address": found.address or None,
    }
    tool = {
        "version": found.tool_version,
        "commit": found.tool_commit or None,
        "digest": found.tool_digest or None,
    }
    return {
        "repository": found.repository or None,
        "commit": found.commit or None,
        "branch": found.branch or None,
        "pull_request": request if found.pull_request else None,
        "actor": found.actor or None,
        "pipeline": pipeline if found.platform else None,
        "tool": tool if found.tool_version else None,
    }


def _list_proof(outcome: Outcome, recorded: Sequence[RecordedOutcome]) -> dict[str, Json]:
    """Give what the register held before and after, and its change log's entries of what was sent."""
    held = recorded[-1].held if recorded else None
    settled = [each.at for each in recorded if each.by == "recover"]
    return {
        "before": outcome.change.live_digest or None,
        "after": digest_json(held) if held is not None else None,
        "entries": [_entry_to_json(each.entry) for each in recorded if each.entry is not None],
        "settled": settled[-1] if settled else None,
    }


def _entry_to_json(entry: Mapping[str, Json]) -> dict[str, Json]:
    """Give what identifies an entry of the change log; the journal has what was sent, and here is its digest."""
    data = entry.get("data")
    return {
        "at": entry.get("created"),
        "kind": entry.get("kind"),
        "organisation": entry.get("organisation"),
        "client": entry.get("client"),
        "digest": digest_json(data) if data is not None else None,
    }
