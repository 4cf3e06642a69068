"""The installed program without the time of its imports: one process loads them, and forks for each command line.

A shell starts a small script in the program's place. It hands its arguments, folder, variables and streams to the
process that is loaded, passes signals on, and ends with the status of the child that ran the command line. What a shell
asks for completion is the installed program itself, which reads a variable while it is loaded.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCRIPT = """\
#!/bin/sh
exec {python} -SEsI {script} "$@"
"""
_CALL = """\
import json, os, signal, socket, sys
if "_RECONCILER_COMPLETE" in os.environ:
    os.execv({program!r}, ["reconciler", *sys.argv[1:]])
loaded = socket.socket(socket.AF_UNIX)
loaded.connect({address!r})
request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(loaded, [len(request).to_bytes(4, "big")], [0, 1, 2])
loaded.sendall(request)
answer = loaded.makefile()
child = int(answer.readline())
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: os.kill(child, number))
sys.exit(int(answer.readline() or 70))
"""


@contextmanager
def preload(folder: Path, program: Path) -> Iterator[Path]:
    """Load the program, and give a folder with a `reconciler` that uses it; `program` is the installed one."""
    address = folder / "loaded"
    call, script = folder / "call.py", folder / "bin" / "reconciler"
    script.parent.mkdir(parents=True)
    call.write_text(_CALL.format(program=str(program), address=str(address)), encoding="utf-8")
    words = {"python": shlex.quote(sys.executable), "script": shlex.quote(str(call))}
    script.write_text(_SCRIPT.format(**words), encoding="utf-8")
    script.chmod(0o755)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    loaded = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.preloaded", str(address)],
        cwd=Path(__file__).parent.parent,
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with loaded:
        assert loaded.stdout is not None
        assert loaded.stdout.readline() == b"loaded\n"
        try:
            yield script.parent
        finally:
            os.killpg(loaded.pid, signal.SIGKILL)


def serve(address: str) -> NoReturn:
    """Load the program, and run each command line that comes in a child; never returns."""
    import reconciler  # noqa: PLC0415 - only in this process

    for each in walk_packages(reconciler.__path__, "reconciler."):
        import_module(each.name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that children leave nothing behind
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("loaded\n")
        sys.stdout.flush()
        while True:
            caller, _ = listening.accept()
            if os.fork() == 0:
                _answer(caller)
            caller.close()


def _answer(caller: socket.socket) -> NoReturn:
    """Run one command line in a child, and say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, streams, _, _ = socket.recv_fds(caller, 4, 3)
    with caller.makefile("rb") as sent:
        words, folder, environ = json.loads(sent.read(int.from_bytes(length, "big")))
    child = os.fork()
    if child == 0:
        caller.close()
        _run(words, folder, environ, streams)
    for each in streams:
        os.close(each)  # else a reader of its output would wait for this process
    caller.sendall(f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    caller.sendall(str(os.waitstatus_to_exitcode(status) % 256).encode())
    os._exit(0)


def _run(words: list[str], folder: str, environ: dict[str, str], streams: list[int]) -> NoReturn:
    """Be the program that a shell starts."""
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["reconciler", *words]
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 - the stream of the process
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(open(number, "wb", 0), "utf-8", errors, write_through=True)  # noqa: SIM115, PTH123 - as above
        for number, errors in ((1, "strict"), (2, "backslashreplace"))
    )
    code = 70
    try:
        from reconciler.__main__ import run  # noqa: PLC0415 - as in the program

        code = run()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
