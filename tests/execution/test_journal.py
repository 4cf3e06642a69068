"""The journal on the disk, torn as a crash tears it."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import UsageError
from reconciler.execution.journal import (
    Journal,
    RecordedOutcome,
    continue_run,
    now,
    start_run,
)
from reconciler.execution.journal_folder import Journals, find_open, find_run, read_folder, read_runs
from reconciler.execution.journal_reader import read_run
from reconciler.model.provenance import Provenance
from reconciler.model.system import RegisteredSystem
from reconciler.planning.plan import Target
from reconciler.planning.request_order import Step
from tests.builders import VENDOR, a_live_document, a_registered_system

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.canonical_json import Json

REGISTER = "https://register.example"


def start(folder: Path) -> Journal:
    """Start a run."""
    return start_run(folder, Target("tt02", REGISTER, VENDOR), digest="d", version="1")


def a_step(number: int, name: str = "991825827_a") -> Step:
    """Make a step."""
    return Step(number=number, id=name, method="PUT", purpose="update", document=a_live_document(id=name))


def an_outcome(step: int, word: str = "done", by: str = "apply") -> RecordedOutcome:
    """Make an outcome."""
    return RecordedOutcome(step, "991825827_a", word, "", a_live_document(), None, by, now())


def test_the_folders_of_a_journal_are_its_owners_only(tmp_path: Path) -> None:
    """Also the one above the journals, which is made with them, whatever a user's mask lets through."""
    mask = os.umask(0)
    try:
        journal = start(tmp_path / "deep" / "journal")
    finally:
        os.umask(mask)
    journal.end()

    made = [journal.path.parent.parent, journal.path.parent, journal.path]
    assert [stat.S_IMODE(each.stat().st_mode) for each in made] == [0o700, 0o700, 0o600]


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """The run, its intents and outcomes, and that it came to its end; readable by its owner only."""
    journal = start(tmp_path / "deep" / "journal")
    live = a_registered_system(name={"nb": "æ\u2028\n", "nn": "\x00", "en": "🙈"})
    journal.record_intent(a_step(1), live=live, newest="2026")
    journal.record_outcome(an_outcome(1))
    journal.record_intent(a_step(2), live=None, newest="")
    journal.end()

    (run,) = read_runs(journal.path.parent)

    assert (run.start.register, run.start.vendor, run.ended) == (REGISTER, VENDOR, True)
    assert (run.intents[1].live, run.outcomes[1].held) == (live.document, a_live_document())
    assert [intent.step for intent in run.open] == [2]
    assert oct(journal.path.stat().st_mode & 0o777) == "0o600"
    assert len(journal.path.read_bytes().splitlines()) == 5


def test_where_a_run_comes_from_is_read_back(tmp_path: Path) -> None:
    """With what apply said in the end; the end of a recovery is not that of the run."""
    found = Provenance(tool_version="1", branch="main", actor="anna\u2028", job="7")
    final: dict[str, Json] = {
        "id": "991825827_a",
        "action": "update",
        "outcome": "done",
        "reason": "",
        "hint": "",
    }
    final |= {"alarming": False, "differs": [{"path": "isVisible", "held": None, "asked": True}]}
    journal = start(tmp_path)
    journal.record_provenance(found)
    journal.record_intent(a_step(1), live=None, newest="")
    journal.end([final])
    run = journal.run
    assert run is not None
    (read,) = read_runs(tmp_path)
    assert (read.provenance, read.ended_at, read.ended) == (found, run.ended_at, True)
    assert json.loads(json.dumps(read.final)) == [final]

    again = continue_run(read)
    again.record_outcome(an_outcome(1, by="recover"))
    again.end()
    (settled,) = read_runs(tmp_path)
    assert (settled.ended_at, len(settled.final), settled.open) == (run.ended_at, 1, ())


def test_an_interrupted_run_has_no_end_of_its_own(tmp_path: Path) -> None:
    """That of the recovery says when somebody looked."""
    journal = start(tmp_path)
    journal.record_intent(a_step(1), live=None, newest="")
    (run,) = read_runs(tmp_path)
    again = continue_run(run)
    again.record_outcome(an_outcome(1, by="recover"))
    again.end()

    (settled,) = read_runs(tmp_path)
    assert (settled.ended, settled.ended_at, settled.final, settled.provenance) == (True, "", (), None)


def test_a_run_that_cannot_say_where_it_comes_from_sends_nothing(tmp_path: Path) -> None:
    """A full disk is found before the first request."""
    journal = start(tmp_path)
    os.close(journal._descriptor)
    with pytest.raises(UsageError, match="No journal can be kept"):
        journal.record_provenance(Provenance())
    with pytest.raises(UsageError, match="No journal can be kept"):
        journal.keep("plan.json", b"{}")
    with pytest.raises(UsageError, match="File exists"):
        journal.keep("plan.json", b"{}")


