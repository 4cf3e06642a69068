"""The last day of a key as the configuration says it, and from when on that is worth a word.

Pure. Maskinporten takes a key for a year and gives no notice before its end (MP-121).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Finding, Location, Severity

if TYPE_CHECKING:
    from datetime import date

KEY_EXPIRY = "key-expires"
AHEAD = 30
"""Days before the last one: time to register another key beside it."""
_HINT = (
    "Register another key beside it, change the secret, and then `key_expires` in the configuration: "
    "docs/howto/rotate-keys.md."
)


def find_key_expiry(expires: date | None, today: date) -> tuple[Finding, ...]:
    """Warn of a key that ends within the month, or has ended; nothing where the configuration does not say when."""
    left = (expires - today).days if expires else AHEAD + 1
    if left > AHEAD:
        return ()
    message = f"The key's last day {describe_day(left)}: {expires}, by `key_expires` of the configuration."
    return (Finding(KEY_EXPIRY, Severity.WARNING, message, Location(""), _HINT),)


def describe_day(left: int) -> str:
    """Say when a day is or was, so many days from today."""
    if left in {-1, 0, 1}:
        return ("was yesterday", "is today", "is tomorrow")[left + 1]
    return f"was {-left:,} days ago" if left < 0 else f"is in {left} days"
