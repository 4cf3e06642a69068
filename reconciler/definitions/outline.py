"""A definition to fill in: all that is known of a new system, and behind each member a few words on what it means.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.editor import ENVIRONMENTS, ORDER
from reconciler.definitions.yaml_writer import Layout, write_member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.canonical_json import Json

_MEANS: Mapping[str, str] = {
    "id": "for ever: never renamed, and never used again",
    "name": "what customers see",
    "description": "what customers read before they say yes",
    "rights": "resources that customers are asked for, by their ids",
    "accessPackages": "by their URNs",
    "clientId": "of your own Maskinporten client, on one system only",
    "allowedRedirectUrls": "where customers are sent after they have answered",
    "requests": "what customers are asked for; never sent to the register",
    "isVisible": "true lets customers find it in Altinn themselves",
}
_LOCAL = "only local; later: {tt02: {}, prod: {clientId: […]}}"
_OTHERS = "and local; what differs stands under the name, such as clientId"
_LONGEST = 80
"""Characters of a comment on an entry."""


def write_outline(
    members: Mapping[str, Json], environments: Mapping[str, Json], entries: Mapping[str, str]
) -> str:
    """Write a definition with comments; `entries` says what entries of its lists mean, by their texts.

    An empty text stands where one is left to fill in.
    """
    lines = [line for name in ORDER if name in members for line in _write(name, members[name], entries)]
    overlays = list(write_member(ENVIRONMENTS, dict(environments), 0, Layout()))
    overlays[0] += f" # {_OTHERS if environments else _LOCAL}"
    return "\n".join([*lines, *overlays, ""])


def _write(name: str, value: Json, entries: Mapping[str, str]) -> Iterator[str]:
    first, *rest = write_member(name, value, 0, Layout())
    yield f"{first} # {_MEANS[name]}" if name in _MEANS else first
    if not isinstance(value, (list, tuple)):
        yield from rest
        return
    for line, entry in zip(rest, value, strict=True):
        comment = _make_comment(entries.get(entry, ""))
        yield f"{line} # {comment}" if comment else line


def _make_comment(text: str) -> str:
    """Put somebody else's text behind a `#`: on one line, and nothing in it but letters."""
    line = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(line.split())[:_LONGEST].rstrip()
