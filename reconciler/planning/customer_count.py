"""How many customers a change concerns, by kind, and what of that is not known.

Pure. These numbers are for reading: neither the plan's digest nor apply goes by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RequestFate(StrEnum):
    """What becomes of an open request."""

    FAILS = "fails"
    """Its approval is refused."""
    NO_TOKEN = "no-token"  # noqa: S105 - a word of the plan
    """It can be approved, and Maskinporten gives its system user no token."""
    NO_TOKEN_WITH_CLIENT = "no-token-with-client"  # noqa: S105 - as above
    """It can be approved, and its system user gets tokens with the other client ids only."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number that may not be known, and then is never 0."""

    number: int | None
    """None where it is not known."""
    at_least: int = 0
    """What was found, where there can be more."""
    reason: str = ""
    """Why it is not known; empty where it is."""


@dataclass(frozen=True, slots=True)
class CustomerCount:
    """What is known of the customers that an impact concerns; a count is None where it is of no interest."""

    lacking: Count | None = None
    """The standard system users that do not hold what is added."""
    anew: Count | None = None
    """The agents' system users that do not hold it, and have to be made anew under another reference."""
    portal: bool = False
    """Whether who makes a system user in the portal has to hold more than before."""
    fate: RequestFate | None = None
    """What becomes of the open requests that are counted; None where none are."""
    requests: Count | None = None
    """The open requests for system users."""
    changes: Count | None = None
    """The open change requests."""
