"""Findings, plans and drift as JUnit XML: one case for each rule of a file or a system, as test reports want it.

Pure. What makes the verb fail is a failure; everything else passes and prints what there is to say. Times are
left out, since nothing was timed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

from reconciler.model.canonical_json import SHORT
from reconciler.model.findings import Severity
from reconciler.planning.change import Blocked
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
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.annotations import Annotation

# JUnit knows `failure`, and text that a case printed; `error` would be the checker's own fault.
_ELEMENTS: Mapping[Severity, str] = {
    Severity.ERROR: "failure",
    Severity.WARNING: "system-out",
    Severity.NOTE: "system-out",
}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_LONGEST = 1000
_MOST = 100
"""Findings that one case lists; GitLab refuses a file over 30 MB."""


class _Case(NamedTuple):
    """A case: what it is about, which rule, and what there is to say."""

    subject: str
    rule: str
    findings: Sequence[Finding] = ()

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if _ELEMENTS[each.severity] == "failure")


def render_findings(findings: Sequence[Finding], files: int) -> str:
    """Render findings, a case for each file and rule."""
    cases = _gather(sort_annotations(annotate_findings(findings)))
    return _print("reconciler validate", [_Case("reconciler", f"check {count(files, 'file')}"), *cases])


def render_plan(plan: Plan) -> str:
    """Render a plan, a case for each system, and one for each thing that it breaks."""
    cases = [_Case(each.id, each.action) for each in plan.changes if not isinstance(each, Blocked)]
    compared = f", against the definitions at {plan.against[:SHORT]}" if plan.against else ""
    name = f"reconciler plan {plan.target.environment}{compared}"
    return _print(name, [*cases, *_gather(annotate_plan(plan))])


def render_drift(report: DriftReport) -> str:
    """Render drift, a case for each system and kind of difference."""
    compared = _Case("reconciler", f"compare {count(report.systems, 'system')}")
    name = f"reconciler drift {report.target.environment}"
    return _print(name, [compared, *_gather(annotate_drift(report))])


def _gather(annotations: Iterable[Annotation]) -> list[_Case]:
    """Gather the annotations of one subject and rule into one case, so that names are unique."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for each in annotations:
        found.setdefault((each.subject, each.finding.rule), []).append(each.finding)
    return [_Case(subject, rule, findings) for (subject, rule), findings in sorted(found.items())]


def _print(name: str, cases: Sequence[_Case]) -> str:
    failures = sum(bool(case.failures) for case in cases)
    counts = {
        "name": make_xml(name),
        "tests": str(len(cases)),
        "failures": str(failures),
        "errors": "0",
    }
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", counts)
    for case, label in _name_apart(cases):
        _add_case(suite, case, label)
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


def _add_case(suite: Element, case: _Case, label: str) -> None:
    subject = shorten(case.subject) or "reconciler"
    element = ET.SubElement(suite, "testcase", classname=make_xml(subject), name=make_xml(label))
    if case.failures:
        message = make_xml(shorten(case.failures[0].message))
        failure = ET.SubElement(element, "failure", message=message, type=make_xml(case.rule))
        failure.text = _list_findings(case.failures)
    if rest := [each for each in case.findings if _ELEMENTS[each.severity] != "failure"]:
        ET.SubElement(element, "system-out").text = _list_findings(rest)


def _list_findings(findings: Sequence[Finding]) -> str:
    """List findings, one a line; a line begins with the severity, which is ours."""
    rows = []
    for each in findings[:_MOST]:
        place = f" {shorten(str(each.place))}" if each.place.file else ""
        rows.append(make_xml(f"{each.severity}{place}: {describe(each, _LONGEST)}"))
    if len(findings) > _MOST:
        rows.append(f"and {len(findings) - _MOST:,} more")
    return "\n".join(rows)
