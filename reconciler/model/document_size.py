"""How large a document is when it is sent, and how long the register may look at it.

Pure. What is measured here is what the client sends, byte by byte.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.canonical_json import Json

LARGEST = 30_000_000
"""Bytes of a body; the register answers 500 to a larger one (System Register contract §9.1)."""
WRITE_SECONDS = 60.0
"""What a write is given for which the register asks no other service."""
LOOK_UP_SECONDS = 30.0
"""What it is given besides for each pair of a right and each access package: the register asks another service
for one after the other, and waits so long for each answer (System Register contract §9.1)."""


def encode(body: Json) -> bytes:
    """Encode JSON as it is sent: UTF-8, no blanks."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def find_excess(document: Mapping[str, Json] | None) -> str:
    """Say how much larger a document is than the register takes, and what makes it; empty where it fits."""
    size = len(encode(document)) if document else 0
    if size <= LARGEST or not document:
        return ""
    name, largest = max(document.items(), key=lambda each: len(encode(each[1])))
    held = f"`{name}`{f' with its {len(largest):,} entries' if isinstance(largest, list) else ''}"
    return (
        f"its document has {_describe_size(size)} of JSON, and the register takes {_describe_size(LARGEST)}: "
        f"{held} makes {_describe_size(len(encode(largest)))} of it"
    )


def _describe_size(size: int) -> str:
    return f"{size:,} bytes" if abs(size - LARGEST) < 100_000 else f"{size / 1_000_000:.1f} MB"


def count_look_ups(document: Mapping[str, Json] | None) -> int:
    """Count the pairs of rights and the access packages, each of which the register asks another service for."""
    rights, packages = ((document or {}).get(name) or () for name in ("rights", "accessPackages"))
    return len(packages) + sum(len(each.get("resource") or ()) for each in rights if isinstance(each, dict))


def find_seconds(document: Mapping[str, Json] | None) -> float:
    """Give the seconds after which a write of a document that has no answer is of unknown outcome."""
    return WRITE_SECONDS + LOOK_UP_SECONDS * count_look_ups(document)
