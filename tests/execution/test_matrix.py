"""Every fault of the emulator, on every kind of write, before and after it is committed."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Refused
from tests.execution.stage import (
    Stage,
    a_client,
    a_full_document,
    check_members,
    check_sent_once,
    check_truth,
    define,
    withdraw,
)
from tests.served import CLIENT_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.clients.register import ListedSystem, Register
    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem

    Case = tuple[list[dict[str, Json]], list[Resolved], str]
    """What is there, what is asked for, and the method of the write that is struck."""


def _create(stage: Stage) -> Case:
    (one,) = stage.fresh("a")
    return [], [define(one, clientId=[a_client(stage.count * 10)])], "POST"


def _update(stage: Stage) -> Case:
    (one,) = stage.fresh("a")
    mine, more = a_client(stage.count * 10), a_client(stage.count * 10 + 1)
    live = a_full_document(one, clientId=[mine])
    return [live], [define(one, clientId=[mine, more], isVisible=False)], "PUT"


def _delete(stage: Stage) -> Case:
    (one,) = stage.fresh("a")
    return [a_full_document(one, clientId=[a_client(stage.count * 10)])], [withdraw(one)], "DELETE"


def _delete_bare(stage: Stage) -> Case:
    """Without client ids, DELETE answers 400 after it has committed (System Register contract Q1)."""
    (one,) = stage.fresh("a")
    return [a_full_document(one, clientId=[])], [withdraw(one)], "DELETE"


def _swap(stage: Stage) -> Case:
    one, other = stage.fresh("a", "b")
    x, y, own = (a_client(stage.count * 10 + number) for number in range(3))
    live = [a_full_document(one, clientId=[x, own]), a_full_document(other, clientId=[y])]
    return live, [define(one, clientId=[y, own]), define(other, clientId=[x], isVisible=False)], "PUT"


ACTIONS: dict[str, tuple[Callable[[Stage], Case], int]] = {
    "create": (_create, 0),
    "update": (_update, 0),
    "delete": (_delete, 0),
    "delete-bare": (_delete_bare, 0),
    "swap-release": (_swap, 0),
    "swap-middle": (_swap, 1),
    "swap-claim": (_swap, 2),
}
"""Each kind of write, and how many writes go by before the struck one."""
QUICK = {"create", "update", "delete", "swap-claim"}
THEIRS = {"action": "update", "set": {"isVisible": False, "description": {"nb": "a", "nn": "b", "en": "c"}}}


QUICK_OUTAGES: list[dict[str, Json]] = [
    {"fault": "status", "status": 404},
    {"fault": "timeout", "seconds": 0.05},
]
OUTAGES: list[dict[str, Json]] = [
    *QUICK_OUTAGES,
    *({"fault": "status", "status": status} for status in (204, 302, 401, 429, 500, 503)),
    *({"fault": "status", "status": 200, "body": body} for body in ("null", "{}", "[]", "<html>", "")),
    *({"fault": fault} for fault in ("reset", "refuse", "truncate")),
]
"""What the register's own look-ups meet (System Register contract §9.5)."""


@dataclass(frozen=True)
class Struck:
    """A fault, and what it does beyond the rule."""

    fault: dict[str, Json]
    quick: bool = False
    """Whether it is among those that run always."""
    lies: bool = False
    """Whether the register says that it did nothing, and did."""

    def __str__(self) -> str:
        known = {"times": 1, "seconds": 0.2, "retry_after": 0, "path": "*"}
        return "-".join(str(value) for name, value in self.fault.items() if known.get(name) != value)


def _list_faults() -> list[Struck]:
    found = [
        Struck({"fault": "truncate", "when": "after"}, quick=True),
        Struck({"fault": "conflict", "when": "before"}, quick=True),
        Struck({"fault": "overlap", "when": "before", "seconds": 0.05}),
        Struck({"fault": "status", "status": 503, "times": 0, "when": "before"}),
        Struck({"fault": "unacknowledged"}, quick=True),
        Struck({"fault": "late", "seconds": 0.05, "status": 504}, quick=True),
        Struck({"fault": "restart"}),
        Struck({"fault": "metadata"}),
    ]
    for when in ("before", "after"):
        found += [
            Struck({"fault": "latency", "when": when, "seconds": 0.05}),
            Struck({"fault": "refuse", "when": when, "seconds": 0.2}),
            Struck({"fault": "reset", "when": when}, quick=True),
            Struck({"fault": "timeout", "when": when, "seconds": 0.2}),
            Struck({"fault": "expire", "when": when}, quick=when == "before"),
            Struck({"fault": "writer", "when": when}, quick=True),
            Struck({"fault": "status", "status": 200, "when": when, "body": ""}, quick=when == "before"),
            Struck({"fault": "status", "status": 302, "when": when}),
        ]
        found += [
            Struck(
                {"fault": "status", "status": status, "when": when, "retry_after": 0},
                quick=status in {429, 503},
                lies=when == "after" and status in {401, 429},
            )
            for status in (400, 401, 403, 404, 408, 409, 415, 429, 500, 502, 503, 504)
        ]
    return found


