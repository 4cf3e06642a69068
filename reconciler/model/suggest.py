"""The known word that is most like a misspelt one.

Pure.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_NAME = 200
"""No name is longer, and the time of a comparison grows with the square of the length."""


def find_nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Give the known word that is most like the given one, or an empty text."""
    if len(word) > LONGEST_NAME:
        return ""
    return _compare(word, tuple(known), cutoff)


@lru_cache(maxsize=4096)
def _compare(word: str, known: tuple[str, ...], cutoff: float) -> str:
    """Compare a word with others; a thousand files may hold the same mistake."""
    return next(iter(get_close_matches(word, known, n=1, cutoff=cutoff)), "")
