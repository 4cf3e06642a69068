"""What a run did to each system, told from its journal alone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import UsageError
from reconciler.execution.journal import Intent, RecordedOutcome, Run, RunStart, start_run
from reconciler.execution.journal_folder import find_run, read_runs
from reconciler.execution.journal_reader import read_run
from reconciler.execution.run_summary import summarise_run
from reconciler.model.revision import Checkout
from reconciler.planning.plan import Target
from reconciler.render import json as as_json
from reconciler.render.lines import print_lines
from reconciler.render.text.runs import render_runs
from tests.builders import VENDOR

if TYPE_CHECKING:
    from collections.abc import Mapping

AT = "2026-11-21T20:59:25.736+00:00"


def _a_run(
    requests: Mapping[str, str],
    *,
    final: bool = True,
    start: RunStart | None = None,
    damaged: tuple[int, ...] = (),
) -> Run:
    """Make a run of one request an id, with the outcome's word; empty where there is none."""
    begun = start or RunStart("20261121T205925Z-53de98", "r", "tt02", VENDOR, "d" * 64, "1", AT)
    run = Run(Path("x.jsonl"), begun, ended=True, damaged=damaged)
    for step, (name, word) in enumerate(requests.items(), 1):
        run.intents[step] = Intent(step, name, "PUT", "update", final, {}, {}, "", AT)
        if word:
            run.outcomes[step] = RecordedOutcome(step, name, word, "", None, None, "apply", AT)
    return run


def test_each_system_counts_once() -> None:
    """By its newest request; one without an outcome is open, and so is one that apply could not find out."""
    run = _a_run({"a": "done", "b": "failed", "c": "", "d": "unknown", "e": "done"})
    run.intents[6] = Intent(6, "e", "PUT", "put back", False, {}, {}, "", AT)  # noqa: FBT003 - the record's order
    run.outcomes[6] = RecordedOutcome(6, "e", "done", "", None, None, "apply", AT)

    summary = summarise_run(run)

    assert summary.outcomes == {"a": "done", "b": "failed", "c": "open", "d": "open", "e": "failed"}
    assert list(summary.counts.items()) == [("done", 1), ("failed", 2), ("open", 2)]


def test_what_recover_could_not_find_out_is_unknown_and_not_open() -> None:
    """It is over, although nobody knows how it ended; a line that cannot be read is open until then."""
    run = _a_run({"a": ""}, damaged=(3,))
    assert summarise_run(run).counts == {"open": 2}

    run.outcomes[1] = RecordedOutcome(1, "a", "unknown", "", None, None, "recover", AT)
    run.outcomes[-3] = RecordedOutcome(-3, "", "unknown", "", None, None, "recover", AT)

    assert summarise_run(run).counts == {"unknown": 1}


def test_a_run_has_two_lines_and_what_is_to_be_done() -> None:
    """At most 80 columns wide; the command is the one that settles it."""
    run = _a_run({"a": "done", "b": ""})
    begun = RunStart("20261121T205926Z-53de98", "r", "local", VENDOR, "e" * 64, "1", AT)
    bare = _a_run({}, start=begun)
    bare.ended = False

    printed = print_lines(render_runs([summarise_run(run), summarise_run(bare)]))

    assert printed.splitlines() == [
        f"20261121T205925Z-53de98  2026-11-21 20:59:25 UTC  tt02  {VENDOR}",
        "    plan dddddddddddd: 1 done, 1 open",
        "    1 request open: reconciler recover --environment tt02",
        f"20261121T205926Z-53de98  2026-11-21 20:59:25 UTC  local  {VENDOR}",
        "    plan eeeeeeeeeeee: nothing was sent",
        "    it did not come to its end",
    ]


def test_a_journal_that_somebody_wrote_is_shown_harmless() -> None:
    """Whatever its first line holds."""
    bad = "\x1b[2J\n::error::\u202e"
    start = RunStart(bad, bad, bad, bad, bad, "1", bad, revision=bad, uncommitted=True)
    run = _a_run({bad: ""}, start=start)

    lines = print_lines(render_runs([summarise_run(run)])).splitlines()

    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("::") for line in lines)
    assert "\x1b" not in as_json.render_runs([summarise_run(run)])


@pytest.mark.parametrize(
    ("revision", "recorded", "shown"),
    [
        (Checkout("a" * 40), ("a" * 40, False), ""),
        (
            Checkout("a" * 40, ("x.yaml",)),
            ("a" * 40, True),
            "    from files that differ from commit aaaaaaaaaaaa",
        ),
        (Checkout("", ("x.yaml",)), ("no commit", True), "    from files that were not committed"),
        (Checkout(""), ("not in git", False), ""),
        (None, ("", False), ""),
    ],
    ids=["committed", "edited", "no-commit", "no-git", "not-known"],
)
def test_the_revision_is_kept(
    tmp_path: Path, revision: Checkout | None, recorded: tuple[str, bool], shown: str
) -> None:
    """In the journal's first line; what was not committed is said."""
    start_run(tmp_path, Target("tt02", "r", VENDOR), digest="d", version="1", revision=revision).end()
    (path,) = tmp_path.iterdir()

    run = read_run(path)

    assert run is not None
    assert (run.start.revision, run.start.uncommitted) == recorded
    assert print_lines(render_runs([summarise_run(run)])).splitlines()[2:] == ([shown] if shown else [])


def test_a_journal_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """Its first line names no revision."""
    start_run(tmp_path, Target("tt02", "r", VENDOR), digest="d", version="1").end()
    (path,) = tmp_path.iterdir()
    first, *others = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(first)
    del record["revision"], record["uncommitted"]
    path.write_text("\n".join([json.dumps(record), *others, ""]), encoding="utf-8")

    run = read_run(path)

    assert run is not None
    assert (run.start.revision, run.start.uncommitted) == ("", False)


def test_runs_of_one_second_are_in_their_order(tmp_path: Path) -> None:
    """The name of a journal tells the second; what is within it is told by its first line."""
    made = []
    for _ in range(8):
        journal = start_run(tmp_path, Target("tt02", "r", VENDOR), digest="d", version="1")
        journal.end()
        assert journal.run is not None
        made.append(journal.run.start.run)
        time.sleep(0.002)

    assert [run.start.run for run in read_runs(tmp_path)] == made
    assert find_run(tmp_path, "latest").start.run == made[-1]


def test_the_newest_run_has_a_name(tmp_path: Path) -> None:
    """The newest of all, or of the environment that is named; where there is none that is said."""
    with pytest.raises(UsageError, match="No run is recorded in "):
        find_run(tmp_path, "latest")
    for at, environment in enumerate(("tt02", "prod", "tt02", "local")):
        start_run(tmp_path, Target(environment, "r", VENDOR), digest="d", version="1").end()
        (made,) = [path for path in tmp_path.iterdir() if not path.name.startswith("0")]
        made.rename(tmp_path / f"0{at}.jsonl")
        time.sleep(0.002)  # the order is by the millisecond

    assert find_run(tmp_path, "latest").start.environment == "local"
    assert find_run(tmp_path, "latest", "tt02").path.name == "02.jsonl"
    with pytest.raises(UsageError, match="There is no run on at22 in"):
        find_run(tmp_path, "latest", "at22")
