"""Which customers a change concerns: who lacks what is added, and which open requests it spoils.

Pure. What can be known of a system user stands in the request that it came from, in its change requests and in
the change log of the system (System users contract §7 and §8). What cannot be known is not counted as 0.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.model.customers import AGENT, NEW, STANDARD
from reconciler.model.instant import make_sortable
from reconciler.planning.change import Update
from reconciler.planning.customer_count import Count, CustomerCount, RequestFate
from reconciler.planning.customers import (
    PACKAGE,
    RIGHT,
    Access,
    CustomerFacts,
    Holding,
    judge_customer,
    list_access,
)
from reconciler.planning.impact_rules import ASKED, CLIENT_REMOVED, CLIENT_RESPELT, DELETED, DROPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.customers import AccessRequest, Asking, ChangeRequest, Listed, SystemUser
    from reconciler.model.system import System
    from reconciler.planning.change import Change, Impact
    from reconciler.planning.change_log import State
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.impact import Evidence
    from reconciler.planning.plan import Plan

USERS, CHANGES = "users", "changes"
"""Lists of a system, beside its requests by type."""
_CLIENTS = frozenset({CLIENT_REMOVED.id, CLIENT_RESPELT.id})
_UNCOUNTED = "the system users could not be read"
_CUT_OFF = "the change log does not go back to the registration"
_PAGED = "the list has several pages, and the register leaves rows out between them"
_WITHDRAWN = "the requests that they came from are not listed"


@dataclass(frozen=True, slots=True)
class CustomerLists:
    """What was read of the customers of one system; None stands for a list that was not read."""

    users: Sequence[SystemUser] | None = None
    standard: Listed[AccessRequest] | None = None
    agent: Listed[AccessRequest] | None = None
    changes: Listed[ChangeRequest] | None = None
    reason: str = ""
    """Why a list could not be read; empty where all that were asked for could."""


NO_LISTS = CustomerLists()


def find_lists(change: Change, evidence: Evidence) -> frozenset[str]:
    """Find which lists of a system have to be read to say what becomes of its customers; mostly none."""
    wanted: set[str] = set()
    for each in change.impacts:
        field = _find_field(change, each)
        if each.rule == DELETED.id or each.rule in _CLIENTS:
            wanted |= {STANDARD, AGENT}
        elif each.rule == DROPPED.id and field is not None and not _is_kept(change, field):
            wanted |= {STANDARD, CHANGES} | ({AGENT} if field.member != "rights" else set())
        elif each.rule == ASKED.id and field is not None and _may_be_held(field, evidence):
            wanted |= {USERS, STANDARD, CHANGES} | ({AGENT} if field.member != "rights" else set())
    return frozenset(wanted)


def add_customers(plan: Plan, evidence: Mapping[str, Evidence], lists: Mapping[str, CustomerLists]) -> Plan:
    """Add to the impacts of a plan how many customers they concern; what was found is by the system's id."""
    return replace(
        plan,
        changes=tuple(
            _add_counts(each, evidence[each.id], lists.get(each.id, NO_LISTS))
            if each.id in evidence
            else each
            for each in plan.changes
        ),
    )


def _add_counts(change: Change, evidence: Evidence, lists: CustomerLists) -> Change:
    impacts: list[Impact] = []
    portal = isinstance(change, Update) and (change.document or {}).get("isVisible") is not False
    for each in change.impacts:
        counted = _count(change, each, evidence, lists)
        if counted is not None and each.rule == ASKED.id:
            counted, portal = replace(counted, portal=portal), False  # once for all that is added
        impacts.append(replace(each, customers=counted))
    return replace(change, impacts=tuple(impacts))


def _count(change: Change, impact: Impact, evidence: Evidence, lists: CustomerLists) -> CustomerCount | None:
    """Count the customers that one impact concerns; None where it concerns none."""
    if impact.rule == DELETED.id or impact.rule in _CLIENTS:
        lost = impact.rule == DELETED.id or not (change.document or {}).get("clientId")
        requests = _count_requests(lists, lambda _: True, agents=True)
        return CustomerCount(
            fate=RequestFate.NO_TOKEN if lost else RequestFate.NO_TOKEN_WITH_CLIENT, requests=requests
        )
    field = _find_field(change, impact)
    if field is None or impact.rule not in {ASKED.id, DROPPED.id}:
        return None
    access = _read_access(field)
    if impact.rule == ASKED.id:
        lacking, anew = _count_lacking(access, evidence, lists)
        return CustomerCount(lacking=lacking, anew=anew if access.what == PACKAGE else None)
    if _is_kept(change, field):
        return None
    return CustomerCount(
        fate=RequestFate.FAILS,
        requests=_count_requests(lists, access.is_in, agents=access.what == PACKAGE),
        changes=_count_listed(
            lists.changes,
            lambda each: each.status == NEW and access.is_in(each.required),
            lists.reason,
        ),
    )


def _find_field(change: Change, impact: Impact) -> FieldChange | None:
    """Find the right or the access package that an impact is about."""
    members = {"rights", "accessPackages"}
    found = (each for each in change.open_fields if each.path == impact.path and each.member in members)
    return next(found, None)


def _read_access(field: FieldChange) -> Access:
    """Read which right or access package is added or taken away."""
    if field.member == "accessPackages":
        return Access(PACKAGE, field.steps[1], ())
    held = field.actual if field.expected is None else field.expected
    return Access(RIGHT, field.steps[1], _read_pairs(held))


def _read_pairs(right: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((pair["id"], pair["value"]) for pair in right["resource"]))


