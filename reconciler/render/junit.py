"""Findings, plans and drift as JUnit XML: one case for each rule of a file or a system, as test reports want it.

Pure. What makes the verb fail is a failure; everything else passes and says what it has to say. Times are
left out, since nothing was timed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.findings import Severity
from reconciler.render.annotations import remark_drift, remark_findings, remark_plan, sort_remarks
from reconciler.render.escape import escape_text, escape_xml, shorten
from reconciler.render.phrases import join_sentences
from reconciler.render.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.annotations import Remark

# JUnit knows `failure`, and text that a case printed; `error` would be the checker's own fault.
_ELEMENTS: Mapping[Severity, str] = {
    Severity.ERROR: "failure",
    Severity.WARNING: "system-out",
    Severity.NOTE: "system-out",
}
_LONGEST = 1000
_MOST = 100
"""Findings that one case tells; GitLab refuses a file over 30 MB."""


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
    cases = _gather(sort_remarks(remark_findings(findings)))
    return _print("reconciler validate", [_Case("reconciler", f"check {count(files, 'file')}"), *cases])


def render_plan(plan: Plan) -> str:
    """Render a plan, a case for each system, and one for each thing that it breaks."""
    cases = [_Case(each.id, each.action) for each in plan.changes if each.action != "blocked"]
    name = f"reconciler plan {plan.target.environment}"
    return _print(name, [*cases, *_gather(remark_plan(plan))])


def render_drift(report: DriftReport) -> str:
    """Render drift, a case for each system and kind of difference."""
    compared = _Case("reconciler", f"compare {count(report.systems, 'system')}")
    name = f"reconciler drift {report.target.environment}"
    return _print(name, [compared, *_gather(remark_drift(report))])


def _gather(remarks: Iterable[Remark]) -> list[_Case]:
    """Gather the remarks of one subject and rule into one case, so that names are unique."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for each in remarks:
        found.setdefault((each.subject, each.finding.rule), []).append(each.finding)
    return [_Case(subject, rule, findings) for (subject, rule), findings in sorted(found.items())]


def _print(name: str, cases: Sequence[_Case]) -> str:
    failures = sum(bool(case.failures) for case in cases)
    counts = _attributes(name=name, tests=str(len(cases)), failures=str(failures), errors="0")
    rows = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>", f"  <testsuite {counts}>"]
    for case, label in _name_apart(cases):
        rows += _print_case(case, label)
    return "\n".join([*rows, "  </testsuite>", "</testsuites>", ""])


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


def _print_case(case: _Case, label: str) -> Iterator[str]:
    head = f"    <testcase {_attributes(classname=shorten(case.subject) or 'reconciler', name=label)}"
    if not case.findings:
        yield f"{head}/>"
        return
    yield f"{head}>"
    if case.failures:
        message = shorten(case.failures[0].message)
        told = _tell(case.failures)
        yield f"      <failure {_attributes(message=message, type=case.rule)}>{told}</failure>"
    if rest := [each for each in case.findings if _ELEMENTS[each.severity] != "failure"]:
        yield f"      <system-out>{_tell(rest)}</system-out>"
    yield "    </testcase>"


def _tell(findings: Sequence[Finding]) -> str:
    """Tell findings, one a line; a line begins with the severity, which is ours."""
    rows = []
    for each in findings[:_MOST]:
        where = f" [{', '.join(each.environments)}]" if each.environments else ""
        place = f" {shorten(str(each.place))}" if each.place.file else ""
        told = join_sentences(shorten(each.message, _LONGEST), shorten(each.hint, _LONGEST))
        told = f"{each.severity}{place}: {told}{where}"
        rows.append(escape_xml(told))
    if len(findings) > _MOST:
        rows.append(f"and {len(findings) - _MOST:,} more")
    return "\n".join(rows)


def _attributes(**values: str) -> str:
    return " ".join(f'{name}="{escape_xml(value)}"' for name, value in values.items())
