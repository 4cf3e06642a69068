"""The streams, signals and folders that a process is started with: whatever is wrong there, the exit codes hold."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from threading import Timer
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.signals import STOP_SIGNALS
from tests.builders import VENDOR

if TYPE_CHECKING:
    import signal
    from pathlib import Path

    from tests.served import Repository

pytestmark = pytest.mark.slow

MAIN = f"{shlex.quote(sys.executable)} -m reconciler"
LOST = "error: the result cannot be shown: "


def shell(root: Path, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in a folder."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(root), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=root,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def run_main(root: Path, code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program with something done to it before."""
    start = f"import atexit, os, signal, sys, time, warnings\nsys.argv = {['reconciler', *words]!r}\n"
    end = "\nfrom reconciler.__main__ import main\nmain()\n"
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", start + code + end],
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("to", ["| true", ">&-", "> /dev/full"])
@pytest.mark.parametrize(
    "words",
    [
        "validate",
        pytest.param("validate --format json", marks=pytest.mark.slow),
        pytest.param("--help", marks=pytest.mark.slow),
    ],
)
def test_a_result_that_nobody_gets_is_a_failure_and_said(repository: Repository, words: str, to: str) -> None:
    """W14: a reader that went away, a closed stdout and a full disk end in 1, with a sentence."""
    # The code of the program itself, whatever the shell makes of a pipe's.
    done = shell(repository.root, f"( {MAIN} {words}; echo $? > code ) {to}")

    code = (repository.root / "code").read_text().strip()
    if to == "| true" and code == "0":  # a short result can be in the pipe before its reader goes
        assert done.stderr == ""
        return
    assert (code, done.stderr.startswith(LOST), done.stderr.count("\n")) == ("1", True, 1), done.stderr


def test_a_reader_that_goes_away_ends_nothing_half_way(repository: Repository) -> None:
    """W14: apply carries on to its end, and every outcome is in the journal, whoever stopped reading."""
    for number in range(3):
        repository.define(f"s{number}", clientId=[])
    done = shell(repository.root, f"( {MAIN} apply --yes; echo $? > code ) 2> told >&-")

    assert done.returncode == 0
    assert (repository.root / "code").read_text() == "1\n"
    told = (repository.root / "told").read_text()
    assert told.count("done: ") == 4
    assert told.splitlines()[-1] == f"{LOST}it is closed."
    (journal,) = (repository.root / ".reconciler/journal").glob("*.jsonl")
    records = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [each["outcome"] for each in records if each["kind"] == "outcome"] == ["done"] * 4


@pytest.mark.parametrize(
    "close",
    [
        "<&- 2>&-",
        pytest.param("2>&-", marks=pytest.mark.slow),
        pytest.param("<&-", marks=pytest.mark.slow),
    ],
)
def test_without_the_other_streams_the_result_is_the_same(repository: Repository, close: str) -> None:
    """W14: what is closed gets nothing, and no file that is opened later takes its number."""
    done = shell(repository.root, f"{MAIN} plan --format json {close}")

    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["create"] == 1


def test_nothing_is_open_at_all(repository: Repository) -> None:
    """W14: the exit code is what is left, and no file gets what a stream should have had."""
    done = shell(repository.root, f"( {MAIN} apply --yes <&- >&- 2>&-; echo $? > code )")

    assert (done.stdout, done.stderr, (repository.root / "code").read_text()) == ("", "", "1\n")
    (journal,) = (repository.root / ".reconciler/journal").glob("*.jsonl")
    assert [json.loads(line)["kind"] for line in journal.read_text().splitlines()][-1] == "end"


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    """W14: the working directory was deleted."""
    done = shell(tmp_path, f"mkdir gone && cd gone && rmdir ../gone && {MAIN} validate")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: The folder that this was started in cannot be used: ")


def test_a_relative_home_is_refused_before_the_first_write(repository: Repository) -> None:
    """W14: there is no folder for the lock that every run would find."""
    done = repository.run("apply", "--yes", HOME="relative", XDG_STATE_HOME="")

    assert done.returncode == 4, done.stderr
    assert "error: HOME is not an absolute path" in done.stderr
    assert not (repository.root / "relative").exists()


@pytest.mark.parametrize("number", STOP_SIGNALS, ids=lambda each: each.name)
def test_an_interruption_before_the_first_write_is_a_refusal(tmp_path: Path, number: signal.Signals) -> None:
    """W14: whatever asked for the end, the code is of the table, and what was written is said."""
    code = (
        "import reconciler.cli.main\n"
        f"reconciler.cli.main.app = lambda **_: (os.kill(os.getpid(), {number.value}), time.sleep(30))\n"
    )
    done = run_main(tmp_path, code, "plan")

    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "Interrupted; nothing was written to the register.\n"


