"""Differences that somebody has let stand for a while, with a reason and a last day.

Pure. They are kept in `systems/.accepted.yaml`; one counts until its day is over (UTC), and only while the
register holds the value that was accepted.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from reconciler.definitions.yaml_document import Items, Mapping, Scalar, read_document
from reconciler.errors import UsageError
from reconciler.model.canonical_json import digest_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.canonical_json import Json
    from reconciler.planning.diff import FieldChange

FILE = "systems/.accepted.yaml"
WHOLE = ("unmanaged", "missing", "deleted")
"""Words that stand in place of a path for what is wrong with a whole system."""
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML 1.2 §5.1 takes in quotes only escaped, or reads as a line's end, beyond what JSON escapes."""
_MEMBERS = ("id", "path", "until", "reason", "digest")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One difference that stands: whose, which, until when, why, and the digest of the accepted value."""

    id: str
    path: str
    until: date
    """The last day, in UTC."""
    reason: str
    digest: str

    def covers(self, value: Json, today: date) -> bool:
        """Say whether it still stands for a live value."""
        return today <= self.until and self.digest == digest_json(value)


@dataclass(frozen=True, slots=True)
class Acceptances:
    """What stands accepted on a day."""

    today: date
    """In UTC."""
    entries: tuple[Acceptance, ...] = ()
    """In the order of the file, the newest last."""

    def find(self, system: str, path: str, value: Json) -> Acceptance | None:
        """Find the newest acceptance that stands for a live value."""
        matching = [each for each in self.entries if (each.id, each.path) == (system, path)]
        return next((each for each in reversed(matching) if each.covers(value, self.today)), None)

    def find_fields(self, system: str, fields: Iterable[FieldChange]) -> dict[str, Acceptance]:
        """Find which fields of a system stand accepted, by path."""
        found = {each.path: self.find(system, each.path, each.actual) for each in fields}
        return {path: each for path, each in found.items() if each is not None}


def read_acceptances(content: bytes) -> tuple[Acceptance, ...]:
    """Read the file; raises `UsageError` with every problem on a line of its own."""
    document = read_document(FILE, content)
    problems = [f"{FILE}:{fault.position.line}: {fault.message}" for fault in document.faults]
    found: list[Acceptance] = []
    nodes = document.root.nodes if isinstance(document.root, Items) else ()
    if document.root is not None and not isinstance(document.root, Items) and not problems:
        problems.append(f"{FILE}:1: the file is not a list")
    for node in nodes:
        values = (
            {key.text: value.text for key, value in node.entries if isinstance(value, Scalar)}
            if isinstance(node, Mapping)
            else {}
        )
        try:
            until = date.fromisoformat(values.get("until", ""))
            found.append(Acceptance(values["id"], values["path"], until, values["reason"], values["digest"]))
        except (KeyError, ValueError):
            problems.append(
                f"{FILE}:{node.position.line}: an entry has {', '.join(_MEMBERS)}; until is a date"
            )
    if problems:
        raise UsageError("\n".join(problems), hint="`reconciler accept` writes the file.")
    return tuple(found)


def print_acceptance(acceptance: Acceptance) -> str:
    """Print an entry as the file holds it."""
    values = {
        "id": acceptance.id,
        "path": acceptance.path,
        "until": acceptance.until.isoformat(),
        "reason": acceptance.reason,
        "digest": acceptance.digest,
    }
    rows = [f"{name}: {_quote(value)}" for name, value in values.items()]
    return "- " + "\n  ".join(rows) + "\n"


def _quote(text: str) -> str:
    """Quote a text for YAML, which takes JSON's form, but for some characters only where they are escaped."""
    whole = text.encode("utf-8", "replace").decode()
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(whole, ensure_ascii=False))
