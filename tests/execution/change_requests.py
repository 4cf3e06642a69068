"""The customers' side in memory: change requests as the service keeps them, and a fuse that ends a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.errors import NoAnswer, RegisterError, Rejected, ServerFailed
from reconciler.execution.ask_journal import open_ask_journal, read_ask_journals
from reconciler.execution.asking import Pace, carry_out_asks
from reconciler.model.customers import NEW, ChangeRequest, read_change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.execution.ask_outcome import AskReport
    from reconciler.execution.asking import ChangeRequests
    from reconciler.model.canonical_json import Json
    from reconciler.model.customers import SystemUser, Triple
    from reconciler.planning.ask_plan import AskPlan

LINK = "https://am.ui.tt02.altinn.no/accessmanagement/ui/systemuser/changerequest?id="
AT_ONCE = Pace(seconds=0)


class Killed(BaseException):
    """The process is gone; nothing of ours catches it."""


@dataclass
class Service:
    """Change requests in memory (System users contract §3.3); `at` is the request that is the last one of a run."""

    users: Mapping[str, SystemUser]
    rows: dict[str, ChangeRequest] = field(default_factory=dict)
    burnt: set[str] = field(default_factory=set)
    refused: Mapping[str, RegisterError] = field(default_factory=dict)
    """By the system user."""
    lost: dict[str, int] = field(default_factory=dict)
    """How many answers to a POST for a system user get lost, each after it was carried out."""
    log: list[tuple[str, str]] = field(default_factory=list)
    """Each request: its method, and the id or reference that it is about."""
    at: int = 0
    before: bool = False
    """Whether the last request is not carried out any more."""

    def list_users(self, system: str) -> tuple[SystemUser, ...]:
        """List the system users."""
        self._begin("LIST", system)
        self._end()
        return tuple(self.users.values())

    def read_change(self, key: str) -> ChangeRequest | None:
        """Read by the id."""
        self._begin("GET", key)
        self._end()
        return self.rows.get(key)

    def find_change(self, triple: Triple) -> ChangeRequest | None:
        """Find the first of a triple, without its packages."""
        self._begin("FIND", triple.reference)
        self._end()
        found = next((each for each in self.rows.values() if each.triple == triple), None)
        return found and replace(found, required=replace(found.required, packages=frozenset()))

    def create_change(self, key: str, user: str, body: Mapping[str, Json]) -> tuple[ChangeRequest, bool]:
        """Make one, or give the one of that id, whatever it asks for."""
        self._begin("POST", key)
        assert any(body.values()), "four empty lists hide what is stored"
        if user in self.refused:
            self._end()
            raise self.refused[user]
        if key in self.burnt:
            self._end()
            raise ServerFailed("The register answered 500.", status=500)
        made = key not in self.rows
        if made:
            owner = self.users[user].triple
            names = {"systemId": owner.system, "partyOrgNo": owner.org, "externalRef": owner.reference}
            row = {
                "id": key,
                "systemUserId": user,
                "status": NEW,
                "confirmUrl": f"{LINK}{key}",
                **names,
                **body,
            }
            self.rows[key] = read_change(row)
        self._end()
        if self.lost.get(user):
            self.lost[user] -= 1
            raise NoAnswer("The answer was lost.")
        return self.rows[key], made

    def withdraw_change(self, key: str) -> bool:
        """Withdraw one; its id can never be used again."""
        self._begin("DELETE", key)
        assert ("GET", key) in self.log, "read first: the service would withdraw anybody's"
        self.burnt.add(key)
        del self.rows[key]
        self._end()
        return True

    def decide(self, key: str, status: str) -> None:
        """Decide as the customer."""
        self.rows[key] = replace(self.rows[key], status=status)

    def list_posts(self) -> list[str]:
        """List the ids that were sent."""
        return [key for method, key in self.log if method == "POST"]

    def _begin(self, method: str, what: str) -> None:
        if self.before and len(self.log) + 1 == self.at:
            self.at = 0
            raise Killed
        self.log.append((method, what))

    def _end(self) -> None:
        if not self.before and len(self.log) == self.at:
            self.at = 0
            raise Killed


def carry_out(plan: AskPlan, service: ChangeRequests, folder: Path, pace: Pace = AT_ONCE) -> AskReport:
    """Carry a plan out as the verb does, with the journal on the disk."""
    folder.mkdir(exist_ok=True)
    others = [each for each in read_ask_journals(folder, plan.register_) if each.start.digest != plan.digest]
    journal = open_ask_journal(folder, plan, "0.1.0")
    try:
        return carry_out_asks(plan, service, journal, others, pace)
    finally:
        journal.close()


def refuse(code: str = "AUTH-00000") -> Rejected:
    """Make the refusal of a customer that the party register does not know."""
    return Rejected(f"The register answered 400: {code} Party not found.", codes=(code,))
