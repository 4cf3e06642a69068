"""The register's change log of one system, read: who set what, when, and with which client.

Pure. The log holds requests as they were sent, in PascalCase and newest first (System Register contract
§5); replayed from the oldest, they say what the system looked like after each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.normalise import normalise, read_canonical
from reconciler.model.system import SENT, Package, Right, System
from reconciler.planning.diff import look_up, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.diff import FieldChange

_MEMBERS: Mapping[str, str] = {name.lower(): name for name in SENT}
_ENTRY_MEMBERS: Mapping[str, str] = {
    name.lower(): name for name in (*Right.model_fields, *Package.model_fields)
}
_PARTIAL: Mapping[str, str] = {"rightsupdate": "rights", "accesspackageupdate": "accessPackages"}
"""The kinds of entry that carry one list instead of the whole document."""
_LISTS = frozenset(_PARTIAL.values())
_DEEDS: Mapping[str, str] = {"create": "registered it", "delete": "deleted it"}
_MOST = 5
"""Writes that are named one by one."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One committed write: its kind, who made it, when, and what was sent."""

    kind: str
    """`create`, `update`, `rightsupdate`, `accesspackageupdate`, `delete` or `unknown`."""
    organisation: str
    client: str
    """The Maskinporten client; empty where the register knows none."""
    created: str
    """The register's own time, ISO 8601."""
    data: Json = None

    @property
    def who(self) -> str:
        """Say who made the write."""
        return f"client {self.client or 'unknown'} of organisation {self.organisation or 'unknown'}"


@dataclass(frozen=True, slots=True)
class State:
    """A system as it stood right after an entry; `system` is None where the log does not say."""

    entry: LogEntry
    system: System | None


def read_log(answer: Iterable[Mapping[str, Json]]) -> tuple[LogEntry, ...]:
    """Read the register's answer; newest first, as it came."""
    return tuple(
        LogEntry(
            kind=str(each.get("changeType", "unknown")),
            organisation=str(each.get("changedByOrgNumber") or ""),
            client=str(each.get("clientId") or ""),
            created=str(each.get("created") or ""),
            data=each.get("changedData"),
        )
        for each in answer
    )


def replay(log: Sequence[LogEntry], before: System | None = None) -> tuple[State, ...]:
    """Work out the canonical system after each entry; newest first, like the log.

    `before` is the system as it stood before the oldest of them; None where that is not known.
    """
    states: list[State] = []
    system = before
    for entry in reversed(log):
        system = _apply(entry, system)
        states.append(State(entry, system))
    return tuple(reversed(states))


def _apply(entry: LogEntry, before: System | None) -> System | None:
    if entry.kind in {"create", "update"} and isinstance(entry.data, dict):
        return read_canonical(_rename(entry.data))
    if before is None:
        return None
    if entry.kind in _PARTIAL and isinstance(entry.data, list):
        member = _PARTIAL[entry.kind]
        document = {**before.model_dump(mode="json"), member: _rename_entries(entry.data)}
        return read_canonical(document)
    if entry.kind == "delete":
        return before.model_copy(update={"isDeleted": True})
    return before


def _rename(document: Mapping[str, Json]) -> dict[str, Json]:
    """Give the log's PascalCase members the names of the document."""
    renamed = {_MEMBERS.get(name.lower(), name): value for name, value in document.items()}
    return {name: _rename_entries(value) if name in _LISTS else value for name, value in renamed.items()}


def _rename_entries(entries: Json) -> list[Json]:
    """Give the members of rights and access packages their names; the pairs of a resource have theirs."""
    return [
        {_ENTRY_MEMBERS.get(name.lower(), name): value for name, value in entry.items()}
        for entry in entries or ()
        if isinstance(entry, dict)
    ]


def attribute(
    fields: Iterable[FieldChange], states: Sequence[State]
) -> dict[tuple[str, ...], LogEntry | None]:
    """Find for each field, by its steps, the entry that gave it the value it has in the newest state.

    None where the log does not explain the value: it holds another one, or nothing ever set it.
    """
    found: dict[tuple[str, ...], LogEntry | None] = {field.steps: None for field in fields}
    values = {field.steps: field.actual for field in fields}
    newer: State | None = None
    for state in [*states, None]:
        tree = spread(state.system) if state is not None and state.system is not None else {}
        for steps in [steps for steps, value in values.items() if look_up(tree, steps) != value]:
            found[steps] = newer.entry if newer else None
            del values[steps]
        if not values:
            break
        newer = state
    return found


def find_since(log: Sequence[LogEntry], newest: str) -> tuple[LogEntry, ...]:
    """Give the entries that came after one, newest first; `newest` is its time, empty where there was none.

    The log's order is that of commit (System Register contract §9.3), so the place of the entry decides; its
    time does where it is gone.
    """
    for index, entry in enumerate(log):
        if entry.created == newest:
            return tuple(log[:index])
    return tuple(entry for entry in log if entry.created > newest)


def find_newest(states: Sequence[State], live: RegisteredSystem) -> str:
    """Give the time of the newest entry that a document can have been read after; empty where there is none.

    Of entries that came between the reading of the document and that of the log, none left it as it was read.
    Where no entry explains the document, all of the log counts as known.
    """
    held = normalise(live.read())
    known = (state.entry.created for state in states if state.system == held)
    return next(known, states[0].entry.created if states else "")


def describe_entries(entries: Sequence[LogEntry]) -> str:
    """Say who made some writes, of which kind and when, oldest first; a long list is cut."""
    writes = [
        f"{entry.who} {_DEEDS.get(entry.kind, 'wrote')} at {entry.created}" for entry in reversed(entries)
    ]
    more = [f"{len(writes) - _MOST} more writes"] if len(writes) > _MOST else []
    return ", then ".join([*writes[:_MOST], *more])
