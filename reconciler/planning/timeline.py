"""The change log of one system, oldest first: who changed what, when, and which revision each state equals.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.normalise import ignore_deletion, make_empty
from reconciler.planning.diff import Field, diff

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
class TimelineEntry:
    """One write: the log's entry, what it changed, and the revision of the definition that asked for it."""

    entry: LogEntry
    fields: tuple[Edit, ...]
    """Everything for a creation."""
    revision: Revision | None
    """The newest revision of the definition that the state equals; None where none does."""
    uncommitted: str = ""
    """The file in the working tree that the state equals although it is not committed so; empty where there is none."""


def make_timeline(
    states: Sequence[State],
    revisions: Sequence[tuple[Revision, System]],
    uncommitted: Mapping[str, System] | None = None,
) -> tuple[TimelineEntry, ...]:
    """Make the timeline, oldest first; `revisions` are the definition's, newest first, in canonical form.

    `uncommitted` is what the definition states in the working tree, by file, where that is not committed.
    """
    drafts = uncommitted or {}
    entries: list[TimelineEntry] = []
    before: System | None = None
    for state in reversed(states):
        fields: tuple[Edit, ...] = ()
        if state.system is not None:
            earlier = ignore_deletion(before) if before is not None else make_empty(state.system)
            found = diff(ignore_deletion(state.system), earlier)
            fields = tuple(Edit(each.steps, each.actual, each.expected) for each in found)
        revision = next((each for each, system in revisions if system == state.system), None)
        draft = next((file for file, system in drafts.items() if system == state.system), "")
        entries.append(TimelineEntry(state.entry, fields, revision, draft))
        before = state.system
    return tuple(entries)
