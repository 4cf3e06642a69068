"""A commit that touched a definition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit that touched a file: its hash, when and by whom, and the file's content then."""

    commit: str
    date: str
    author: str
    subject: str
    content: bytes | None
    """None where the commit removed the file."""