def _is_kept(change: Change, field: FieldChange) -> bool:
    """Say whether requests may still name what is taken away: the same resource stays with another action."""
    rights = (change.document or {}).get("rights") or ()
    pairs = _read_access(field).pairs
    return bool(pairs) and any(_read_pairs(each) == pairs for each in rights)


def _count_requests(lists: CustomerLists, names: Callable[[Asking], bool], *, agents: bool) -> Count:
    """Count the open requests for system users that ask for something."""
    kinds = (lists.standard, lists.agent) if agents else (lists.standard,)
    counts = [
        _count_listed(each, lambda one: one.status == NEW and names(one.asking), lists.reason)
        for each in kinds
    ]
    unknown = next((each for each in counts if each.number is None), None)
    found = sum(each.number or each.at_least for each in counts)
    return Count(found) if unknown is None else Count(None, found, unknown.reason)


def _count_listed(
    listed: Listed[AccessRequest] | Listed[ChangeRequest] | None,
    is_meant: Callable[..., bool],
    reason: str,
) -> Count:
    """Count rows of a list by their id; of one that has lost rows, as many as there are at least."""
    if listed is None:
        return Count(None, reason=reason)
    found = len({each.id for each in listed.rows if is_meant(each)})
    return Count(found) if listed.complete else Count(None, found, _PAGED)


@dataclass(frozen=True, slots=True)
class _History:
    """When a system asked for a right or an access package, by its change log."""

    states: Sequence[State]
    """The log, replayed; newest first."""
    spans: tuple[tuple[str, bool], ...]
    """From when on, as a text that sorts by time, and whether it did; oldest first."""

    @property
    def complete(self) -> bool:
        """Whether the log begins with the registration, and can be read throughout."""
        return (
            bool(self.states)
            and len(self.spans) == len(self.states)
            and self.states[-1].entry.kind == "create"
        )

    def was_never(self, *, since: str = "") -> bool:
        """Say whether it did at no time for certain, or at none from an instant on."""
        at = make_sortable(since)
        before = [held for when, held in self.spans if when <= at][-1:] if at else []
        known = self.complete and (bool(before) or not since)
        return known and not any([*before, *(held for when, held in self.spans if when > at)])


def _read_history(access: Access, states: Sequence[State]) -> _History:
    """Read the history of an entry out of the replayed change log, which is newest first."""
    spans = [
        (when, _asks_for(each.system, access))
        for each in reversed(states)
        if each.system is not None and (when := make_sortable(each.entry.created))
    ]
    return _History(states, tuple(spans))


def _asks_for(system: System, access: Access) -> bool:
    """Say whether a system asks its customers for something, with whatever action."""
    return any(
        (each.what, each.pairs) == (access.what, access.pairs)
        and (access.pairs or each.label == access.label)
        for each in list_access(system)
    )


def _may_be_held(field: FieldChange, evidence: Evidence) -> bool:
    """Say whether a system user may hold what is added already: the system asked for it at an earlier time."""
    return evidence.users != 0 and not _read_history(_read_access(field), evidence.states).was_never()


def _count_lacking(access: Access, evidence: Evidence, lists: CustomerLists) -> tuple[Count, Count]:
    """Count the standard and the agents' system users that do not hold an entry that is added."""
    if evidence.users is None:
        unknown = Count(None, reason=_UNCOUNTED)
        return unknown, unknown
    history = _read_history(access, evidence.states)
    agents = evidence.agents or 0
    if evidence.users == 0 or history.was_never():
        return Count(evidence.users - agents), Count(agents)
    if lists.users is None:
        reason = lists.reason or (_UNCOUNTED if history.complete else _CUT_OFF)
        unknown = Count(None, reason=reason)
        return unknown, unknown
    known = {each.id: each for each in lists.users if not each.deleted}.values()
    standard = [_holds(each, access, history, lists) for each in known if each.kind != AGENT]
    of_agents = [_holds(each, access, history, lists) for each in known if each.kind == AGENT]
    reason = lists.reason or ("" if history.complete else _CUT_OFF) or _find_gap(lists)
    return _count_without(standard, reason), _count_without(of_agents, reason)


def _find_gap(lists: CustomerLists) -> str:
    """Say why it is not known what a system user holds although every list was read."""
    read = (lists.standard, lists.agent, lists.changes)
    return _PAGED if any(each is not None and not each.complete for each in read) else _WITHDRAWN


def _count_without(held: Iterable[bool | None], reason: str) -> Count:
    """Count those that do not hold something; not known where that is not known of one."""
    found = Counter(held)
    return Count(None, found[False], reason) if found[None] else Count(found[False])


def _holds(user: SystemUser, access: Access, history: _History, lists: CustomerLists) -> bool | None:
    """Say whether a system user holds something; None where that is not known.

    A change request that waits for the customer has given nothing yet.
    """
    if history.was_never(since=user.created):
        return False
    listed = lists.agent if user.kind == AGENT else lists.standard
    changes = [each for each in (lists.changes.rows if lists.changes else ()) if each.user == user.id]
    request = next((each for each in listed.rows if each.id == user.id), None) if listed else None
    is_missing = request is None and not (listed and listed.complete)
    facts = CustomerFacts(
        request,
        tuple(changes),
        has_all=lists.changes is not None and lists.changes.complete,
        unread=_PAGED if is_missing else "",
    )
    (holding,) = judge_customer(user, (access,), facts, history.states).holdings
    if holding is Holding.PENDING:
        return not any(each.status == NEW and access.is_in(each.required) for each in changes)
    return {Holding.HAS: True, Holding.LACKS: False}.get(holding)
