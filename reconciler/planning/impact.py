"""What a change does to people: which impacts it has, by the change log, the system users and the client ids.

Pure. An impact of severity `breaking` makes apply refuse until somebody names the plan's digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from reconciler.model.instant import describe_minute
from reconciler.model.system import Attribute, Package, Right, System, Vendor
from reconciler.planning.change import WITHDRAWN, Blocked, Create, Delete, Impact, Keep, Update, Weight
from reconciler.planning.change_log import attribute
from reconciler.planning.impact_rules import (
    ASKED,
    CLIENT_CLAIMED,
    CLIENT_REMOVED,
    CLIENT_RESPELT,
    DELETED,
    DROPPED,
    HIDDEN,
    MASS_CHANGE,
    OVERWRITTEN,
    REDIRECT_REMOVED,
    SHOWN,
    TEXT_CHANGED,
    UNKNOWN_CHANGED,
    UNKNOWN_KEPT,
    UNKNOWN_REMOVED,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import Part
    from reconciler.planning.change import Change
    from reconciler.planning.change_log import LogEntry, State
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.impact_rules import ImpactRule


@dataclass(frozen=True, slots=True)
class Evidence:
    """What has to be known beside a change to judge it."""

    states: Sequence[State] = ()
    """The system's change log, replayed; newest first."""
    ours: frozenset[str] = frozenset()
    """The Maskinporten clients whose writes are ours."""
    users: int | None = None
    """System users of the system; None where it could not be read."""
    agents: int | None = None
    """How many of them are agents'."""
    stated: frozenset[str] = frozenset()
    """The fields, by path, whose live value a committed revision of the definition states."""
    is_unread: bool = False
    """Whether the change log was left unread, since it can add nothing to what is judged."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Where the client ids of a system go to and come from within a plan."""

    goes_to: dict[str, str] = field(default_factory=dict)
    """The system that each leaving client id goes to."""
    comes_from: dict[str, str] = field(default_factory=dict)
    """The system that each coming client id leaves."""


NO_MOVES = Moves()


MANY, _SHARE = 3, 0.3
"""More systems than this, and a larger share of those that are managed, are a mass change."""


def judge(change: Change, evidence: Evidence, moves: Moves = NO_MOVES) -> tuple[Impact, ...]:
    """Say what a change does to people, the worst first."""
    found: Iterable[Impact]
    match change:
        case Create():
            found = _judge_claims(change.open_fields, moves)
        case Update():
            found = _judge_update(change, evidence, moves)
        case Delete():
            lost = "its id can never be used again, its system users lose access, and there is no way back"
            text = f"Deleted for ever: {lost}; {_describe_users(evidence)}."
            found = [_count(DELETED, text, WITHDRAWN, evidence)]
        case Keep() | Blocked():
            found = ()
        case _:
            assert_never(change)
    weights = list(Weight)
    return tuple(sorted(found, key=lambda each: weights.index(each.weight)))


def _judge_update(change: Update, evidence: Evidence, moves: Moves) -> Iterator[Impact]:
    yield from _judge_clients(change, evidence, moves)
    foreign = find_foreign(change, evidence)
    for each in change.open_fields:
        yield from _judge_field(each, evidence)
        yield from _judge_claims([each], moves)
        if each.path in foreign:
            yield _judge_origin(each, foreign[each.path], change)
    yield from _judge_unknown(change)


def judge_all(changes: Sequence[Change], *, left_out: int = 0) -> tuple[Impact, ...]:
    """Say what the whole plan does; `left_out` are the managed systems that it was narrowed past."""
    managed = sum(change.live is not None for change in changes) + left_out
    touched = [change for change in changes if isinstance(change, (Update, Delete))]
    if len(touched) <= MANY or len(touched) <= _SHARE * managed:
        return ()
    text = f"{len(touched)} of {managed} managed systems are updated or deleted."
    return (_impact(MASS_CHANGE, text),)


def _impact(rule: ImpactRule, message: str, path: str = "") -> Impact:
    return Impact(rule.id, rule.weight, message, path)


