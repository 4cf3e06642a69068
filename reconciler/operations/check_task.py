"""What a check of a registration is about, and what it works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reconciler.errors import ReconcilerError
from reconciler.model.environment import PARTIES
from reconciler.planning.acceptance import NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from reconciler.clients.register import Register
    from reconciler.execution.check_journal import CheckJournal
    from reconciler.model.authorized_parties import AuthorizedParties
    from reconciler.model.canonical_json import Json
    from reconciler.model.customers import AccessRequest, SystemUser, Triple
    from reconciler.model.environment import Environment
    from reconciler.model.request_template import Template
    from reconciler.model.system import System
    from reconciler.planning.acceptance import Acceptances
    from reconciler.planning.access_proof import Caller
    from reconciler.planning.check_report import StepState


@dataclass(frozen=True, slots=True)
class CheckTask:
    """What is asked of whom, and how it is proven."""

    environment: Environment
    triple: Triple
    template: Template
    expected: System
    """What the definition asks for, canonical."""
    caller: Caller
    """The program that stands for the vendor's own, whose client the system has to list."""
    scopes: tuple[str, ...] = (PARTIES,)
    acceptances: Acceptances = NONE
    existing: bool = False
    """Whether nothing is asked, so that there has to be a system user already."""
    again: bool = False
    """Whether a request that the customer rejected is withdrawn, and asked again."""
    patience: float = 900.0
    """Seconds that the customer has."""


class RequestRoutes(Protocol):
    """The customers' side of a register, as a check needs it."""

    def find_user(self, triple: Triple) -> SystemUser | None:
        """Find a customer's system user; None where there is none."""

    def read_request(self, key: str, kind: str) -> AccessRequest | None:
        """Read a request by its id; None where there is none."""

    def find_request(self, triple: Triple, kind: str) -> AccessRequest | None:
        """Find a request by its triple; None where there is none."""

    def create_request(self, body: Mapping[str, Json], kind: str) -> tuple[AccessRequest, bool]:
        """Ask; true where that made a request, false where an older one came back."""

    def withdraw_request(self, key: str, kind: str) -> bool:
        """Withdraw a request of ours; false where there is none."""


class Runtime(Protocol):
    """The vendor's program with the system user."""

    def read_claims(self) -> Mapping[str, Json]:
        """Fetch a token, and give its claims."""

    def list_parties(self) -> AuthorizedParties:
        """List for whom the system user may act, and with what."""


@dataclass(frozen=True, slots=True)
class CheckParts:
    """What a check works with."""

    register: Register
    customers: RequestRoutes
    runtime: Runtime
    journal: CheckJournal
    invite: Callable[[AccessRequest], None]
    """Tells a person where the customer decides."""
    now: Callable[[], datetime]
    sleep: Callable[[float], None]


class StepEnded(ReconcilerError):
    """A step of a check that ends the check; `state` says how."""

    def __init__(self, state: StepState, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.state = state