FAULTS = _list_faults()
CELLS = [
    pytest.param(
        each,
        action,
        id=f"{each}-{action}",
        marks=() if each.quick and action in QUICK else pytest.mark.slow,
    )
    for each in FAULTS
    for action in ACTIONS
    # Nobody else can register a system of this id first and leave it ours.
    if not (each.fault["fault"] == "writer" and action == "create")
]


@pytest.mark.parametrize(("struck", "action"), CELLS)
@pytest.mark.slow
def test_a_fault_on_a_write(stage: Stage, struck: Struck, action: str) -> None:
    """The outcome is what the register holds, nobody loses a member, nothing is sent twice, and it converges."""
    make, skip = ACTIONS[action]
    live, asked, method = make(stage)
    stage.seed(*live)
    ids = [each.system.id for each in asked]
    before = stage.held(*ids)
    plan = stage.plan(asked)
    fault = {"method": method, "path": "*systemregister/vendor*", "skip": skip, **struck.fault}
    if fault["fault"] == "writer":
        fault["write"] = {"system": plan.steps[skip].id, **THEIRS}
    stage.strike(**fault)
    stage.control("DELETE", "log")

    report = stage.apply(plan, workers=2)

    stage.heal()
    check_truth(stage, report, before)
    if fault["fault"] != "writer" and method != "DELETE":
        check_members(stage, before, asked)
    check_sent_once(stage, lies=struck.lies)
    stage.converge(asked)
    _check_end(stage, asked)


def _check_end(stage: Stage, asked: Sequence[Resolved]) -> None:
    held = stage.held(*(each.system.id for each in asked))
    assert len(held) == len(asked)
    for each in asked:
        now = held[each.system.id]
        assert now["isDeleted"] is each.withdrawn
        if not each.withdrawn:
            assert sorted(now["clientId"]) == sorted(each.system.clientId)


@pytest.mark.parametrize(
    "fault",
    [pytest.param({"fault": "reset"}, marks=pytest.mark.slow), {"fault": "status", "status": 503}],
    ids=["reset", "503"],
)
@pytest.mark.parametrize("skip", range(1, 6))
@pytest.mark.parametrize("action", ["create", "update", "delete"])
def test_the_register_cannot_be_read_any_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, action: str, skip: int, fault: dict[str, Json]
) -> None:
    """From the first reading of the run, or any later one, on: what is not known is told as unknown."""
    live, asked, _ = ACTIONS[action][0](stage)
    stage.seed(*live)
    before = stage.held(*(each.system.id for each in asked))
    plan = stage.plan(asked)
    monkeypatch.setattr("reconciler.clients.altinn_api.BUDGET", 0.2)
    skip += action != "create"  # the change log of what is there is read before the run
    stage.strike(method="GET", path="*systemregister/vendor/*", times=0, skip=skip, **fault)
    stage.control("DELETE", "log")

    report = stage.apply(plan)

    stage.heal()
    monkeypatch.undo()
    check_truth(stage, report, before)
    check_sent_once(stage)
    stage.converge(asked)
    _check_end(stage, asked)


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        pytest.param(action, fault, marks=() if fault in QUICK_OUTAGES else pytest.mark.slow)
        for action in ACTIONS
        for fault in OUTAGES
    ],
)
@pytest.mark.slow
def test_the_registers_own_look_up_is_out(stage: Stage, action: str, fault: dict[str, Json]) -> None:
    """The register refuses what it cannot look up; what was released for it is put back."""
    live, asked, _ = ACTIONS[action][0](stage)
    stage.seed(*live)
    before = stage.held(*(each.system.id for each in asked))
    plan = stage.plan(asked)
    stage.strike(path=["/resourceregistry/*", "/accessmanagement/*"], sender="register", times=0, **fault)
    stage.control("DELETE", "log")

    report = stage.apply(plan)

    stage.heal()
    check_truth(stage, report, before)
    check_sent_once(stage)
    stage.converge(asked)
    _check_end(stage, asked)


