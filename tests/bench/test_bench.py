"""The benchmark runs from end to end, notices wrong results, and writes its page; it asserts no time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.bench.__main__ import main
from tests.bench.cases import CASES, LEAST, OURS, Site
from tests.bench.corpus import NEW, OLD, make_corpus
from tests.bench.limits import Verdict, judge
from tests.bench.measuring import Bench, Client, Row, Sample, WrongResult, find_faults
from tests.bench.table import draw_page, replace_page
from tests.git import git
from tests.served import export_pem, export_public

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PLAN = next(each for each in CASES if each.name == "plan, nothing to do")
CHANGED = ["plan, all changed", "plan, all changed by others"]
NOTHING = dict.fromkeys(("create", "update", "delete", "blocked", "keep", "unmanaged"), 0)
SIZES = ["--sizes", "3", "--rounds", "1", "--without-octodns"]


def make_row(name: str, size: int, *seconds: float, **requests: int) -> Row:
    """Make a row of runs that took so long; the floor takes half as long."""
    case = next(each for each in CASES if each.name == name)
    samples = [Sample(each, each, 70_000_000, requests) for each in seconds]
    least = [Sample(each / 2, each / 2, 50_000_000, {}) for each in seconds]
    return Row(case, size, {OURS: samples, LEAST: least})


@pytest.mark.slow
@pytest.mark.e2e
def test_it_runs_from_end_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of case has figures for the program and its floor, and results that are right."""
    names = ["--version", "validate", CHANGED[0], "apply, changes"]
    code = main([*SIZES, *(f"--cases={each}" for each in names), "--json"])
    rows = json.loads(capsys.readouterr().out)["rows"]

    assert code == 0
    assert [each["case"] for each in rows] == names
    assert all(set(each["runs"]) == {"ours", "floor"} for each in rows)
    assert all(each["seconds"]["ours"] > 0 and each["modules"] and each["allocated"] for each in rows)
    assert rows[2]["requests"]["system"] == 3
    assert "change log" not in rows[2]["requests"]


@pytest.mark.slow
@pytest.mark.e2e
def test_a_wrong_result_ends_it(tmp_path: Path, private_key: RSAPrivateKey) -> None:
    """A plan with a change that should not be there is no figure."""
    client = Client(export_pem(private_key), export_public(private_key))
    bench = Bench(tmp_path, client, 2, 1, lambda _: None, with_octodns=False, with_counts=False)
    path = next(iter(bench.find_corpus(3).systems.glob("*1.yaml")))
    path.write_text(path.read_text(encoding="utf-8").replace(OLD, NEW), encoding="utf-8")

    with pytest.raises(WrongResult, match=r'"update": 1.* and not .*"update": 0'):
        bench.measure(PLAN, [3])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Make files of three systems, without a register."""
    return Site(make_corpus(tmp_path, 3, workers=2), None, 2)


def find(site: Site, who: str, text: str, code: int = 0, **requests: int) -> list[str]:
    """Say what is wrong with an output of a plan that should have nothing to do."""
    (site.corpus.folder / f"{who}.out").write_text(text, encoding="utf-8")
    return list(find_faults(PLAN, site, who, code, Sample(1.0, 1.0, 1, requests)))


def test_a_plan_that_reads_less_is_wrong(site: Site) -> None:
    """The result is right, but nobody asked for the systems."""
    plan = json.dumps({"summary": {**NOTHING, "keep": 3}, "changes": [], "findings": []})

    assert find(site, OURS, plan, list=1, system=3, token=1) == []
    assert find(site, OURS, plan, list=1, system=2, token=1) == ["2 requests of system, and not 3"]
    assert find(site, OURS, plan, 1, list=1, system=3, token=1) == ["exit code 1"]


def test_a_floor_that_does_less_is_wrong(site: Site) -> None:
    """It would make the ratio worse, and octoDNS's better."""
    assert find(site, LEAST, '{"files": 3, "read": 3}') == []
    assert find(site, LEAST, '{"files": 3, "read": 2}') != []


def test_the_history_explains_what_a_register_holds(tmp_path: Path) -> None:
    """Where all is rewritten, the register holds what the commit before asked for; zones are as the definitions."""
    corpus = make_corpus(tmp_path, 2, workers=2, is_rewritten=True)
    file = f"systems/{corpus.touched}.yaml"
    before, now = (git(corpus.root, "show", f"{commit}:{file}") for commit in ("HEAD~1", "HEAD"))
    held = json.loads(corpus.seed("old").read_text(encoding="utf-8"))

    assert (f"en: {OLD}" in before, f"en: {NEW}" in now) == (True, True)
    assert {each["description"]["en"] for each in held} == {OLD}
    assert all(f"- {NEW}\n" in each.read_text(encoding="utf-8") for each in corpus.zones.iterdir())
    assert git(corpus.root, "status", "--porcelain") == ""


def test_the_limits_are_judged() -> None:
    """A figure over its limit is shown as such, and one that is missing too."""
    rows = [
        make_row("plan, nothing to do", 1000, 2.0, **{"connections to register": 8}),
        make_row(CHANGED[0], 1000, 2.0),
        make_row(CHANGED[1], 1000, 4.0),
        make_row("validate", 100, 1.0),
        make_row("validate", 1000, 3.0, 4.0, 5.0),
        make_row("validate", 10_000, 80.0),
    ]
    words = {each.what: (each.figure, each.word) for each in judge(rows, 8)}

    assert words["`validate` of 1,000 ÷ composing them"] == (2.0, "**over**")
    assert words["`validate` of 10,000 ÷ of 1,000"] == (20.0, "**over**")
    assert words["peak memory, `validate` of 1,000"] == (70.0, "holds")
    assert words["growth exponent, `validate`"][0] == pytest.approx(0.9515, abs=0.001)
    assert words["`plan`, all 1,000 changed ÷ nothing to do, without latency"] == (1.0, "holds")
    assert words["`plan`, all 1,000 changed by others ÷ nothing to do, without latency"] == (2.0, "**over**")
    assert words["`plan`, all 1,000 changed ÷ nothing to do, at 50 ms"] == (None, "not measured")


def test_the_page_is_replaced_between_its_marks() -> None:
    """What stands before and behind stays, and a second time changes nothing."""
    drawn = draw_page([make_row("validate", 100, 1.0)], [Verdict("x", 1.0, 2.0, "s")], "A machine.")
    once = replace_page("Before.\n<!-- figures: made -->\nold\n<!-- end of figures -->\nBehind.\n", drawn)

    assert once.startswith("Before.\n<!-- figures: made -->\n\nA machine.\n")
    assert once.endswith("|\n\n<!-- end of figures -->\nBehind.\n")
    assert "| x         |   1 s |   2.00 | **over** |" in once
    assert replace_page(once, drawn) == once
    with pytest.raises(ValueError, match="no marks"):
        replace_page("Nothing.\n", drawn)
