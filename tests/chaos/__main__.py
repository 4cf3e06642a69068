"""The command line: so many rounds with a seed, in so many processes."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING

from tests.chaos.round import Ground, open_ground, play_round

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = 25
"""Rounds that share one register: it gets slower with the systems that it holds."""


def main(words: Sequence[str] | None = None) -> int:
    """Play the rounds that are asked for; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Random rounds of apply under fire.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", type=int, help="play this round alone, and say everything it did")
    parser.add_argument("--changes", type=int, default=30)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="say no more of a failed round than its problems")
    given = parser.parse_args(words)
    began = time.monotonic()
    numbers = range(given.rounds) if given.only is None else [given.only]
    batches = [list(numbers[at : at + BATCH]) for at in range(0, len(numbers), BATCH)]
    failed: list[int] = []
    with ProcessPoolExecutor(max_workers=given.processes) as pool:
        options = (given.seed, given.changes, given.only is not None, given.quiet)
        futures = [pool.submit(play_batch, batch, *options) for batch in batches]
        for future in as_completed(futures):
            failed += future.result()
    told = f"{len(numbers)} rounds with seed {given.seed} in {time.monotonic() - began:.0f} s"
    print(f"{told}: {len(failed)} failed {sorted(failed) or ''}")  # noqa: T201 - its output
    return 1 if failed else 0


def play_batch(numbers: list[int], seed: str, size: int, tell: bool, quiet: bool) -> list[int]:  # noqa: FBT001
    """Play some rounds on one register; gives those in which something was found."""
    failed = []
    with open_ground() as ground:
        for number in numbers:
            if not _play(ground, number, seed, size, tell, quiet):
                failed.append(number)
    return failed


def _play(ground: Ground, number: int, seed: str, size: int, tell: bool, quiet: bool) -> bool:  # noqa: FBT001
    one = play_round(ground, seed, number, size)
    troubles = " | ".join(f"{run.verb}: {run.trouble}" for run in one.runs if str(run.trouble) != "calm")
    codes = " ".join(str(run.code) for run in one.runs)
    word = "FAILED" if one.problems else "ok"
    lines = [f"{word} {number} in {one.seconds:.1f} s [{codes}] {troubles}"]
    if one.problems:
        lines += [f"    * {each}" for each in one.problems]
        lines.append(f"    again: python -m tests.chaos --seed {seed} --changes {size} --only {number}")
    if tell or (one.problems and not quiet):
        lines += one.tell()
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return not one.problems


if __name__ == "__main__":
    sys.exit(main())
