"""Patterns of systems' ids: an id itself, or a text with `*`, `?` and `[…]` as a shell reads them.

Pure. Letter case counts, since the register distinguishes ids by it (System Register contract §1.1).
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LONGEST_PATTERN = 300
"""Characters; an id has at most 255."""
MOST_STARS = 10
"""In a pattern: the time of a comparison grows with each of them."""


def fits(system: str, patterns: Iterable[str]) -> bool:
    """Say whether an id is one of the patterns, or fits one."""
    return any(system == each or fnmatchcase(system, each) for each in patterns)


def find_unmatched(patterns: Iterable[str], systems: Collection[str]) -> tuple[str, ...]:
    """Find the patterns that fit none of the ids, in their order."""
    return tuple(each for each in patterns if not any(fits(name, (each,)) for name in systems))


def is_pattern(pattern: str) -> bool:
    """Say whether a text is short and simple enough for a pattern, and not empty."""
    return 0 < len(pattern) <= LONGEST_PATTERN and pattern.count("*") <= MOST_STARS
