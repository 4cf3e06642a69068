"""What is measured: each case with its floor, octoDNS doing the same where it can, and the result it must have."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.environment import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from tests.bench.corpus import Corpus
    from tests.bench.served_register import ServedRegister

HERE = Path(__file__).parent
PROGRAM = [str(Path(sys.executable).parent / "reconciler")]
FLOOR = [sys.executable, str(HERE / "floor.py")]
OCTODNS = [sys.executable, "-c", "from octodns.cmds.{0} import main; main()"]
OURS, LEAST, RIVAL = "ours", "floor", "octodns"
"""Who does the work: this program, the least that it can cost, and octoDNS."""
LATENCY = 0.05
"""Seconds by which the slow register delays every answer."""
APPLIED = 200
"""How many systems an apply writes."""


@dataclass(frozen=True)
class Site:
    """Where a case is run: files of one size, and the register that belongs to them."""

    corpus: Corpus
    register: ServedRegister | None
    workers: int

    @property
    def size(self) -> int:
        """How many systems there are."""
        return self.corpus.size

    @property
    def plan(self) -> Path:
        """The plan that an apply is given."""
        return self.corpus.folder / "plan.json"

    def name_register(self) -> list[str]:
        """Give the last words of a floor that asks the register."""
        assert self.register is not None
        return [self.register.base, self.register.token, str(self.workers)]


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    name: str
    words: Callable[[Site], list[str]]
    """The arguments of the program."""
    floor: Callable[[Site], list[str]]
    """The arguments of the floor."""
    read: Callable[[str], Json]
    """Takes out of the program's output what must be right."""
    expected: Callable[[int], Json]
    """What that is at a size."""
    floor_does: Callable[[int], Mapping[str, int]]
    """What the floor prints at a size."""
    pick: Callable[[Sequence[int]], Sequence[int]] = list
    """The sizes, of those that were asked for."""
    octodns: str = ""
    """octoDNS's command."""
    octodns_changes: bool = False
    state: str = ""
    """What the register holds; empty where none is asked."""
    latency: float = 0.0
    edits: str = ""
    """What the newest commit changes: `one` definition, or `all`; empty where there is only the first one."""
    writes: bool = False
    """Whether a run changes the register, so that each gets a new one, and carries out a saved plan."""
    asked: Callable[[int], Mapping[str, int]] = lambda _: {}
    """Requests that the program must at least have made, so that none is saved by doing less."""
    repeat: int = 1
    """How often it is run in a round, where one run is quick."""


def _pick_none(_sizes: Sequence[int]) -> list[int]:
    return [0]


def _pick_thousand(sizes: Sequence[int]) -> list[int]:
    return [1000] if 1000 in sizes else [max(sizes)]


def _pick_applied(sizes: Sequence[int]) -> list[int]:
    return [min(APPLIED, max(sizes))]


def _read_first_word(text: str) -> str:
    return text.partition(" ")[0]


def _read_findings(text: str) -> Json:
    return json.loads(text)["summary"]


def _read_plan(text: str) -> Json:
    plan = json.loads(text)
    fields = sum(len(each["fields"]) for each in plan["changes"])
    return {**plan["summary"], "fields": fields, "findings": len(plan["findings"])}


def _read_touched(text: str) -> Json:
    """Read what changes; how the plan speaks of all the others is its own matter."""
    plan = json.loads(text)
    changes = [each for each in plan["changes"] if each["action"] != "keep"]
    return [[each["id"], each["action"], [field["path"] for field in each["fields"]]] for each in changes]


def _read_report(text: str) -> Json:
    return json.loads(text)["summary"]


def _expect_findings(size: int) -> Json:
    return {"files": size, "error": 0, "warning": 0, "note": 0}


def _expect_plan(**changes: int) -> Json:
    names = ("create", "update", "delete", "blocked", "keep", "unmanaged", "fields", "findings")
    return {**dict.fromkeys(names, 0), **changes}


