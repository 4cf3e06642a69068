"""The reading of a register that begins, in threads of its own, before the definitions are read.

The token, the list, and each listed system that is going to be needed: what a plan asks for, in its order, over no
more connections than it has workers. Whatever fails is raised where the plan asks for it.
"""

from __future__ import annotations

import sys
import time
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
from reconciler.model.system import build_parts

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
QUICK = 0.01
"""Seconds: where the first answer takes less, the network is not what takes time, and one thread reads on alone. With
more of them, which keep the definitions from being checked, a plan of 1,000 took a tenth longer."""


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
    """The threads that read an environment's register; the last one to end closes it.

    Whoever ends the run does not wait for them: what is under way then has no reader. Raises what `open_tokens` raises.
    """

    def __init__(
        self, environment: Environment, credentials: Credentials, workers: int, takes: Takes, notify: Notify
    ) -> None:
        # A register makes validators, as do checks of definitions: two threads must not do so at the same time.
        with ExitStack() as stack:
            tokens = stack.enter_context(open_tokens(environment, credentials, notify=notify))
            register = stack.enter_context(EarlyRegister(environment, tokens, workers, takes, notify))
            self._kept = stack.pop_all()
        self._opened = Opened(credentials, tokens, register)
        self._workers = workers
        self._has_token: Future[None] = Future()
        self._lock = Lock()
        self._users = 1
        """The threads, and whoever may still take what was opened."""
        self._is_over = False
        self._switch = sys.getswitchinterval()

    def begin(self) -> None:
        """Begin to read."""
        sys.setswitchinterval(SWITCH)
        self._start(self._read)

    def take(self) -> Opened:
        """Give the open register, whose token is there; raises why there is none."""
        sys.setswitchinterval(self._switch)
        self._has_token.result()
        build_parts()  # of what was imported meanwhile
        return self._opened

    def close(self) -> None:
        """Ask nothing more, and close the register when the last answer is there; nobody waits for that."""
        sys.setswitchinterval(self._switch)
        with self._lock:
            self._is_over = True
        self._opened.register.early.stop()
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

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            is_last = not self._users
        if is_last:
            self._kept.close()

    def _read(self) -> None:
        """Get a token, fetch the list, and then the systems with all workers."""
        early, tokens = self._opened.register.early, self._opened.tokens
        try:
            if not self._is_over:
                tokens.token()
                if self._opened.register.administers:  # its list is not the vendor's
                    early.stop()
        except BaseException as failure:  # noqa: BLE001 - `take` raises it
            self._has_token.set_exception(failure)
            return
        self._has_token.set_result(None)
        systems = early.fetch_list()
        asked = time.monotonic()
        if early.fetch_next() and time.monotonic() - asked > QUICK:
            self._start_others(min(systems, self._workers) - 1)
        early.fetch_systems()

    def _start_others(self, number: int) -> None:
        with suppress(RuntimeError):  # where the system gives no more threads, those that there are read on
            for _ in range(number):
                self._start(self._opened.register.early.fetch_systems)


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
