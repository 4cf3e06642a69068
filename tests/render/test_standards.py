"""The documents that other programs read are what those programs' standards ask for."""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from reconciler.model.findings import Finding, Location, Severity
from reconciler.planning.change import Keep
from reconciler.planning.impact_rules import IMPACTS
from reconciler.render.annotations import find_page
from reconciler.render.formats import load_renderer
from reconciler.rules import RULES
from tests.render.samples import FINDINGS, PLANS, REPORTS, a_plan, a_report, some_findings
from tests.render.standards import check_code_quality, check_junit, check_sarif

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan


def _render(form: str) -> Iterator[tuple[str, str]]:
    renderer = load_renderer(form)
    yield from ((name, renderer.render_plan(make())) for name, make in PLANS.items())
    yield from ((name, renderer.render_findings(find(), 3)) for name, find in FINDINGS.items())
    yield from ((name, renderer.render_drift(make())) for name, make in REPORTS.items())


@pytest.mark.parametrize(("name", "text"), list(_render("sarif")), ids=lambda value: value[:20])
def test_sarif(name: str, text: str) -> None:
    """Every log is SARIF 2.1.0, with what GitHub asks for beyond it."""
    assert list(check_sarif(json.loads(text))) == [], name


@pytest.mark.parametrize(("name", "text"), list(_render("gitlab")), ids=lambda value: value[:20])
def test_code_quality(name: str, text: str) -> None:
    """Every report has the members that GitLab documents, and distinct fingerprints."""
    assert list(check_code_quality(json.loads(text))) == [], name


@pytest.mark.parametrize(
    ("name", "text"), [*_render("junit"), *_render("junit-strict")], ids=lambda value: value[:20]
)
def test_junit(name: str, text: str) -> None:
    """Every report is valid against the Jenkins schema, with right counts and distinct names."""
    assert list(check_junit(text)) == [], name


def _drop_version(log: Json) -> None:
    del log["runs"][0]["tool"]["driver"]["version"]


def _zero_line(log: Json) -> None:
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0


def _absolute(log: Json) -> None:
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = (
        "/etc/passwd"
    )


def _unknown(log: Json) -> None:
    log["runs"][0]["colour"] = "red"


def _same_print(log: Json) -> None:
    results = log["runs"][0]["results"]
    results[0]["partialFingerprints"] = results[1]["partialFingerprints"]


@pytest.mark.parametrize("spoil", [_drop_version, _zero_line, _absolute, _unknown, _same_print])
def test_the_check_of_sarif_sees_what_is_wrong(spoil: Callable[[Json], None]) -> None:
    """A log without a version, with a line 0, an absolute address, a strange member or a double is refused."""
    log = json.loads(load_renderer("sarif").render_findings(some_findings(), 3))
    spoilt = copy.deepcopy(log)
    spoil(spoilt)

    assert list(check_sarif(log)) == []
    assert len(list(check_sarif(spoilt))) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('failures="3"', 'failures="2"'),
        ("<testsuite name", "<testsuite nickname"),
        ('type="yaml-syntax"', 'kind="yaml-syntax"'),
        ('name="reconciler: check"', 'name="a" line="1"'),
        ("system-out>", "system-err>"),
        ("</testsuite>", "text</testsuite>"),
    ],
)
def test_the_check_of_junit_sees_what_is_wrong(old: str, new: str) -> None:
    """A wrong count, a missing or strange attribute, a strange element and stray text are refused."""
    text = load_renderer("junit").render_findings(some_findings(), 3)

    assert old in text
    try:
        wrong = list(check_junit(text.replace(old, new)))
    except KeyError as unknown:
        wrong = [str(unknown)]
    assert wrong


