"""Maskinporten's error replies: status, OAuth error, description and, for most, an MP code.

The catalogue is Maskinporten contract §4.2.
"""

from __future__ import annotations

FAILED = "Invalid assertion. Client authentication failed."
"""The first sentence of every failed client authentication."""


class TokenError(Exception):
    """The error reply to a grant."""

    def __init__(self, error: str, description: str, code: str | None = None, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.code = code
        self.status = status


def refuse_claim(name: str) -> TokenError:
    """Make the error for a claim that is missing, unknown or of the wrong type."""
    return TokenError("invalid_request", f"Invalid assertion. Invalid JWT claim {name}")
