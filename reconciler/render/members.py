"""What becomes of the members of a system, in a few short lines for the first screen.

Pure. Languages with the same texts share a line, and so do the entries of a list.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.model.findings import Location
from reconciler.planning.change import Blocked, Create, Weight
from reconciler.planning.origin import Origin
from reconciler.render import phrases
from reconciler.render.customer_impact import describe_impact
from reconciler.render.escape import shorten
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.planning.change import Change, Impact
    from reconciler.planning.diff import FieldChange

SHOWN = 4
"""Lines for one system."""
_VALUES = 3
"""Entries of a list that one line names."""
_LONGEST = 100
"""Characters of a value on the first screen."""
_TEXTS = frozenset({"name", "description"})
_MILD = frozenset({"description", "allowedRedirectUrls"})
"""What a new system's lines leave to the details."""


def find_place(change: Change, fields: Sequence[FieldChange] = ()) -> Location:
    """Find the line that makes a change: what is wrong where it is blocked, else the first of its fields.

    A new system is its whole file.
    """
    lines = [each.line for each in fields or change.fields if each.line]
    if isinstance(change, Create) or not lines:
        return Location(change.file)
    # What is refused can stand within the entry that is added; the line of the id stands before all of them.
    is_own = isinstance(change, Blocked) and change.line > min(lines)
    return Location(change.file, "", change.line if is_own else lines[0])


def describe_members(change: Change, fields: Sequence[FieldChange]) -> tuple[tuple[str, ...], str]:
    """Say in a few lines what becomes of the members, and how much more there is; empty where that is all."""
    is_new = is_new_system(change)
    shown = [each for each in fields if not (is_new and each.member in _MILD)]
    lines = (*_describe_clients(shown), *_describe_groups(shown, signed=not is_new))
    if is_new:
        hidden = sorted({each.member for each in fields if each.member in _MILD})
        return lines, f"and {' and '.join(hidden)}, below" if hidden else ""
    left = len(lines[SHOWN:])
    return lines[:SHOWN], f"and {left:,} more, below" if left else ""


def is_new_system(change: Change) -> bool:
    """Say whether a change registers a system, or would if it were not blocked."""
    if isinstance(change, Blocked) and change.live is None:
        return any(each.member == "name" and each.actual is None for each in change.fields)
    return isinstance(change, Create)


def _describe_clients(fields: Iterable[FieldChange]) -> Iterator[str]:
    """Say that one client id is replaced by another, where that is all that happens to them."""
    pair = find_replaced(fields)
    if pair:
        yield f"clientId: {' → '.join(shorten(each, _LONGEST) for each in pair)}"


def find_replaced(fields: Iterable[FieldChange]) -> tuple[str, str] | None:
    """Find the one client id that leaves and the one that comes; None for any other numbers."""
    clients = [each for each in fields if each.member == "clientId" and each.is_open]
    leaving = [str(each.before) for each in clients if each.after is None]
    coming = [str(each.after) for each in clients if each.before is None]
    return (leaving[0], coming[0]) if (len(leaving), len(coming), len(clients)) == (1, 1, 2) else None


def _describe_groups(fields: Sequence[FieldChange], *, signed: bool) -> Iterator[str]:
    is_replaced = find_replaced(fields) is not None
    is_mixed = any(each.is_open for each in fields)
    rest = [each for each in fields if not (is_replaced and each.member == "clientId" and each.is_open)]
    for _, found in groupby(rest, key=_group):
        group = list(found)
        first = group[0]
        is_told = first.origin == Origin.NOT_APPLIED or (is_mixed and not first.is_open)
        behind = phrases.describe_origin(first.origin) if is_told else ""
        yield _describe_group(group, signed=signed) + (f" ({behind})" if behind else "")


def _group(field: FieldChange) -> tuple[str, ...]:
    """Give what fields of one line share: texts their values, the entries of a list whether they come or go."""
    values = [phrases.show_value(value, field) for value in (field.before, field.after)]
    shared = values if field.member in _TEXTS else [phrases.get_sign(field)]
    return (field.member, field.origin, *shared)


def _describe_group(group: Sequence[FieldChange], *, signed: bool) -> str:
    first = group[0]
    sign = phrases.get_sign(first)
    before, after = (
        shorten(phrases.show_value(value, first), _LONGEST) for value in (first.before, first.after)
    )
    name = shorten(phrases.get_label(first) if len(group) == 1 else first.member, _LONGEST)
    if sign == "~":
        what = f"{before} → {after}"
    else:
        values = [phrases.show_value(each.before if sign == "-" else each.after, each) for each in group]
        if first.member in _TEXTS:
            values = values[:1]
        more = len(values) - _VALUES
        what = ", ".join(shorten(each, _LONGEST) for each in values[:_VALUES])
        what += f" and {more:,} more" if more > 0 else ""
    languages = f" ({', '.join(each.steps[1] for each in group)})" if _is_spread(group) else ""
    return f"{f'{sign} ' if signed and sign != '~' else ''}{name}: {what}{shorten(languages, _LONGEST)}"


def _is_spread(group: Sequence[FieldChange]) -> bool:
    return len(group) > 1 and group[0].member in _TEXTS


def merge_impacts(impacts: Iterable[Impact]) -> tuple[tuple[str, str, Weight], ...]:
    """Give the rule, the sentence and the weight of each impact; what says the same of several languages is one."""
    found: dict[tuple[str, str, str], list[Impact]] = {}
    for each in impacts:
        member, _, language = each.path.partition(".")
        is_text = member in _TEXTS and bool(language)
        said = describe_impact(each)
        key = said.replace(f"`{each.path}`", "\0") if is_text else said
        found.setdefault((each.rule, member if is_text else each.path, key), []).append(each)
    merged = []
    for (rule, member, key), group in found.items():
        languages = ", ".join(each.path.partition(".")[2] for each in group)
        message = (
            key.replace("\0", f"`{member}` ({languages})") if len(group) > 1 else describe_impact(group[0])
        )
        merged.append((rule, message, group[0].weight))
    return tuple(merged)


def count_more(number: int, noun: str) -> str:
    """Say how many are listed below only; empty where none are."""
    return f"and {count(number, noun)} more, below" if number > 0 else ""
