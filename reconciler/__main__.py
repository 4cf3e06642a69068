"""The program's start and end: the one place where a failure becomes an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from reconciler.errors import Exit, ReconcilerError
from reconciler.platform import STOP_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_INTERRUPTED = 130
"""The exit code that typer gives an interrupted program."""


def main() -> None:
    """Run the command line, and end the process with an exit code of the table in `errors`."""
    # A run makes many objects and drops few, so looking for dropped ones a hundred times as seldom saves a sixth.
    gc.set_threshold(70_000)
    _answer_signals(signal.default_int_handler)
    try:
        from reconciler.cli.main import app  # noqa: PLC0415 - a failed import is told like any other failure
        from reconciler.credentials import check_exposed  # noqa: PLC0415 - as above

        check_exposed(sys.argv[1:], os.environ)
        app(prog_name="reconciler")
    except SystemExit as end:  # an interruption, as typer gives it on; a run that writes takes signals itself
        sys.exit(_tell_interruption() if end.code == _INTERRUPTED else end.code)
    except ReconcilerError as error:
        from reconciler.cli.console import tell_error  # noqa: PLC0415 - only where something failed

        tell_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(_tell_interruption())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
    except Exception as error:  # a person gets a sentence, and a traceback if they ask
        if "--debug" in sys.argv:
            raise
        sys.stderr.write(f"error: this is a fault of reconciler itself: {type(error).__name__}\n")
        sys.stderr.write("       Run it again as `reconciler --debug …` and report what it prints.\n")
        sys.exit(Exit.FAILED)

    finally:  # what it ends with is decided
        _answer_signals(signal.SIG_IGN)


def _answer_signals(answer: Callable[[int, FrameType | None], Any] | signal.Handlers) -> None:
    """Answer each signal that asks a program to end, unless whoever started it had it ignored."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, answer)


def _tell_interruption() -> Exit:
    sys.stderr.write("Interrupted; nothing was written to the register.\n")
    return Exit.REFUSED


if __name__ == "__main__":
    main()