def _touch(size: int) -> Json:
    from tests.bench.corpus import make_id  # noqa: PLC0415 - beside its only use

    return [[make_id(size // 2), "update", ["description.en"]]]


def _plan(site: Site) -> list[str]:
    return ["plan", "--format", "json", "--workers", str(site.workers)]


def _apply(site: Site) -> list[str]:
    digest = json.loads(site.plan.read_text(encoding="utf-8"))["digest"]
    return ["apply", str(site.plan), "--accept", digest, "--yes", "--format", "json"]


def _compose(site: Site) -> list[str]:
    return ["compose", str(site.corpus.systems)]


def _compose_one(site: Site) -> list[str]:
    return ["compose", str(site.corpus.systems / f"{site.corpus.touched}.yaml")]


def _read_all(site: Site) -> list[str]:
    return ["read", str(site.corpus.systems), *site.name_register()]


def _read_one(site: Site) -> list[str]:
    return ["read", str(site.corpus.systems / f"{site.corpus.touched}.yaml"), *site.name_register()]


def _write(method: str) -> Callable[[Site], list[str]]:
    def write(site: Site) -> list[str]:
        seed = str(site.corpus.seed("old"))
        *register, _ = site.name_register()
        return ["write", str(site.corpus.systems), *register, str(WORKERS), seed, method]

    return write


def _list_start() -> list[Case]:
    def start(name: str, begins: str) -> Case:
        return Case(
            name,
            lambda _: [name],
            lambda _: ["import", "typer"],
            _read_first_word,
            lambda _: begins,
            lambda _: {"modules": 1},
            pick=_pick_none,
            repeat=4,
        )

    return [start("--version", "reconciler"), start("--help", "Usage:")]


def _list_validate() -> list[Case]:
    return [
        Case(
            "validate",
            lambda _: ["validate", "--format", "json"],
            _compose,
            _read_findings,
            _expect_findings,
            lambda size: {"files": size},
            octodns="validate",
        ),
        Case(
            "validate, one file",
            lambda site: ["validate", "--format", "json", f"systems/{site.corpus.touched}.yaml"],
            _compose_one,
            _read_findings,
            lambda _: _expect_findings(1),
            lambda _: {"files": 1},
            pick=_pick_thousand,
            repeat=2,
        ),
    ]


def _list_plan(latency: float) -> list[Case]:
    """List the plans, with a register that is near or far."""
    where = f", {latency * 1000:.0f} ms" if latency else ""

    def plan(
        name: str,
        state: str,
        expected: Callable[[int], Json],
        *,
        edits: str = "",
        logs: bool = False,
        pick: Callable[[Sequence[int]], Sequence[int]] = _pick_thousand,
    ) -> Case:
        return Case(
            f"plan, {name}{where}",
            _plan,
            _read_all,
            _read_plan,
            expected,
            lambda size: {"files": size, "read": size},
            pick=_pick_thousand if latency else pick,
            octodns="sync",
            octodns_changes=bool(edits) or logs,
            state=state,
            latency=latency,
            edits=edits,
            asked=lambda size: {
                "list": 1,
                "system": size,
                "token": 1,
                **({"change log": size} if logs else {}),
            },
        )

    def change(size: int) -> Json:
        return _expect_plan(update=size, fields=size)

    return [
        plan("nothing to do", "old", lambda size: _expect_plan(keep=size), pick=list),
        plan("all changed", "old", change, edits="all"),
        plan("all changed by others", "new", change, logs=True),
    ]


def _list_touched() -> list[Case]:
    return [
        Case(
            f"plan --base, one changed, {LATENCY * 1000:.0f} ms",
            lambda site: [*_plan(site), "--base", "HEAD~1"],
            _read_one,
            _read_touched,
            _touch,
            lambda _: {"files": 1, "read": 1},
            pick=_pick_thousand,
            state="old",
            latency=LATENCY,
            edits="one",
            asked=lambda _: {"list": 1, "system": 1, "token": 1},
        )
    ]


def _list_apply() -> list[Case]:
    def apply(name: str, state: str, method: str, kind: str) -> Case:
        return Case(
            f"apply, {name}",
            _apply,
            _write(method),
            _read_report,
            lambda size: {"done": size, "blocked": 0},
            lambda size: {"files": size, "written": size},
            pick=_pick_applied,
            state=state,
            writes=True,
            asked=lambda size: {kind: size, "token": 1},
        )

    return [
        apply("creates", "empty", "POST", "create"),
        apply("changes", "new", "PUT", "update"),
    ]


CASES = (
    *_list_start(),
    *_list_validate(),
    *_list_plan(0.0),
    *_list_plan(LATENCY),
    *_list_touched(),
    *_list_apply(),
)
