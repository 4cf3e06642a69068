"""A process that asks customers is killed, at each request and each write to its journal, and starts again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.emulator import start
from reconciler.model.customers import READ, WRITE
from reconciler.model.environment import SCOPE
from reconciler.planning.ask_plan import AskOrigin, make_ask, make_ask_plan, make_body, print_ask_plan
from tests.builders import CLIENT, VENDOR
from tests.customer_rows import SYSTEM, a_grown_document, a_user
from tests.emulated_customers import decide, lay_customers, list_changes
from tests.emulator.callers import control, fetch_token
from tests.planning.test_ask_plan import WANTED, know

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.emulator import Emulator
    from reconciler.model.canonical_json import Json
    from reconciler.planning.ask_plan import AskPlan

ROOT = Path(__file__).parents[2]


@dataclass
class Asker:
    """The other process, the register, and where the plan and its journal lie."""

    process: subprocess.Popen[str]
    emulator: Emulator
    folder: Path
    token: str

    def plan(self, numbers: range) -> AskPlan:
        """Lay customers and save the plan that asks them."""
        lay_customers(self.emulator.base, numbers)
        origin = AskOrigin("served", self.emulator.base, VENDOR, "0.1.0", "2026-11-22T00:00:00+00:00")
        asks = [make_ask(origin, know(a_user(each)), make_body(WANTED)) for each in numbers]
        made = make_ask_plan(origin, SYSTEM, "0" * 64, WANTED, asks=asks, left_out=[])
        (self.folder / "plan.json").write_text(print_ask_plan(made), encoding="utf-8")
        return made

    def run(self, at: int) -> str:
        """Carry the plan out until an event; gives `killed`, or the number of events."""
        job = {
            "at": at,
            "plan": str(self.folder / "plan.json"),
            "base": self.emulator.base,
            "token": self.token,
            "journal": str(self.folder),
        }
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def list_stored(self, plan: AskPlan) -> list[dict[str, Json]]:
        """List the change requests of the customers of a plan."""
        users = {each.system_user for each in plan.asks}
        return [each for each in list_changes(self.emulator.base) if each["systemUserId"] in users]


@pytest.fixture(scope="module")
def register() -> Iterator[Emulator]:
    """Serve a register with the system that got a right."""
    with start({}, seed=[{**a_grown_document(), "clientId": [CLIENT]}]) as emulator:
        yield emulator


@pytest.fixture
def asker(register: Emulator, tmp_path: Path) -> Iterator[Asker]:
    """Start the program that kills its children."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.execution.ask_crash"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Asker(process, register, tmp_path, fetch_token(register, VENDOR, f"{READ} {WRITE} {SCOPE}"))
        assert process.stdin
        process.stdin.close()


@pytest.mark.slow
def test_killed_at_every_event_it_asks_everybody_once(asker: Asker) -> None:
    """Three customers, the first of whom rejects what reached him before the process starts again."""
    asker.plan(range(1, 4))
    events = int(asker.run(0))
    # A list, the first line and its folder; of each customer three requests, and two lines written and synced.
    assert events == 1 + 3 + 3 * (3 + 4)

    for at in range(1, events + 1):
        plan = asker.plan(range(10 * at, 10 * at + 3))
        assert asker.run(at) == "killed"
        stored = asker.list_stored(plan)
        for each in stored[:1]:
            decide(asker.emulator.base, do="reject", change=str(each["id"]))
        assert asker.run(0).isdigit()

        after = asker.list_stored(plan)
        assert sorted(str(each["id"]) for each in after) == sorted(each.correlation_id for each in plan.asks)
        assert [each["status"] for each in after].count("Rejected") == len(stored[:1])
        assert not any(each["isDeleted"] for each in after)


@pytest.mark.thorough
def test_two_hundred_customers_and_a_process_that_is_killed_again_and_again(asker: Asker) -> None:
    """Killed three events later each time, until all is done: one request each, and those that fail are named."""
    unknown = {str(310000000 + each): "register answers 404" for each in range(1030, 1200, 27)}
    control(asker.emulator, "POST", "setup", {"organisations": unknown})
    plan = asker.plan(range(1001, 1201))
    rounds = 0

    while asker.run(3 * rounds + 1) == "killed":
        rounds += 1
        rejected = next((each for each in asker.list_stored(plan) if each["status"] == "New"), None)
        if rejected is not None and rounds % 15 == 0:
            decide(asker.emulator.base, do="reject", change=str(rejected["id"]))

    stored = asker.list_stored(plan)
    assert rounds > 60
    assert len({each["systemUserId"] for each in stored}) == len(stored) == 200 - len(unknown) == 193
    failed = (asker.folder / "failed").read_text(encoding="utf-8").splitlines()
    assert len(failed) == len(unknown)
    assert all(each.startswith("AUTH-00000: The register answered 400") for each in failed)
