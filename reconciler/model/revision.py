"""The commits that definitions come from."""

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


@dataclass(frozen=True, slots=True)
class Checkout:
    """The commit that the definitions of a plan were read at, and which of them are not as it has them."""

    commit: str
    """Empty where there is none: no repository, or one without a commit."""
    uncommitted: tuple[str, ...] = ()
    """The files that differ from the commit, are not in it, or are removed; by name."""

    @property
    def is_tracked(self) -> bool:
        """Whether the definitions are in a git repository."""
        return bool(self.commit or self.uncommitted)
