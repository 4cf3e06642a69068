"""What a check was about to ask of a customer, and what came of it: a file for each environment and triple.

Each line is synced before anything is sent, so that a run that is killed leaves the request, or that one may be under
way. It holds ids and times, and no link, token or key. The lock keeps two checks of one customer apart, since two
requests of one triple at once make two (System users contract §1).
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from reconciler.errors import Refused, Remedy, UsageError
from reconciler.platform import open_plain, take_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.model.customers import Triple

FORMAT = 1
FOLDER = "check"
"""Below the tool's own folder."""
_MOST = 1_000_000
"""Bytes of a journal that are read; a check adds four lines of 100 at most."""
ASKING, ASKED, WITHDRAWING, WITHDRAWN = "asking", "asked", "withdrawing", "withdrawn"


@dataclass(frozen=True, slots=True)
class CheckState:
    """Where an earlier run ended."""

    request: str = ""
    """The id of the last request that is known; empty where there is none, or it was withdrawn."""
    asking: datetime | None = None
    """When a request was sent whose answer is not known; None where none is."""


class CheckJournal:
    """The journal of one environment and triple, while its lock is held."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self) -> CheckState:
        """Read where an earlier run ended; a line that was cut off is one whose request was never sent."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        state = CheckState()
        for line in os.read(self._descriptor, _MOST).decode("utf-8", "replace").splitlines():
            state = _follow(state, line)
        return state

    def note_asking(self, kind: str) -> None:
        """Note that a request is about to be sent."""
        self._append(ASKING, kind=kind)

    def note_asked(self, request: str, *, made: bool) -> None:
        """Note the request that there is now, and whether it was made or is an older one."""
        self._append(ASKED, request=request, made=made)

    def note_refused(self, codes: tuple[str, ...]) -> None:
        """Note that a request was refused, so that there is none."""
        self._append(WITHDRAWN, codes=list(codes))

    def note_withdrawing(self, request: str) -> None:
        """Note that a request is about to be withdrawn."""
        self._append(WITHDRAWING, request=request)

    def note_withdrawn(self, request: str) -> None:
        """Note that a request was withdrawn."""
        self._append(WITHDRAWN, request=request)

    def _append(self, event: str, **members: object) -> None:
        line = {"format": FORMAT, "event": event, "at": datetime.now(UTC).isoformat(), **members}
        os.lseek(self._descriptor, 0, os.SEEK_END)
        # A line that was cut off must not take the next one with it.
        os.write(self._descriptor, f"\n{json.dumps(line)}\n".encode())
        os.fsync(self._descriptor)


def _follow(state: CheckState, line: str) -> CheckState:
    try:
        read = json.loads(line)
        event, at = read["event"], datetime.fromisoformat(read["at"])
        request = str(read.get("request") or "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return state
    if event == ASKING:
        return replace(state, asking=at)
    if event == ASKED:
        return CheckState(request)
    return CheckState() if event == WITHDRAWN else state


def name_check(register: str, triple: Triple) -> str:
    """Name the files of a check by what it is about: the environment's identity and the triple."""
    return sha256("\n".join((register, *triple)).encode()).hexdigest()[:16]


@contextmanager
def open_check_journal(folder: Path, name: str) -> Iterator[CheckJournal]:
    """Open a journal in a private folder, and hold its lock.

    Raises `Refused` where another run holds it, and `UsageError` where it cannot be written.
    """
    path = folder / f"{name}.jsonl"
    try:
        descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise UsageError(f"{path} cannot be used: {error.strerror}.", hint="Remove it.") from error
    try:
        try:
            is_free = take_lock(descriptor)
        except OSError as error:
            raise UsageError(
                f"{path} cannot be locked: {error.strerror}.", hint="Use another disk."
            ) from error
        if not is_free:
            raise Refused(
                "Another check of the same customer is running; nothing was sent.",
                hint="Wait for it to end.",
                remedy=Remedy.WAIT,
            )
        yield CheckJournal(descriptor)
    finally:
        os.close(descriptor)
