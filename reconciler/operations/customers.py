"""Reads who has, waits for, or lacks each right and access package of a system; GET only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reconciler.clients.parallel import ask_all
from reconciler.errors import RegisterError, UsageError
from reconciler.model.customers import AGENT, STANDARD
from reconciler.planning.change_log import read_log, replay
from reconciler.planning.customers import CustomerFacts, Customers, is_findable, judge_customer, list_access

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.clients.parallel import Progress
    from reconciler.model.customers import AccessRequest, ChangeRequest, Listed, SystemUser, Triple
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.change_log import State


class Reader(Protocol):
    """What is read of the register's side: a system and its change log."""

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read a system in full."""

    def read_changes(self, system: str) -> Collection[Mapping[str, object]]:
        """Read its change log, newest first."""


class CustomerReader(Protocol):
    """What is read of the customers' side."""

    def list_users(self, system: str) -> tuple[SystemUser, ...]:
        """List the system users of a system."""

    def list_requests(self, system: str, kind: str) -> Listed[AccessRequest]:
        """List requests; some may be missing."""

    def read_request(self, request: str, kind: str) -> AccessRequest | None:
        """Read one request."""

    def list_changes(self, system: str) -> Listed[ChangeRequest]:
        """List change requests; all but the first page is missing."""

    def read_change(self, change: str) -> ChangeRequest | None:
        """Read one change request."""

    def find_change(self, triple: Triple) -> ChangeRequest | None:
        """Find one of the change requests of a triple."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where what is known of customers comes from."""

    register: Reader
    service: CustomerReader
    own: Collection[str] = ()
    """The correlation ids of our own journals."""
    alone: bool = False
    """Whether nobody else asks customers of this system for changes, so that the journals have all of them."""
    workers: int = 8


def read_customers(
    environment: str, system: str, sources: Sources, progress: Progress | None = None
) -> tuple[Customers, RegisteredSystem]:
    """Read the system users of a system, and work out what each of them holds; gives the live document too.

    Raises `UsageError` where the register does not know the system, and `RegisterError` where a list cannot be read.
    """
    live = sources.register.read_system(system)
    if live is None:
        raise UsageError(f"The register does not know `{system}`.", hint="Check the id and the environment.")
    users = [each for each in sources.service.list_users(system) if not each.deleted]
    states = replay(read_log(sources.register.read_changes(system)))
    access = list_access(live.read())
    known = _Reading(sources, system, states).read(users, progress)
    rows = tuple(judge_customer(each, access, known[each.id], states) for each in users)
    return Customers(environment, system, access, rows), live


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of the customers of a system."""

    sources: Sources
    system: str
    states: tuple[State, ...]

    def read(self, users: list[SystemUser], progress: Progress | None) -> dict[str, CustomerFacts]:
        """Read what is known of each system user, by its id."""
        service = self.sources.service
        kinds = sorted({each.kind for each in users} & {STANDARD, AGENT})
        # A list may have lost rows, but those that it has are right; the others are read one by one.
        requests = {each.id: each for kind in kinds for each in service.list_requests(self.system, kind).rows}
        listed = service.list_changes(self.system)
        changes = {each.id: each for each in listed.rows}
        changes |= self._read_own(set(self.sources.own) - set(changes))
        has_all = listed.complete or self.sources.alone
        by_user: dict[str, list[ChangeRequest]] = {}
        for each in changes.values():
            by_user.setdefault(each.user, []).append(each)
        by_id = {each.id: each for each in users}

        def read_one(name: str) -> CustomerFacts:
            user = by_id[name]
            own = tuple(by_user.get(name, ()))
            try:
                request = requests.get(name) or self._read_request(user)
                if has_all or user.kind != STANDARD:
                    return CustomerFacts(request, own)
                return self._look_beside(user, request, own)
            except RegisterError as error:
                return CustomerFacts(None, own, has_all=has_all, unread=error.message)

        return ask_all(read_one, list(by_id), progress, workers=self.sources.workers)

    def _read_own(self, ids: set[str]) -> dict[str, ChangeRequest]:
        """Read the change requests of our journals that the list does not show."""
        found = ask_all(self.sources.service.read_change, sorted(ids), workers=self.sources.workers)
        return {name: each for name, each in found.items() if each is not None}

    def _read_request(self, user: SystemUser) -> AccessRequest | None:
        if user.kind not in {STANDARD, AGENT}:
            return None
        return self.sources.service.read_request(user.id, user.kind)

    def _look_beside(
        self, user: SystemUser, request: AccessRequest | None, own: tuple[ChangeRequest, ...]
    ) -> CustomerFacts:
        """Look for change requests of a system user that the list did not show.

        The register finds one of those of a triple, and its packages only by its id; where it finds none, there is
        none (System users contract §3.4).
        """
        if not is_findable(user.triple):
            return CustomerFacts(request, own, has_all=False)
        found = self.sources.service.find_change(user.triple)
        if found is None:
            return CustomerFacts(request, own)
        if found.user == user.id and found.id not in {each.id for each in own}:
            whole = self.sources.service.read_change(found.id)
            own = (*own, whole) if whole is not None else own
        return CustomerFacts(request, own, has_all=False)