def test_a_line_is_on_the_disk_before_the_next_act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The intent survives a loss of power right after it; what is freed for whom stands in it."""
    journal, synced = start(tmp_path), list[int]()
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    journal.record_intent(a_step(1), live=None, newest="", releases={"x": "991825827_b"}, traceparent="t")
    journal.record_outcome(an_outcome(1))
    first, intent, outcome = journal.path.read_bytes().splitlines(keepends=True)
    journal.end()

    assert synced[:2] == [len(first + intent), len(first + intent + outcome)]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(journal._descriptor)
    (run,) = read_runs(tmp_path)
    assert (run.intents[1].releases, run.intents[1].traceparent) == ({"x": "991825827_b"}, "t")
    assert re.fullmatch(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}", run.start.run)


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """Wherever the crash tore it, also inside a letter; what is written later stands on a line of its own."""
    journal = start(tmp_path)
    journal.record_intent(a_step(1), live=RegisteredSystem({"name": "æøå"}), newest="")
    whole = journal.path.read_bytes()
    journal.record_intent(a_step(2), live=RegisteredSystem({"name": "æøå"}), newest="")
    longer = journal.path.read_bytes()
    for length in range(len(whole), len(longer) - 1):
        journal.path.write_bytes(longer[:length])
        run = read_run(journal.path)
        assert run is not None
        assert list(run.intents) == [1], length

    run = read_run(journal.path)
    assert run is not None
    again = continue_run(run)
    again.record_outcome(an_outcome(1, by="recover"))
    again.end()

    finished = read_run(journal.path)
    assert finished is not None
    assert (finished.open, finished.damaged, finished.ended) == ((), (), True)


@pytest.mark.parametrize("content", [b"", b"{", b"\x00" * 40])
def test_a_run_that_died_at_its_start_is_nothing_to_recover(tmp_path: Path, content: bytes) -> None:
    """Its first line is not whole, so nothing was sent; that is worth no word."""
    (tmp_path / "x.jsonl").write_bytes(content)

    assert read_folder(tmp_path) == Journals((), ())


FOREIGN = (
    b"\n",
    b"[]\n",
    b"5\n",
    b'{"a": 1}\n',
    b'{"kind":"end"}\n',
    b'{"kind":"run","format":1}\n',
    b'{"kind":"run","format":1,"run":5,"register":[],"environment":"","vendor":"","digest":"","tool_version":"","at":""}\n',
    b"[" * 100_000 + b"\n",
    b"\xff\xfe\n",
)


@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
def test_a_foreign_file_is_named_and_passed_over(tmp_path: Path, content: bytes) -> None:
    """W13: another program's file does not hide the runs beside it."""
    journal = start(tmp_path)
    (tmp_path / "0.jsonl").write_bytes(content)

    found = read_folder(tmp_path)

    assert [run.path for run in found.runs] == [journal.path]
    assert found.problems == (
        f"Passed over: {tmp_path / '0.jsonl'} is no journal: its first line is not that of a run.",
    )


def test_an_unknown_format_is_named_and_passed_over(tmp_path: Path) -> None:
    """W13: a journal of a later version is not guessed at."""
    journal = start(tmp_path)
    journal.path.write_text(json.dumps({"kind": "run", "format": 2}) + "\n")

    with pytest.raises(UsageError, match="another format"):
        read_run(journal.path)
    found = read_folder(tmp_path)
    assert found.runs == ()
    assert "another format than 1" in found.problems[0]


@pytest.mark.parametrize("kind", ["folder", "link", "dangling link", "pipe"])
def test_what_is_no_file_is_named_and_passed_over(tmp_path: Path, kind: str) -> None:
    """W13: it neither hangs nor stops the tool, and a link is not followed."""
    other = start(tmp_path / "other")
    journal = start(tmp_path)
    path = tmp_path / "0.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(other.path if kind == "link" else tmp_path / "nothing")

    found = read_folder(tmp_path)

    assert [run.path for run in found.runs] == [journal.path]
    (sentence,) = found.problems
    assert sentence.startswith(f"Passed over: {path} is no journal: ")
    assert find_run(tmp_path, journal.path.stem).path == journal.path


WHOLE = json.dumps(
    {
        "kind": "intent",
        "step": 2,
        "id": "991825827_a",
        "method": "PUT",
        "purpose": "update",
        "final": True,
        "live": None,
        "body": None,
        "newest": "",
        "at": "2026-11-21T12:00:00.000+00:00",
    }
)
DAMAGED = {
    "half a line": WHOLE[:90],
    "zeros": "\x00" * 80,
    "an empty line": "",
    "no record": "[]",
    "an unknown kind": '{"kind":"wish"}',
    "a text for a number": WHOLE.replace('"step": 2', '"step": "2"'),
    "true for a number": WHOLE.replace('"step": 2', '"step": true'),
    "a list for a body": WHOLE.replace('"body": null', '"body": []'),
    "a member too few": WHOLE.replace('"newest": "", ', ""),
    "a member too many": WHOLE.replace('"newest"', '"odd": 1, "newest"'),
    "no time": WHOLE.replace("2026-11", "2026-13"),
    "a time of nowhere": WHOLE.replace("+00:00", ""),
    "nesting": "[" * 100_000,
    "an unknown outcome": json.dumps({"kind": "outcome", **asdict(an_outcome(2))}).replace(
        '"done"', '"dqne"'
    ),
}


