"""Somebody else writes between every two requests of a run, in turn, and each time the run has to notice.

A gap lies before each request of a run. For each gap, the systems of the requests before and after it are written to,
in a register and a folder of their own. What is written is one of

    found       the run says so, or sends nothing to that system
    late        the run asked nothing more about that system afterwards: nobody could know
    lost        the run wrote over it, or went past it, and does not say so
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.chaos import ending, verdict
from tests.chaos.round import open_ground, set_up
from tests.chaos.trouble import Strike, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.chaos.command import Run
    from tests.chaos.round import Round

TOWARDS = ("next", "previous")
"""Whose system is written to: that of the request after the gap, or before it."""


@dataclass(frozen=True)
class Case:
    """One gap, and how it is used."""

    gap: int
    """The number of the request that comes after it."""
    toward: str
    writes: str
    """`put` or `delete`; what does not exist yet is created."""
    saved: bool
    """Whether a saved plan is applied, or one that is made in the same run."""

    def __str__(self) -> str:
        """Say it in a line."""
        how = "saved plan" if self.saved else "planned again"
        return f"{how}, gap {self.gap}, {self.writes} to the {self.toward} system"


@dataclass
class Tally:
    """What became of all cases."""

    counts: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add another account."""
        self.counts += other.counts
        self.trouble += other.trouble

    def __str__(self) -> str:
        """Say it in a line."""
        told = ", ".join(f"{number} {word}" for word, number in sorted(self.counts.items()))
        due = self.counts["found"] + self.counts["lost"]
        share = 100 * self.counts["found"] / due if due else 100.0
        return f"{told}: {share:.1f} % of {due} found"


def list_cases(seed: str, size: int, writes: Sequence[str], *, saved: bool) -> list[Case]:
    """List every case of one way to apply, by the requests of a run that nobody disturbs."""
    with open_ground() as ground, set_up(ground, f"{seed}/between", 0, size) as one:
        run = _apply(one, Trouble(), saved=saved)
        assert run.code == 0, "\n".join(one.tell())
        asked = ["", *(each.system for each in run.exchanges)]
    cases = []
    for gap in range(1, len(asked)):
        after, before = asked[gap], asked[gap - 1]
        towards = [word for word, name in zip(TOWARDS, (after, before), strict=True) if name]
        cases += [
            Case(gap, to, what, saved) for to in towards[: len({after, before} - {""})] for what in writes
        ]
    return cases


def play_cases(cases: Sequence[tuple[int, Case]], seed: str, size: int) -> Tally:
    """Play some numbered cases on one register, each with a vendor of its own."""
    tally = Tally()
    with open_ground() as ground:
        for number, case in cases:
            # The same systems each time, but for their vendor: the requests come in the same order.
            with set_up(ground, f"{seed}/between", number, size) as one:
                _play(one, case, tally)
    return tally


def _play(one: Round, case: Case, tally: Tally) -> None:
    strike = Strike("writer", "any", case.gap - 1, "before", writes=case.writes, toward=case.toward)
    run = _apply(one, Trouble([strike]), saved=case.saved)
    word = _judge(one, run)
    tally.counts[word] += 1
    problems = [*one.problems]
    if word == "lost":
        problems.append(f"{case}: lost: {one.others.written[0]}")
    if problems:
        tally.trouble.append("\n".join([str(case), *(f"  * {each}" for each in problems), *one.tell()]))


def _apply(one: Round, trouble: Trouble, *, saved: bool) -> Run:
    one.prepare()
    plan = one.run("plan", "--format", "json", "--out", "plan.json")
    digest = json.loads(plan.out)["digest"]
    how = ["plan.json"] if saved else []
    words = ["--yes", "--accept", digest, "--workers", "1", "--patience", "0.3"]
    return one.run("apply", *how, *words, trouble=trouble)


def _judge(one: Round, run: Run) -> str:
    if not one.others.written:
        return "nothing to write"
    (written,) = one.others.written
    if ending.find_overwriter(one.runs, written) is None and verdict.is_unseen(run, written):
        return "late"
    return "found" if _is_found(one, run) else "lost"


def _is_found(one: Round, run: Run) -> bool:
    """Say whether a run reported what somebody else wrote, or refused because of it."""
    (written,) = one.others.written
    if any(sign in run.printed for sign in written.signs):
        return True
    if ending.find_overwriter(one.runs, written) is not None:
        return False
    said, _, _ = run.read_said()
    word = next((each.word for each in said if each.id == written.system), "")
    return run.code == 4 or word in {"stale", "failed", "not tried", "unknown"}


def tell(tally: Tally, *, quiet: bool) -> Iterator[str]:
    """Say what became of all cases, and everything about those that went wrong."""
    for each in tally.trouble:
        yield each.partition("\n===")[0] if quiet else each
    yield str(tally)
