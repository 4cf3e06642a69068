"""The lock that keeps two runs on one register and vendor apart.

It is the kernel's, on an open file in the user's state folder: that of a dead run is free at once. The file
holds a line about its holder, and is never opened through a link.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import Refused, Remedy
from reconciler.platform import open_plain, take_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Why not the library filelock: it opens the file with O_TRUNC before it has the lock, so a
# run that is refused would erase who holds it, and it removes the file when it lets go; it also opens pipes and
# folders before it finds out what they are, which `open_plain` refuses.
_MOST = 500
"""Bytes of the line about the holder."""


def find_lock_folder(environ: Mapping[str, str]) -> Path:
    """Give the folder of locks in the user's state folder (XDG Base Directory Specification 0.8).

    Windows has one of its own in LOCALAPPDATA. Raises `Refused` where the user has none.
    """
    # A relative path is no place: each folder would have a lock of its own.
    named = [environ.get("XDG_STATE_HOME", ""), environ.get("LOCALAPPDATA", "") if os.name == "nt" else ""]
    state = next((Path(each) for each in named if Path(each).is_absolute()), None)
    if state is None:
        state = _find_home(environ) / ".local" / "state"
    return state / "reconciler" / "locks"


def _find_home(environ: Mapping[str, str]) -> Path:
    named = environ.get("HOME", "") if os.name != "nt" else ""
    try:
        home = Path(named) if named else Path.home()
    except (RuntimeError, KeyError):  # no HOME, and the user is in no list of users: usual in a container
        home = Path()
    if not home.is_absolute():
        raise Refused(
            f"HOME is {'not an absolute path' if named else 'not set'}, so there is no folder for the lock.",
            hint="Nothing was written. Set XDG_STATE_HOME to a folder that every run uses.",
        )
    return home


@contextmanager
def hold_lock(folder: Path, *, register: str, vendor: str) -> Iterator[None]:
    """Hold the lock of a register and vendor; raises `Refused` where another run holds it, or none can be had."""
    path = folder / f"{sha256(f'{register} {vendor}'.encode()).hexdigest()[:16]}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise _refuse(path, error) from error
    try:
        try:
            is_free = take_lock(descriptor)
        except OSError as error:
            raise _refuse(path, error) from error
        if not is_free:
            os.lseek(descriptor, 0, os.SEEK_SET)
            holder = os.read(descriptor, _MOST).decode(errors="replace").strip() or "another process"
            raise Refused(
                f"Another run holds the lock on {register} for vendor {vendor}: {holder}.",
                hint="Nothing was written. Wait for it to end, then plan and apply again.",
                remedy=Remedy.WAIT,
            )
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _sign(descriptor: int) -> None:
    """Write who holds the lock; that it cannot be written, on a full disk, takes nothing from the lock."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    try:
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, f"process {os.getpid()}, since {at}\n".encode())
    except OSError:
        return


def _refuse(path: Path, error: OSError) -> Refused:
    return Refused(
        f"No lock can be taken on {error.filename or path}: {error.strerror}.",
        hint="Nothing was written. Remove what is in the way, or name another folder in XDG_STATE_HOME.",
    )