def _count(rule: ImpactRule, message: str, path: str, evidence: Evidence) -> Impact:
    """Make an impact that says how many system users there are."""
    return Impact(rule.id, rule.weight, message, path, evidence.users, evidence.agents)


def _describe_users(evidence: Evidence) -> str:
    users, agents = evidence.users, evidence.agents
    if users is None:
        return "how many system users it has is not known"
    kinds = f" ({users - agents:,} standard, {agents:,} agent)" if agents else ""
    return f"it has {users:,} system user{'' if users == 1 else 's'}{kinds}"


def _describe_missing(member: str, evidence: Evidence) -> str:
    """Say what those who have a system user have to do to get what is added."""
    users, agents = evidence.users, evidence.agents or 0
    again = "an agent's has to be created again"
    if users is None:
        rest = "" if member == "rights" else f", and {again}"
        return f"each customer has to accept a change request{rest}; {_describe_users(evidence)}"
    text = []
    if standard := users - agents:
        needs = "needs" if standard == 1 else "need"
        text.append(f"{_count_users(standard)} {needs} a change request that the customer approves")
    if agents and member != "rights":
        has = "has" if agents == 1 else "have"
        text.append(f"{_count_users(agents, 'agent ')} {has} to be created again")
    return " and ".join(text) or "there are no system users that need it"


def _count_users(number: int, kind: str = "") -> str:
    """Count system users of a kind in words."""
    return f"{number:,} {kind}system user{'' if number == 1 else 's'}"


def _judge_clients(change: Update, evidence: Evidence, moves: Moves) -> Iterator[Impact]:
    """Judge the client ids that leave; that those of a deleted system do goes without saying."""
    removed = [each for each in change.open_fields if each.member == "clientId" and each.expected is None]
    added = {
        str(each.expected).lower(): each
        for each in change.open_fields
        if each.member == "clientId" and each.expected
    }
    for each in removed:
        client = str(each.actual)
        if client.lower() in added:
            text = f"Client id {client} is respelt, and Maskinporten compares exactly"
            yield _count(CLIENT_RESPELT, f"{text}: {_describe_users(evidence)}.", each.path, evidence)
            continue
        goes = moves.goes_to.get(client)
        where = f"moves to `{goes}`" if goes else "is removed"
        if not goes and len(removed) == len(added) == 1:
            where = f"is replaced by {added[next(iter(added))].expected}"
        text = f"Client id {client} {where}"
        text = (
            f"{text}: Maskinporten refuses tokens asked for with {client} for every customer of this system"
        )
        yield _count(CLIENT_REMOVED, f"{text}; {_describe_users(evidence)}.", each.path, evidence)


def _judge_claims(fields: Sequence[FieldChange], moves: Moves) -> Iterator[Impact]:
    for each in fields:
        if each.member == "clientId" and each.expected in moves.comes_from:
            text = f"Client id {each.expected} comes from `{moves.comes_from[each.expected]}`"
            yield _impact(CLIENT_CLAIMED, f"{text}; until it is claimed, it gives no tokens.", each.path)


def _judge_field(each: FieldChange, evidence: Evidence) -> Iterator[Impact]:
    if each.member == "isVisible":
        if each.expected:
            yield _impact(SHOWN, "End users can find the system in the portal.", each.path)
        else:
            yield _impact(
                HIDDEN, "End users no longer find the system in the portal; requests still work.", each.path
            )
    elif each.member in {"rights", "accessPackages"}:
        what = "right" if each.member == "rights" else "access package"
        if each.actual is None:
            text = f"The {what} `{each.steps[1]}` is added, and existing system users do not get it by themselves"
            yield _count(ASKED, f"{text}: {_describe_missing(each.member, evidence)}.", each.path, evidence)
        else:
            text = (
                f"The {what} `{each.steps[1]}` is no longer asked for: who has it keeps it, and open requests that "
                f"name it can no longer be approved; {_describe_users(evidence)}."
            )
            yield _count(DROPPED, text, each.path, evidence)
    elif each.member == "allowedRedirectUrls" and each.expected is None:
        text = f"New requests that name `{each.actual}` are refused; those under way still lead there."
        yield _impact(REDIRECT_REMOVED, text, each.path)
    elif each.member in {"name", "description"}:
        yield _impact(TEXT_CHANGED, f"Customers read another `{each.path}`.", each.path)


