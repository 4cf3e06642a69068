"""The known word that is most like a misspelt one.

Pure.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST_NAME = 200
"""No name is longer, and the time of a comparison grows with the square of the length."""


def list_nearest(word: str, known: Collection[str], most: int = 3) -> list[str]:
    """List the known words that are most like the given one, the nearest first."""
    if len(word) > LONGEST_NAME:
        return []
    return get_close_matches(word, list(known), n=most)


def find_nearest(word: str, known: Collection[str]) -> str:
    """Give the known word that is most like the given one, or an empty text."""
    return next(iter(list_nearest(word, known, 1)), "")
