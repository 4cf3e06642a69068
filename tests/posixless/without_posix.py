"""Takes away what only POSIX has, so that the tests run as on Windows: `WITHOUT_POSIX=1 pytest`.

`tests/conftest.py` calls `run_without_posix`. The programs that the tests start lose the modules too: Python imports
the `sitecustomize` beside this file when it starts.
"""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import struct
import sys
import tempfile
from importlib.machinery import PathFinder
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

MODULES = ("fcntl", "pwd", "grp", "termios", "tty", "pty", "resource", "syslog", "_posixshmem")
"""Of the standard library, those that Windows does not have and that a program like this could want."""
_LK_NBLCK = 2
"""The mode of `msvcrt.locking` that does not wait."""
_SET_OPEN_FILE_LOCK = 37
"""F_OFD_SETLK of Linux: a lock of the open file, as on Windows, and not of the process."""
_NEW_STYLE = struct.Struct("hhqqi")
"""`struct flock` of 64-bit Linux."""
_PROGRAM = """#!{python} -IS
import os, sys
kept = os.environ.get("PYTHONPATH", "")
os.environ["PYTHONPATH"] = {path!r} + (kept and os.pathsep + kept)
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""
"""Starts Python with the folder of this file in its path; a shell would have something to report of its own."""


def remove_modules() -> None:
    """Make every import of such a module fail from now on, and offer `platform` the lock of Windows."""
    if sys.modules.get("fcntl", True) is None:
        return
    windows = make_msvcrt()
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python marks what cannot be imported
    sys.meta_path.insert(0, _PlatformFinder(windows))


def run_without_posix() -> None:
    """Remove the modules here, and from every Python that this process starts by `sys.executable`."""
    remove_modules()
    folder = Path(tempfile.mkdtemp(prefix="without-posix-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = folder / "python"
    program.write_text(
        _PROGRAM.format(python=sys.executable, path=str(Path(__file__).parent)), encoding="utf-8"
    )
    program.chmod(0o700)
    sys.executable = str(program)


def make_msvcrt() -> SimpleNamespace:
    """Make the lock of Windows by a lock of this kernel on the same bytes."""
    import fcntl  # noqa: PLC0415 - before it is taken away

    def locking(descriptor: int, mode: int, size: int) -> None:
        if mode != _LK_NBLCK:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        # Locks of an open file keep apart the two descriptors of one process, as Windows does.
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        wanted = _NEW_STYLE.pack(fcntl.F_WRLCK, os.SEEK_SET, at, size, 0)
        fcntl.fcntl(descriptor, _SET_OPEN_FILE_LOCK, wanted)

    return SimpleNamespace(locking=locking, LK_NBLCK=_LK_NBLCK)


class _PlatformFinder:
    """Finds our one module on operating systems, and gives it the lock of Windows.

    No other module may see a `msvcrt`: Python's own `subprocess` takes its presence for Windows.
    """

    def __init__(self, windows: SimpleNamespace) -> None:
        self._windows = windows

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as usual, and set what it would have imported on Windows."""
        spec = PathFinder.find_spec(name, path, target) if name == "reconciler.platform" else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_set(module: ModuleType) -> None:
            execute(module)
            vars(module)["_MSVCRT"] = self._windows

        vars(spec.loader)["exec_module"] = execute_and_set
        return spec
