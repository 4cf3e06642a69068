"""Files as earlier versions wrote them: this version reads what the last two minor versions wrote (docs/versioning.md).

A folder is named for its minor version. Its files are never written again: a new version gets a folder of its own,
with files that its program made.
"""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.execution.ask_journal import read_ask_journals
from reconciler.execution.freshness import check_consistent
from reconciler.execution.journal_reader import read_run
from reconciler.execution.report_v1 import read_report
from reconciler.model.environment import BUILT_IN
from reconciler.operations.evidence import check_evidence
from reconciler.planning.acceptance_file import Rules, read_acceptances
from reconciler.planning.approval import read_approvals
from reconciler.planning.ask_plan import read_ask_plan
from reconciler.planning.plan_file import print_plan, read_plan
from tests.citations import ROOT

HERE = Path(__file__).parent
VERSIONS = sorted(path.name for path in HERE.iterdir() if re.fullmatch(r"\d+\.\d+", path.name))
WRITTEN = (
    "accepted.yaml",
    "approvals.yaml",
    "asks.json",
    "asks.jsonl",
    "evidence.zip",
    "journal.jsonl",
    "plan.json",
    "report.json",
)

every_version = pytest.mark.parametrize("version", VERSIONS)


def test_the_last_two_minor_versions_are_here() -> None:
    """So is this one; the changelog says which there are."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = list(dict.fromkeys(re.findall(r"^## \[(\d+\.\d+)\.\d+\]", changelog, re.MULTILINE)))
    own = __version__.rpartition(".")[0]

    assert {own, *released[:3]} <= set(VERSIONS)
    assert all(tuple(sorted(path.name for path in (HERE / each).iterdir())) == WRITTEN for each in VERSIONS)


@every_version
def test_a_saved_plan_is_read(version: str) -> None:
    """It is whole and honest, and printed again it is the same text: apply would take it."""
    content = (HERE / version / "plan.json").read_bytes()

    plan = read_plan(content)

    check_consistent(plan)
    assert print_plan(plan).encode() == content
    assert {change.action for change in plan.writes} == {"create", "update", "delete"}
    assert plan.tool_version.startswith(f"{version}.")


@every_version
def test_a_journal_is_read(version: str) -> None:
    """Every line of it: what was sent, what came of it, and that the run ended."""
    run = read_run(HERE / version / "journal.jsonl")

    assert run is not None
    assert (run.damaged, run.ended, run.open) == ((), True, ())
    assert {outcome.outcome for outcome in run.outcomes.values()} == {"done"}
    assert run.intents.keys() == run.outcomes.keys()


@every_version
def test_a_plan_of_change_requests_is_read(version: str) -> None:
    """It is whole, so `ask` would take it."""
    plan = read_ask_plan((HERE / version / "asks.json").read_bytes())

    assert plan.asks
    assert plan.left_out
    assert plan.tool_version.startswith(f"{version}.")


@every_version
def test_a_journal_of_change_requests_is_read(version: str, tmp_path: Path) -> None:
    """Whom it asked, and what became of that."""
    plan = read_ask_plan((HERE / version / "asks.json").read_bytes())
    shutil.copyfile(HERE / version / "asks.jsonl", tmp_path / "asks.jsonl")

    (record,) = read_ask_journals(tmp_path, plan.register_)

    keys = {each.correlation_id for each in plan.asks}
    assert record.start.digest == plan.digest
    assert record.intents.keys() == record.outcomes.keys() == keys
    assert {"asked", "failed", "withdrawn"} == set(record.outcomes.values())
    assert len(record.withdrawn) == 1


@every_version
def test_a_report_is_read(version: str) -> None:
    """It names the plan and the run's outcomes."""
    plan = read_plan((HERE / version / "plan.json").read_bytes())

    report = read_report((HERE / version / "report.json").read_bytes())

    assert report.digest == plan.digest
    assert {(each.id, each.action) for each in report.outcomes} == {
        (each.id, each.action) for each in plan.writes
    }


@every_version
def test_approvals_and_accepted_differences_are_read(version: str) -> None:
    """The plan's own approval, and a difference that stands."""
    plan = read_plan((HERE / version / "plan.json").read_bytes())
    rules = Rules(date(2026, 11, 22), {each.name for each in BUILT_IN})

    (approval,) = read_approvals((HERE / version / "approvals.yaml").read_bytes())
    (accepted,) = read_acceptances((HERE / version / "accepted.yaml").read_bytes(), rules)

    assert approval.digest == plan.digest
    assert accepted.id in {change.id for change in plan.changes}


@every_version
def test_evidence_is_checked(version: str) -> None:
    """It still proves its run: what is worked out again from plan and journal is what the report said then."""
    proof = check_evidence((HERE / version / "evidence.zip").read_bytes())

    assert proof.problems == ()
    assert proof.run is not None
    assert proof.plan is not None
    assert proof.run.start.digest == proof.plan.digest
