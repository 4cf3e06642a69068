"""The program's start and end: the one place where a failure becomes an exit code.

Only the signals are imported at the top; they are answered before the rest of the program is loaded.
"""

from __future__ import annotations

import gc
import os
import sys

from reconciler.cli.signals import ignore_signals, interrupt_on_signals

TYPE_CHECKING = False  # `typing` takes longer to import than everything here
if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError

_INTERRUPTED = 130
"""What the command line's library makes of an interruption."""


def main() -> None:
    """Run the command line, and end the process with an exit code of the table in `errors`.

    All is said and written by then, so the interpreter need not take its modules apart, which is 3 % of what
    `validate` takes. What was registered for the end is done, unless a request that was given up has left a thread:
    that would keep the process until its time is over.
    """
    code = run()
    if not _has_threads():
        import atexit  # noqa: PLC0415 - after the signals are answered

        atexit._run_exitfuncs()  # noqa: SLF001 - as the interpreter does at its end, which has no other name for it
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def run() -> int:
    """Run the command line, and give its exit code: everything but the end of the process."""
    try:
        try:
            interrupt_on_signals()
            code = _start()
        finally:
            ignore_signals()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    return _end(code)


def _has_threads() -> bool:
    """Say whether other threads are left that would keep the process from ending."""
    threading = sys.modules.get("threading")
    others = [each for each in threading.enumerate() if not each.daemon] if threading else []
    return len(others) > 1


def _start() -> int:
    """Load the program and run it; gives its exit code."""
    # A run makes many objects and drops few, so the collector looks for dropped ones a hundred times less often:
    # `validate` of 1,000 definitions takes 1.4 s of processor time instead of 1.8 (median of 7), and 1 MB more.
    gc.set_threshold(70_000)
    # Nothing that is installed beside the program sees what it validates, nor does it search for such plugins.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    from reconciler.cli.streams import open_streams  # noqa: PLC0415 - after the signals are answered
    from reconciler.errors import ReconcilerError  # noqa: PLC0415 - as above

    output = open_streams()
    try:
        code = _run()
        output.flush()
    except ReconcilerError as error:
        code = _report_error(error)
    return code


def _end(code: int) -> int:
    """Write what is left, and give the exit code that counts."""
    from reconciler.cli.streams import open_streams  # noqa: PLC0415 - as above
    from reconciler.errors import Exit  # noqa: PLC0415 - as above

    output = open_streams()
    if code == _INTERRUPTED:
        _report("Interrupted; nothing was written to the register.")
        code = Exit.REFUSED
    output.flush()
    if output.trouble:
        _report(f"error: the result cannot be shown: {output.trouble}.")
        code = Exit.worst(Exit(code), Exit.FAILED)
    sys.stderr.flush()
    return code


def _run() -> int:
    """Run the command line, and give its exit code; raises `ReconcilerError` for whatever stopped it."""
    from reconciler.errors import Exit, ReconcilerError, UsageError  # noqa: PLC0415 - as above

    try:
        os.getcwd()  # noqa: PTH109 - only asked for
    except OSError as error:
        raise UsageError(
            f"The folder that this was started in cannot be used: {error.strerror}.",
            hint="Change to another folder.",
        ) from error
    try:
        return _answer(sys.argv[1:])
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
            "There is not enough memory.", hint="Look for a file that is far too large."
        ) from error
    except Exception as error:  # a person gets a sentence, and a traceback if they ask
        if "--debug" in sys.argv:
            raise
        raise ReconcilerError(
            f"this is a fault of reconciler itself: {type(error).__name__}",
            hint="Run it again as `reconciler --debug …` and report what it prints.",
        ) from error


def _answer(words: list[str]) -> int:
    """Answer the command line, with its library where it asks for more than what has to be quick."""
    from reconciler.cli.at_once import answer_at_once  # noqa: PLC0415 - a failed import is reported like any failure

    code = answer_at_once(words, os.environ)
    if code is not None:
        return code
    from reconciler.cli.main import app  # noqa: PLC0415 - as above
    from reconciler.clients.exposure import check_exposed  # noqa: PLC0415 - as above

    check_exposed(words, os.environ)
    app(prog_name="reconciler")
    return 0


def _report_error(error: ReconcilerError) -> int:
    from reconciler.cli.console import notify_error  # noqa: PLC0415 - only where something failed

    notify_error(error)
    if "GITHUB_STEP_SUMMARY" in os.environ or "TF_BUILD" in os.environ:
        from reconciler.cli.step_summary import show_failure  # noqa: PLC0415 - only where there is a summary

        show_failure(error, sys.argv[1:], os.environ)
    return error.exit_code


def _report(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")  # where other people's text is made harmless


if __name__ == "__main__":
    main()
