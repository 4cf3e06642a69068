"""A round, from its seed to its verdict."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.chaos import ending, verdict
from tests.chaos.command import Run, can_mount, make_environ, mount, unmount
from tests.chaos.others import Others
from tests.chaos.proxy import open_proxy
from tests.chaos.register import SCOPE, Key, make_key, serve
from tests.chaos.scenario import Author, Scenario, a_vendor
from tests.chaos.trouble import Chooser, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.proxy import Proxy
    from tests.chaos.register import Register

MOST = 7
"""Attempts to converge before a round counts as lost."""
_DISK = 4 * 1024 * 1024


@dataclass
class Ground:
    """What many rounds share: a served register, a proxy before it, and a key."""

    register: Register
    proxy: Proxy
    key: Key


@contextmanager
def open_ground() -> Iterator[Ground]:
    """Serve a register, and put a proxy before it."""
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as folder,
        serve(Path(folder)) as register,
        open_proxy(register.base) as proxy,
    ):
        yield Ground(register, proxy, make_key())


@dataclass
class Round:
    """One round: its systems, its runs, and what was found wrong."""

    ground: Ground
    name: str
    dice: Random
    root: Path
    scenario: Scenario
    others: Others
    patience: float = 0.3
    runs: list[Run] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def say(self, *problems: str) -> None:
        """Add problems."""
        self.problems += problems

    @property
    def environ(self) -> dict[str, str]:
        """The program's variables."""
        return make_environ(self.root, self.others.own_client, self.ground.key)

    def prepare(self) -> None:
        """Have the systems in the register, and the files in a folder."""
        org, client = self.scenario.vendor, self.others.own_client
        body = {"org": org, "scopes": [SCOPE], "jwk": self.ground.key.jwk}
        self.ground.register.control("PUT", f"clients/{client}", body)
        self.ground.register.control("POST", "systems", self.scenario.seeds)
        self.scenario.write(self.root / "systems")
        text = f'[environments.served]\nregister = "{self.ground.proxy.base}"\n'
        text += f'maskinporten = "{self.ground.register.maskinporten}"\n'
        (self.root / "reconciler.toml").write_text(text, encoding="utf-8")

    def run(self, *words: str, trouble: Trouble | None = None) -> Run:
        """Run the program once, and hold what it did and said against the truth."""
        run = Run(len(self.runs) + 1, words, trouble or Trouble(), self.others, self.root)
        names = [*self.scenario.systems, self.scenario.unmanaged["id"]]
        read = self.ground.register.read
        run.before = self.runs[-1].after if self.runs else read(self.scenario.vendor, names)
        report = words[words.index("--report") + 1] if "--report" in words else ""
        if report:
            (self.root / report).unlink(missing_ok=True)
        with self.spoil(run.trouble):
            run.carry_out(self.ground.proxy, self.environ, self.root)
        run.after = read(self.scenario.vendor, names)
        if report:
            run.read_report(self.root / report)
        earlier = next((each for each in reversed(self.runs) if each.verb == "apply" and each.wrote), None)
        self.runs.append(run)
        found = [*verdict.check_process(run), *verdict.check_writes(run)]
        if run.verb == "apply":
            found += verdict.check_outcomes(run, self.scenario)
        if run.verb == "recover":
            found += verdict.check_fates(run, earlier)
        self.say(*(f"run {run.number} ({run.verb}): {each}" for each in found))
        return run

    @contextmanager
    def spoil(self, trouble: Trouble) -> Iterator[None]:
        """Take the disk and Maskinporten's health away for the time of a run."""
        filler = self.root / ".reconciler" / "filler"
        if trouble.disk is not None and can_mount():
            with filler.open("wb", buffering=0) as file:
                left = shutil.disk_usage(filler.parent).free - trouble.disk
                file.write(b"x" * max(left, 0))
        if trouble.tokens:
            fault = trouble.make_fault(self.dice)
            self.ground.register.control("POST", "faults", fault)
        try:
            yield
        finally:
            filler.unlink(missing_ok=True)
            if trouble.tokens:
                self.ground.register.control("DELETE", "faults")

    def play(self, trouble: Trouble, second: dict[str, Trouble]) -> None:
        """Plan, apply under fire, and then recover and apply until the register holds what the files ask for."""
        plan = self.run("plan", "--format", "json", "--out", "plan.json")
        if plan.code != 0:
            self.say(f"a calm plan ended with {plan.code}")
            return
        digest = json.loads(plan.out)["digest"]
        how = ["plan.json"] if self.dice.random() < 0.6 else []
        self.run("apply", *how, *self.manner(), "--accept", digest, trouble=trouble)
        for attempt in range(MOST):
            recovered = self.recover(second.pop("recover", None))
            applied = self.apply(second.pop("apply", None))
            if attempt >= 1:
                self.others.let_go()
            dead = ending.find_dead(self.scenario, self.others)
            if recovered and applied.code in ({0, 1} if dead else {0}):
                left = list(ending.check_register(self.scenario, applied.after, dead))
                if not left:
                    break
                if applied.code == 0 and not applied.trouble.strikes:
                    self.say(*(f"apply ended with 0, and {each}" for each in left))
                    break
        else:
            left = list(ending.check_register(self.scenario, self.runs[-1].after, dead))
            self.say(f"it did not converge in {MOST} attempts", *left)
        self.conclude()

    def recover(self, trouble: Trouble | None) -> bool:
        """Settle what is open; says whether that came to its end."""
        form = self.dice.choice(([], ["--format", "json"]))
        run = self.run("recover", "--patience", f"{self.patience}", *form, trouble=trouble)
        if trouble is None:
            if run.code not in {0, 1, 5}:
                self.say(f"run {run.number}: a calm recover ended with {run.code}")
            found = [*ending.check_released(self.runs, self.scenario, run)]
            earlier = next(
                (each for each in reversed(self.runs) if each.verb == "apply" and each.wrote), None
            )
            found += verdict.check_named(self.runs, earlier) if earlier else []
            self.say(*(f"run {run.number} ({run.verb}): {each}" for each in found))
        return run.code in {0, 1, 5}

    def apply(self, trouble: Trouble | None) -> Run:
        """Apply; what has to be accepted is accepted, since a person has seen it by then."""
        run = self.run("apply", *self.manner())
        asked = re.search(r"--accept ([0-9a-f]{12,64})", run.err)
        if run.code == 4 and asked:
            return self.run("apply", *self.manner(), "--accept", asked[1], trouble=trouble)
        return run

    def manner(self) -> list[str]:
        """Choose how an apply is run."""
        words = ["--yes", "--patience", f"{self.patience}"]
        words += self.dice.choice(([], ["--workers", "1"], ["--workers", "3"], ["--workers", "16"]))
        words += self.dice.choice(([], ["--format", "json"]))
        return words + self.dice.choice(
            ([], ["--report", "report.json"], ["--report", ".reconciler/report.json"])
        )

    def conclude(self) -> None:
        """Hold all runs together against what the register holds in the end."""
        final = self.runs[-1].after
        self.say(*ending.check_unknown_members(self.scenario, final, self.others))
        self.say(*ending.check_reported(self.runs, self.others, final))
        self.say(*ending.check_closed(self.root))
        self.say(*ending.check_dead_named(self.runs, self.scenario))

    def tell(self) -> Iterator[str]:
        """Say everything about the round."""
        yield f"=== round {self.name}: vendor {self.scenario.vendor}, {len(self.problems)} problems"
        yield from (f"  * {each}" for each in self.problems)
        for run in self.runs:
            yield from run.tell()
        yield from (f"--- written by others: {each}" for each in self.others.written)


