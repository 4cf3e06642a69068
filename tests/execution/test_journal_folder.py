"""Which runs of a pipeline have left a journal, by what the journals hold."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.recover import _choose_environment
from reconciler.errors import Refused, UsageError
from reconciler.execution.journal import start_run
from reconciler.execution.journal_folder import check_journals, find_run, read_runs, record_quiet_run
from reconciler.model.provenance import Provenance
from reconciler.planning.plan import Target
from reconciler.planning.request_order import Step
from tests.builders import VENDOR

if TYPE_CHECKING:
    from pathlib import Path

TARGET = Target("tt02", "https://platform.tt02.altinn.no", VENDOR)


def _start(folder: Path, name: str, target: Target = TARGET, waived: tuple[str, ...] = ()) -> None:
    journal = start_run(folder, target, digest="d", version="1")
    journal.record_provenance(_a_job(name), waived)
    journal.end()


def _a_job(name: str) -> Provenance:
    job, _, attempt = name.partition("-")
    return Provenance(job=job, attempt=attempt)


def _check(folder: Path, *wanted: str, waived: tuple[str, ...] = ()) -> None:
    check_journals(read_runs(folder), wanted, waived, folder)


def test_a_journal_is_known_by_what_it_holds(tmp_path: Path) -> None:
    """Whatever its file is called."""
    _start(tmp_path, "7-1")
    (path,) = tmp_path.iterdir()
    path.rename(tmp_path / "8-1.jsonl")

    _check(tmp_path)
    _check(tmp_path, "7-1", "7-1")
    with pytest.raises(Refused, match="The earlier run 8-1 may have written, and has left no journal"):
        _check(tmp_path, "7-1", "8-1")


def test_a_lost_journal_is_let_pass_by_name(tmp_path: Path) -> None:
    """For this run, and, once the journal says so, for those that come later; all that are missing are named."""
    with pytest.raises(Refused) as refused:
        _check(tmp_path, "7-1", "8-1", "9-1", waived=("8-1",))
    assert refused.value.message == (
        f"The earlier runs 7-1, 9-1 may have written, and have left no journal in {tmp_path}; nothing was written."
    )
    assert refused.value.hint.endswith("go on with --without-journal 7-1 --without-journal 9-1.")

    _check(tmp_path, "7-1", waived=("7-1",))
    _start(tmp_path, "8-1", waived=("7-1",))
    _check(tmp_path, "7-1", "8-1")


def test_a_run_that_sent_nothing_leaves_a_journal_in_a_pipeline(tmp_path: Path) -> None:
    """Once for each register and vendor, and nowhere else."""
    record_quiet_run(tmp_path / "a", TARGET, "d", Provenance(commit="c"))
    assert not (tmp_path / "a").exists()

    other = replace(TARGET, vendor="310000000")
    for target in (TARGET, other, TARGET):
        record_quiet_run(tmp_path / "a", target, "d", _a_job("7-1"), ("6-1",))

    runs = read_runs(tmp_path / "a")
    assert sorted(run.start.vendor for run in runs) == ["310000000", VENDOR]
    for run in runs:
        assert (run.start.digest, run.ended, run.intents, run.waived) == ("d", True, {}, ("6-1",))


def test_the_journals_name_the_environment(tmp_path: Path) -> None:
    """A built-in one needs no configuration; without any open run it is the newest one's."""
    _start(tmp_path, "7-1")
    assert _choose_environment(tmp_path, None, read_runs(tmp_path)).identity == TARGET.register

    _start(tmp_path, "8-1", Target("ours", "https://ours.example", VENDOR))
    runs = sorted(read_runs(tmp_path), key=lambda run: run.start.environment, reverse=True)
    with pytest.raises(UsageError, match=r"of ours \(https://ours.example\), which is not configured here"):
        _choose_environment(tmp_path, None, runs)
    assert _choose_environment(tmp_path, "tt02", runs).name == "tt02"


def test_the_newest_run_to_undo_is_one_that_sent_something(tmp_path: Path) -> None:
    """A job that had nothing to do leaves a journal, too; where all are of that kind, the newest is it."""
    only = tmp_path / "only"
    _start(only, "7-1")
    assert find_run(only, "latest", sent=True).path == read_runs(only)[0].path

    journal = start_run(tmp_path, TARGET, digest="d", version="1")
    step = Step(number=1, id="a", method="DELETE", purpose="delete", document=None)
    journal.record_intent(step, live=None, newest="")
    journal.end()
    time.sleep(0.002)  # the order is by the millisecond
    _start(tmp_path, "7-2")

    assert find_run(tmp_path, "latest").path != journal.path
    assert find_run(tmp_path, "latest", sent=True).path == journal.path
