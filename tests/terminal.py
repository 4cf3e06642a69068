"""The program on a terminal of its own, and a person who answers its question."""

from __future__ import annotations

import errno
import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.served import Repository


_INTERRUPT = b"\x03"
"""What Ctrl-C sends."""


def bare_environ(repository: Repository) -> dict[str, str]:
    """Give the variables that a person's shell would have in a repository, and no others."""
    kept = {name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_START") if name in os.environ}
    return {**kept, "HOME": str(repository.root), "LANG": "C.UTF-8", **repository.environ}


def start_program(repository: Repository, *words: str) -> subprocess.Popen[str]:
    """Start the program in a repository, with nobody at its input; whoever starts it reads what it says."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "reconciler", *words],
        cwd=repository.root,
        env=bare_environ(repository),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _read(terminal: int) -> bytes:
    """Read what was said on a terminal; nothing where nobody is at the other end any more."""
    try:
        return os.read(terminal, 4096)
    except OSError as error:
        if error.errno == errno.EIO:  # how Linux reports that
            return b""
        raise


def _start(repository: Repository, words: Sequence[str], start: Sequence[str]) -> tuple[int, int]:
    """Start Python on a terminal of its own: its process, and the other end of the terminal."""
    pty = pytest.importorskip("pty", reason="a terminal is made with what only POSIX has")
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(repository.root)
        program = [sys.executable, "-W", "error", *start, *words]
        os.execve(sys.executable, program, bare_environ(repository))  # noqa: S606 - the child of a fork
    return process, terminal


def talk(
    repository: Repository,
    words: Sequence[str],
    question: str,
    answer: bytes,
    start: Sequence[str] = ("-m", "reconciler"),
) -> tuple[int, str]:
    """Run the program, or another `start` of Python, on a terminal of its own, and answer its question."""
    process, terminal = _start(repository, words, start)
    said, answered, deadline = b"", False, time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.5)[0]:
            more = _read(terminal)
            said += more
            if not more:
                break
        elif question.encode() in said and (not answered or answer == _INTERRUPT):
            # Again: a signal right before Python begins to read is not seen. What is typed waits in the terminal.
            os.write(terminal, answer)
            answered = True
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert answered, said.decode()
    return os.waitstatus_to_exitcode(status), said.decode()


def answer_all(
    repository: Repository, words: Sequence[str], dialogue: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Run the program on a terminal of its own, and answer each question in its turn."""
    process, terminal = _start(repository, words, ("-m", "reconciler"))
    said, place, left, deadline = b"", 0, list(dialogue), time.monotonic() + 60
    while time.monotonic() < deadline:
        if left and (found := said.find(left[0][0].encode(), place)) >= 0:
            question, answer = left.pop(0)
            place = found + len(question.encode())
            os.write(terminal, f"{answer}\n".encode())
        elif select.select([terminal], [], [], 0.5)[0]:
            more = _read(terminal)
            said += more
            if not more:
                break
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert not left, f"not asked: {left[0][0]}\n{said.decode()}"
    return os.waitstatus_to_exitcode(status), said.decode()
