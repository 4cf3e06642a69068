"""Digests of JSON values, so that a reviewed plan and a live document can be distinguished from any other.

Pure. The canonical form is: keys sorted, no white space, UTF-8, list order kept.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""What JSON can say: a mapping, a list, a text, a number, a truth value or None."""

SHORT = 12
"""How many hex digits stand for a digest where people read it."""


def print_canonical(value: Json) -> bytes:
    """Print a JSON value in its canonical form; a lone surrogate, which UTF-8 lacks, counts as itself."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def digest_json(value: Json) -> str:
    """Give the SHA-256 of a value's canonical form, in hex."""
    return hashlib.sha256(print_canonical(value)).hexdigest()
