"""A plan and a drift report as findings, for the outputs that know nothing but findings.

Pure. Only what somebody should look at becomes one: what blocks, what breaks, what was changed outside.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.model.findings import SEVERITIES, Finding, Location, Severity
from reconciler.planning.change import Blocked, Weight
from reconciler.planning.explanation import AGAINST, BLOCKED, REMOVED, UNJUDGED, UNLISTED, find_explanation
from reconciler.planning.impact_rules import DELETED
from reconciler.planning.key_expiry import KEY_EXPIRY
from reconciler.render import phrases
from reconciler.render.customer_impact import describe_impact
from reconciler.render.escape import shorten
from reconciler.render.left_out import describe_before
from reconciler.rules.look_ups import LOOK_UPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.drift import Difference, DriftReport
    from reconciler.planning.plan import Plan, Unmanaged

_NOWHERE = "systems"
"""The place of what stands in no file, for consumers that will not go without a place."""
_MOST = 10

# As the exit code says it: a blocked change is an error, and a breaking one waits for somebody's word.
_WEIGHTS: Mapping[Weight, Severity] = {Weight.BREAKING: Severity.WARNING, Weight.NOTABLE: Severity.NOTE}
"""How much an impact matters, in the words of findings; what is missing is no annotation."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A finding, what it is about, which is a system's id or a file, and where it holds."""

    subject: str
    finding: Finding
    environment: str
    """The environment's name, or several with commas; empty for all."""
    is_breaking: bool = False
    """Whether it is an impact that waits for somebody's word, here or in another environment."""


def find_page(rule: str) -> str:
    """Find what a rule, an impact or a kind of difference means; its own name where it has no page."""
    known = find_explanation(rule)
    return known.page if known else rule


def find_path(place: Location) -> str:
    """Give the path of a place, never empty and never from the root of the machine."""
    return re.sub(r"^(\.?/)+", "", place.file) or _NOWHERE


def annotate_findings(findings: Iterable[Finding]) -> tuple[Annotation, ...]:
    """Take findings as they are, each about its file."""
    return tuple(Annotation(each.place.file, each, ",".join(each.environments)) for each in findings)


def annotate_plan(plan: Plan) -> tuple[Annotation, ...]:
    """Say what a plan cannot do, what it breaks, here and elsewhere, and what is worth knowing; the worst first."""
    where = plan.target.environment
    found = [*_annotate_changes(plan), *_annotate_unlisted(plan.unlisted, where), *_annotate_against(plan)]
    shown = {*LOOK_UPS, KEY_EXPIRY}
    found += [Annotation(where, each, where) for each in plan.findings if each.rule in shown]
    found += _annotate_unjudged(plan, where)
    for other in plan.elsewhere:
        found += map(_move_elsewhere, _annotate_changes(other))
    return sort_annotations(found)


def _annotate_changes(plan: Plan) -> Iterator[Annotation]:
    where = plan.target.environment
    for impact in filter(_counts, plan.impacts):
        yield _annotate_impact(where, impact, Location(""), where)
    for change in plan.changes:
        yield from _annotate_change(change, where)
    for system in plan.reported:
        if system.former:
            yield Annotation(system.id, _removed(system), where)


def _move_elsewhere(annotation: Annotation) -> Annotation:
    """Name the environment; what is blocked in another one is no error here, as the exit code says it."""
    finding = annotation.finding._replace(environments=(annotation.environment,))
    if finding.severity is Severity.ERROR:
        finding = finding._replace(severity=Severity.WARNING)
    return replace(annotation, finding=finding)


def _annotate_against(plan: Plan) -> Iterator[Annotation]:
    """Say that the register was not asked."""
    if plan.against:
        finding = Finding(AGAINST, Severity.NOTE, phrases.describe_against(plan), Location(""))
        yield Annotation(plan.target.environment, finding, plan.target.environment)


def is_shown(annotation: Annotation) -> bool:
    """Say whether an output without notes shows an annotation: what is wrong, and that the register was not asked."""
    return annotation.finding.severity is not Severity.NOTE or annotation.finding.rule == AGAINST


def _removed(system: Unmanaged) -> Finding:
    message = f"`{system.id}` {phrases.REMOVED}"
    return Finding(REMOVED, Severity.WARNING, message, Location(system.former), phrases.WITHDRAW)


def _counts(impact: Impact) -> bool:
    return impact.weight in _WEIGHTS


