"""The program's start and end: the one place where a failure becomes an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from reconciler.cli.streams import open_streams
from reconciler.errors import Exit, ReconcilerError, UsageError
from reconciler.platform import STOP_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_INTERRUPTED = 130
"""What the command line's library makes of an interruption."""


class _Interrupted(KeyboardInterrupt):
    """An interruption by a signal.

    Python remembers a bare `KeyboardInterrupt` that passed a compiled text, as those of `dataclasses` are, and ends
    the process by the signal although it was caught (CPython's `run_eval_code_obj` and `Py_RunMain`).
    """


def main() -> None:
    """Run the command line, and end the process with an exit code of the table in `errors`."""
    # A run makes many objects and drops few, so the collector looks for dropped ones a hundred times as seldom:
    # `validate` of 1,000 definitions takes 1.4 s of processor time instead of 1.8 (median of 7), and 1 MB more.
    gc.set_threshold(70_000)
    output = open_streams()
    _answer_signals(_interrupt)  # a verb that writes answers them itself from then on
    try:
        code = _run()
        output.flush()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except ReconcilerError as error:
        code = _tell(error)
    _answer_signals(signal.SIG_IGN)  # what it ends with is decided
    if code == _INTERRUPTED:
        _say("Interrupted; nothing was written to the register.")
        code = Exit.REFUSED
    output.flush()
    if output.trouble:
        _say(f"error: the result cannot be shown: {output.trouble}.")
        code = Exit.worst(Exit(code), Exit.FAILED)
    sys.stderr.flush()
    sys.exit(code)


def _run() -> int:
    """Run the command line, and give its exit code; raises `ReconcilerError` for whatever stopped it."""
    try:
        os.getcwd()  # noqa: PTH109 - only asked for
    except OSError as error:
        raise UsageError(
            f"The folder that this was started in cannot be used: {error.strerror}.",
            hint="Change to another folder.",
        ) from error
    try:
        from reconciler.cli.main import app  # noqa: PLC0415 - a failed import is told like any other failure
        from reconciler.clients.credentials import check_exposed  # noqa: PLC0415 - as above

        check_exposed(sys.argv[1:], os.environ)
        app(prog_name="reconciler")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.DONE
    except (ReconcilerError, KeyboardInterrupt):
        raise
    except OSError as error:
        if "--debug" in sys.argv:
            raise
        what = f"{error.filename}: " if error.filename else ""
        raise ReconcilerError(
            f"The system refused something: {what}{error.strerror or error}.",
            hint="Run it again as `reconciler --debug …` to see where.",
        ) from error
    except MemoryError as error:
        raise ReconcilerError(
            "There is not enough memory.", hint="Look for a file of an odd size."
        ) from error
    except Exception as error:  # a person gets a sentence, and a traceback if they ask
        if "--debug" in sys.argv:
            raise
        raise ReconcilerError(
            f"this is a fault of reconciler itself: {type(error).__name__}",
            hint="Run it again as `reconciler --debug …` and report what it prints.",
        ) from error
    return Exit.DONE


def _tell(error: ReconcilerError) -> Exit:
    from reconciler.cli.console import tell_error  # noqa: PLC0415 - only where something failed

    tell_error(error)
    return error.exit_code


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")  # where other people's text is made inert


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Stop whatever is being done."""
    del number, frame
    raise _Interrupted


def _answer_signals(answer: Callable[[int, FrameType | None], Any] | signal.Handlers) -> None:
    """Answer each signal that asks a program to end, unless whoever started it had it ignored."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, answer)


if __name__ == "__main__":
    main()
