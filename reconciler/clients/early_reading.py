"""The reading of a register that begins, in threads of its own, before the definitions are read.

The token, the list, and each listed system that is going to be needed: what a plan asks for, in its order, over no
more connections than it has workers. Whatever fails is raised where the plan asks for it.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import Lock, Thread
from typing import TYPE_CHECKING

from reconciler.clients.early_answers import EarlyAnswers
from reconciler.clients.listing import explain_unaddressable
from reconciler.clients.maskinporten import open_tokens
from reconciler.clients.register import HttpRegister
from reconciler.model.id_pattern import fits, is_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.clients.credentials import Credentials
    from reconciler.clients.maskinporten import TokenSource
    from reconciler.clients.register import ListedSystem
    from reconciler.model.environment import Environment
    from reconciler.model.system import RegisteredSystem

    Takes = Callable[[ListedSystem], bool]
    Notify = Callable[[str], None]

SWITCH = 0.0005
"""Seconds for which a thread that computes keeps the others from their answers, while definitions are read; Python's
own 0.005 would be a tenth of an answer's 50 ms, several times for each of them."""


class EarlyRegister(HttpRegister):
    """A register that is only read, and has been asked for what is going to be needed; safe for threads."""

    def __init__(
        self, environment: Environment, tokens: TokenSource, workers: int, takes: Takes, notify: Notify
    ) -> None:
        super().__init__(environment, tokens, workers=workers, read_only=True, notify=notify)
        self.early = EarlyAnswers(super().list_systems, super().read_system, takes)

    def list_systems(self) -> tuple[ListedSystem, ...]:
        """Give the list, which may be there; raises `RegisterError`."""
        return self.early.list_systems()

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Give a system, which may be there; raises `RegisterError`."""
        return self.early.read_system(system)


@dataclass(frozen=True, slots=True)
class Opened:
    """A register that is open, with the credentials and the tokens that it is asked with."""

    credentials: Credentials
    tokens: TokenSource
    register: EarlyRegister


class EarlyReading:
    """The threads that open an environment's register and read it; the last one to end closes it.

    Whoever ends the run does not wait for them: what is under way then has no reader.
    """

    def __init__(
        self, environment: Environment, credentials: Credentials, workers: int, takes: Takes, notify: Notify
    ) -> None:
        self._environment = environment
        self._credentials = credentials
        self._workers = workers
        self._takes = takes
        self._notify = notify
        self._opened: Future[Opened] = Future()
        self._kept = ExitStack()
        self._lock = Lock()
        self._users = 1
        """The threads, and whoever may still take what they open."""
        self._is_over = False
        self._switch = sys.getswitchinterval()

    def begin(self) -> None:
        """Begin to read."""
        sys.setswitchinterval(SWITCH)
        self._start(self._read)

    def take(self) -> Opened:
        """Give the open register; raises what kept it from being opened."""
        sys.setswitchinterval(self._switch)
        return self._opened.result()

    def close(self) -> None:
        """Ask nothing more, and close the register when the last answer is there; nobody waits for that."""
        sys.setswitchinterval(self._switch)
        with self._lock:
            self._is_over = True
        if self._opened.done() and self._opened.exception() is None:
            self._opened.result().register.early.stop()
        self._leave()

    def _start(self, work: Callable[[], None]) -> None:
        with self._lock:
            self._users += 1
        try:
            Thread(target=self._run, args=(work,), name="reading ahead").start()
        except RuntimeError:
            self._leave()
            raise

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._leave()

    def _has_ended(self) -> bool:
        with self._lock:
            return self._is_over

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            is_last = not self._users
        if is_last:
            self._kept.close()

    def _read(self) -> None:
        """Open the register, fetch the list, and then the systems with all workers."""
        if self._has_ended():
            return
        try:
            opened = self._open()
        except BaseException as failure:  # noqa: BLE001 - `take` raises it
            self._opened.set_exception(failure)
            return
        early = opened.register.early
        self._opened.set_result(opened)
        if self._has_ended():
            early.stop()
        systems = early.fetch_list()
        with suppress(RuntimeError):  # where the system gives no more threads, those that there are read on
            for _ in range(min(systems, self._workers) - 1):
                self._start(early.fetch_systems)
        early.fetch_systems()

    def _open(self) -> Opened:
        tokens = self._kept.enter_context(
            open_tokens(self._environment, self._credentials, notify=self._notify)
        )
        register = self._kept.enter_context(
            EarlyRegister(self._environment, tokens, self._workers, self._takes, self._notify)
        )
        if register.administers:  # its list is not the vendor's
            register.early.stop()
        return Opened(self._credentials, tokens, register)


def choose_systems(vendor: str, only: Sequence[str]) -> Takes:
    """Choose the listed systems of a vendor that fit a pattern, of those that an address can carry.

    No vendor stands for all, and no pattern for all; where one is no pattern, none is chosen.
    """

    def takes(each: ListedSystem) -> bool:
        if not is_sound or explain_unaddressable(each.id):
            return False
        return vendor in {"", each.vendor} and (not only or fits(each.id, only))

    is_sound = all(map(is_pattern, only))
    return takes


def choose_none(_: ListedSystem) -> bool:
    """Choose no system: only the list is going to be needed."""
    return False
