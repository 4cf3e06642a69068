"""The words and signs that the outputs for people share, so that all of them call a thing the same.

Pure. Nothing here is escaped: each output does that for its own target.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from reconciler.planning.change import Blocked, Delete, Weight
from reconciler.planning.origin import is_new
from reconciler.render.escape import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.planning.change import Change
    from reconciler.planning.change_log import LogEntry
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.drift import Difference
    from reconciler.planning.plan import Plan, Unmanaged
    from reconciler.planning.request_order import Step
    from reconciler.planning.timeline import Edit

SIGNS: Mapping[str, str] = {"create": "+", "update": "~", "delete": "-", "blocked": "!", "keep": "="}
VERBS: Mapping[str, str] = {
    "create": "create",
    "update": "update",
    "delete": "delete for ever",
    "blocked": "blocked",
    "keep": "keep",
}
_WRITES: Mapping[str, str] = {
    "create": "a creation",
    "update": "an update",
    "rightsupdate": "the rights endpoint",
    "accesspackageupdate": "the access packages endpoint",
    "delete": "a deletion",
}
"""The register's kinds of write."""
_TEXTS = frozenset({"name", "description"})
_SINGLE = frozenset({*_TEXTS, "vendor"})
"""The members whose second step is a part and not an entry of a list."""


_NAMED = 5
"""Systems that one sentence names."""


class Groups(NamedTuple):
    """What a plan shows, in the order in which it is read."""

    traced: bool
    """Whether the plan was made against another revision of the files."""
    new: tuple[Change, ...]
    """What this pull request does; empty where that cannot be told."""
    open: tuple[Change, ...]
    """What was open before; everything where it cannot be told."""
    removed: tuple[Unmanaged, ...]
    """The systems whose file this pull request removes."""
    unmanaged: tuple[Unmanaged, ...]
    """The systems that had no file before."""


def group_changes(plan: Plan) -> Groups:
    """Split what a plan shows into what this pull request does and what was open before; the worst first."""
    shown = [change for change in plan.changes if change.action != "keep" or change.fields]
    shown.sort(key=_rank)
    traced = any(field.origin for change in shown for field in change.fields)
    removed = tuple(each for each in plan.unmanaged if each.former)
    return Groups(
        traced=traced or bool(removed),
        new=tuple(change for change in shown if traced and is_new(change)),
        open=tuple(change for change in shown if not (traced and is_new(change))),
        removed=removed,
        unmanaged=tuple(each for each in plan.unmanaged if not each.former),
    )


def _rank(change: Change) -> int:
    """Rank a change: what deletes, what breaks, what is blocked, and the rest."""
    if isinstance(change, Delete):
        return 0
    if any(each.weight is Weight.BREAKING for each in change.impacts):
        return 1
    return 2 if isinstance(change, Blocked) else 3


def is_grave(change: Change) -> bool:
    """Say whether a change deletes, breaks something or is blocked, so that nobody may pass over it."""
    return _rank(change) < 3


def find_moves(plan: Plan, system: str) -> tuple[Step, ...]:
    """Find the requests of a system that wait for others, or that others wait for."""
    return tuple(
        step for step in plan.steps if step.id == system and (step.claims or step.releases or step.after)
    )


def get_sign(field: FieldChange | Edit) -> str:
    """Say whether a field comes, goes or becomes another."""
    return "+" if field.before is None else "-" if field.after is None else "~"


def get_label(field: FieldChange | Edit) -> str:
    """Name a field; the entry of a list by its member, since its value stands beside it."""
    listed = len(field.steps) > 1 and field.member not in _SINGLE
    return field.member if listed else field.path


def show_value(value: Json, field: FieldChange | Edit) -> str:
    """Show a value: truth values as YAML writes them, texts in quotes, objects by what they are known by."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) and None in (field.before, field.after):
        return shorten(field.steps[1])
    quoted = isinstance(value, (dict, list)) or field.member in _TEXTS
    return shorten(json.dumps(value, ensure_ascii=False) if quoted else str(value))


def join_sentences(*texts: str) -> str:
    """Join a message and what follows it; a message is a sentence without its full stop."""
    told = [each if each.endswith((".", "!", "?")) else f"{each}." for each in texts if each]
    return " ".join(told)


def tell_write(entry: LogEntry) -> str:
    """Say in which way somebody wrote."""
    return _WRITES.get(entry.kind, "an unknown kind of write")


def tell_entry(entry: LogEntry | None) -> str:
    """Say since when, by which organisation and client, and by which kind of write."""
    if entry is None:
        return "since when and by whom, the change log does not tell"
    when, organisation, client = (
        shorten(each, 100) or "unknown" for each in (entry.created, entry.organisation, entry.client)
    )
    return f"since {when}, by organisation {organisation}, client {client}, with {tell_write(entry)}"


def describe_quiet(quiet: Sequence[Difference]) -> str:
    """Say in one sentence to which systems others wrote and left no difference."""
    names = [shorten(each.id, 100) for each in quiet[:_NAMED]]
    more = [f"{len(quiet) - _NAMED:,} more"] if len(quiet) > _NAMED else []
    systems = "1 system" if len(quiet) == 1 else f"{len(quiet):,} systems"
    return (
        f"Others wrote to {systems} since our own last write, and no difference is left: "
        f"{', '.join([*names, *more])}. `reconciler history ID` shows who and when."
    )


def describe_unlisted(unlisted: str) -> str:
    """Say that unmanaged systems could not be listed, and what follows from that."""
    return (
        f"Unmanaged systems could not be listed: {unlisted.rstrip('.')}. There may be some, and a client id that "
        "one of them holds cannot be claimed."
    )


def describe_unreadable(unreadable: str) -> str:
    """Say that an unmanaged system could not be read, and what follows from that."""
    return f"cannot be read: {unreadable}; its client ids are not known"