def _annotate_change(change: Change, environment: str) -> Iterator[Annotation]:
    if isinstance(change, Blocked):
        place = Location(change.file, "", change.line)
        message = f"`{change.id}` is blocked: {change.reason}"
        yield Annotation(
            change.id, Finding(BLOCKED, Severity.ERROR, message, place, change.hint), environment
        )
        return
    lines = {each.path: each.line for each in change.fields if each.line}
    for impact in filter(_counts, change.impacts):
        place = Location(change.file, impact.path, lines.get(impact.path, change.line))
        yield _annotate_impact(change.id, impact, place, environment)


def _annotate_impact(subject: str, impact: Impact, place: Location, environment: str) -> Annotation:
    finding = Finding(impact.rule, _WEIGHTS[impact.weight], describe_impact(impact), place)
    return Annotation(subject, finding, environment, is_breaking=impact.weight is Weight.BREAKING)


def annotate_drift(report: DriftReport) -> tuple[Annotation, ...]:
    """Say every difference that is one, with who made it and when; what alarms is an error."""
    where = report.target.environment
    found = [Annotation(each.id, _difference(each), where) for each in report.open]
    found += _annotate_unlisted(report.unlisted, where)
    found += _annotate_unjudged(report, where)
    found += [Annotation(where, each, where) for each in report.findings]
    return sort_annotations(found)


def _annotate_unjudged(shown: Plan | DriftReport, environment: str) -> Iterator[Annotation]:
    """Say of each definition that cannot be used what is wrong with it, at its line."""
    for each in shown.unjudged:
        place = Location(each.file, "", each.line)
        if each.commit:
            said = describe_before(each)
            message, severity = f"{said[:1].upper()}{said[1:]}", Severity.WARNING
        else:
            message, severity = f"This definition cannot be used: {each.reason}", Severity.ERROR
        yield Annotation(each.file, Finding(UNJUDGED, severity, message, place), environment)


def _annotate_unlisted(unlisted: str, environment: str) -> Iterator[Annotation]:
    """Say that the unmanaged systems are not known, where the register could not list them."""
    if unlisted:
        message = phrases.describe_unlisted(unlisted)
        yield Annotation(environment, Finding(UNLISTED, Severity.WARNING, message, Location("")), environment)


def _difference(each: Difference) -> Finding:
    message = f"`{each.id}`: {each.kind}"
    if each.field is not None:
        files, register = (
            phrases.show_value(value, each.field) or phrases.NOTHING
            for value in (each.field.expected, each.field.actual)
        )
        message = f"`{each.id}`, `{each.path}`: the files say {files}, the register holds {register}"
    accepted = f"; {phrases.describe_term(each.accepted)}: {each.accepted.reason}" if each.accepted else ""
    path = each.path if each.field else ""
    return Finding(
        each.kind.slug,
        Severity.ERROR if each.alarming else Severity.NOTE,
        f"{message}; {phrases.describe_writer(each.entry)}{accepted}",
        Location(each.file, path, each.line),
        phrases.join_sentences(each.reason),
    )


def describe(finding: Finding, longest: int) -> str:
    """Say what a finding says, with its hint, each cut at a number of characters, and where it holds."""
    where = f" [{', '.join(finding.environments)}]" if finding.environments else ""
    return phrases.join_sentences(shorten(finding.message, longest), shorten(finding.hint, longest)) + where


def sort_annotations(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """Put the worst first, deletions before their like, and leave the rest in its order."""

    def rank(annotation: Annotation) -> tuple[int, bool]:
        return SEVERITIES.index(annotation.finding.severity), annotation.finding.rule != DELETED.id

    return tuple(sorted(annotations, key=rank))


def limit(annotations: Sequence[Annotation]) -> Iterator[tuple[Annotation, int]]:
    """Take the first ten of each severity; the tenth comes with the number of those that are left out.

    GitHub's runner and Azure's agent show ten of a kind for a step.
    """
    totals = Counter(each.finding.severity for each in annotations)
    shown: Counter[Severity] = Counter()
    for each in annotations:
        severity = each.finding.severity
        shown[severity] += 1
        if shown[severity] <= _MOST:
            yield each, totals[severity] - _MOST if shown[severity] == _MOST else 0


def fingerprint(annotations: Sequence[Annotation]) -> Iterator[tuple[Annotation, str, int]]:
    """Give each annotation a hash of its rule, subject, path and environment, and a number among those that share it.

    So it stays when lines move, and when system users come and go.
    """
    seen: Counter[str] = Counter()
    for each in annotations:
        finding = each.finding
        parts = [finding.rule, each.subject, finding.place.path, each.environment]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        seen[digest] += 1
        yield each, digest, seen[digest]
