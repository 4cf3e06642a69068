"""The file of accepted differences: read with every problem at once, and changed by whole entries only.

Pure. People review the file, so an edit keeps every other line of it, comments included.
"""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from reconciler.definitions.entry_list import print_entry, put_entry, read_entries, remove_entries
from reconciler.errors import UsageError
from reconciler.model.suggest import find_nearest
from reconciler.planning.acceptance import FILE, Acceptance, explain_term, read_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from reconciler.definitions.entry_list import Entry

_MEMBERS = ("environment", "id", "path", "until", "reason", "digest")
_DIGEST = re.compile("[0-9a-f]{64}")
_HINT = "Correct the file by hand; `reconciler accept` writes entries, and `reconciler accept --prune` removes some."


class Rules(NamedTuple):
    """What the entries of the file are held against."""

    today: date
    """In UTC."""
    environments: Collection[str]
    """The configured ones."""


def read_acceptances(content: bytes, rules: Rules) -> tuple[Acceptance, ...]:
    """Read the file; raises `UsageError` with every problem, those of an entry on a line of their own.

    A last day that has passed is no problem: such an entry counts for nothing any more.
    """
    seen: dict[tuple[str, str, str], int] = {}
    return read_entries(FILE, content, partial(_read, rules=rules, seen=seen), hint=_HINT)


def _read(entry: Entry, rules: Rules, seen: dict[tuple[str, str, str], int]) -> Acceptance:
    problems = [*_check_members(entry)]
    values: dict[str, str] = {}
    for name, text in entry.values.items():
        try:
            values[name] = _read_value(name, text, rules)
        except UsageError as error:
            problems.append(error.message)
    key = (values.get("environment", ""), values.get("id", ""), values.get("path", ""))
    if all(key) and seen.setdefault(key, entry.line) != entry.line:
        problems.append(f"this difference stands in line {seen[key]} already; keep one of the two")
    if problems:
        raise UsageError("; ".join(problems))
    return Acceptance(
        *key, date.fromisoformat(values["until"]), values["reason"], values["digest"], entry.line
    )


def _check_members(entry: Entry) -> Iterator[str]:
    found = {*entry.values, *entry.lists, *entry.others}
    if not found:
        yield f"an entry has {', '.join(_MEMBERS)}"
        return
    for name in _MEMBERS:
        if name == "environment" and name not in found:
            yield (
                "the entry names no environment: add for example `environment: tt02`, and write an entry for each "
                "environment that it is to hold in"
            )
        elif name not in found:
            yield f"the entry has no {name}"
    for name in sorted(found - set(_MEMBERS)):
        yield f"`{name[:100]}` is no member of an entry{_suggest(name, _MEMBERS)}"
    for name in sorted({*entry.lists, *entry.others} & set(_MEMBERS)):
        yield f"{name} is no text"


def _suggest(name: str, known: Collection[str]) -> str:
    near = find_nearest(name, known)
    return f" (is {near} meant?)" if near else ""


def _read_value(name: str, text: str, rules: Rules) -> str:
    """Read one member; raises `UsageError`, whose message says what is wrong with it."""
    if name not in _MEMBERS:
        return text
    if not text.strip():
        raise UsageError(f"{name} is empty")
    match name:
        case "environment" if text not in rules.environments:
            near = _suggest(text, rules.environments)
            raise UsageError(f"environment `{text[:100]}` is not configured{near}")
        case "path":
            return read_path(text)
        case "until":
            return _read_day(text, rules.today)
        case "digest" if not _DIGEST.fullmatch(text):
            raise UsageError("digest is not the 64 hexadecimal digits that `reconciler accept` writes")
        case _:
            return text


def _read_day(text: str, today: date) -> str:
    try:
        until = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"until is a date such as 2026-12-31, and not `{text[:100]}`") from None
    problem = explain_term(until, today)
    if problem:
        raise UsageError(problem)
    return until.isoformat()


def print_acceptance(acceptance: Acceptance) -> str:
    """Print an entry as the file holds it."""
    return print_entry({name: str(getattr(acceptance, name)) for name in _MEMBERS})


def put_acceptance(content: bytes, acceptance: Acceptance, rules: Rules) -> str:
    """Give the text of the file with an entry more, or with the entry of that difference replaced.

    Raises `UsageError` where the file cannot be read, or is not written an entry a line.
    """
    found = (each.line for each in read_acceptances(content, rules) if each.key == acceptance.key)
    return put_entry(FILE, content, print_acceptance(acceptance), instead_of=next(found, 0), hint=_HINT)


def drop_acceptances(content: bytes, dropped: Collection[Acceptance]) -> str:
    """Give the text of the file without some of its entries; every other line stays, comments included.

    Raises `UsageError` where the file is not written an entry a line.
    """
    return remove_entries(FILE, content, [each.line for each in dropped], hint=_HINT)
