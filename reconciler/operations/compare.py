"""Puts two environments side by side: what the files ask for, and where asked what the registers hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.clients.listing import Listing, read_listed
from reconciler.definitions.resolve import resolve
from reconciler.model.normalise import normalise
from reconciler.planning.comparison import Comparison, Pair, Presence, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.clients.register import Register
    from reconciler.definitions.definition import Definition
    from reconciler.model.system import System


def read_live(register: Register, systems: Sequence[str]) -> tuple[dict[str, System], str]:
    """Read systems of a register, several at a time; and say why some could not be read, or nothing.

    Raises what `Register` raises.
    """
    reading = read_listed(register, systems, Listing())
    found = {
        name: normalise(held.read())
        for name, held in reading.found.items()
        if held is not None and not held.is_deleted
    }
    unread = "; ".join(f"{name}: {why}" for name, why in sorted(reading.unreadable.items()))
    return found, unread


def name_systems(definitions: Iterable[Definition], environment: str) -> list[str]:
    """Name the systems that the definitions ask for in an environment."""
    resolved = (resolve(each, environment) for each in definitions if each.exists_in(environment))
    return sorted({each.system.id for each in resolved if not each.withdrawn})


def compare_environments(
    definitions: Iterable[Definition],
    environments: tuple[str, str],
    live: tuple[Mapping[str, System], Mapping[str, System]] = ({}, {}),
    unread: tuple[str, str] = ("", ""),
) -> Comparison:
    """Compare two environments, definition by definition; `live` is by the system's id, empty with a reason."""
    pairs = [
        Pair(
            each.document.file,
            _make_presence(each, environments[0], live[0]),
            _make_presence(each, environments[1], live[1]),
        )
        for each in definitions
    ]
    return compare(environments, pairs, unread)


def _make_presence(definition: Definition, environment: str, live: Mapping[str, System]) -> Presence:
    if not definition.exists_in(environment):
        return Presence()
    desired = normalise(resolve(definition, environment).system)
    return Presence(desired, live.get(desired.id))
