"""The emulator's clock: the machine's, with an offset that can be set while it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate


@dataclass(slots=True)
class Clock:
    """The time of Maskinporten and of the register."""

    offset: float = 0.0
    """Seconds that the emulator's clock is ahead of the machine's."""

    def seconds(self) -> float:
        """Give the seconds since the epoch."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """Give the time in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def date(self) -> str:
        """Give the time as an HTTP `Date` header prints it."""
        return formatdate(self.seconds(), usegmt=True)