def test_a_fingerprint_stays_when_lines_move() -> None:
    """Code scanning takes a finding for the same one after lines were added above it."""
    findings = some_findings()
    moved = [
        each._replace(place=each.place._replace(line=each.place.line + 40)) if each.place.line else each
        for each in findings
    ]

    def prints(found: Json) -> list[str]:
        log = json.loads(load_renderer("sarif").render_findings(found, 3))
        return [each["partialFingerprints"]["primaryLocationLineHash"] for each in log["runs"][0]["results"]]

    assert prints(findings) == prints(moved)


def test_equal_findings_have_fingerprints_of_their_own() -> None:
    """The same sentence about two places of one path, or in two environments, is two results."""
    twice = [some_findings()[0], some_findings()[0]]

    issues = json.loads(load_renderer("gitlab").render_findings(twice, 1))

    assert len({each["fingerprint"] for each in issues}) == 2


@pytest.mark.parametrize("rule", [*RULES, *IMPACTS])
def test_every_rule_has_its_page(rule: str) -> None:
    """The help of a result is the page that `reconciler explain` prints."""
    known = RULES.get(rule) or IMPACTS[rule]

    assert find_page(rule).startswith(known.page)


def test_every_remark_has_a_page() -> None:
    """What is no rule's and no impact's is explained too."""
    logs = [load_renderer("sarif").render_plan(a_plan()), load_renderer("sarif").render_drift(a_report())]
    rules = [rule for log in logs for rule in json.loads(log)["runs"][0]["tool"]["driver"]["rules"]]

    assert [rule["id"] for rule in rules if rule["help"]["text"] == rule["id"]] == []


def test_sarif_keeps_to_what_github_shows() -> None:
    """Of more than 5,000 findings the worst are kept."""
    notes = [Finding("spelling", Severity.NOTE, str(number), Location("a.yaml")) for number in range(5000)]
    error = Finding("id-format", Severity.ERROR, "x", Location("b.yaml"))

    results = json.loads(load_renderer("sarif").render_findings([*notes, error], 2))["runs"][0]["results"]

    assert len(results) == 5000
    assert results[0]["ruleId"] == "id-format"


def test_names_that_look_alike_are_told_apart() -> None:
    """Two files whose names differ only beyond what is shown are two cases with two names."""
    findings = [
        Finding("id-format", Severity.ERROR, "x", Location(f"systems/{'a' * 400}{end}{'b' * 400}.yaml"))
        for end in "xy"
    ]

    assert list(check_junit(load_renderer("junit").render_findings(findings, 2))) == []


def test_a_case_tells_a_hundred_findings() -> None:
    """The findings of one rule in one file are bounded, and the rest is counted."""
    findings = [
        Finding("spelling", Severity.NOTE, f"number {number}", Location("a.yaml")) for number in range(103)
    ]

    text = load_renderer("junit").render_findings(findings, 1)

    assert "number 99." in text
    assert "number 100." not in text
    assert "and 3 more" in text


def list_annotations(findings: Sequence[Finding], files: int) -> list[str]:
    """List the annotations of findings, which stand below the text."""
    text = load_renderer("github").render_findings(findings, files)
    return text.partition("::endgroup::\n")[2].splitlines()


def test_annotations_are_at_most_ten_a_kind() -> None:
    """The worst come first, and the tenth of a kind says how many there are beside."""
    place = Location("a.yaml", "id", 3, 1)
    findings = [
        Finding("id-format", severity, f"number {number}", place)
        for number in range(12)
        for severity in (Severity.NOTE, Severity.ERROR, Severity.WARNING)
    ]

    lines = list_annotations(findings, 1)

    kinds = [line.partition(" ")[0] for line in lines]
    assert Counter(kinds) == {"::error": 10, "::warning": 10, "::notice": 10}
    assert kinds == sorted(kinds, key=["::error", "::warning", "::notice"].index)
    assert [line for line in lines if "And 2 more of this kind." in line] == [lines[9], lines[19], lines[29]]


