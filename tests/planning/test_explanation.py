"""Whatever an output names by an id is explained, and nothing is explained twice."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.explain import run
from reconciler.emulator.systemusers.problems import PROBLEMS
from reconciler.errors import UsageError
from reconciler.model.findings import Finding, Location, Severity
from reconciler.planning.change import Blocked, Impact, Update, Weight
from reconciler.planning.diff import FieldChange
from reconciler.planning.drift import PAGES, READER_WROTE, Difference, DriftReport, Kind
from reconciler.planning.explanation import (
    AGAINST,
    BLOCKED,
    REMOVED,
    UNJUDGED,
    UNLISTED,
    find_explanation,
    read_explanations,
)
from reconciler.planning.impact_rules import IMPACTS
from reconciler.planning.key_expiry import KEY_EXPIRY
from reconciler.planning.narrowing import Unjudged
from reconciler.planning.plan import Plan, Target, Unmanaged
from reconciler.render.annotations import annotate_drift, annotate_findings, annotate_plan, fingerprint
from reconciler.render.sarif import render_drift, render_findings, render_plan
from reconciler.rules import RULES
from tests.builders import VENDOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.render.annotations import Annotation

TARGET = Target("tt02", "https://register.example", VENDOR)
FIELD = FieldChange(("isVisible",), actual=True, expected=False, line=3)


def a_plan(*, users: int = 3, target: Target = TARGET, id: str = "a", rule: str = "system-deleted") -> Plan:  # noqa: A002 - the member's name
    """Make a plan with one impact, whose message holds a number."""
    impact = Impact(rule, Weight.BREAKING, f"{users} system users", "isVisible", users)
    return Plan(target, (Update(id=id, file="a.yaml", line=1, fields=(FIELD,), impacts=(impact,)),))


def test_one_registry_holds_them_all() -> None:
    """P14: every rule, impact, kind of drift and code; an id means one thing."""
    known = read_explanations()
    codes = [name for name in known if name.startswith("AUTH.VLD-")]
    requests = [name for name in known if name.startswith("AUTH-")]
    own = {*RULES, *IMPACTS, AGAINST, BLOCKED, REMOVED, UNJUDGED, UNLISTED, *(kind.slug for kind in Kind)}
    own |= {KEY_EXPIRY, READER_WROTE}

    assert set(known) == {*own, *codes, *requests}
    assert len(known) == len(RULES) + len(IMPACTS) + 7 + len(Kind) + 15 + len(requests)
    assert len(codes) == 15
    assert set(PAGES) == set(Kind)
    assert all(each.summary.endswith(".") and each.level and each.kind for each in known.values())
    assert all(each.id == name for name, each in known.items())


def test_every_code_of_a_rule_is_explained() -> None:
    """P14: a rule that mirrors a code leads to it, and the code names the rule."""
    for rule in RULES.values():
        if rule.code:
            found = find_explanation(rule.code)
            assert found is not None, rule.id
            assert rule.id in found.page


def test_every_code_that_a_request_can_be_answered_with_is_explained() -> None:
    """On the customers' side, and each rule that is named with one exists."""
    text = files("reconciler").joinpath("data/request_codes.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    found = find_explanation("AMUI-00063")

    assert {row[0]: int(row[1]) for row in rows} == {
        f"AUTH-{number:05}": status for number, (status, _) in PROBLEMS.items()
    }
    assert {len(row) for row in rows} == {6}
    assert {rule for row in rows for rule in row[5].split(", ") if rule} <= set(RULES)
    assert found is not None
    assert (found, found.kind) == (find_explanation("auth-00063"), "400 to a request")
    assert "finds it before: request-beyond-system." in found.page


@pytest.mark.parametrize("name", ["AUTH.VLD-00008", "auth.vld-00008", "VLD-00008", "00008"])
def test_a_code_is_found_by_its_number(name: str) -> None:
    """P14: however a person copies it from a message."""
    found = find_explanation(name)

    assert found is not None
    assert found.id == "AUTH.VLD-00008"
    assert "could not reach the metadata" in found.page


@pytest.mark.parametrize(
    "name", ["", "AUTH.VLD-", "AUTH.VLD-00010", "0008", "no-such-rule", "missing member"]
)
def test_what_nobody_explains_is_none(name: str) -> None:
    """A misspelt id finds nothing, rather than something else."""
    assert find_explanation(name) is None


def read_rules(text: str) -> list[str]:
    """Read the ids that a SARIF log describes and its results name."""
    (run,) = json.loads(text)["runs"]
    ids: list[str] = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert set(ids) >= {each["ruleId"] for each in run["results"]}
    return ids


def test_every_sarif_rule_is_explained() -> None:
    """P14: all rules, all impacts, whatever a plan and drift can report."""
    place = Location("a.yaml")
    findings = [Finding(rule, Severity.ERROR, "x", place) for rule in RULES]
    impacts = tuple(Impact(rule, Weight.BREAKING, "x") for rule in IMPACTS)
    plan = Plan(
        TARGET,
        (Update(id="a", impacts=impacts), Blocked(id="b", reason="x")),
        unmanaged=(Unmanaged("c", "x", (), "c.yaml"),),
        unlisted="x",
        against="x",
        unjudged=(Unjudged("d.yaml", "x"),),
    )
    beside = [Finding(rule, Severity.WARNING, "x", Location("")) for rule in (KEY_EXPIRY, READER_WROTE)]
    report = DriftReport(TARGET, tuple(Difference(kind.slug, kind) for kind in Kind), findings=tuple(beside))
    texts = (render_findings(findings, 1), render_plan(plan), render_drift(report))

    named = [name for text in texts for name in read_rules(text)]

    quiet = {Kind.NO_DIFFERENCE.slug}
    assert set(named) == {name for name in read_explanations() if not name.startswith("AUTH")} - quiet
    for text in texts:
        (run,) = json.loads(text)["runs"]
        assert all(each["help"]["text"] != each["id"] for each in run["tool"]["driver"]["rules"])


def identify(remarks: Sequence[Annotation]) -> list[str]:
    """Give the fingerprints."""
    return [digest for _, digest, _ in fingerprint(remarks)]


def test_a_fingerprint_stays_when_numbers_and_lines_move() -> None:
    """P14: one customer more, or a line above, is the same alert."""
    moved = replace(a_plan(users=4).changes[0], line=99)

    assert identify(annotate_plan(a_plan())) == identify(annotate_plan(replace(a_plan(), changes=(moved,))))


@pytest.mark.parametrize(
    "changes",
    [{"target": Target("prod", "https://register.example", VENDOR)}, {"id": "b"}, {"rule": "mass-change"}],
)
def test_a_fingerprint_is_of_rule_system_path_and_environment(changes: dict[str, Json]) -> None:
    """P14: another of them is another alert."""
    assert identify(annotate_plan(a_plan())) != identify(annotate_plan(a_plan(**changes)))


def test_the_same_holds_for_drift_and_findings() -> None:
    """P14: what the register holds and the words of a message are not in it; the path and the environment are."""
    other = replace(FIELD, actual=False, expected=True, line=9)
    elsewhere = FieldChange(("name", "nb"), "a", "b")
    kind = Kind.CHANGED_OUTSIDE
    one, same, path = (
        identify(annotate_drift(DriftReport(TARGET, (Difference("a", kind, "a.yaml", 1, field),))))
        for field in (FIELD, other, elsewhere)
    )
    place = Location("a.yaml", "name.nb", 3, 7)
    finding = Finding("spelling", Severity.NOTE, "x", place, environments=("tt02",))
    words = finding._replace(message="y", place=place._replace(line=4), severity=Severity.ERROR)
    prod = finding._replace(environments=("tt02", "prod"))

    assert one == same != path
    assert identify(annotate_findings([finding])) == identify(annotate_findings([words]))
    assert identify(annotate_findings([finding])) != identify(annotate_findings([prod]))


def test_remarks_that_share_a_fingerprint_are_numbered() -> None:
    """Two findings of one rule at one path are two alerts."""
    finding = Finding("spelling", Severity.NOTE, "x", Location("a.yaml", "name.nb"))
    found = list(fingerprint(annotate_findings([finding, finding._replace(message="y")])))

    assert [number for _, _, number in found] == [1, 2]
    assert len({digest for _, digest, _ in found}) == 1


def test_the_verb_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    """P14: of a code too; without an id all are listed, and a misspelt one is told the nearest."""
    run("AUTH.VLD-00008")
    page = capsys.readouterr().out
    run(None)
    listed = capsys.readouterr().out

    assert page.startswith("AUTH.VLD-00008 (400 from the register)\n\nOne or all the accesspackage(s)")
    assert "validate` finds it before: package-" in page
    assert [line.split()[0] for line in listed.splitlines()] == list(read_explanations())
    with pytest.raises(UsageError, match="Nothing is called `right-aded`") as caught:
        run("right-aded")
    assert caught.value.hint == "Did you mean `right-added`?"
