"""The program's start and end: the one place where a failure becomes an exit code."""

from __future__ import annotations

import gc
import os
import sys

from reconciler.errors import Exit, ReconcilerError


def main() -> None:
    """Run the command line, and end the process with an exit code of the table in `errors`."""
    # A run makes many objects and drops few, so looking for dropped ones a hundred times as seldom saves a sixth.
    gc.set_threshold(70_000)
    from reconciler.cli.main import app  # noqa: PLC0415 - a failed import is told like any other failure
    from reconciler.credentials import check_exposed  # noqa: PLC0415 - as above

    try:
        check_exposed(sys.argv[1:], os.environ)
        app(prog_name="reconciler")
    except ReconcilerError as error:
        from reconciler.cli.console import tell_error  # noqa: PLC0415 - only where something failed

        tell_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
    except Exception as error:  # a person gets a sentence, and a traceback if they ask
        if "--debug" in sys.argv:
            raise
        sys.stderr.write(f"error: this is a fault of reconciler itself: {type(error).__name__}\n")
        sys.stderr.write("       Run it again as `reconciler --debug …` and report what it prints.\n")
        sys.exit(Exit.FAILED)


if __name__ == "__main__":
    main()
