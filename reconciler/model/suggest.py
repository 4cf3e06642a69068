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


def find_nearest(word: str, known: Collection[str]) -> str:
    """Give the known word that is most like the given one, or an empty text."""
    if len(word) > LONGEST_NAME:
        return ""
    return next(iter(get_close_matches(word, list(known), n=1)), "")
