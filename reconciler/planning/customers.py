"""Who has, waits for, lacks, or cannot be known to have each right and access package of a system.

Pure. No route says what a system user holds, so it is worked out from requests, change requests and the change log
(System users contract §8). Where several things are known the worst of them counts, and what cannot be read is
`unknown`: nobody is counted by a guess.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.customers import ACCEPTED, AGENT, NEW, REJECTED, STANDARD, Asking
from reconciler.model.instant import make_sortable
from reconciler.model.system import Attribute, Right

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.customers import AccessRequest, ChangeRequest, SystemUser, Triple
    from reconciler.model.system import System
    from reconciler.planning.change_log import State

_CLOSED = frozenset({REJECTED, "Denied", "Timedout"})
"""The statuses of a change request that gave nothing and gives nothing any more (System users contract §5.5)."""
MASKED = "(masked)"
"""What stands for an owner that is no organisation: it may be a person's number."""
_ORGANISATION = re.compile(r"[0-9]{9}", re.ASCII)
_PERSON = re.compile(r"[0-9]{11}", re.ASCII)
RIGHT, PACKAGE = "right", "package"


class Holding(StrEnum):
    """What is known of a system user and one right or package, from the best to the worst."""

    HAS = "has"
    PENDING = "pending"
    """A change request that names it waits for the customer."""
    LACKS = "lacks"
    UNKNOWN = "unknown"


class Access(NamedTuple):
    """A right or an access package of a system."""

    what: str
    """`right` or `package`."""
    label: str
    """What people know it by."""
    pairs: tuple[tuple[str, str], ...]
    """The pairs of the right, sorted; empty for a package, whose label is its URN."""

    def is_in(self, asking: Asking) -> bool:
        """Say whether it is among what is asked for or held; the action of a right plays no part."""
        return self.pairs in asking.rights if self.what == RIGHT else self.label in asking.packages


def list_access(system: System) -> tuple[Access, ...]:
    """List what a system asks its customers for: its rights, then its packages, each once."""
    rights = {_read_pairs(right): right.label for right in system.rights}
    found = [Access(RIGHT, label, pairs) for pairs, label in rights.items()]
    urns = dict.fromkeys(each.urn for each in system.accessPackages)
    return (*found, *(Access(PACKAGE, urn, ()) for urn in urns))


def _read_pairs(right: Right) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((pair.id, pair.value) for pair in right.resource))


def print_right(access: Access) -> dict[str, list[dict[str, str]]]:
    """Give a right as a body asks for it."""
    return {"resource": [Attribute(id=name, value=value).model_dump() for name, value in access.pairs]}


def find_access(access: Sequence[Access], what: str, name: str) -> Access | None:
    """Find a right by its label or its only resource, or a package by its URN; None where there is none."""
    own = [each for each in access if each.what == what]
    return next((each for each in own if name in {each.label, *(value for _, value in each.pairs)}), None)


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What could be read of one system user."""

    request: AccessRequest | None = None
    """The request that it came from; None where there is none."""
    changes: tuple[ChangeRequest, ...] = ()
    has_all: bool = True
    """Whether there can be no other change request of it."""
    unread: str = ""
    """Why something of it could not be read; empty where all of it was."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One system user, and what is known of each right and package."""

    user: SystemUser
    holdings: tuple[Holding, ...]
    """In the order of the table's `access`."""
    origin: str
    """`request`, `portal`, or empty where that is not known."""
    reason: str = ""
    """Why something is unknown; empty where nothing is."""
    is_asked: bool = False
    """Whether a change request of it waits for the customer, whatever it names."""
    is_read: bool = True
    """Whether the register answered all that it was asked of it."""
    rejected: frozenset[Access] = frozenset()
    """What a change request asked for that the customer rejected."""

    @property
    def org(self) -> str:
        """The owner's organisation number, or a mask."""
        return show_org(self.user.triple.org)

    @property
    def reference(self) -> str:
        """The external reference; empty where it is the default one, masked where it may be a person's number."""
        _, org, reference = self.user.triple
        return "" if reference == org else show_reference(reference)


@dataclass(frozen=True, slots=True)
class Customers:
    """The system users of one system."""

    environment: str
    system: str
    access: tuple[Access, ...]
    rows: tuple[Customer, ...]

    def count(self, place: int) -> Mapping[Holding, int]:
        """Count the system users by what is known of the right or package in a place."""
        counts = Counter(each.holdings[place] for each in self.rows)
        return {holding: counts[holding] for holding in Holding}


def show_org(org: str) -> str:
    """Show an owner's organisation number; whatever else is in its place is masked."""
    return org if _ORGANISATION.fullmatch(org) else MASKED


