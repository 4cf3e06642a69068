"""What operating systems do differently, in one place: plain files, private folders, locks and programs.

Everything that only POSIX has stays in here, behind something that works on Windows too. Errors are `OSError`s whose
`strerror` reads well behind "cannot be read:".
"""

from __future__ import annotations

import errno
import os
import signal
import stat
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
"""0 where a link can only be looked for beforehand."""
_PLAIN: int = (
    _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
"""Never through a link, never waiting for the other end of a pipe."""
_PIECE = 64 * 1024
"""Bytes that are read at a time."""
_SILENCE = 10.0
"""Seconds; a program that hands a key over through a pipe may ask its own server first."""


def _load(name: str) -> Any:  # noqa: ANN401 - a module of one operating system has no type on another
    try:
        return import_module(name)
    except ImportError:
        return None


_FCNTL, _MSVCRT = _load("fcntl"), _load("msvcrt")
_LOCKED_BYTE = 1 << 30
"""Windows lets no process read a byte that is locked, so it is one behind everything that is written."""


def open_plain(path: Path | str, flags: int) -> int:
    """Open a regular file and nothing else, never through a link at its end; made, it is its owner's only.

    Gives the descriptor; `flags` are those of `os.open`. A pipe or a device is not even opened.
    """
    try:
        before = os.lstat(path)
    except FileNotFoundError:
        before = None
    if before is not None:
        _check_plain(path, before)
    descriptor = os.open(path, flags | _PLAIN, 0o600)
    try:
        found = os.fstat(descriptor)
        _check_plain(path, found)
        if not _NO_FOLLOW and not os.path.samestat(os.lstat(path), found):
            _check_plain(path, os.lstat(path))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check_plain(path: Path | str, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, "it is a link", str(path))
    if stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def read_plain(path: Path | str, most: int) -> bytes:
    """Read a regular file, never through a link at its end, and never more than a number of bytes."""
    descriptor = open_plain(path, os.O_RDONLY)
    pieces: list[bytes] = []
    try:  # without a stream, which takes as long to make as a definition to read
        while most and (piece := os.read(descriptor, min(most, _PIECE))):
            pieces.append(piece)
            most -= len(piece)
    finally:
        os.close(descriptor)
    return b"".join(pieces)


def read_given(path: Path, most: int) -> bytes:
    """Read a file that a person named, links followed: a regular one, or a pipe that is written to soon.

    Gives up after ten seconds of silence, and where there are more bytes than `most`.
    """
    found = path.stat()
    if stat.S_ISREG(found.st_mode):
        content = read_plain(Path(os.path.realpath(path)), most + 1)
    elif stat.S_ISFIFO(found.st_mode):
        content = _read_pipe(path, most + 1)
    else:
        _check_plain(path, found)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


def _read_pipe(path: Path, most: int) -> bytes:
    import select  # noqa: PLC0415 - few files are pipes

    content = b""
    descriptor = os.open(path, os.O_RDONLY | _PLAIN & ~_NO_FOLLOW)
    try:
        while len(content) < most:
            if not select.select([descriptor], [], [], _SILENCE)[0]:
                raise OSError(errno.ETIMEDOUT, "nothing is written to that pipe", str(path))
            more = os.read(descriptor, most - len(content))
            if not more:
                break
            content += more
    finally:
        os.close(descriptor)
    return content


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner may use, or restrict one that is there; never through a link."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            raise OSError(errno.ELOOP, "it is a link", str(path)) from None
        if not stat.S_ISDIR(found.st_mode):
            raise OSError(errno.ENOTDIR, "it is not a folder", str(path)) from None
        if stat.S_IMODE(found.st_mode) != 0o700:
            path.chmod(0o700)


def sync_folder(path: Path) -> None:
    """Flush a new name in a folder to the disk; Windows does so by itself and has no call for it."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def take_lock(descriptor: int) -> bool:
    """Take the kernel's lock on an open file, without waiting; False where another holds it.

    It ends when the descriptor is closed, or its process dies.
    """
    if _FCNTL is None and _MSVCRT is None:
        raise OSError(errno.ENOSYS, "this system has no locks on files")
    try:
        if _FCNTL is not None:
            _FCNTL.flock(descriptor, _FCNTL.LOCK_EX | _FCNTL.LOCK_NB)
        else:
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            _MSVCRT.locking(descriptor, _MSVCRT.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}:
            return False
        raise
    return True


def split_command(text: str) -> list[str] | str:
    """Split a command into its words as the system does: a POSIX shell's quotes, or Windows' own, by itself.

    Raises ValueError for a quotation mark without its other half.
    """
    import shlex  # noqa: PLC0415 - few runs start a program

    return text if os.name == "nt" else shlex.split(text)


def start_program(command: list[str] | str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program without a shell, with pipes, and in a group of its own."""
    import subprocess  # noqa: PLC0415 - it takes longer to load than the rest of this module

    pipe = subprocess.PIPE
    return subprocess.Popen(  # noqa: S603 - named by whoever runs this, and no shell reads it
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environ, start_new_session=True
    )


def end_program(process: subprocess.Popen[bytes]) -> None:
    """End a program now, and on POSIX all that it started."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
