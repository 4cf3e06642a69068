"""A plan and a drift report as findings, for the outputs that know nothing but findings.

Pure. Only what somebody should look at becomes one: what blocks, what breaks, what was changed outside.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.findings import SEVERITIES, Finding, Location, Severity
from reconciler.planning.change import Weight
from reconciler.planning.explanation import BLOCKED, REMOVED, find_explanation
from reconciler.planning.impact import DELETED
from reconciler.render.phrases import join_sentences, show_value, tell_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.planning.plan import Plan

_NOWHERE = "systems"
"""The place of what stands in no file, for consumers that will not go without a place."""

# As the exit code says it: a blocked change is an error, and a breaking one waits for somebody's word.
_WEIGHTS: Mapping[Weight, Severity] = {Weight.BREAKING: Severity.WARNING, Weight.NOTABLE: Severity.NOTE}
"""How much an impact matters, in the words of findings; what is missing is no remark."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding, what it is about, which is a system's id or a file, and where it holds."""

    subject: str
    finding: Finding
    environment: str
    """The environment's name, or several with commas; empty for all."""


def find_page(rule: str) -> str:
    """Find what a rule, an impact or a kind of difference means; its own name where nobody has said."""
    known = find_explanation(rule)
    return known.page if known else rule


def find_path(place: Location) -> str:
    """Give the path of a place, never empty and never from the root of the machine."""
    return re.sub(r"^(\.?/)+", "", place.file) or _NOWHERE


def remark_findings(findings: Iterable[Finding]) -> tuple[Remark, ...]:
    """Take findings as they are, each about its file."""
    return tuple(Remark(each.place.file, each, ",".join(each.environments)) for each in findings)


def remark_plan(plan: Plan) -> tuple[Remark, ...]:
    """Tell what a plan cannot do, what it breaks, and what is worth knowing; the worst first."""
    where = plan.target.environment
    found = [Remark(where, _impact(each, Location("")), where) for each in plan.impacts if _counts(each)]
    for change in plan.changes:
        found += [Remark(change.id, finding, where) for finding in _remark_change(change)]
    for system in plan.unmanaged:
        if system.former:
            told = f"`{system.id}` stays registered and becomes unmanaged"
            hint = "Keep the file and write `withdrawn: true` to have the system deleted."
            gone = Finding(REMOVED, Severity.WARNING, told, Location(system.former), hint)
            found.append(Remark(system.id, gone, where))
    return sort_remarks(found)


def _counts(impact: Impact) -> bool:
    return impact.weight in _WEIGHTS


def _remark_change(change: Change) -> Iterator[Finding]:
    if change.action == "blocked":
        place = Location(change.file, "", change.line)
        told = f"`{change.id}` is blocked: {change.reason}"
        yield Finding(BLOCKED, Severity.ERROR, told, place, change.hint)
        return
    lines = {each.path: each.line for each in change.fields if each.line}
    for impact in filter(_counts, change.impacts):
        place = Location(change.file, impact.path, lines.get(impact.path, change.line))
        yield _impact(impact, place)


def _impact(impact: Impact, place: Location) -> Finding:
    return Finding(impact.rule, _WEIGHTS[impact.weight], impact.message, place)


def remark_drift(report: DriftReport) -> tuple[Remark, ...]:
    """Tell every difference that is one, with who made it and when; what alarms is an error."""
    return sort_remarks(Remark(each.id, _difference(each), report.target.environment) for each in report.open)


def _difference(each: Difference) -> Finding:
    told = f"`{each.id}`: {each.kind}"
    if each.field is not None:
        files, register = (
            show_value(value, each.field) or "nothing" for value in (each.field.expected, each.field.actual)
        )
        told = f"`{each.id}`, `{each.path}`: the files say {files}, the register holds {register}"
    accepted = f"; accepted until {each.accepted.until}: {each.accepted.reason}" if each.accepted else ""
    path = each.path if each.field else ""
    return Finding(
        each.kind.slug,
        Severity.ERROR if each.alarming else Severity.NOTE,
        f"{told}; {tell_entry(each.entry)}{accepted}",
        Location(each.file, path, each.line),
        join_sentences(each.reason),
    )


def sort_remarks(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Put the worst first, deletions before their like, and leave the rest in its order."""

    def rank(remark: Remark) -> tuple[int, bool]:
        return SEVERITIES.index(remark.finding.severity), remark.finding.rule != DELETED.id

    return tuple(sorted(remarks, key=rank))


def fingerprint(remarks: Sequence[Remark]) -> Iterator[tuple[Remark, str, int]]:
    """Give each remark a hash of its rule, subject, path and environment, and a number among those that share it.

    So it stays when lines move, and when system users come and go.
    """
    seen: Counter[str] = Counter()
    for each in remarks:
        finding = each.finding
        parts = [finding.rule, each.subject, finding.place.path, each.environment]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        seen[digest] += 1
        yield each, digest, seen[digest]
