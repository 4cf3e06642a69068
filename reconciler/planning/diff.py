"""What two canonical systems differ in, field by field.

Pure. It compares what `normalise` gives, and nothing else.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.normalise import normalise
from reconciler.model.system import SENT, Package, Right, System

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.canonical_json import Json

_PATH = re.compile(r'(?P<member>\w+)(?:\.(?P<part>.+)|\[(?P<entry>".*")\])?', re.DOTALL)


ADOPTED = "adopts drift"
"""The origin of a field that does not differ any more: the definition asks for what the register holds already."""


@dataclass(frozen=True, slots=True)
class Field:
    """One scalar of a system, or one entry of a list."""

    steps: tuple[str, ...]
    """The member, and within it the language or the entry."""

    @property
    def member(self) -> str:
        """The top-level member."""
        return self.steps[0]

    @property
    def path(self) -> str:
        """Print the steps: `isVisible`, `name.en`, `clientId["…"]`."""
        if len(self.steps) == 1:
            return self.steps[0]
        if self.steps[0] in {"name", "description", "vendor"} and self.steps[1]:
            return ".".join(self.steps)
        return f"{self.steps[0]}[{json.dumps(self.steps[1], ensure_ascii=False)}]"

    @staticmethod
    def read_path(path: str) -> tuple[str, ...]:
        """Read what `path` prints; raises ValueError for anything else."""
        match = _PATH.fullmatch(path)
        if match is None:
            raise ValueError(f"{path!r} is not a path")
        if match["entry"]:
            return (match["member"], json.loads(match["entry"]))
        return (match["member"], match["part"]) if match["part"] else (match["member"],)


@dataclass(frozen=True, slots=True)
class FieldChange(Field):
    """A field that differs between the register and the files; None stands for absent."""

    actual: Json
    """What the register holds."""
    expected: Json
    """What the files ask for, or a request did."""
    line: int = 0
    """The line that asks for it; 0 where none does."""
    origin: str = ""
    """Why it differs, where the plan was made against another revision of the files."""
    base: Json = None
    """What the files asked for at the base revision, of a difference that was adopted; else None."""

    @property
    def is_open(self) -> bool:
        """Say whether the field differs, or the files have adopted what the register holds."""
        return self.origin != ADOPTED

    @property
    def before(self) -> Json:
        """What outputs show first: what the register holds, or what the files asked for before they adopted it."""
        return self.actual if self.is_open else self.base

    @property
    def after(self) -> Json:
        """What outputs show last: what the files ask for."""
        return self.expected


def adopt(steps: tuple[str, ...], base: Json, held: Json) -> FieldChange:
    """Make the field of a difference that the files adopted: they ask for what the register holds already."""
    return FieldChange(steps, held, held, origin=ADOPTED, base=base)


def diff(expected: System, actual: System) -> tuple[FieldChange, ...]:
    """Name every field in which two canonical systems differ, in the order of the document.

    Texts are compared by language, lists as sets. Identity (`id`) and deletion are not fields.
    """
    if expected == actual:
        return ()
    held, asked = spread(actual), spread(expected)
    changes = [
        FieldChange(steps, look_up(held, steps), look_up(asked, steps))
        for name in held
        for steps in _list_differing(name, held[name], asked[name])
    ]
    return tuple(sorted(changes, key=lambda change: (SENT.index(change.member), change.steps[1:])))


def _list_differing(name: str, held: Json, asked: Json) -> Iterator[tuple[str, ...]]:
    """List what of a member differs: the labels under which not the same stands, or the member itself."""
    if not isinstance(held, dict):
        if held != asked:
            yield (name,)
        return
    for label in held.keys() | asked.keys():
        if (label in held) is not (label in asked) or held[label] != asked[label]:
            yield (name, label)


def look_up(tree: Json, steps: Iterable[str]) -> Json:
    """Find what stands at the end of some steps in a spread system; None where nothing does."""
    for step in steps:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def spread(system: System) -> dict[str, Json]:
    """Spread a canonical system into mappings: each entry of a list under its own label."""
    tree: dict[str, Json] = {}
    for name in SENT:
        value = getattr(system, name)
        if isinstance(value, tuple):
            tree[name] = dict(label_entries(value))
        elif name == "vendor":
            tree[name] = value.model_dump()
        elif name != "id":
            tree[name] = value
    return tree


def keep_actual(expected: System, fields: Iterable[FieldChange]) -> System:
    """Give a canonical system that differs no more in some fields: in them it is what the register holds."""
    tree = {name: dict(part) if isinstance(part, dict) else part for name, part in spread(expected).items()}
    for each in fields:
        part = tree if len(each.steps) == 1 else tree[each.member]
        part[each.steps[-1]] = each.actual
        if each.actual is None:
            del part[each.steps[-1]]
    members = {
        name: tuple(part.values()) if isinstance(getattr(expected, name), tuple) else part
        for name, part in tree.items()
    }
    known = expected.model_dump(include={"id", "isDeleted"})
    return normalise(System.model_validate({**known, **members}, strict=False))


def give_actual(expected: System, fields: Iterable[FieldChange]) -> System:
    """Give a canonical system in which some fields hold what the register holds."""
    tree = {name: dict(part) if isinstance(part, dict) else part for name, part in spread(expected).items()}
    for field in fields:
        if len(field.steps) == 1:
            tree[field.member] = field.actual
        elif field.actual is None:
            tree[field.member].pop(field.steps[1], None)
        else:
            tree[field.member][field.steps[1]] = field.actual
    lists = {name: list(tree[name].values()) for name in SENT if isinstance(getattr(expected, name), tuple)}
    members = {**tree, **lists, "id": expected.id, "isDeleted": expected.isDeleted}
    return normalise(System.model_validate(members, strict=False))


def label_entries(entries: Iterable[Right | Package | str]) -> Iterator[tuple[str, Json]]:
    """Pair each entry of a list with the label that a person knows it by; an entry has one label everywhere."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry, entry
        else:
            yield entry.label, entry.model_dump(mode="json", exclude_none=True)
