"""Two environments side by side: what the files ask for in each, and what each register holds.

Pure. Client ids, redirect URLs and visibility are expected to differ between environments and are counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.system import SENT
from reconciler.planning.diff import Field, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import System

EXPECTED = frozenset({"clientId", "allowedRedirectUrls", "isVisible"})
"""The members that each environment has of its own."""


@dataclass(frozen=True, slots=True)
class Presence:
    """A system in one environment; both systems are canonical."""

    desired: System | None = None
    """None where the files ask for no such system there."""
    live: System | None = None
    """None where the register has none, or was not asked."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What one definition is in both environments."""

    file: str
    first: Presence
    second: Presence


@dataclass(frozen=True, slots=True)
class Contrast(Field):
    """A field that differs between the two environments, in the files or in the registers; None stands for absent."""

    desired: tuple[Json, Json]
    live: tuple[Json, Json]

    @property
    def is_expected(self) -> bool:
        """Say whether the environments are expected to differ here."""
        return self.member in EXPECTED

    @property
    def is_behind(self) -> bool:
        """Say whether the first has what the second lacks, in the files, else in the registers.

        Where the files agree and the second's register follows them, it is the first's that does not.
        """
        agree = self.desired[0] == self.desired[1]
        first, second = self.live if agree else self.desired
        follows = agree and second == self.desired[1]
        return not self.is_expected and first is not None and not follows


@dataclass(frozen=True, slots=True)
class Compared:
    """A definition that differs between the two environments."""

    file: str
    ids: tuple[str, str]
    """In the first and in the second; empty where it does not exist."""
    contrasts: tuple[Contrast, ...] = ()

    @property
    def behind(self) -> int:
        """How many changes the second lacks; a system that only the first has is one."""
        return sum(each.is_behind for each in self.contrasts) if all(self.ids) else int(bool(self.ids[0]))

    @property
    def others(self) -> int:
        """How many differences are neither expected nor changes that the second lacks."""
        if not all(self.ids):
            return int(not self.ids[0])
        return sum(not each.is_expected and not each.is_behind for each in self.contrasts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every definition that differs between two environments."""

    environments: tuple[str, str]
    systems: tuple[Compared, ...]
    equal: int
    """How many definitions do not differ."""
    unread: tuple[str, str] = ("", "")
    """Why each register was not asked; empty where it was."""

    @property
    def behind(self) -> int:
        """How many changes the second environment is behind the first."""
        return sum(each.behind for each in self.systems)

    @property
    def others(self) -> int:
        """How many differences there are in what the first lacks, or holds against its files."""
        return sum(each.others for each in self.systems)


def compare(
    environments: tuple[str, str], pairs: Iterable[Pair], unread: tuple[str, str] = ("", "")
) -> Comparison:
    """Compare two environments, definition by definition.

    A field stands in the result where the files ask for different values, or both registers were asked and hold
    different ones.
    """
    compared, total = [], 0
    for pair in sorted(pairs, key=lambda each: each.file):
        total += 1
        found = _compare_pair(pair, live=not any(unread))
        if found is not None:
            compared.append(found)
    return Comparison(environments, tuple(compared), total - len(compared), unread)


def _compare_pair(pair: Pair, *, live: bool) -> Compared | None:
    sides = (pair.first, pair.second)
    ids = tuple(each.desired.id if each.desired and not each.desired.isDeleted else "" for each in sides)
    names = (ids[0], ids[1])
    if not all(names):
        return Compared(pair.file, names) if any(names) else None
    desired = [_list_fields(each.desired) for each in sides]
    held = [_list_fields(each.live) for each in sides]
    every = dict.fromkeys(steps for each in (*desired, *held) for steps in each)
    contrasts = [
        Contrast(
            steps,
            (desired[0].get(steps), desired[1].get(steps)),
            (held[0].get(steps), held[1].get(steps)),
        )
        for steps in sorted(every, key=lambda each: (SENT.index(each[0]), each[1:]))
        if desired[0].get(steps) != desired[1].get(steps)
        or (live and held[0].get(steps) != held[1].get(steps))
    ]
    return Compared(pair.file, names, tuple(contrasts)) if contrasts else None


def _list_fields(system: System | None) -> Mapping[tuple[str, ...], Json]:
    """List the fields of a system by their steps: a scalar, or an entry of a list; none where there is no system."""
    if system is None or system.isDeleted:
        return {}
    fields: dict[tuple[str, ...], Json] = {}
    for name, value in spread(system).items():
        if isinstance(value, dict):
            fields |= {(name, part): each for part, each in value.items()}
        else:
            fields[(name,)] = value
    return fields
