"""An apply in this process against an emulator on a port, and what a sceptic asks of it afterwards."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx
import pytest

from reconciler.clients.credentials import Credentials
from reconciler.clients.maskinporten import open_tokens
from reconciler.clients.parallel import read_all
from reconciler.clients.register import HttpRegister
from reconciler.execution.executor import apply_plan
from reconciler.execution.impact_evidence import gather_evidence
from reconciler.execution.journal import start_run
from reconciler.execution.journal_folder import find_open, read_runs
from reconciler.execution.outcome import Done, Failed, NotTried, Outcome, Report, Stale, Unknown
from reconciler.execution.preflight import Site, Terms, clear, lock_for_apply
from reconciler.execution.recovery import Recovered, recover_runs
from reconciler.model.environment import Environment
from reconciler.model.normalise import normalise
from reconciler.model.secret import Secret
from reconciler.model.system import RegisteredSystem
from reconciler.planning.acceptance import Acceptances
from reconciler.planning.change import Delete
from reconciler.planning.diff import diff
from reconciler.planning.ownership import Ownership
from reconciler.planning.plan import Target, judge_plan, plan_changes
from tests.builders import VENDOR, a_live_document, a_resolved
from tests.served import CLIENT_ID, KID, VENDOR_PATH, export_pem, start_served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Resolved
    from reconciler.emulator import Emulator
    from reconciler.execution.journal import Journal, Run
    from reconciler.execution.preflight import Clearance
    from reconciler.model.canonical_json import Json
    from reconciler.planning.plan import Plan

OURS = frozenset({CLIENT_ID})
SHORT = 0.3
"""Seconds of patience in tests: longer than this machine takes to commit what it was sent."""
UNKNOWN_MEMBER = {"contactEmail": "a@b.no"}
UNPROCESSED = {429, 401}
"""Statuses that by contract prove that a request was not processed, so that it may be sent again."""


def a_client(number: int) -> str:
    """Make a client id that no other number gives."""
    return f"00000000-0000-4000-8000-{number:012}"


@dataclass
class Stage:
    """One emulator, one client of it, and a folder of journals."""

    emulator: Emulator
    register: HttpRegister
    folder: Path
    control_client: httpx.Client
    reported: list[Outcome] = field(default_factory=list)
    patience: float = SHORT
    count: int = 0
    acceptances: Acceptances = field(default_factory=lambda: Acceptances(date(2026, 1, 1)))

    @property
    def target(self) -> Target:
        """Name what plans are made for."""
        return Target("served", self.emulator.base, VENDOR)

    def fresh(self, *letters: str) -> list[str]:
        """Give ids that nobody has used here."""
        self.count += 1
        return [f"{VENDOR}_s{self.count}{letter}" for letter in letters]

    def control(self, method: str, path: str, body: Json = None) -> Json:
        """Use the emulator's control endpoint."""
        answer = self.control_client.request(method, f"{self.emulator.base}/control/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def strike(self, **fault: Json) -> None:
        """Set a fault."""
        fault["from"] = fault.pop("sender", "anyone")
        self.control("POST", "faults", fault)

    def heal(self) -> None:
        """Lift every fault."""
        self.control("DELETE", "faults")

    def seed(self, *documents: Mapping[str, Json]) -> None:
        """Have systems in the register before anything begins."""
        self.control("POST", "systems", list(documents))

    def log(self) -> list[dict[str, Json]]:
        """Give the access log since it was cleared last."""
        entries: list[dict[str, Json]] = self.control("GET", "log")
        return entries

    def held(self, *ids: str) -> dict[str, dict[str, Json]]:
        """Give what the register really holds of some systems, past every fault."""
        every = {each["id"]: each for each in self.control("GET", "systems")}
        return {name: every[name] for name in ids if name in every}

    def plan(self, systems: Sequence[Resolved]) -> Plan:
        """Plan for some definitions, as if there were no others."""
        live = read_all(self.register, [each.system.id for each in systems])
        made = plan_changes(self.target, systems, live, [], acceptances=self.acceptances)
        return judge_plan(made, gather_evidence(made, self.register, self.ownership()))

    def ownership(self, ours: frozenset[str] = OURS) -> Ownership:
        """Give what is known beside the plan."""
        return Ownership(ours, self.acceptances)

    @contextmanager
    def clear(
        self,
        plan: Plan,
        *,
        workers: int = 8,
        register: Register | None = None,
        ours: frozenset[str] = OURS,
        stop: Event | None = None,
        wrap: Callable[[Journal], Journal] | None = None,
    ) -> Iterator[Clearance]:
        """Clear a plan, whatever breaks is accepted; the journal is one of its own, or `wrap` of it."""
        site = Site(
            register or self.register,
            self.target,
            self.ownership(ours),
            self.folder,
            self.folder,
            self.folder / "locks",
        )
        terms = Terms(plan.digest, workers=workers, patience=self.patience, stop=stop or Event())
        with pytest.MonkeyPatch.context() as patch, lock_for_apply(site) as lock:
            if wrap:
                patch.setattr(
                    "reconciler.execution.preflight.start_run", lambda *a, **k: wrap(start_run(*a, **k))
                )
            with clear(plan, lock, terms) as clearance:
                yield clearance

    def apply(self, plan: Plan, *, workers: int = 8, register: Register | None = None) -> Report:
        """Apply a plan with a journal of its own."""
        with self.clear(plan, workers=workers, register=register) as clearance:
            return apply_plan(clearance, on_outcome=self.reported.append)

    def newest(self) -> Run:
        """Read the journal of the newest run."""
        return max(read_runs(self.folder), key=lambda run: (run.path.stat().st_mtime_ns, run.path.name))

    def recover(self) -> list[Recovered]:
        """Find out whatever any run left open."""
        return list(recover_runs(read_runs(self.folder), self.register, OURS, patience=self.patience))

    def converge(self, systems: Sequence[Resolved]) -> None:
        """Recover, plan and apply; afterwards a new plan has nothing to do."""
        self.recover()
        assert find_open(self.folder, register=self.target.register, vendor=VENDOR) == ()
        report = self.apply(self.plan(systems))
        assert [each.word for each in report.outcomes] == ["done"] * len(report.outcomes), report.outcomes
        left = self.plan(systems)
        assert [(each.id, each.action) for each in left.changes if each.action != "keep"] == []


@contextmanager
def open_stage(key: RSAPrivateKey, folder: Path, **config: Json) -> Iterator[Stage]:
    """Start an emulator, and connect to it as the program does."""
    with ExitStack() as stack:
        emulator = stack.enter_context(start_served(key, **config))
        yield stack.enter_context(join_stage(emulator, key, folder))


@contextmanager
def join_stage(emulator: Emulator, key: RSAPrivateKey, folder: Path) -> Iterator[Stage]:
    """Connect to an emulator that runs already."""
    environment = Environment("served", emulator.base, emulator.maskinporten)
    credentials = Credentials(CLIENT_ID, Secret(export_pem(key)), KID)
    with (
        open_tokens(environment, credentials) as tokens,
        HttpRegister(environment, tokens, read_only=False) as register,
        httpx.Client(trust_env=False) as control_client,
    ):
        yield Stage(emulator, register, folder, control_client)


def a_full_document(name: str, /, **changes: Json) -> dict[str, Json]:
    """Make a live document with members that this tool does not know, at every place where they can stand."""
    document = a_live_document(id=name, **changes)
    document["vendor"] = {**document["vendor"], **UNKNOWN_MEMBER}
    document["rights"] = [{**each, **UNKNOWN_MEMBER} for each in document["rights"]]
    document["accessPackages"] = [{**each, **UNKNOWN_MEMBER} for each in document["accessPackages"]]
    return {**document, **UNKNOWN_MEMBER}


def define(name: str, /, **changes: Json) -> Resolved:
    """Make a definition."""
    return a_resolved("local", id=name, **changes)


def withdraw(name: str) -> Resolved:
    """Make a definition that asks for its system to be deleted."""
    return a_resolved("local", id=name, withdrawn=True)


def check_truth(stage: Stage, report: Report, before: Mapping[str, Mapping[str, Json]]) -> None:
    """Check every outcome against what the register really holds.

    Done is as asked, unless it says what differs; Failed, Stale and NotTried are as before, unless they say
    what differs; of Unknown the journal has an open intent.
    """
    held = stage.held(*(each.change.id for each in report.outcomes))
    for outcome in report.outcomes:
        change, now = outcome.change, held.get(outcome.change.id)
        if isinstance(outcome, Done):
            assert now is not None, outcome
            assert now["isDeleted"] is isinstance(change, Delete), outcome
            if not isinstance(change, Delete) and not outcome.alarming:
                assert _read(now) == _read(change.document or {}), outcome
        elif isinstance(outcome, (Failed, Stale, NotTried)):
            untouched = now == before.get(change.id)
            assert untouched or outcome.differs or outcome.alarming, (outcome, now)
            if outcome.differs and now is not None:
                _check_difference(outcome, now)
        else:
            assert isinstance(outcome, Unknown)
            assert change.id in {intent.id for intent in stage.newest().open}, outcome


def _check_difference(outcome: Outcome, now: Mapping[str, Json]) -> None:
    """See that what is said to differ is what differs."""
    asked = normalise(RegisteredSystem(outcome.change.document or {}).read())
    found = normalise(RegisteredSystem({**now, "isDeleted": False}).read())
    assert set(outcome.differs) == set(diff(asked, found)), outcome


def _read(document: Mapping[str, Json]) -> Json:
    return normalise(RegisteredSystem(document).read()).model_dump(exclude={"isDeleted"})


def check_members(
    stage: Stage, before: Mapping[str, Mapping[str, Json]], desired: Sequence[Resolved]
) -> None:
    """See that no system lost what it had and was to keep, known or unknown."""
    wanted = {each.system.id: normalise(each.system).model_dump(mode="json") for each in desired}
    held = stage.held(*before)
    for name, was in before.items():
        now = held[name]
        assert set(was) <= set(now), name
        for member in ("clientId", "allowedRedirectUrls"):
            kept = set(was[member]) & set(wanted[name][member])
            assert kept <= set(now[member]), (name, member)
        for member in ("rights", "accessPackages"):
            both = [each for each in was[member] if _bare(each) in map(_bare, wanted[name][member])]
            assert [each for each in both if each not in now[member]] == [], (name, member)
        assert (now["vendor"], now.get("contactEmail")) == (was["vendor"], was.get("contactEmail"))


def _bare(entry: Mapping[str, Json]) -> str:
    return json.dumps({k: v for k, v in entry.items() if k in {"resource", "urn"}}, sort_keys=True)


def check_sent_once(stage: Stage, *, lies: bool = False) -> None:
    """See that for each intent of the newest run one request was sent that can have been processed.

    After 401 and 429, which prove that nothing was done, it may be sent again; where the register `lies`, it
    answered so and had committed.
    """
    run = stage.newest()
    intents: dict[str, int] = {}
    for intent in run.intents.values():
        key = f"{intent.method} {'' if intent.method == 'POST' else intent.id}"
        intents[key] = intents.get(key, 0) + 1
    sent: dict[str, int] = {}
    for entry in stage.log():
        path = unquote(str(entry["path"]))
        ours = path.startswith(VENDOR_PATH) and entry["method"] != "GET"
        if not ours or "another writer" in entry["faults"] or entry["status"] in UNPROCESSED:
            continue
        key = f"{entry['method']} {path.removeprefix(VENDOR_PATH).strip('/')}"
        sent[key] = sent.get(key, 0) + 1
    assert lies or sent.keys() <= intents.keys()
    assert {key: number for key, number in sent.items() if number > intents.get(key, 0)} == {}