@contextmanager
def set_up(ground: Ground, name: str, number: int, size: int) -> Iterator[Round]:
    """Make a round out of its name, which is its seed, in a folder of its own."""
    dice = Random(name)  # noqa: S311 - to be repeated, not to be secret
    author = Author(dice, a_vendor(number))
    scenario = author.a_scenario(size)
    others = Others(ground.register, scenario, Random(f"{name} others"), author.a_client())  # noqa: S311 - as above
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        root = Path(folder)
        (root / ".reconciler").mkdir()
        yield Round(ground, name, dice, root, scenario, others)


def choose(dice: Random, size: int) -> tuple[Trouble, dict[str, Trouble]]:
    """Choose what goes wrong in a round: in its first apply, and at times in what comes after it."""
    fate = dice.random()
    if fate < 0.15:  # something is open, and then recover is hit
        return Chooser(dice, size, 0.0).add_kill(), {"recover": Chooser(dice, 2, 0.9, reads=True).choose()}
    first = Chooser(dice, size, 2.5).choose(1 if dice.random() < 0.7 else 2)
    return first, {"apply": Chooser(dice, size // 4, 1.5).choose()} if fate < 0.4 else {}


def play_round(ground: Ground, seed: str, number: int, size: int) -> Round:
    """Play one round."""
    began = time.monotonic()
    with set_up(ground, f"{seed}/{number}", number, size) as one:
        trouble, second = choose(one.dice, size)
        strikes = [each for some in (trouble, *second.values()) for each in some.strikes]
        if any(each.phase == "later" for each in strikes):
            one.patience = 3.0 + max(each.hold for each in strikes)
        mounts = can_mount() and any(each.disk is not None for each in (trouble, *second.values()))
        mounted = mounts and mount(one.root / ".reconciler", _DISK)
        try:
            one.prepare()
            one.play(trouble, second)
        finally:
            if mounted:
                unmount(one.root / ".reconciler")
        one.seconds = time.monotonic() - began
    return one
