"""Run the program with its allocations traced: `traced.py COUNTS WORDS…` writes the counts to a file as JSON.

`allocated` is the traced memory at its peak in bytes, `modules` the number of modules that were imported. Tracing takes
several times as long, so no such run is timed.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import tracemalloc

_BEFORE = len(sys.modules)


def _write(path: str) -> None:
    counts = {"allocated": tracemalloc.get_traced_memory()[1], "modules": len(sys.modules) - _BEFORE}
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib would count as a module
        json.dump(counts, file)


def main(path: str, *words: str) -> None:
    """Trace a run of the program."""
    sys.argv = ["reconciler", *words]
    atexit.register(_write, path)
    leave = os._exit

    def leave_counted(code: int) -> None:
        _write(path)
        leave(code)

    os._exit = leave_counted  # type: ignore[assignment]  # which the program calls where threads are left
    tracemalloc.start()
    from reconciler.__main__ import main as run  # noqa: PLC0415 - traced from its first import

    run()


if __name__ == "__main__":
    main(*sys.argv[1:])
