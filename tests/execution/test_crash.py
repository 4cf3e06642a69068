"""A run that is killed at any moment: what it left is found out, and the next run goes on from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.execution.journal_folder import read_runs
from reconciler.planning.plan_file import print_plan
from tests.builders import VENDOR
from tests.execution.stage import (
    OURS,
    Stage,
    a_client,
    a_full_document,
    check_members,
    check_sent_once,
    define,
    withdraw,
)
from tests.served import CLIENT_ID, SCOPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json

    Program = subprocess.Popen[str]

ROOT = Path(__file__).parents[2]
LETTERS = "abcdefghij"


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    """Run the program that kills its children."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.execution.crash"],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def _set_up(stage: Stage) -> list[Resolved]:
    """Ten changes of every kind: two created, two withdrawn, three that trade client ids, three updated."""
    ids = stage.fresh(*LETTERS)
    one = [a_client(stage.count * 100 + number) for number in range(12)]
    a, b, c, d, e, f, g, h, i, j = ids
    stage.seed(
        a_full_document(c, clientId=[one[2]]),
        a_full_document(d, clientId=[]),
        a_full_document(e, clientId=[one[4], one[10]]),
        a_full_document(f, clientId=[one[5]]),
        a_full_document(g, clientId=[one[6], one[11]]),
        *(a_full_document(name, clientId=[one[7 + number]]) for number, name in enumerate((h, i, j))),
    )
    return [
        define(a, clientId=[one[0]]),
        define(b, clientId=[one[2]]),  # of a system that is withdrawn
        withdraw(c),
        withdraw(d),
        define(e, clientId=[one[5], one[10]]),  # these two swap
        define(f, clientId=[one[4]]),
        define(g, clientId=[one[11]]),
        define(h, clientId=[one[7], one[6]]),  # of the one before
        define(i, clientId=[one[8]], isVisible=False),
        define(j, clientId=[one[9]], description={"nb": "x", "nn": "y", "en": "z"}),
    ]


def _run(stage: Stage, program: Program, asked: list[Resolved], *, at: int, workers: int) -> str:
    """Apply in the other process; gives `killed`, or the number of events."""
    plan = stage.plan(asked)
    assert (len(plan.writes), len(plan.steps)) == (10, 11)
    path = stage.folder.parent / "plan.json"
    path.write_text(print_plan(plan), encoding="utf-8")
    query = {"env": "local", "orgNo": VENDOR, "scopes": SCOPE, "clientId": CLIENT_ID, "ttl": "3600"}
    token = stage.control_client.get(f"{stage.emulator.base}/api/GetEnterpriseToken", params=query).text
    job = {
        "at": at,
        "plan": str(path),
        "base": stage.emulator.base,
        "token": token.strip('"'),
        "workers": workers,
        "journal": str(stage.folder),
        "ours": sorted(OURS),
    }
    stage.control("DELETE", "log")
    assert program.stdin
    assert program.stdout
    program.stdin.write(json.dumps(job) + "\n")
    program.stdin.flush()
    return program.stdout.readline().strip()


def _explain(stage: Stage, before: Mapping[str, Json]) -> dict[str, Json]:
    """Tell from the journal alone what each system is now; what it does not name is as it was."""
    now = dict(before)
    for run in read_runs(stage.folder):
        for step, recorded in sorted(run.outcomes.items()):
            assert recorded.outcome in {"done", "failed"}, recorded
            if recorded.outcome == "done":
                now[run.intents[step].id] = recorded.held
    return now


def _crash_and_recover(stage: Stage, program: Program, *, at: int, workers: int) -> None:
    asked = _set_up(stage)
    ids = [each.system.id for each in asked]
    before = stage.held(*ids)

    assert _run(stage, program, asked, at=at, workers=workers) == "killed"

    stage.recover()
    assert _explain(stage, before) == stage.held(*ids)
    kept = {name: was for name, was in before.items() if name[-1] not in "cd"}
    check_members(stage, kept, asked)
    if read_runs(stage.folder):
        check_sent_once(stage)
    else:
        assert stage.held(*ids) == before
    stage.converge(asked)


def _count(stage: Stage, program: Program, workers: int) -> int:
    """Find out how many events a run has that nobody kills."""
    return int(_run(stage, program, _set_up(stage), at=0, workers=workers))


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 0.3, 0.45, 0.6, 0.75, 0.9])
def test_killed_at_a_few_moments(stage: Stage, program: Program, share: float) -> None:
    """A sample of the test below, with eight workers."""
    total = _count(stage, program, 8)
    stage.folder = stage.folder / "crash"

    _crash_and_recover(stage, program, at=int(total * share), workers=8)


@pytest.mark.thorough
def test_killed_at_every_moment(stage: Stage, program: Program, tmp_path: Path) -> None:
    """At every journal write, sync and request of ten changes, one after another."""
    total = _count(stage, program, 1)
    assert total > 90
    for at in range(1, total + 1):
        stage.folder = tmp_path / str(at)
        _crash_and_recover(stage, program, at=at, workers=1)


@pytest.mark.thorough
def test_killed_with_eight_workers(stage: Stage, program: Program, tmp_path: Path) -> None:
    """At every fifth moment of a run of eight workers, with requests of others under way."""
    total = _count(stage, program, 8)
    for at in range(1, total, 5):
        stage.folder = tmp_path / str(at)
        _crash_and_recover(stage, program, at=at, workers=8)
