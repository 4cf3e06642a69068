"""What became of each change request of a plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from reconciler.errors import Exit
from reconciler.model.customers import Asking
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.customers import ChangeRequest
    from reconciler.planning.ask_plan import Ask, AskPlan, Body


class AskState(StrEnum):
    """What became of one ask."""

    ASKED = "asked"
    """Sent now, and stored."""
    ALREADY = "already asked"
    """Stored before, with the same body."""
    REJECTED = "rejected"
    """The customer said no; it is not asked again."""
    OTHER = "other body"
    """Something else is stored under the id; it is not asked again."""
    OPEN = "open"
    """Another change request of the same system user waits for the customer."""
    GONE = "gone"
    """It was stored once, and was withdrawn since; its id cannot be used again."""
    WITHDRAWN = "withdrawn"
    """Withdrawn now."""
    FAILED = "failed"
    """Refused, or not sent; nothing is stored."""
    UNKNOWN = "unknown"
    """Sent, and what became of it could not be read."""
    NOT_ASKED = "not asked"
    """Nothing is stored, and nothing was sent now."""


_KEPT = frozenset({AskState.REJECTED, AskState.OTHER, AskState.OPEN, AskState.GONE})
"""What a person has to look at."""


@dataclass(frozen=True, slots=True)
class AskOutcome:
    """What became of one ask, with the status that the customer gave it."""

    ask: Ask
    asked: AskState
    status: str = ""
    """`New`, `Accepted`, `Rejected`; empty where nothing was read."""
    code: str = ""
    """The service's, such as `AUTH-00001`, or the HTTP status; empty where nothing failed."""
    reason: str = ""
    link: Secret = field(default_factory=lambda: Secret(""))
    """Where the customer decides; goes into a private file and nowhere else."""


@dataclass(frozen=True, slots=True)
class AskReport:
    """What became of a plan of change requests, in its order."""

    plan: AskPlan
    outcomes: tuple[AskOutcome, ...]
    stopped: str = ""
    """Why not all were tried; empty where they were."""
    purpose: Literal["ask", "look", "withdraw"] = "ask"
    """What the run was for."""

    @property
    def counts(self) -> Mapping[AskState, int]:
        """How many there are of each outcome, without those that nothing became."""
        found = Counter(each.asked for each in self.outcomes)
        return {each: found[each] for each in AskState if found[each]}

    @property
    def exit_code(self) -> Exit:
        """What the verb ends with: 5 for an unknown outcome, 1 where something failed or nobody could be asked.

        To look at answers, or to withdraw what is open, a rejection is nothing wrong.
        """
        found = {each.asked for each in self.outcomes}
        if AskState.UNKNOWN in found:
            return Exit.UNKNOWN
        wrong = {AskState.FAILED, *_KEPT} if self.purpose == "ask" else {AskState.FAILED}
        return Exit.FAILED if self.stopped or found & wrong else Exit.DONE


def judge_stored(ask: Ask, stored: ChangeRequest, asked: AskState) -> AskOutcome:
    """Judge what is stored under the id of an ask: by its body first, which need not be ours."""
    if stored.user != ask.system_user or not is_same(ask.body, stored):
        reason = "Another change request is stored under its id."
        return AskOutcome(ask, AskState.OTHER, stored.status, reason=reason)
    if stored.status == "Rejected":
        reason = "The customer rejected it."
        return AskOutcome(ask, AskState.REJECTED, stored.status, reason=reason)
    return AskOutcome(ask, asked, stored.status, link=stored.link)


def is_same(body: Body, stored: ChangeRequest) -> bool:
    """Say whether a stored change request asks for exactly what a body does."""
    rights = frozenset(
        tuple(sorted((pair.id, pair.value) for pair in right.resource)) for right in body.requiredRights
    )
    packages = frozenset(each.urn for each in body.requiredAccessPackages)
    return stored.required == Asking(rights, packages) and not stored.unwanted