def find_foreign(change: Change, evidence: Evidence) -> dict[str, LogEntry]:
    """Find the fields, by path, whose value somebody outside put there, or took away; with the write that did it."""
    entries = attribute(change.open_fields, evidence.states)
    written = ((each.path, entry) for each in change.open_fields if (entry := entries[each.steps]))
    return {
        path: entry
        for path, entry in written
        if entry.client not in evidence.ours and path not in evidence.stated
    }


def _judge_origin(each: FieldChange, entry: LogEntry, change: Change) -> Impact:
    """Report that a value is overwritten which somebody outside put there, or took away."""
    owner = change.live.read().vendor.organisation if change.live else ""
    text = f"`{each.path}` was set by {_describe_writer(entry, owner)} at {describe_minute(entry.created)}"
    return _impact(OVERWRITTEN, f"{text}, and will be overwritten.", each.path)


def _describe_writer(entry: LogEntry, owner: str) -> str:
    """Say who made a write; the vendor is not named, for those who read are the vendor's."""
    client = f"another client ({entry.client})" if entry.client else "a client that is not known"
    organisation = f"organisation {entry.organisation}" if entry.organisation else "an unknown organisation"
    return f"{client} of {'your own organisation' if entry.organisation == owner else organisation}"


def _judge_unknown(change: Update) -> Iterator[Impact]:
    """Report the members that this tool does not know: kept, or gone with the entry that held them."""
    gone = {each.steps[1] for each in change.open_fields if len(each.steps) > 1 and each.expected is None}
    live = change.live.document if change.live else {}
    unknown = tuple(find_unknown(live))
    held, sent = _spread_unknown(unknown), _spread_unknown(find_unknown(change.document or {}))
    for place in sorted(held.keys() | sent.keys()):
        if place[0] not in gone and held.get(place) != sent.get(place):
            text = f"`{place[1]}`, which this tool does not know, would be changed or removed."
            yield _impact(UNKNOWN_CHANGED, text, place[1])
    for path, entry, _ in unknown:
        if entry in gone:
            yield _impact(
                UNKNOWN_REMOVED, f"`{path}`, which this tool does not know, goes with `{entry}`.", path
            )
        else:
            yield _impact(UNKNOWN_KEPT, f"`{path}`, which this tool does not know, is preserved.", path)


def _spread_unknown(unknown: Iterable[tuple[str, str, Json]]) -> dict[tuple[str, str], Json]:
    """Give the value of each such member by its entry and its path, without the entry's number.

    The entries of a list can stand in another order in the document that is sent.
    """
    numbered = re.compile(r"^(rights|accessPackages)\[\d+\]")
    return {(entry, numbered.sub(r"\1[]", path)): value for path, entry, value in unknown}


def find_unknown(live: Mapping[str, Json]) -> Iterator[tuple[str, str, Json]]:
    """Find every member of a document that is not declared: its path, the entry that holds it, its value."""
    yield from _pick(live, System, "", "")
    yield from _pick(live.get("vendor") or {}, Vendor, "vendor.", "")
    for index, right in enumerate(live.get("rights") or ()):
        label = Right.model_validate(right, strict=False, extra="ignore").label
        yield from _pick(right, Right, f"rights[{index}].", label)
        for number, pair in enumerate(right.get("resource") or ()):
            yield from _pick(pair, Attribute, f"rights[{index}].resource[{number}].", label)
    for index, package in enumerate(live.get("accessPackages") or ()):
        yield from _pick(package, Package, f"accessPackages[{index}].", str(package.get("urn", "")))


def _pick(
    held: Mapping[str, Json], known: type[Part], path: str, entry: str
) -> Iterator[tuple[str, str, Json]]:
    for name, value in held.items():
        if name not in known.model_fields:
            yield f"{path}{name}", entry, value
