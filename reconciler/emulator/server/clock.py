"""The emulator's clock: the machine's, with an offset that can be set while it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate


@dataclass(slots=True)
class Clock:
    """What time it is for Maskinporten and the register alike."""

    offset: float = 0.0
    """Seconds that the emulator is ahead of the machine."""

    def seconds(self) -> float:
        """Give the seconds since the epoch."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """Give the time in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def date(self) -> str:
        """Give the time as an HTTP `Date` header prints it."""
        return formatdate(self.seconds(), usegmt=True)