def show_reference(reference: str) -> str:
    """Show an external reference, unless it may hold a person's number."""
    return MASKED if _PERSON.search(re.sub(r"[\s.-]", "", reference)) else reference


def mask_people(text: str) -> str:
    """Mask what may be a person's number in a text of the register's."""
    return re.sub(r"(?<![0-9])[0-9]{11}(?![0-9])", MASKED, text)


def is_findable(triple: Triple) -> bool:
    """Say whether change requests of a triple can be looked for, with the triple in the address.

    A slash, or dots alone, are out of reach (System users contract §3.4), and a person's number stands in no address:
    it would be logged.
    """
    _, org, reference = triple
    is_public = MASKED not in {show_org(org), show_reference(reference)}
    return is_public and "/" not in reference and bool(reference.strip("."))


def judge_customer(
    user: SystemUser, access: Sequence[Access], known: CustomerFacts, states: Sequence[State]
) -> Customer:
    """Work out what a system user holds; `states` is the system's change log, replayed, newest first."""
    held, origin, reason = _find_given(user, known, states)
    reason = mask_people(known.unread) or reason
    if known.unread:
        held = None
    holdings = tuple(_judge(each, held, known, user.kind) for each in access)
    if Holding.UNKNOWN in holdings and not reason:
        reason = (
            "There may be change requests that the register does not list."
            if not known.has_all
            else "Change requests of it disagree, or have a status that is not known."
        )
    rejected = [each.required for each in known.changes if each.status == REJECTED]
    return Customer(
        user,
        holdings,
        origin,
        reason if Holding.UNKNOWN in holdings else "",
        is_asked=any(each.status == NEW for each in known.changes),
        is_read=not known.unread,
        rejected=frozenset(one for one in access if any(one.is_in(each) for each in rejected)),
    )


def _find_given(
    user: SystemUser, known: CustomerFacts, states: Sequence[State]
) -> tuple[Asking | None, str, str]:
    """Find what a system user was given when it was made; None where that is not known, and why."""
    request = known.request
    if request is not None and request.status == ACCEPTED:
        return request.asking, "request", ""
    if request is not None:
        return None, "request", f"Its request is {request.status}, so what was given is not known."
    if user.kind == AGENT or user.triple.reference != user.triple.org:
        return None, "", "Its request was withdrawn or is gone."
    return _find_portal(user, states)


def _find_portal(user: SystemUser, states: Sequence[State]) -> tuple[Asking | None, str, str]:
    """Find likewise for a customer who made it in the portal, which gives all that the system asked for then."""
    if user.kind != STANDARD:
        return None, "", "What system users of this type are given is not known."
    made = find_state(states, user.created)
    if made is None:
        return None, "", "The change log does not reach back to when it was made."
    if not made.isVisible:
        return None, "", "Its request is gone: customers could not find the system in the portal then."
    return _read_asking(made), "portal", ""


def _read_asking(system: System) -> Asking:
    access = list_access(system)
    rights = frozenset(each.pairs for each in access if each.what == RIGHT)
    return Asking(rights, frozenset(each.label for each in access if each.what == PACKAGE))


def find_state(states: Sequence[State], at: str) -> System | None:
    """Find the system as it stood at an instant; None where the change log does not say."""
    when = make_sortable(at)
    earlier = (each for each in states if when and "" < make_sortable(each.entry.created) <= when)
    return next((each.system for each in earlier), None)


def _judge(access: Access, given: Asking | None, known: CustomerFacts, kind: str) -> Holding:
    """Judge one right or package; only a change request that is open is certain whatever else there is."""
    held = None if given is None else access.is_in(given)
    if kind != STANDARD:  # it cannot be changed, so change requests say nothing of it
        return _name(held)
    added = [each for each in known.changes if access.is_in(each.required)]
    removed = [each for each in known.changes if access.is_in(each.unwanted)]
    adds, removes = _has(added, ACCEPTED), _has(removed, ACCEPTED)
    if adds and removes:
        held = None  # in which order they were accepted is said nowhere
    elif adds or removes:
        held = adds
    if held is None or any(each.status not in {NEW, ACCEPTED, *_CLOSED} for each in (*added, *removed)):
        return Holding.UNKNOWN
    if _has(removed if held else added, NEW):
        return Holding.PENDING
    return _name(held if known.has_all and not known.unread else None)


def _has(changes: Iterable[ChangeRequest], status: str) -> bool:
    return any(each.status == status for each in changes)


def _name(held: bool | None) -> Holding:  # noqa: FBT001 - three values, of which one is not known
    if held is None:
        return Holding.UNKNOWN
    return Holding.HAS if held else Holding.LACKS
