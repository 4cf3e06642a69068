"""Prints a large JSON object in pieces, and its digest as the last member, so that it is never whole in memory.

Pure.
"""

from __future__ import annotations

import hashlib
import json
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

from reconciler.model.canonical_json import print_canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.canonical_json import Json


def print_digested(
    members: Mapping[str, Json], streamed: str, entries: Iterable[Json], digest: str
) -> Iterator[str]:
    """Print an object with an indent of two, and at its end the SHA-256 of its canonical form as the member `digest`.

    The member `streamed`, which is one of `members`, is the list of the entries; each is made when it is its turn.
    """
    found = hashlib.sha256()
    names = sorted(members)
    place = names.index(streamed)
    found.update(b"{" + b"".join(_print_canonical(name, members[name]) + b"," for name in names[:place]))
    found.update(_print_name(streamed) + b"[")
    yield "{"
    for name, value in members.items():
        yield f'\n  "{name}": '
        if name == streamed:
            for number, entry in enumerate(entries):
                found.update((b"," if number else b"") + print_canonical(entry))
                yield (",\n    " if number else "[\n    ") + print_indented(entry, "\n    ")
                value = True  # noqa: PLW2901 - there is an entry
            yield "\n  ]" if value is True else "[]"
        else:
            yield print_indented(value, "\n  ")
        yield ","
    found.update(
        b"]" + b"".join(b"," + _print_canonical(name, members[name]) for name in names[place + 1 :]) + b"}"
    )
    yield f'\n  "{digest}": "{found.hexdigest()}"\n}}\n'


def _print_name(name: str) -> bytes:
    return json.dumps(name).encode() + b":"


def _print_canonical(name: str, value: Json) -> bytes:
    return _print_name(name) + print_canonical(value)


def print_indented(value: Json, line: str = "\n") -> str:
    """Print a value as `json.dumps` does with an indent of two; `line` begins each line but the first.

    The library's own way, a generator at each level, takes half as long again.
    """
    inner = line + "  "
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict) and value:
        members = [f"{_print_key(name)}: {print_indented(each, inner)}" for name, each in value.items()]
        return "{" + inner + ("," + inner).join(members) + line + "}"
    if isinstance(value, (list, tuple)) and value:
        return "[" + inner + ("," + inner).join([print_indented(each, inner) for each in value]) + line + "]"
    return "null" if value is None else json.dumps(value)


def _print_key(name: Json) -> str:
    """Print the name of a member; a number or a word is written as a text, as JSON has no other names."""
    return encode_basestring(name if isinstance(name, str) else json.dumps(name))
