"""Findings, plans and drift as JUnit XML: one case for each rule of a file or a system, as test reports want it.

Pure. What makes the verb fail is a failure; everything else passes and prints what there is to say. `junit-strict` is
the same with warnings as failures. A case keeps its name from run to run, whatever becomes of it, since platforms
compare runs by names. Times are left out, since nothing was timed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

from reconciler.model.findings import Finding, Location, Severity
from reconciler.planning.check_report import StepState
from reconciler.planning.explanation import BLOCKED
from reconciler.render.annotations import (
    annotate_drift,
    annotate_findings,
    annotate_plan,
    describe,
    sort_annotations,
)
from reconciler.render.escape import escape_text, escape_xml_document, make_xml, shorten
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from reconciler.planning.check_report import CheckReport
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.annotations import Annotation

# JUnit knows `failure`, and text that a case printed; `error` would be the checker's own fault.
FAILING = frozenset({Severity.ERROR})
STRICT = frozenset({Severity.ERROR, Severity.WARNING})
_CHANGE = "change"
"""The case of what becomes of a system: it fails where that is blocked."""
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_LONGEST = 1000
_MOST = 100
"""Findings that one case lists; GitLab refuses a file over 30 MB."""


class _Case(NamedTuple):
    """A case: what it is about, which rule, and what there is to say."""

    subject: str
    rule: str
    findings: Sequence[Finding] = ()
    note: str = ""


def render_findings(
    findings: Sequence[Finding], files: int, *, failing: Collection[Severity] = FAILING
) -> str:
    """Render findings, a case for each file and rule."""
    cases = _gather(sort_annotations(annotate_findings(findings)))
    checked = _Case("reconciler", "check", note=count(files, "file"))
    return _print("reconciler validate", [checked, *cases], failing)


def render_plan(plan: Plan, *, failing: Collection[Severity] = FAILING) -> str:
    """Render a plan, a case for each system, and one for each thing that it breaks."""
    found = {(each.subject, each.rule): each for each in _gather(annotate_plan(plan))}
    cases = []
    for change in plan.changes:
        blocked = found.pop((change.id, BLOCKED), None)
        cases.append(_Case(change.id, _CHANGE, blocked.findings if blocked else (), change.action))
    against = " against definitions" if plan.against else ""
    return _print(f"reconciler plan {plan.target.environment}{against}", [*cases, *found.values()], failing)


def render_drift(report: DriftReport, *, failing: Collection[Severity] = FAILING) -> str:
    """Render drift, a case for each system and kind of difference."""
    compared = _Case("reconciler", "compare", note=count(report.systems, "system"))
    cases = [compared, *_gather(annotate_drift(report))]
    return _print(f"reconciler drift {report.target.environment}", cases, failing)


def render_check(report: CheckReport) -> str:
    """Render a check of a registration, a case for each step; a run that waits for the customer fails none of them."""
    cases = []
    for step in report.steps:
        place = Location("")
        found = [Finding(step.name, Severity.ERROR, step.message, place, step.hint)]
        is_wrong = step.state in {StepState.WRONG, StepState.UNKNOWN}
        note = "" if is_wrong else f"{step.state}: {make_xml(shorten(step.message))}"
        cases.append(_Case(report.triple.system, step.name, found if is_wrong else (), note))
    return _print(f"reconciler check {report.environment}", cases, FAILING)


def _gather(annotations: Iterable[Annotation]) -> list[_Case]:
    """Gather the annotations of one subject and rule into one case, so that names are unique."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for each in annotations:
        found.setdefault((each.subject, each.finding.rule), []).append(each.finding)
    return [_Case(subject, rule, findings) for (subject, rule), findings in sorted(found.items())]


def _print(name: str, cases: Sequence[_Case], failing: Collection[Severity]) -> str:
    failures = sum(any(each.severity in failing for each in case.findings) for case in cases)
    counts = {
        "name": make_xml(name),
        "tests": str(len(cases)),
        "failures": str(failures),
        "errors": "0",
    }
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", counts)
    for case, label in _name_apart(cases):
        _add_case(suite, case, label, failing)
    ET.indent(root)
    return f"{_DECLARATION}\n{escape_xml_document(ET.tostring(root, encoding='unicode'))}\n"


def _name_apart(cases: Sequence[_Case]) -> Iterator[tuple[_Case, str]]:
    """Give each case a name of its own: what is shown may be the same where the whole text is not."""
    seen: set[str] = set()
    for case in cases:
        label = shown = f"{shorten(case.subject)}: {shorten(case.rule)}"
        number = 1
        while escape_text(label) in seen:
            number += 1
            label = f"{shown} ({number})"
        seen.add(escape_text(label))
        yield case, label


def _add_case(suite: Element, case: _Case, label: str, failing: Collection[Severity]) -> None:
    subject = shorten(case.subject) or "reconciler"
    element = ET.SubElement(suite, "testcase", classname=make_xml(subject), name=make_xml(label))
    failures = [each for each in case.findings if each.severity in failing]
    if failures:
        message = make_xml(shorten(failures[0].message))
        failure = ET.SubElement(element, "failure", message=message, type=make_xml(failures[0].rule))
        failure.text = _list_findings(failures)
    passed = [each for each in case.findings if each.severity not in failing]
    if printed := "\n".join(each for each in (case.note, _list_findings(passed)) if each):
        ET.SubElement(element, "system-out").text = printed


def _list_findings(findings: Sequence[Finding]) -> str:
    """List findings, one a line; a line begins with the severity, which is ours."""
    rows = []
    for each in findings[:_MOST]:
        place = f" {shorten(str(each.place))}" if each.place.file else ""
        rows.append(make_xml(f"{each.severity}{place}: {describe(each, _LONGEST)}"))
    if len(findings) > _MOST:
        rows.append(f"and {len(findings) - _MOST:,} more")
    return "\n".join(rows)
