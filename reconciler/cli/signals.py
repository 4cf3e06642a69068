"""The signals that ask a program to end, and how they are answered.

The first module of the program that is imported, so it imports next to nothing: a signal that comes before it is
answered ends the process without an exit code of ours.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # `typing` takes longer to import than everything here
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event
    from types import FrameType
    from typing import Any

STOP_SIGNALS: tuple[signal.Signals, ...] = tuple(
    signal.Signals[name]
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if name in signal.Signals.__members__
)
"""The signals that ask a program to end, and that it may answer; the last is Windows' CTRL_BREAK."""
GRACE = 5.0
"""Seconds in which a job that is cancelled finishes what is under way: the runners of GitHub and Azure kill it ten
seconds after the first signal, and the report is still to be written."""


class Interrupted(KeyboardInterrupt):
    """An interruption by a signal.

    Python remembers a bare `KeyboardInterrupt` that passed a compiled text, as those of `dataclasses` are, and ends
    the process by the signal although it was caught (CPython's `run_eval_code_obj` and `Py_RunMain`).
    """


def interrupt_on_signals() -> None:
    """Have each signal stop whatever is being done; a verb that writes answers them itself from then on."""
    _answer(_interrupt)


def ignore_signals() -> None:
    """Have no signal change anything any more: what the process ends with is decided."""
    _answer(signal.SIG_IGN)


def stop_on_signals(stop: Event, remedy: str = "'reconciler recover' finds out") -> None:
    """Turn what asks a program to end into a wish to stop: what is under way is finished, and reported.

    It is said at once, and stays so until the process ends, so that no signal can hide what became of a run. `remedy`
    says what finds out what became of a process that is killed.
    """
    begun = False

    def wish(number: int, frame: FrameType | None) -> None:
        nonlocal begun
        del number, frame
        # A second signal can interrupt the answer to the first. `stop.set` holds a lock, so it is called once.
        first, begun = not begun, True
        _say(_ENDING if first else _STILL_ENDING.format(os.getpid(), remedy))
        if first:
            stop.set()

    _answer(wish)


_ENDING = """\
Interrupted: no further request is begun. What is under way is finished, and
reported; that can take a while, and another Ctrl-C changes nothing.
"""
_STILL_ENDING = """\
Still finishing what is under way. If process {} is killed instead,
{} what became of it.
"""


def _say(text: str) -> None:
    """Write to stderr past its buffer, which the signal may have found half-written."""
    try:  # noqa: SIM105 - `contextlib` takes longer to import than everything here
        os.write(2, (b"\n" if os.isatty(2) else b"") + text.encode())  # a terminal shows ^C in the line
    except OSError:
        pass


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise Interrupted


def _answer(answer: Callable[[int, FrameType | None], Any] | signal.Handlers) -> None:
    """Answer each signal, unless whoever started the program had it ignored, as `nohup` does."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, answer)
