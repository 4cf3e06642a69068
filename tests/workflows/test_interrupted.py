"""An apply that is cut off in the middle of a request, and the next run, which begins on an empty machine."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.builders import CLIENT, OTHER_CLIENT, a_live_document
from tests.served import VENDOR_PATH
from tests.workflows.events import SYSTEM, an_event
from tests.workflows.interruption import HOWS, INTERRUPTED, Interruption
from tests.workflows.runner import WORKFLOWS, read_report

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json
    from tests.served import Repository, Served
    from tests.workflows.interruption import How
    from tests.workflows.runner import Run, Runner

pytestmark = [
    pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed; GitHub's runners have it"),
    pytest.mark.skipif(sys.platform != "linux", reason="a child is found in /proc"),
]
ROUNDS = [
    pytest.param(seed, marks=pytest.mark.slow if seed < 2 else pytest.mark.thorough) for seed in range(50)
]
PATIENCE = 2.0
PACE = 0.25


@dataclass(frozen=True)
class Fate:
    """What the register does with the request that is on its way when the run is cut off."""

    carried_out: bool
    later: float
    """Seconds until it is carried out, which can be when the run is long gone."""
    lost: float
    """Seconds until its connection is reset, which can be too long for a job that is cancelled."""


def register(served: Served) -> None:
    """Register the system as the first commit has it."""
    document = a_live_document(clientId=[CLIENT, OTHER_CLIENT])
    body = {name: value for name, value in document.items() if name != "isDeleted"}
    assert served.ask("POST", "", body).status_code == 200


def describe(origin: Repository, word: str) -> str:
    """Commit another description of the system."""
    origin.define(clientId=[CLIENT, OTHER_CLIENT], description={"en": word, "nb": word, "nn": word})
    return origin.commit(f"Describe it as {word}")


def read_description(served: Served) -> str:
    """Read the description in the register."""
    live: Any = served.read(SYSTEM)
    return str(live["description"]["en"])


def list_writes(served: Served) -> list[datetime]:
    """List when requests that write to the system came."""
    log = httpx.get(f"{served.base}/control/log").json()
    path = f"{VENDOR_PATH}/{SYSTEM}"
    return [
        datetime.fromisoformat(each["time"])
        for each in log
        if each["path"] == path and each["method"] == "PUT"
    ]


def list_changes(served: Served) -> list[tuple[datetime, str]]:
    """List what the register carried out, with the description that it brought, oldest first."""
    entries: Any = served.ask("GET", f"/{SYSTEM}/changelog").json()
    return sorted(
        (datetime.fromisoformat(each["created"]), each["changedData"]["Description"]["en"])
        for each in entries
    )


def interrupt(runner: Runner, served: Served, how: How, fate: Fate) -> Run:
    """Cut an apply off while its one request is on its way."""
    hang: dict[str, Json] = {"fault": "timeout", "method": "PUT", "seconds": fate.lost}
    late: dict[str, Json] = {"fault": "late", "method": "PUT", "seconds": fate.later}
    faults = [late, {**hang, "when": "after"}] if fate.carried_out else [{**hang, "when": "before"}]
    httpx.post(f"{served.base}/control/faults", json=faults).raise_for_status()
    interruption = Interruption(how, lambda: is_struck(served), PACE)
    # As it is installed: a signal that kills has to kill the program itself.
    loaded, runner.loaded, runner.watch = runner.loaded, None, interruption
    run = runner.start(WORKFLOWS / "apply.yml")
    runner.loaded, runner.watch = loaded, None
    assert interruption.struck
    return run


def is_struck(served: Served) -> bool:
    """Say whether the request is on its way."""
    return any(each["struck"] for each in httpx.get(f"{served.base}/control/faults").json())


@pytest.mark.parametrize("seed", ROUNDS)
def test_the_next_run_settles_what_is_open_before_it_writes(
    runner: Runner, origin: Repository, served: Served, seed: int
) -> None:
    """However the first run ended, the next one overwrites nothing that the first one may still do."""
    dice = Random(seed)  # noqa: S311 - plays, and guards nothing
    how = HOWS[seed % len(HOWS)]
    fate = Fate(dice.random() < 0.7, dice.uniform(0, PATIENCE * 0.9), dice.choice([0.5, 30]))
    register(served)
    describe(origin, "One")
    runner.patience = str(PATIENCE)

    first = interrupt(runner, served, how, fate)

    expected = {"kill": "failure", "lost": "failure", "cancel": "cancelled", "time-out": "cancelled"}
    assert first.jobs["apply"].result == expected[how]
    assert ("journal-tt02-1-1" in runner.github.name_artifacts()) == (how != "lost")
    if expected[how] == "cancelled" and fate.lost < INTERRUPTED * PACE:  # time enough to end by itself
        assert first.jobs["apply"].steps["apply"]["exit-code"] in {"0", "1", "5"}
        assert SYSTEM in str(read_report(runner, "journal-tt02-1-1"))
    describe(origin, "Two")
    if how == "lost":
        refused = runner.run_workflow("apply")["apply"]
        assert refused.steps["apply"]["exit-code"] == "4"
        assert "1-1 may have written, and has left no journal" in refused.stderr
        assert len(list_writes(served)) == 1
        time.sleep(PATIENCE)  # which somebody who looks at the register needs
        runner.event = an_event(inputs={"environment": "tt02", "without-journal": "1-1"})
    apply_until_done(runner, served)
    first_write, *_, last_write = list_writes(served)
    changes = list_changes(served)
    assert [word for _, word in changes] == ["Rocks", *(["One"] if fate.carried_out else []), "Two"]
    free = changes[1][0] if fate.carried_out else first_write + timedelta(seconds=PATIENCE)
    assert last_write >= free


def apply_until_done(runner: Runner, served: Served) -> None:
    """Start the workflow again until it is green: a plan that was made while a request was open is stale."""
    for _ in range(2):
        before = len(list_writes(served))
        job = runner.run_workflow("apply")["apply"]
        if not job.failed:
            return
        assert job.steps["apply"]["exit-code"] == "4", job.stderr
        assert len(list_writes(served)) == before
    pytest.fail(f"{job.stdout}{job.stderr}")
