"""Run one process, and print its time, its exit code and its peak memory as JSON: `launcher.py OUT ERR PROGRAM …`.

A process inherits the peak memory of the one that started it until it has replaced it, so this one stays small: it is
run with `-I -S` and imports nothing else. Peak memory is in bytes, times in seconds.
"""

from __future__ import annotations

import os
import sys
import time

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def main(out: str, err: str, *words: str) -> None:
    """Run the process with its streams in two files."""
    streams = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    streams += [(os.POSIX_SPAWN_OPEN, number, path, _FLAGS, 0o600) for number, path in ((1, out), (2, err))]
    began = time.perf_counter()
    process = os.posix_spawn(words[0], words, os.environ, file_actions=streams)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - began
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    code = os.waitstatus_to_exitcode(status)
    processor = usage.ru_utime + usage.ru_stime
    print(  # noqa: T201 - the only output of this program
        f'{{"seconds": {seconds:.6f}, "processor": {processor:.6f}, "code": {code}, "peak": {peak}}}'
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
