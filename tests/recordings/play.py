"""Replays the recordings against a running emulator, and shows the differences.

`python -m tests.recordings.play http://127.0.0.1:8080 [written|generated|users]`; it must be empty and served with
the `emulator.toml` of this folder. Exits with status 1 for any difference except in order.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from tests.recordings.comparer import Comparer, Difference, IdNames
from tests.recordings.player import Player
from tests.recordings.transcript import read_transcript

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.recordings.transcript import Transcript


def play(base: str, transcript: Transcript) -> Iterator[tuple[str, list[Difference]]]:
    """Send all requests of a set in order; gives the differences of each that has a recorded answer."""
    player, comparer = Player(base, transcript), Comparer()
    sent = json.dumps([case.request for case in transcript.cases])
    recorded_ids, answered_ids = IdNames(sent), IdNames(sent)
    try:
        for case in transcript.cases:
            answer = player.send(case)
            if answer is None:
                continue
            if case.answer is None:
                comparer.learn(case.name, None, answer)
            else:
                recorded = case.answer
                if transcript.has_named_ids:
                    recorded = recorded_ids.replace(case.name, recorded)
                    answer = answered_ids.replace(case.name, answer)
                yield (
                    case.name,
                    comparer.compare(case.name, recorded, answer, is_unordered=case.is_unordered),
                )
    finally:
        player.close()


def main() -> None:
    """Replay the named sets, and show all differences."""
    base, *names = sys.argv[1:]
    differing = compared = 0
    for name in names or ("written", "generated"):
        for case, differences in play(base, read_transcript(name)):
            compared += 1
            hard = [each for each in differences if not each.is_soft]
            differing += bool(hard)
            for each in hard:
                sys.stdout.write(f"{case}: {each}\n")
    sys.stdout.write(f"{compared} compared, {differing} differ\n")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
