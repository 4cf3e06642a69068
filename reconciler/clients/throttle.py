"""How many requests a register is asked to take at the same time: fewer, once it says that it is too many.

A number that was lowered stays so until the run ends: what lowered it is as likely to come again.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

from reconciler.clients.http_client import Delays
from reconciler.model.environment import READERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOG = logging.getLogger(__name__)
BUSY = frozenset({429, 503})
"""What a register, or a gateway before it, answers where it is asked too much at the same time."""


class Throttle:
    """Lets so many reads be under way at the same time, and the others wait for their turn.

    A write does not wait here: between its last reading and itself others could write. Whoever sends writes keeps
    to `limit`.
    """

    def __init__(self, most: int = READERS, notify: Callable[[str], None] = _LOG.info) -> None:
        self._limit = most
        self._notify = notify
        self._running = 0
        self._turn = Condition()
        self._is_said = False
        self.delays = Delays(notify)
        """Says that what was asked is tried again."""

    @property
    def limit(self) -> int:
        """How many requests may be under way at the same time now; 1 or more."""
        return self._limit

    @contextmanager
    def take_turn(self) -> Iterator[None]:
        """Wait until fewer than the limit are under way, and count as one of them."""
        with self._turn:
            while self._running >= self._limit:
                self._turn.wait()
            self._running += 1
        try:
            yield
        finally:
            with self._turn:
                self._running -= 1
                self._turn.notify()

    def lower(self, status: int, sent_at: int) -> None:
        """Halve the limit after an answer of `BUSY`; `sent_at` was the limit when its request was sent.

        The answers to requests that were under way together are one sign, and not one each.
        """
        with self._turn:
            if self._limit == 1 or sent_at != self._limit:
                return
            self._limit = max(self._limit // 2, 1)
            is_said, self._is_said = self._is_said, True
        if not is_said:
            self._notify(
                f"The register answered {status}: from here on at most {self._limit} requests at the same time "
                f"instead of {sent_at}, and fewer where it does so again."
            )
