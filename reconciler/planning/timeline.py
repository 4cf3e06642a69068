"""The change log of one system as a story: who changed what, when, and which revision each state equals.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.planning.diff import Field, diff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.revision import Revision
    from reconciler.model.system import System
    from reconciler.planning.change_log import LogEntry, State


@dataclass(frozen=True, slots=True)
class Edit(Field):
    """A field that a write changed: what stood there before it, and what after it; None stands for absent."""

    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Chapter:
    """One write: the log's entry, what it changed, and the revision of the definition that asked for it."""

    entry: LogEntry
    fields: tuple[Edit, ...]
    """Everything for a creation."""
    revision: Revision | None
    """The newest revision of the definition that the state equals; None where none does."""


def tell_story(states: Sequence[State], revisions: Sequence[tuple[Revision, System]]) -> tuple[Chapter, ...]:
    """Tell a system's life, oldest first; `revisions` are the definition's, newest first, in canonical form."""
    chapters: list[Chapter] = []
    before: System | None = None
    for state in reversed(states):
        fields: tuple[Edit, ...] = ()
        if state.system is not None:
            earlier = _alive(before) if before is not None else _nothing(state.system)
            found = diff(_alive(state.system), earlier)
            fields = tuple(Edit(each.steps, each.actual, each.expected) for each in found)
        revision = next((each for each, system in revisions if system == state.system), None)
        chapters.append(Chapter(state.entry, fields, revision))
        before = state.system
    return tuple(chapters)


def _alive(system: System) -> System:
    """Leave deletion out of the comparison: it is the entry's own kind."""
    return system.model_copy(update={"isDeleted": False})


def _nothing(system: System) -> System:
    """Make the system that has nothing, so that a creation is a difference like any other."""
    empty: dict[str, object] = {"name": {}, "description": {}, "isVisible": None}
    lists = ("rights", "accessPackages", "clientId", "allowedRedirectUrls")
    return system.model_copy(update={**empty, **dict.fromkeys(lists, ())})
