"""The lock that keeps two runs apart, and the folder that it lies in."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from reconciler import platform
from reconciler.errors import Refused
from reconciler.execution.lock import _sign, find_lock_folder, hold_lock
from tests.builders import VENDOR
from tests.posixless.without_posix import make_msvcrt

if TYPE_CHECKING:
    from pathlib import Path

REGISTER = "https://register.example"


def take(folder: Path) -> None:
    """Take the lock and let it go."""
    with hold_lock(folder, register=REGISTER, vendor=VENDOR):
        pass


def test_the_lock_keeps_a_second_run_away(tmp_path: Path) -> None:
    """It names who holds it; another vendor or register has a lock of its own, and it is free afterwards."""
    with hold_lock(tmp_path, register=REGISTER, vendor=VENDOR):
        with (
            pytest.raises(Refused, match=f"process {os.getpid()}, since 20"),
            hold_lock(tmp_path, register=REGISTER, vendor=VENDOR),
        ):
            pass
        with (
            hold_lock(tmp_path, register=REGISTER, vendor="310000000"),
            hold_lock(tmp_path, register="https://other.example", vendor=VENDOR),
        ):
            pass
    with hold_lock(tmp_path, register=REGISTER, vendor=VENDOR):
        pass


@pytest.mark.e2e
def test_a_dead_runs_lock_is_free(tmp_path: Path) -> None:
    """The process is gone without a word, and its file is still there."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom reconciler.execution.lock import hold_lock\n"
        f"with hold_lock(Path(sys.argv[1]), register={REGISTER!r}, vendor={VENDOR!r}):\n    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=30)

    assert (done.returncode, len(list(tmp_path.iterdir()))) == (9, 1)
    with hold_lock(tmp_path, register=REGISTER, vendor=VENDOR):
        pass


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_STATE_HOME": "/state", "HOME": "/home/a"}, "/state/reconciler/locks"),
        ({"XDG_STATE_HOME": "state", "HOME": "/home/a"}, "/home/a/.local/state/reconciler/locks"),
        ({"XDG_STATE_HOME": "", "HOME": "/home/a"}, "/home/a/.local/state/reconciler/locks"),
    ],
)
def test_locks_lie_in_the_users_state(environ: dict[str, str], expected: str) -> None:
    """A relative path in the variable is ignored: it would give each folder a lock of its own."""
    assert str(find_lock_folder(environ)) == expected


@pytest.mark.parametrize(
    "environ",
    [{"HOME": "relative"}, {"HOME": "relative", "XDG_STATE_HOME": "also/relative"}],
)
def test_a_relative_home_is_no_place_for_a_lock(environ: dict[str, str]) -> None:
    """W14: each folder would have a lock of its own."""
    with pytest.raises(Refused, match="HOME is not an absolute path") as caught:
        find_lock_folder(environ)

    assert "XDG_STATE_HOME" in caught.value.hint


def test_nobody_without_a_home_gets_a_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """W14: no HOME, and a user in no list of users, as in many containers."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 54321)

    with pytest.raises(Refused, match="HOME is not set"):
        find_lock_folder({})


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder", "file above", "link above"])
def test_what_is_no_lock_is_named_and_left_alone(tmp_path: Path, kind: str) -> None:
    """W14, W18: never through a link, never a wait at a pipe; the obstacle is named."""
    take(tmp_path / "locks")
    (path,) = (tmp_path / "locks").iterdir()
    target = tmp_path / "target"
    target.write_text("kept")
    path.unlink()
    folder, named = tmp_path / "locks", path
    if kind == "link":
        path.symlink_to(target)
    elif kind == "dangling link":
        path.symlink_to(tmp_path / "planted")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "file above":
        folder = named = target
    else:
        folder = named = tmp_path / "loop"
        folder.symlink_to(folder)

    with pytest.raises(Refused) as caught:
        take(folder)

    assert caught.value.message.startswith(f"No lock can be taken on {named}: ")

    assert target.read_text() == "kept"
    assert not (tmp_path / "planted").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_lock_of_another_user_is_named(tmp_path: Path) -> None:
    """W14: a lock file that may not be opened is an obstacle like any other."""
    take(tmp_path)
    (path,) = tmp_path.iterdir()
    path.chmod(0)

    with pytest.raises(Refused, match="Permission denied"):
        take(tmp_path)


def test_a_kernel_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W14: some network disks refuse every lock."""

    def refuse(*_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(platform, "_FCNTL", SimpleNamespace(flock=refuse, LOCK_EX=2, LOCK_NB=4))

    with pytest.raises(Refused) as caught:
        take(tmp_path)

    (path,) = tmp_path.iterdir()
    assert caught.value.message == f"No lock can be taken on {path}: No locks available."


def test_a_lock_is_its_owners_only(tmp_path: Path) -> None:
    """Nobody else reads who holds it, nor can hold it."""
    take(tmp_path / "a" / "locks")
    (path,) = (tmp_path / "a" / "locks").iterdir()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_windows_locks_a_byte_that_nobody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """G6: without fcntl the lock is one of a range of bytes, here by the same means of this kernel."""
    if platform._MSVCRT is None:
        monkeypatch.setattr(platform, "_MSVCRT", make_msvcrt())
    monkeypatch.setattr(platform, "_FCNTL", None)

    with (
        hold_lock(tmp_path, register=REGISTER, vendor=VENDOR),
        pytest.raises(Refused, match=f"process {os.getpid()}, since 20"),
    ):
        take(tmp_path)
    take(tmp_path)


def test_a_system_without_any_lock_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """G6: nothing is written without a lock."""
    monkeypatch.setattr(platform, "_FCNTL", None)
    monkeypatch.setattr(platform, "_MSVCRT", None)

    with pytest.raises(Refused, match="no locks on files"):
        take(tmp_path)


def test_a_lock_bears_one_name(tmp_path: Path) -> None:
    """What a longer one before it left is gone."""
    path = tmp_path / "x.lock"
    path.write_text("x" * 200, encoding="utf-8")
    descriptor = os.open(path, os.O_RDWR)
    try:
        _sign(descriptor)
    finally:
        os.close(descriptor)
    assert re.fullmatch(rf"process {os.getpid()}, since \S+\n", path.read_text(encoding="utf-8"))


def test_a_lock_that_cannot_be_signed_is_held_all_the_same(tmp_path: Path) -> None:
    """A full disk takes the name of the holder, and not the lock."""
    path = tmp_path / "x.lock"
    path.write_text("process 7", encoding="utf-8")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _sign(descriptor)
    finally:
        os.close(descriptor)
    assert path.read_text(encoding="utf-8") == "process 7"