def test_an_annotation_names_its_place() -> None:
    """File, line and column are said where they are known; a file without a line is shown at its first."""
    lines = list_annotations(some_findings(), 3)

    assert lines[0].startswith(
        "::error file=systems/991825827_one.yaml,line=9,col=5,title=client-id-format [tt02%2C prod]::"
    )
    assert lines[2].startswith("::error file=systems/broken.yaml,line=1,title=yaml-syntax::")


def _find_cases(form: str, plan: Plan) -> dict[str, bool]:
    """Give the cases of a plan by their whole names, and whether each fails."""
    root = ET.fromstring(load_renderer(form).render_plan(plan))  # noqa: S314 - our own
    return {
        f"{each.get('classname')} {each.get('name')}": each.find("failure") is not None
        for each in root.iter("testcase")
    }


def test_what_breaks_fails_only_where_that_is_asked_for() -> None:
    """What is blocked is a failure always, and what breaks or is blocked elsewhere in `junit-strict`."""
    plain, strict = (_find_cases(form, a_plan()) for form in ("junit", "junit-strict"))

    assert list(plain) == list(strict)
    assert [name for name, failed in plain.items() if failed] == ["991825827_burnt 991825827_burnt: change"]
    assert {name.partition(": ")[2] for name, failed in strict.items() if failed} == {
        *("change", "becomes-unmanaged", "client-id-removed", "mass-change", "system-deleted")
    }


def test_a_case_keeps_its_name_whatever_becomes_of_it() -> None:
    """Platforms compare runs by the names of cases: neither an action nor a count is a part of one."""
    made = a_plan()
    kept = replace(
        made, changes=tuple(Keep(id=each.id, file=each.file, line=each.line) for each in made.changes)
    )

    names = [name for name in _find_cases("junit", made) if name.endswith(": change")]

    assert [name for name in _find_cases("junit", kept) if name.endswith(": change")] == names
    assert len(names) == len(made.changes)
    few, many = (load_renderer("junit").render_findings([], number) for number in (1, 5))
    assert few.replace(">1 file<", ">5 files<") == many


def test_what_breaks_is_major_for_code_quality() -> None:
    """It waits for somebody's word; what is only worth a look is minor."""
    issues = json.loads(load_renderer("gitlab").render_plan(a_plan()))

    severities = {each["check_name"]: each["severity"] for each in issues}
    assert severities == {
        "change-blocked": "major",
        "system-deleted": "major",
        "mass-change": "major",
        "client-id-removed": "major",
        "becomes-unmanaged": "minor",
    }


def test_counts_of_a_plan_leave_out_what_is_blocked() -> None:
    """GitLab adds up what an apply would do; where there is no plan, it is to say so."""
    renderer = load_renderer("terraform")

    assert json.loads(renderer.render_plan(a_plan())) == {"create": 1, "update": 4, "delete": 1}
    assert json.loads(renderer.render_findings(some_findings(), 3)) == {}
    assert json.loads(renderer.render_drift(a_report())) == {}


def test_issues_of_azure_are_at_most_ten_a_kind() -> None:
    """The agent keeps ten; notes are none of them, since it knows nothing milder than a warning."""
    place = Location("a.yaml", "id", 3, 1)
    findings = [
        Finding("id-format", severity, f"100%; [{number}]", place)
        for number in range(12)
        for severity in (Severity.NOTE, Severity.ERROR, Severity.WARNING)
    ]

    text = load_renderer("azure").render_findings(findings, 1)

    folded, _, rest = text.partition("##[endgroup]\n")
    lines = rest.splitlines()
    assert folded.startswith("##[group]1 file: 12 errors, 12 warnings, 12 notes.\n")
    assert lines[0] == (
        "##vso[task.logissue type=error;sourcepath=a.yaml;linenumber=3;columnnumber=1;code=id-format;]"
        "100%AZP25; [0]."
    )
    assert [line.partition(";")[0].rpartition("=")[2] for line in lines] == ["error"] * 10 + ["warning"] * 10
    assert [line for line in lines if "And 2 more of this kind." in line] == [lines[9], lines[19]]
