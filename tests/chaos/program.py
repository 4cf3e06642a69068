"""The command line: so many rounds with a seed, in so many processes."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from multiprocessing import get_context
from queue import Empty
from typing import TYPE_CHECKING, TypeVar

from tests.chaos.between import Tally, list_cases, play_cases, tell
from tests.chaos.round import open_ground, play_round

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.queues import Queue
    from types import FrameType

    from tests.chaos.between import Case
    from tests.chaos.round import Round

T = TypeVar("T")
R = TypeVar("R")
BATCH = 25
"""Rounds that share one register: it gets slower with the systems that it holds."""


def main(words: Sequence[str] | None = None) -> int:
    """Play what is asked for; 1 where something was found."""
    given = read_words(words)
    began = time.monotonic()
    summary, found = (play_between if given.between else play_rounds)(given)
    _print(f"{summary} in {time.monotonic() - began:.0f} s")
    return 1 if found else 0


def end_on_signal() -> None:
    """End by SIGTERM as by a mistake: whatever this process, and those it started, have begun is ended too."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would end the tidying up
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)


def spread(
    play: Callable[[argparse.Namespace, list[T]], R], given: argparse.Namespace, items: list[T]
) -> list[R]:
    """Play items in batches, in as many processes as are given; raises where one did not come to its end.

    No pool of the standard library: those hand a worker its next batch whatever ended the last.
    """
    size = max(1, min(BATCH, -(-len(items) // given.processes)))
    batches = [items[at : at + size] for at in range(0, len(items), size)]
    context = get_context("spawn")
    results: Queue[R] = context.Queue()
    shares = [batches[number :: given.processes] for number in range(given.processes)]
    workers = [
        context.Process(target=_work, args=(play, given, each, results), daemon=True) for each in shares
    ]
    for worker in workers:
        worker.start()
    found: list[R] = []
    while True:
        are_over = not any(worker.is_alive() for worker in workers)
        try:
            found.append(results.get(timeout=0.5))
        except Empty:
            if are_over:
                break
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a process of the rounds did not come to its end")
    return found


def _work(
    play: Callable[[argparse.Namespace, list[T]], R],
    given: argparse.Namespace,
    batches: list[list[T]],
    results: Queue[R],
) -> None:
    end_on_signal()
    for batch in batches:
        results.put(play(given, batch))


def read_words(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Apply under fire.")
    parser.add_argument("--rounds", type=int, default=20, help="how many random rounds (20)")
    parser.add_argument("--seed", default="1", help="what all random numbers come from (1)")
    parser.add_argument("--only", type=int, metavar="ROUND", help="this round alone, and all that it did")
    parser.add_argument("--changes", type=int, default=30, help="changes of a round (30)")
    parser.add_argument("--processes", type=int, default=1, help="rounds at the same time (1)")
    parser.add_argument("--quiet", action="store_true", help="of what failed, no more than its problems")
    parser.add_argument("--between", action="store_true", help="another writer between every two requests")
    parser.add_argument("--writes", default="put", help="with --between: put, delete or put,delete (put)")
    parser.add_argument("--how", default="saved,direct", help="with --between: saved, direct or both (both)")
    return parser.parse_args(words)


def play_rounds(given: argparse.Namespace) -> tuple[str, bool]:
    """Play random rounds; gives a summary, and whether something was found."""
    numbers = list(range(given.rounds) if given.only is None else [given.only])
    failed = sorted(number for some in spread(play_batch, given, numbers) for number in some)
    told = f"{len(failed)} failed: {failed}" if failed else "none failed"
    return f"{len(numbers)} rounds with seed {given.seed}, {told}", bool(failed)


def play_batch(given: argparse.Namespace, numbers: list[int]) -> list[int]:
    """Play some rounds on one register; gives those in which something was found."""
    failed = []
    with open_ground() as ground:
        for number in numbers:
            one = play_round(ground, given.seed, number, given.changes)
            _print("\n".join(describe(one, given, number)))
            failed += [number] if one.problems else []
    return failed


def describe(one: Round, given: argparse.Namespace, number: int) -> Iterator[str]:
    """Say what a round did, and all of it where something was found."""
    troubles = " | ".join(f"{run.verb}: {run.trouble}" for run in one.runs if str(run.trouble) != "calm")
    codes = " ".join(str(run.code) for run in one.runs)
    yield f"{'FAILED' if one.problems else 'ok'} {number} in {one.seconds:.1f} s [{codes}] {troubles}"
    yield from (f"    * {each}" for each in one.problems)
    if one.problems:
        options = f"--seed {given.seed} --changes {given.changes} --only {number}"
        yield f"    again: python -m tests.chaos {options}"
    if not given.quiet and (one.problems or given.only is not None):
        yield from one.tell()


def play_between(given: argparse.Namespace) -> tuple[str, bool]:
    """Let somebody else write between every two requests; gives a summary, and whether one was not found."""
    writes = given.writes.split(",")
    cases = [
        case
        for how in given.how.split(",")
        for case in list_cases(given.seed, given.changes, writes, saved=how == "saved")
    ]
    tally = Tally()
    for each in spread(play_gaps, given, list(enumerate(cases, 1))):
        tally.add(each)
    _print("\n".join(tell(tally, quiet=given.quiet)))
    return f"{len(cases)} cases with seed {given.seed}", bool(tally.trouble)


def play_gaps(given: argparse.Namespace, cases: list[tuple[int, Case]]) -> Tally:
    """Play some numbered cases on one register."""
    return play_cases(cases, given.seed, given.changes)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
