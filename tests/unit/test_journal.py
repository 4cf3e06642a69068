"""The journal on the disk, torn as a crash tears it, and the lock that keeps two runs apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Refused, UsageError
from reconciler.journal import (
    Journal,
    Settled,
    continue_run,
    find_lock_folder,
    find_open,
    find_run,
    lock,
    now,
    read_run,
    read_runs,
    start_run,
)
from reconciler.steps import Step
from tests.builders import VENDOR, a_live_document

if TYPE_CHECKING:
    from pathlib import Path

REGISTER = "https://register.example"


def start(folder: Path) -> Journal:
    """Start a run."""
    return start_run(folder, register=REGISTER, environment="tt02", vendor=VENDOR, digest="d", version="1")


def a_step(number: int, name: str = "991825827_a") -> Step:
    """Make a step."""
    return Step(number=number, id=name, method="PUT", purpose="update", document=a_live_document(id=name))


def an_outcome(step: int, word: str = "done", by: str = "apply") -> Settled:
    """Make an outcome."""
    return Settled(step, "991825827_a", word, "", a_live_document(), None, by, now())


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """The run, its intents and outcomes, and that it came to its end; readable by its owner only."""
    journal = start(tmp_path / "deep" / "journal")
    live = a_live_document(name={"nb": "æ\u2028\n", "nn": "\x00", "en": "🙈"})
    journal.intend(a_step(1), live=live, newest="2026")
    journal.settle(an_outcome(1))
    journal.intend(a_step(2), live=None, newest="")
    journal.end()

    (run,) = read_runs(journal.path.parent)

    assert (run.start.register, run.start.vendor, run.ended) == (REGISTER, VENDOR, True)
    assert (run.intents[1].live, run.settled[1].held) == (live, a_live_document())
    assert [intent.step for intent in run.open] == [2]
    assert oct(journal.path.stat().st_mode & 0o777) == "0o600"
    assert len(journal.path.read_bytes().splitlines()) == 5


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """Wherever the crash tore it, also inside a letter; what is written later stands on a line of its own."""
    journal = start(tmp_path)
    journal.intend(a_step(1), live={"name": "æøå"}, newest="")
    whole = journal.path.read_bytes()
    journal.intend(a_step(2), live={"name": "æøå"}, newest="")
    longer = journal.path.read_bytes()
    for length in range(len(whole), len(longer) - 1):
        journal.path.write_bytes(longer[:length])
        run = read_run(journal.path)
        assert run is not None
        assert list(run.intents) == [1], length

    run = read_run(journal.path)
    assert run is not None
    again = continue_run(run)
    again.settle(an_outcome(1, by="recover"))
    again.end()

    settled = read_run(journal.path)
    assert settled is not None
    assert (settled.open, settled.ended) == ((), True)


@pytest.mark.parametrize("content", [b"", b"{", b"\x00" * 40, b"[]\n", b'{"a": 1}\n', b'{"kind":"end"}\n'])
def test_a_file_without_its_first_line_is_no_run(tmp_path: Path, content: bytes) -> None:
    """A crash right after the start, or another program's file, is nothing to recover."""
    (tmp_path / "x.jsonl").write_bytes(content)

    assert read_runs(tmp_path) == ()


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """A journal of a later version is told, not guessed at."""
    journal = start(tmp_path)
    journal.path.write_text(json.dumps({"kind": "run", "format": 2}) + "\n")

    with pytest.raises(UsageError, match="another format"):
        read_run(journal.path)


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
        journal.intend(a_step(1), live=None, newest="")
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:7]))
    journal.intend(a_step(2), live=None, newest="")
    journal.end()

    (run,) = read_runs(tmp_path)
    assert (list(run.intents), run.ended) == ([2], True)


def test_unknown_is_open_until_recover_has_looked(tmp_path: Path) -> None:
    """What apply could not tell is open; what recover could not tell is settled, and stays unknown."""
    journal = start(tmp_path)
    journal.intend(a_step(1), live=None, newest="")
    journal.settle(an_outcome(1, "unknown"))
    assert [run.path for run in find_open(tmp_path, register=REGISTER, vendor=VENDOR)] == [journal.path]
    assert find_open(tmp_path, register="https://other.example", vendor=VENDOR) == ()
    assert find_open(tmp_path, register=REGISTER, vendor="310000000") == ()

    journal.settle(an_outcome(1, "unknown", by="recover"))

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
    with (
        pytest.raises(Refused, match="No lock can be taken"),
        lock(tmp_path / "file", register=REGISTER, vendor=VENDOR),
    ):
        pass


def test_the_lock_keeps_a_second_run_away(tmp_path: Path) -> None:
    """It names who holds it; another vendor or register has a lock of its own, and it is free afterwards."""
    with lock(tmp_path, register=REGISTER, vendor=VENDOR):
        with (
            pytest.raises(Refused, match=f"process {os.getpid()}, since 20"),
            lock(tmp_path, register=REGISTER, vendor=VENDOR),
        ):
            pass
        with (
            lock(tmp_path, register=REGISTER, vendor="310000000"),
            lock(tmp_path, register="https://other.example", vendor=VENDOR),
        ):
            pass
    with lock(tmp_path, register=REGISTER, vendor=VENDOR):
        pass


def test_a_dead_runs_lock_is_free(tmp_path: Path) -> None:
    """The process is gone without a word, and its file is still there."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom reconciler.journal import lock\n"
        f"with lock(Path(sys.argv[1]), register={REGISTER!r}, vendor={VENDOR!r}):\n    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=30)

    assert (done.returncode, len(list(tmp_path.iterdir()))) == (9, 1)
    with lock(tmp_path, register=REGISTER, vendor=VENDOR):
        pass


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_STATE_HOME": "/state", "HOME": "/home/a"}, "/state/reconciler/locks"),
        ({"XDG_STATE_HOME": "state", "HOME": "/home/a"}, "/home/a/.local/state/reconciler/locks"),
        ({"XDG_STATE_HOME": "", "HOME": "/home/a"}, "/home/a/.local/state/reconciler/locks"),
    ],
)
def test_locks_lie_in_the_users_state(environ: dict[str, str], expected: str) -> None:
    """A relative path in the variable is ignored: it would give each folder a lock of its own."""
    assert str(find_lock_folder(environ)) == expected
