"""Prints a large JSON object in pieces, and its digest as the last member, so that it is never whole in memory.

Pure.
"""

from __future__ import annotations

import hashlib
import json
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
                yield (",\n    " if number else "[\n    ") + _print_indented(entry, 4)
                value = True  # noqa: PLW2901 - there is an entry
            yield "\n  ]" if value is True else "[]"
        else:
            yield _print_indented(value, 2)
        yield ","
    found.update(
        b"]" + b"".join(b"," + _print_canonical(name, members[name]) for name in names[place + 1 :]) + b"}"
    )
    yield f'\n  "{digest}": "{found.hexdigest()}"\n}}\n'


def _print_name(name: str) -> bytes:
    return json.dumps(name).encode() + b":"


def _print_canonical(name: str, value: Json) -> bytes:
    return _print_name(name) + print_canonical(value)


def _print_indented(value: Json, spaces: int) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n" + " " * spaces)
