"""The signals that ask a program to end, and how they are answered.

The first module of the program that is imported, so it imports next to nothing: a signal that comes before it is
answered ends the process without an exit code of ours.
"""

from __future__ import annotations

import signal

TYPE_CHECKING = False  # `typing` takes longer to import than everything here
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event
    from types import FrameType
    from typing import Any

STOP_SIGNALS: tuple[signal.Signals, ...] = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in signal.Signals.__members__
)
"""The signals that ask a program to end, and that it may answer."""


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


def stop_on_signals(stop: Event) -> None:
    """Turn what asks a program to end into a wish to stop: what is under way is finished, and reported.

    It stays so until the process ends, so that no signal can hide what became of a run.
    """

    def wish(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    _answer(wish)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise Interrupted


def _answer(answer: Callable[[int, FrameType | None], Any] | signal.Handlers) -> None:
    """Answer each signal, unless whoever started the program had it ignored, as `nohup` does."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, answer)