@pytest.mark.parametrize("line", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_line_is_named_and_counts_as_open(tmp_path: Path, line: str) -> None:
    """W13: it may have been a request; after recover has said so, it is recorded as unknown."""
    journal = start(tmp_path)
    journal.record_intent(a_step(1), live=None, newest="")
    journal.record_outcome(an_outcome(1))
    with journal.path.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    journal.end()

    found = read_folder(tmp_path)
    assert found.problems == (f"{journal.path}, line 4, cannot be read.",)
    (run,) = find_open(tmp_path, register=REGISTER, vendor=VENDOR)
    assert (run.damaged, run.ended) == ((4,), True)
    (lost,) = run.open
    assert (lost.step, lost.id, lost.purpose) == (-4, "", "line 4 cannot be read")

    again = continue_run(run)
    again.record_outcome(replace(an_outcome(lost.step, "unknown", by="recover"), id=""))
    again.end()

    assert find_open(tmp_path, register=REGISTER, vendor=VENDOR) == ()
    assert read_folder(tmp_path).problems != ()


def test_a_line_has_a_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W13: one without end, and one of more values than a document has, is damaged; those behind it are read."""
    journal = start(tmp_path)
    with journal.path.open("ab") as stream:
        stream.write(b"\0" * 300_000 + b"\n" + b"[" * 1_000 + b"\n")
        stream.write(json.dumps({"kind": "end", "more": [{}] * 460}).encode() + b"\n")
    journal.record_intent(a_step(1), live=None, newest="")
    journal.end()
    whole = journal.path.read_bytes()
    monkeypatch.setattr("reconciler.execution.journal_reader.MOST_BYTES", 100_000)
    monkeypatch.setattr("reconciler.execution.journal_reader._MOST_VALUES", 900)

    run = read_run(journal.path)
    assert run is not None
    assert (run.damaged, list(run.intents), run.ended) == ((2, 3, 4), [1], True)
    journal.path.write_bytes(whole + b"\0" * 300_000)  # torn, however long
    finished = read_run(journal.path)
    assert finished is not None
    assert finished.damaged == (2, 3, 4)


def test_a_file_without_lines_is_not_read_on(tmp_path: Path) -> None:
    """W13: a repository can bring a file of a terabyte of zeros."""
    with (tmp_path / "0.jsonl").open("wb") as stream:
        stream.truncate(1 << 40)

    assert "is no journal: its first line" in read_folder(tmp_path).problems[0]


def test_a_journal_is_not_continued_through_a_link(tmp_path: Path) -> None:
    """S3: a repository can bring a link of a journal's name."""
    run = read_run(start(tmp_path / "other").path)
    assert run is not None
    link = tmp_path / "link.jsonl"
    link.symlink_to(run.path)

    with pytest.raises(OSError, match="it is a link"):
        continue_run(replace(run, path=link))


def test_half_a_line_takes_no_other_line_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full in the middle of a line; when there is room again, the next line is whole."""
    journal = start(tmp_path)
    write = os.write

    def fill(descriptor: int, content: bytes) -> int:
        if len(content) > 20:
            return write(descriptor, content[:20])
        raise OSError(28, "No space left on device")

    room = iter([fill, fill])
    monkeypatch.setattr(os, "write", lambda *given: next(room, fill)(given[0], given[1][:21]))
    with pytest.raises(OSError, match="No space"):
        journal.record_intent(a_step(1), live=None, newest="")
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:7]))
    journal.record_intent(a_step(2), live=None, newest="")
    journal.end()

    (run,) = read_runs(tmp_path)
    assert (list(run.intents), run.damaged, run.ended) == ([2], (), True)


def test_unknown_is_open_until_recover_has_looked(tmp_path: Path) -> None:
    """What apply could not tell is open; what recover could not tell is closed, and stays unknown."""
    journal = start(tmp_path)
    journal.record_intent(a_step(1), live=None, newest="")
    journal.record_outcome(an_outcome(1, "unknown"))
    assert [run.path for run in find_open(tmp_path, register=REGISTER, vendor=VENDOR)] == [journal.path]
    assert find_open(tmp_path, register="https://other.example", vendor=VENDOR) == ()
    assert find_open(tmp_path, register=REGISTER, vendor="310000000") == ()

    journal.record_outcome(an_outcome(1, "unknown", by="recover"))

    assert find_open(tmp_path, register=REGISTER, vendor=VENDOR) == ()


def test_a_run_is_found_by_its_name(tmp_path: Path) -> None:
    """Or by the start of it, where that is one only."""
    first, second = start(tmp_path), start(tmp_path)

    assert find_run(tmp_path, first.path.stem).path == first.path
    assert find_run(tmp_path, second.path.stem[:-1]).path == second.path
    with pytest.raises(UsageError, match="more than one run"):
        find_run(tmp_path, "20")
    with pytest.raises(UsageError, match="no run `x`") as error:
        find_run(tmp_path, "x")
    assert second.path.stem in error.value.hint


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """In a sentence, before anything is written to the register."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="No journal can be kept"):
        start(tmp_path / "file" / "journal")
