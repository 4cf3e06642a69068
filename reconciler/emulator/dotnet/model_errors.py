"""The errors of ASP.NET's model binding and model validation, in the order of B-MODEL.

System Register contract §0.3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PIECES = re.compile(r"(?=\[)|\.")


class ModelError(Exception):
    """Model binding or validation refused the request; `errors` has the keys in B-MODEL's order."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(dict(errors))
        self.errors = {key: errors[key] for key in sorted(errors, key=_place)}


def require(name: str) -> str:
    """Give the message for a missing value; `name` is the last part of its path."""
    return f"The {name} field is required."


def _place(key: str) -> tuple[int, list[tuple[int, str]]]:
    """Give the sort key of an error key: the keys are a tree, sorted level by level."""
    pieces = [piece for piece in _PIECES.split(key) if piece]
    return len(pieces), [(len(piece), piece.upper()) for piece in pieces]