def test_an_interruption_inside_a_compiled_text_is_a_refusal(tmp_path: Path) -> None:
    """W14: dataclasses compile texts while they are imported, and `python -m` would end by the signal then."""
    text = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor each in range(1000): str(each)\n"
    start = "from reconciler import __main__ as program\nprogram._run = lambda: exec(TEXT)\nprogram.main()\n"
    (tmp_path / "started.py").write_text(f"TEXT = {text!r}\n{start}", encoding="utf-8")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-m", "started"]
    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, check=False, timeout=60)

    assert done.returncode == 4, done.stderr


@pytest.mark.parametrize("number", STOP_SIGNALS, ids=lambda each: each.name)
def test_a_signal_in_the_last_milliseconds_changes_nothing(
    repository: Repository, number: signal.Signals
) -> None:
    """W14: everything was decided and said, so the code is that of the run."""
    done = run_main(repository.root, f"atexit.register(os.kill, os.getpid(), {number.value})", "validate")

    assert (done.returncode, done.stderr) == (0, "")


def test_what_was_registered_for_the_end_is_done(repository: Repository) -> None:
    """W14: the process ends without the interpreter's own end, and nothing is lost by that."""
    code = "atexit.register(lambda: print('the end', file=sys.stderr, end=''))\n"
    code += "class Late:\n    def __del__(self): os.write(2, b'taken apart')\nkept = Late()\n"
    done = run_main(repository.root, code, "validate")

    assert (done.returncode, done.stderr) == (0, "the end")


HOSTILE = "x\n::error::boo\r::warning::b ##vso[task.setvariable]c ##[error]d \x1b[31m \u202e ##teamcity[e]"


def find_commands(text: str) -> list[str]:
    """Find the lines that a runner obeys, or a terminal does."""
    found = re.compile(r"\s*::|.*(##[a-z]*\[|\x1b)")
    return [each for each in text.replace("\r", "\n").split("\n") if found.match(each)]


@pytest.mark.parametrize(
    "words",
    [
        ("validate", f"--{HOSTILE}"),
        (HOSTILE,),
        pytest.param(("validate", HOSTILE), marks=pytest.mark.slow),
        ("validate", "--format", HOSTILE),
        ("apply", HOSTILE),
        pytest.param(("rollback", HOSTILE), marks=pytest.mark.slow),
        pytest.param(("explain", HOSTILE), marks=pytest.mark.slow),
        pytest.param(("register", HOSTILE), marks=pytest.mark.slow),
    ],
)
def test_nothing_on_stderr_is_a_command(repository: Repository, words: tuple[str, ...]) -> None:
    """S4: what a person, a branch or a workflow passes in is quoted inert, by the library's messages too."""
    done = repository.run(*words)

    assert done.returncode in {1, 2}
    assert "vso" in done.stderr
    assert find_commands(done.stderr + done.stdout) == []


def test_a_key_of_a_configuration_is_not_a_command(repository: Repository) -> None:
    """S4: a line break in a key of `reconciler.toml` begins no line of its own."""
    (repository.root / "reconciler.toml").write_text('"a\\n::error::boo ##vso[x]" = 1\n')

    done = repository.run("plan")

    assert done.returncode == 2
    assert "boo" in done.stderr
    assert find_commands(done.stderr) == []


def test_neither_warnings_nor_tracebacks_nor_logs_are_commands(tmp_path: Path) -> None:
    """S4: the way to stderr is one, whoever writes there."""
    code = (
        "import logging, reconciler.cli.main\n"
        "def fail(**_):\n"
        f"    text = {HOSTILE!r}\n"
        "    logging.basicConfig(stream=sys.stderr); logging.warning(text); warnings.warn(text)\n"
        "    sys.stderr.write(':'); sys.stderr.write(':error::boo\\n'); raise ValueError(text)\n"
        "reconciler.cli.main.app = fail\n"
    )
    done = run_main(tmp_path, code, "--debug", "plan")

    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert done.stderr.count("boo") >= 4
    assert find_commands(done.stderr) == []


@pytest.mark.parametrize(
    "environ",
    [
        {"LANG": "C"},
        pytest.param({"PYTHONIOENCODING": "ascii"}, marks=pytest.mark.slow),
        pytest.param({"PYTHONIOENCODING": "latin-1"}, marks=pytest.mark.slow),
    ],
)
def test_a_served_register_says_where_it_is_at_once(tmp_path: Path, environ: dict[str, str]) -> None:
    """G4: a program that waits for the first line gets it, whatever the locale."""
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", "register", "serve", "--format", "json"],
        cwd=tmp_path,
        env={**kept, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        timer = Timer(30, process.kill)
        timer.start()
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
        timer.cancel()

    assert json.loads(line)["base"].startswith("http://127.0.0.1:")
    assert process.returncode == 0


def test_a_letter_that_a_stream_lacks_is_spelt_out(repository: Repository) -> None:
    """W14: the result is written, in a locale that has none of its letters too."""
    repository.define(name={"nb": "🙈 – æ", "nn": "x", "en": "x"})

    done = repository.run("plan", PYTHONIOENCODING="ascii")

    assert done.returncode == 0, done.stderr
    assert "\\U0001f648" in done.stdout
    assert VENDOR in done.stdout