class Meddled:
    """A register to which somebody else writes right before one of the requests of a run."""

    def __init__(self, inner: Register, at: int, meddle: Callable[[], None]) -> None:
        self.inner = inner
        self.workers = 1
        self.administers = ""
        self.at = at
        self.meddle = meddle
        self.requests: list[str] = []
        """The system of each request since the beginning, in order."""
        self.lock = Lock()

    def count(self, system: str) -> None:
        """Count a request; somebody writes before the chosen one."""
        if len(self.requests) == self.at:
            self.meddle()
        self.requests.append(system)

    def list_systems(self) -> Sequence[ListedSystem]:
        """List the systems."""
        return self.inner.list_systems()

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read a document."""
        with self.lock:  # so that no other request comes between the write and this one
            self.count(system)
            return self.inner.read_system(system)

    def create_system(self, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Create."""
        with self.lock:
            self.count(body["id"])
            self.inner.create_system(body, traceparent=traceparent)

    def replace_system(self, system: str, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Replace."""
        with self.lock:
            self.count(system)
            self.inner.replace_system(system, body, traceparent=traceparent)

    def delete_system(self, system: str, *, traceparent: str = "") -> None:
        """Delete."""
        with self.lock:
            self.count(system)
            self.inner.delete_system(system, traceparent=traceparent)

    def read_changes(self, system: str) -> Sequence[Mapping[str, Json]]:
        """Read a change log."""
        with self.lock:  # so that no other request comes between the write and this one
            self.count(system)
            return self.inner.read_changes(system)

    def count_system_users(self, system: str) -> dict[str, int]:
        """Count the system users."""
        return self.inner.count_system_users(system)

    def read_resource(self, resource: str) -> Mapping[str, Json] | None:
        """Look up a resource."""
        return self.inner.read_resource(resource)

    def read_package(self, urn: str) -> Mapping[str, Json] | None:
        """Look up an access package."""
        return self.inner.read_package(urn)

    def list_resources(self, *, apps: bool) -> Sequence[str]:
        """List the resources."""
        return self.inner.list_resources(apps=apps)

    def list_packages(self) -> Sequence[str]:
        """List the access packages."""
        return self.inner.list_packages()


KINDS: dict[str, dict[str, Json]] = {
    "change": {"set": {"isVisible": False, "description": {"nb": "T", "nn": "T", "en": "T"}}},
    "nothing": {"set": {}},
    "rights": {"action": "rights", "body": []},
}
"""What somebody else does: the second leaves the document as it is."""


def _apply_meddled(stage: Stage, action: str, letter: int, kind: str, at: int) -> tuple[Meddled, str, str]:
    """Plan and apply while somebody writes to a system before the request of a number; gives what was said."""
    live, asked, _ = ACTIONS[action][0](stage)
    stage.seed(*live)
    name = asked[letter].system.id
    for each in live:  # a system of the register has a log
        stage.control("POST", "writes", {"system": each["id"], "set": {}, "client_id": CLIENT_ID})
    write = {"system": name, "client_id": "somebody", **KINDS[kind]}
    register = Meddled(stage.register, at, lambda: stage.control("POST", "writes", write))
    patch = pytest.MonkeyPatch()
    patch.setattr(stage, "register", register)
    try:
        plan = stage.plan(asked)
        told = [str(each) for each in stage.apply(plan, workers=1).outcomes]
    except Refused as refusal:
        told = [refusal.message]
    finally:
        patch.undo()
    return register, name, "\n".join(told)


@pytest.mark.parametrize(
    ("action", "letter", "kind"),
    [
        pytest.param(
            action, letter, kind, marks=() if kind == "change" and action == "update" else pytest.mark.slow
        )
        for action, letter in (
            ("update", 0),
            ("delete", 0),
            ("delete-bare", 0),
            ("swap-claim", 0),
            ("swap-claim", 1),
        )
        for kind in KINDS
    ],
)
def test_every_write_of_others_between_two_requests_is_found(
    stage: Stage, action: str, letter: int, kind: str
) -> None:
    """W1: whatever lies between the document that was reviewed and the last reading is reported, 100 %."""
    at, last, missed = 0, 1, []
    while at <= last:
        register, name, told = _apply_meddled(stage, action, letter, kind, at)
        last = len(register.requests)
        reads = [number for number, system in enumerate(register.requests) if system == name]
        log = stage.register.read_changes(name)
        theirs = [number for number, entry in enumerate(log) if entry.get("clientId") == "somebody"]
        # What came before the plan's readings is in what is reviewed: a change in the document, which is read
        # first, anything else in the log. Behind the last reading nothing of ours can follow.
        reviewed, behind = at <= reads[1 if kind == "nothing" else 0], at > reads[-1]
        if theirs and not reviewed and not behind and "client somebody" not in told:
            missed.append((at, told))
        if behind and theirs:
            assert theirs[0] == 0
        at += 1

    assert missed == []
    assert last > 5
