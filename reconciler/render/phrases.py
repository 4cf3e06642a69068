"""The words that the outputs share, so that all of them call a thing the same.

Pure. Nothing here is escaped: each output does that for its own target.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.canonical_json import SHORT
from reconciler.model.findings import SEVERITIES, count_findings
from reconciler.render.escape import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding
    from reconciler.planning.acceptance import Acceptance
    from reconciler.planning.change_log import LogEntry
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.drift import Difference
    from reconciler.planning.plan import Plan
    from reconciler.planning.request_order import Step
    from reconciler.planning.timeline import Edit

THIS_CHANGE, OPEN_BEFORE, CHANGES = "What this change does", "What was open before", "What apply does"
"""The titles of a plan's groups; the last where it was compared with no other revision."""
IS_BLOCKED: Mapping[str, str] = {
    THIS_CHANGE: "What is blocked",
    OPEN_BEFORE: "What was blocked before",
    CHANGES: "What is blocked",
}
"""The title of what a group cannot do."""
THE_REST: Mapping[str, str] = {
    THIS_CHANGE: "What else this change does",
    OPEN_BEFORE: "What else was open before",
    CHANGES: "What else apply does",
}
"""The title of what does no harm, beside what does."""
DETAILS: Mapping[str, str] = {
    THIS_CHANGE: "Details",
    OPEN_BEFORE: "Details of what was open before",
    CHANGES: "Details",
}
"""The title of what stands below the first screen."""
NOTES = "Notes"
UNMANAGED = "Without a file here"
REMOVED = "stays registered, becomes unmanaged"
WITHDRAW = "Keep the file and write `withdrawn: true` to have the system deleted."
"""What becomes of a system whose file this change removes, and how it would be deleted."""
MOVES = "Client ids move, so these requests wait for each other:"
BREAKING = "breaking"
_ORIGINS: Mapping[str, str] = {
    "this change": "",
    "conflict": "also changed in the register by others",
    "adopts drift": "taken over from the register",
    "overwrites drift": "overwrites what others set",
    "unknown": "origin not known",
}
"""What is said of a field's origin; any other says itself."""
TO_LOOK_AT, FOR_INFORMATION = "To look at", "For information"
"""The titles of a drift report's groups."""
FILES, REGISTER = "files", "register"
"""The two sides of a difference."""
NOTHING = "nothing"
"""What a side holds that has no value."""
WRITER_UNKNOWN = "the change log does not say when and by whom"
DIFFERENCE_COLUMNS = ("What", "Member", FILES.capitalize(), REGISTER.capitalize(), "Line")
FINDING_COLUMNS = ("Severity", "Rule", "Place", "Message")
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
QUOTE = "'"
_NAMED = 5
"""Systems that one sentence names."""


def count(number: int, noun: str, plural: str = "") -> str:
    """Say a number of things: `1 file`, `2 files`; `plural` where it does not end in an s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def describe_against(plan: Plan) -> str:
    """Say what a plan that asked no register was compared with, and what it cannot know; empty for any other."""
    if not plan.against:
        return ""
    return (
        f"Compared with the definitions at {plan.against[:SHORT]}, not with the register: what was changed there by "
        "hand is not seen, rights are not looked up, and system users are not counted. It cannot be applied."
    )


def describe_elsewhere(environment: str, against: str) -> str:
    """Say from what it is known what a change does in another environment."""
    return (
        f"{mark(environment)} was compared only with the files at commit {mark(against[:SHORT])}: changes by hand "
        "there, and merged changes that are not applied yet, are not included."
    )


def count_rest(number: int, noun: str) -> str:
    """Say how many things are not listed; empty where all are."""
    return f"and {count(number, f'more {noun}')}" if number else ""


def describe_nothing(plan: Plan) -> str:
    """Say that a plan does nothing, in a clause."""
    where = mark(plan.target.environment)
    if plan.narrowed is not None and plan.narrowed.base:
        if not plan.changes:
            return f"this change touches no definition that exists in {where}"
        return f"{where} holds what the definitions that this change touches ask for; nothing changes for customers"
    if not plan.changes and not plan.against:
        asked = "that was asked for" if plan.narrowed else "here"
        return f"no system {asked} has a definition that exists in {where}"
    if plan.against:
        same = f"in {where} each definition asks for what it asked for at {plan.against[:SHORT]}"
        return f"{same}; nothing changes for customers"
    but = ", but for what stands accepted" if any(change.standing for change in plan.changes) else ""
    return f"{where} holds what the definitions ask for{but}; nothing changes for customers"


def mark(name: str) -> str:
    """Mark a name as code within a sentence."""
    return f"`{shorten(name, 100).replace('`', QUOTE)}`"


def name_in(environment: str) -> str:
    """Say in which environment, within a title."""
    return f"in {shorten(environment, 100)}"


def describe_origin(origin: str) -> str:
    """Say where a difference comes from; empty where it is this change, or where that is not known."""
    return _ORIGINS.get(origin, origin)


def join_sentences(*texts: str) -> str:
    """Join a message and what follows it; a message is a sentence without its full stop."""
    sentences = [each if each.endswith((".", "!", "?")) else f"{each}." for each in texts if each]
    return " ".join(sentences)


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


def summarise_findings(findings: Sequence[Finding], files: int) -> str:
    """Say in one line how much was found."""
    counts = count_findings(findings)
    return f"{count(files, 'file')}: {', '.join(count(counts[each], each.value) for each in SEVERITIES)}."


def list_predecessors(step: Step) -> str:
    """List the requests that one waits for; empty where it waits for none."""
    return f"after {', '.join(map(str, step.after))}" if step.after else ""


def describe_no_drift(systems: int) -> str:
    """Say that nothing differs."""
    return f"No drift: {count(systems, 'system')} compared."


def describe_term(accepted: Acceptance) -> str:
    """Say until when a difference is accepted; the reason follows."""
    return f"accepted until {accepted.until}"


def describe_write(entry: LogEntry) -> str:
    """Say in which way somebody wrote."""
    return _WRITES.get(entry.kind, "an unknown kind of write")


def describe_writer(entry: LogEntry | None) -> str:
    """Say since when, by which organisation and client, and by which kind of write."""
    if entry is None:
        return WRITER_UNKNOWN
    when, organisation, client = (
        shorten(each, 100) or "unknown" for each in (entry.created, entry.organisation, entry.client)
    )
    return f"since {when}, by organisation {organisation}, client {client}, with {describe_write(entry)}"


def describe_quiet(quiet: Sequence[Difference]) -> str:
    """Say in one sentence to which systems others wrote and left no difference."""
    names = [shorten(each.id, 100) for each in quiet[:_NAMED]]
    more = [f"{len(quiet) - _NAMED:,} more"] if len(quiet) > _NAMED else []
    return (
        f"Others wrote to {count(len(quiet), 'system')} since our own last write, and no difference is left: "
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


def describe_time(at: str) -> str:
    """Show an instant of ours, ISO 8601 in UTC, to the second, as people read it."""
    return f"{at[:10]} {at[11:19]} UTC"
